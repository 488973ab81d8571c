//! `[dependencies]` and `[dev-dependencies]`.

use serde::{Deserialize, Serialize};

/// A crate that generated code uses.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(from = "DependencySpec", rename_all = "kebab-case")]
pub struct Dependency {
    /// The version requirement.
    pub version: String,
    /// The minimum version of each compatible series that the code works with, for projects that have
    /// the crate. Empty: all versions that are compatible with `version`.
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
