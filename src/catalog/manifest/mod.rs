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
