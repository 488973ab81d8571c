//! The schema of `component.toml`. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod compose;
mod dependency;
mod env;
mod wire;

pub use compose::{ComposeSpec, Probe, Switch};
pub use dependency::Dependency;
pub use env::{EnvKind, EnvRow, SettingsSpec, Stage};
pub use wire::{Extract, Web, Wire};

/// A `component.toml`. A rendering has the manifest for its options, with the `[[when]]` tables merged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// One line for `infra list`.
    #[serde(default)]
    pub summary: String,
    /// The category that `infra list` sorts by.
    #[serde(default)]
    pub category: String,
    /// The version of the component; it rises with every change of a rendering.
    pub version: semver::Version,
    /// Words that `infra search` finds it by, besides id and summary.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Earlier ids of the component.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Components that it requires. In a `[[when]]`: components that an option requires.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Components that cannot be installed beside it.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// The frameworks it has code for; empty for all.
    #[serde(default)]
    pub frameworks: Vec<String>,
    /// The minimum Rust version of its code and crates.
    pub rust_version: Option<String>,
    /// Steps for the user after `infra add`, one line each. They may name services, as the `example` of a
    /// variable may.
    #[serde(default)]
    pub next: Vec<String>,
    /// The options of `--set`, by name.
    #[serde(default)]
    pub options: BTreeMap<String, OptionSpec>,
    /// Crates, in Cargo's own syntax.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    /// Crates of the generated tests.
    #[serde(default)]
    pub dev_dependencies: BTreeMap<String, Dependency>,
    /// By crate and feature, the features that it enables itself and that are not listed beside it.
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
    /// Generated files that were renamed: the old path below `tree/` and the new one.
    #[serde(default)]
    pub renamed_files: BTreeMap<String, String>,
    /// Lines for the project's `.gitignore`.
    #[serde(default)]
    pub gitignore: Vec<String>,
    /// How to check that a service is running.
    #[serde(default)]
    pub probe: Vec<Probe>,
    /// The measured cost of a cold build.
    pub cost: Option<Cost>,
    /// Tables that are merged into the manifest when an expression holds.
    #[serde(default)]
    pub when: Vec<toml::Table>,
}

/// An option of a component.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptionSpec {
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: OptionKind,
    /// The default value.
    pub default: toml::Value,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// One line of documentation.
    pub doc: String,
    /// Earlier names of the option. A value recorded under one of them is kept.
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

/// A path that a component serves, and how the user moves or disables it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Route {
    /// The path, in the syntax of the framework.
    pub path: String,
    /// Variables that move the route when they are set; the value of the first is the new path.
    #[serde(default)]
    pub moved_by: Vec<String>,
    /// The option that removes the route when it is `false`.
    pub option: Option<String>,
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

fn is_false(value: &bool) -> bool {
    !value
}
