//! `[settings]` and `[[env]]`.

use serde::{Deserialize, Serialize};

use super::is_false;

/// The struct that holds a component's settings.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SettingsSpec {
    /// Its name in Rust.
    #[serde(rename = "type")]
    pub name: String,
}

/// An environment variable: a field of the settings, lines in env files and a value in the compose file.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct EnvRow {
    /// The name in the environment.
    pub name: String,
    /// The field in the settings struct.
    pub field: String,
    /// The type of its values.
    pub kind: EnvKind,
    /// The default value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether it may be unset.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Where it must be set: `production` means every stage except development.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Stage>,
    /// The smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// The largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// A function that validates a value, as a path from the module of the hub:
    /// `fn(&str) -> Result<(), impl Display>`. Its error must not contain the value of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Whether values are secret; implied by the kind `secret`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// The value for a container of the compose file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose: Option<String>,
    /// The value in `.env.example`, for the service of the compose file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// One sentence of documentation; it begins in lower case.
    pub doc: String,
    /// Earlier names of the variable. The generated settings still read them.
    #[serde(
        default,
        rename = "renamed-from",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub renamed_from: Vec<String>,
}

impl EnvRow {
    /// Whether it may be unset, in development at least.
    pub fn may_be_unset(&self) -> bool {
        self.optional || self.required.is_some()
    }

    /// Whether values are secret.
    pub fn is_secret(&self) -> bool {
        self.secret || self.kind == EnvKind::Secret
    }
}

/// Where an app runs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Everywhere but on a developer's machine.
    Production,
}

/// The types of variables.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum EnvKind {
    /// Text that must not be shown.
    Secret,
    /// Text.
    Text,
    /// A time with a unit.
    Duration,
    /// `true` or `false`.
    Bool,
    /// A whole number up to 65535.
    U16,
    /// A whole number.
    U64,
    /// A number.
    F64,
}

impl EnvKind {
    /// Whether values can be smaller and larger than others.
    pub(crate) fn has_order(self) -> bool {
        matches!(self, Self::Duration | Self::U16 | Self::U64 | Self::F64)
    }

    /// Parses a value as the generated settings do: a number (milliseconds of a duration) where values
    /// have an order.
    ///
    /// # Errors
    ///
    /// What a value must be.
    pub(crate) fn parse(self, text: &str) -> std::result::Result<Option<f64>, &'static str> {
        let whole = |largest: u64, expected| match text.parse::<u64>() {
            Ok(number) if number <= largest => Ok(text.parse::<f64>().ok()),
            _ => Err(expected),
        };
        match self {
            Self::Secret | Self::Text => Ok(None),
            Self::Bool => match text {
                "true" | "false" => Ok(None),
                _ => Err("`true` or `false`"),
            },
            Self::U16 => whole(u64::from(u16::MAX), "a whole number up to 65535"),
            Self::U64 => whole(u64::MAX, "a whole number"),
            Self::F64 => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err("a number"),
            },
            Self::Duration => {
                let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let factor = match &text[digits.len()..] {
                    "ms" => Some(1.0),
                    "" | "s" => Some(1_000.0),
                    "m" => Some(60_000.0),
                    "h" => Some(3_600_000.0),
                    "d" => Some(86_400_000.0),
                    _ => None,
                };
                let amount = digits.parse::<u32>().ok().map(f64::from);
                match (amount, factor) {
                    (Some(amount), Some(factor)) => Ok(Some(amount * factor)),
                    _ => Err("a time such as `30s`"),
                }
            }
        }
    }
}
