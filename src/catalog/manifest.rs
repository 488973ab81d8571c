//! The schema of `component.toml`. Unknown keys are errors.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Everything that a manifest says, for one choice of options.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// One line for `infra list`.
    #[serde(default)]
    pub summary: String,
    /// The summary it is listed under.
    #[serde(default)]
    pub category: String,
    /// The version of the component, raised with every change of what it renders.
    pub version: semver::Version,
    /// Words that people search for and that neither id nor summary has.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Earlier ids of the component.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Components that it builds on. In a `[[when]]`: components that an option needs.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Components that it cannot stand beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// The frameworks it has code for; empty for all.
    #[serde(default)]
    pub frameworks: Vec<String>,
    /// The lowest compiler that what it brings needs.
    pub rust_version: Option<String>,
    /// What to do after adding it, a line each; it may name services as `example` of a variable does.
    #[serde(default)]
    pub next: Vec<String>,
    /// What can be chosen with `--set`.
    #[serde(default)]
    pub options: BTreeMap<String, OptionSpec>,
    /// Crates, in Cargo's own syntax.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    /// Crates of the generated tests.
    #[serde(default)]
    pub dev_dependencies: BTreeMap<String, Dependency>,
    /// Features that bring others: by crate and feature, what need not be named beside it.
    #[serde(default)]
    pub implies: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The struct of its settings.
    pub settings: Option<SettingsSpec>,
    /// Its variables.
    #[serde(default)]
    pub env: Vec<EnvRow>,
    /// Its place in the hub.
    pub wire: Option<Wire>,
    /// The paths that it serves in the user's app.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// What it needs of a compose file.
    pub compose: Option<ComposeSpec>,
    /// Generated files that were called otherwise in an earlier version: the old path below `tree/`, and
    /// the path of today.
    #[serde(default)]
    pub renamed_files: BTreeMap<String, String>,
    /// Lines that the project's `.gitignore` should have.
    #[serde(default)]
    pub gitignore: Vec<String>,
    /// How a running service is recognised.
    #[serde(default)]
    pub probe: Vec<Probe>,
    /// What it adds to a cold build, measured.
    pub cost: Option<Cost>,
    /// Tables that are merged into the manifest when an expression holds.
    #[serde(default)]
    pub when: Vec<toml::Table>,
}

/// Something that can be chosen.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptionSpec {
    /// What values look like.
    #[serde(rename = "type")]
    pub kind: OptionKind,
    /// What it is when nobody chooses.
    pub default: toml::Value,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What it is for, in a line.
    pub doc: String,
    /// Earlier names of the option; a recorded value of one of these is taken over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed_from: Vec<String>,
}

/// The types of options.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum OptionKind {
    /// `true` or `false`.
    Bool,
    /// One of the listed values.
    Choice,
    /// Any text.
    Text,
    /// A whole number.
    Integer,
}

impl OptionSpec {
    /// Whether the option may have a value.
    pub(crate) fn allows(&self, value: &toml::Value) -> bool {
        match self.kind {
            OptionKind::Bool => value.is_bool(),
            OptionKind::Integer => value.is_integer(),
            OptionKind::Text => value.is_str(),
            OptionKind::Choice => {
                let text = value.as_str();
                text.is_some_and(|text| self.values.iter().any(|value| value == text))
            }
        }
    }

    /// What values the option takes, for messages and `infra info`.
    pub(crate) fn allowed(&self) -> String {
        match self.kind {
            OptionKind::Bool => "`true` or `false`".to_owned(),
            OptionKind::Integer => "a whole number".to_owned(),
            OptionKind::Text => "text".to_owned(),
            OptionKind::Choice => {
                let values: Vec<String> = self.values.iter().map(|v| format!("`{v}`")).collect();
                values.join(" or ")
            }
        }
    }
}

/// A crate that generated code uses.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(from = "DependencySpec", rename_all = "kebab-case")]
pub struct Dependency {
    /// The version requirement.
    pub version: String,
    /// The oldest version of each compatible series that the code works with, where a project has
    /// one already; without it, all that are compatible with `version`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oldest: Vec<semver::Version>,
    /// The features that are needed, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Whether the default features are wanted.
    #[serde(skip_serializing_if = "is_true")]
    pub default_features: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DependencySpec {
    Version(String),
    Table(DependencyTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DependencyTable {
    #[serde(default)]
    version: String,
    #[serde(default)]
    oldest: Vec<semver::Version>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default = "yes")]
    default_features: bool,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_true(value: &bool) -> bool {
    *value
}

impl From<DependencySpec> for Dependency {
    fn from(spec: DependencySpec) -> Self {
        match spec {
            DependencySpec::Version(version) => Self {
                version,
                oldest: Vec::new(),
                features: Vec::new(),
                default_features: true,
            },
            DependencySpec::Table(mut table) => {
                table.features.sort();
                table.features.dedup();
                Self {
                    version: table.version,
                    oldest: table.oldest,
                    features: table.features,
                    default_features: table.default_features,
                }
            }
        }
    }
}

/// The struct that holds a component's settings.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SettingsSpec {
    /// Its name in Rust.
    #[serde(rename = "type")]
    pub name: String,
}

/// A variable: the field of the settings, the lines in env files, the value in compose.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct EnvRow {
    /// The name in the environment.
    pub name: String,
    /// The field in the settings struct.
    pub field: String,
    /// What a value is.
    pub kind: EnvKind,
    /// The value when the variable is unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether it may be unset.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Where it must be set: `production`, that is everywhere but in development.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Stage>,
    /// The smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// The largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// A function of the component that says what is wrong with a value and shows no secret, from the
    /// module of the hub: `fn(&str) -> Result<(), impl Display>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Whether values must never be shown; implied by the kind `secret`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// The value inside the compose network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose: Option<String>,
    /// A value that works with the compose service, for `.env.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// What it is for: a sentence that begins in lower case.
    pub doc: String,
    /// Earlier names of the variable, which are still read.
    #[serde(
        default,
        rename = "renamed-from",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub renamed_from: Vec<String>,
}

impl EnvRow {
    /// Whether it may be unset, be it in development only.
    pub fn may_be_unset(&self) -> bool {
        self.optional || self.required.is_some()
    }

    /// Whether values must never be shown.
    pub fn is_secret(&self) -> bool {
        self.secret || self.kind == EnvKind::Secret
    }
}

fn is_false(value: &bool) -> bool {
    !value
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

/// Where a component stands in the hub.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Wire {
    /// Lower starts earlier, is further out as a layer and stops later.
    pub order: i64,
    /// The field of the hub.
    pub field: String,
    /// Its type, from the module of the hub.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, a sentence.
    pub doc: String,
    /// The expression that starts it; a future of a `Result`.
    pub start: String,
    /// The expression of its health; a future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// The expression that stops it; a future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<String>,
    /// What handlers can take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extract: Vec<Extract>,
    /// Whether it carries traces over the border of the process: the hub then has a module for that.
    #[serde(default, skip_serializing_if = "is_false")]
    pub traces: bool,
    /// Its public error types, from the module of the hub.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Crates whose errors it needs to be classified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classifies: Vec<String>,
    /// An expression of a layer for the subscriber of `tracing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// An expression of routes for the admin listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// Expressions of what else it gives to the hub.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// What it adds to the app, by web framework, in the order of the manifest: `[wire.axum]`.
    #[serde(flatten, deserialize_with = "web_by_framework")]
    pub web: IndexMap<String, Web>,
}

impl Wire {
    /// What it adds to an app of a framework.
    pub fn web(&self, framework: &str) -> Option<&Web> {
        self.web.get(framework)
    }

    /// The order of its layer in an app of a framework: `[wire.<framework>] order`, else its own.
    pub(crate) fn layer_order(&self, framework: &str) -> i64 {
        let order = self.web(framework).and_then(|web| web.order);
        order.unwrap_or(self.order)
    }
}

/// The keys of `[wire]` that are no tables of a framework.
const WIRE_KEYS: [&str; 14] = [
    "order",
    "field",
    "type",
    "doc",
    "start",
    "health",
    "shutdown",
    "extract",
    "traces",
    "errors",
    "classifies",
    "subscriber",
    "admin",
    "parts",
];

/// Every other key of `[wire]` must be the table of a framework.
fn web_by_framework<'de, D>(deserializer: D) -> Result<IndexMap<String, Web>, D::Error>
where
    D: Deserializer<'de>,
{
    let tables = IndexMap::<String, toml::Value>::deserialize(deserializer)?;
    let tables = tables.into_iter().map(|(name, value)| {
        if !value.is_table() {
            let known: Vec<String> = WIRE_KEYS.iter().map(|key| format!("`{key}`")).collect();
            let known = known.join(", ");
            let message = format!("unknown field `{name}`, expected one of {known}");
            return Err(D::Error::custom(message));
        }
        let web = value.try_into().map_err(D::Error::custom)?;
        Ok((name, web))
    });
    tables.collect()
}

/// What a handler can take as an argument.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// The type, from the module of the hub.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is in the hub.
    pub field: String,
}

/// What a component adds to the app of one framework.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// The place of its layer, where it is not that of its start: lower is further out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    /// An expression of a router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<String>,
    /// An expression of a layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

/// A path that a component serves, and how it gets out of the way of one of the user's.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Route {
    /// The path, as the framework is told it.
    pub path: String,
    /// Variables that move it elsewhere when they are set; the first holds a path.
    #[serde(default)]
    pub moved_by: Vec<String>,
    /// The option that leaves it out when it is off.
    pub option: Option<String>,
}

/// What a component needs of a compose file.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ComposeSpec {
    /// By service, the image families that already play its role, without registry and tag.
    #[serde(default)]
    pub images: BTreeMap<String, Vec<String>>,
    /// Services of required components that need another image.
    #[serde(default)]
    pub switch: Vec<Switch>,
    /// By service, its earlier names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed_from: BTreeMap<String, Vec<String>>,
}

/// Another image for a service of a required component, on the same major version and C library.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The service, as the required component calls it.
    pub service: String,
    /// The images of the public registry that can be switched.
    pub from: Vec<String>,
    /// The image that takes their place.
    pub to: String,
    /// Other image families that serve as they are.
    #[serde(default)]
    pub also: Vec<String>,
    /// Its tag, by the major version of the old tag and what that is built on: `17`, `17-alpine`,
    /// `17-bookworm`.
    pub tags: BTreeMap<String, String>,
}

/// How a running service is recognised.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// What the service is called.
    pub name: String,
    /// The variable with its address.
    pub env: String,
    /// The port where the address names none.
    pub default_port: u16,
    /// What is sent after connecting.
    #[serde(default)]
    pub send: String,
    /// What the answer begins with.
    #[serde(default)]
    pub expect: String,
}

/// What a component adds to a cold build of the user's project.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cost {
    /// Crates that are compiled in addition.
    pub crates: u32,
    /// Seconds of one processor, for `cargo build`.
    pub cpu_seconds: f64,
}
