//! `[compose]` and `[[probe]]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The images of a component's services, and changes of services of required components.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ComposeSpec {
    /// By service, the images that can serve in its place, without registry and tag. A service of the
    /// user with one of them is used.
    #[serde(default)]
    pub images: BTreeMap<String, Vec<String>>,
    /// Services of required components that get another image.
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
    /// Other images that need no change.
    #[serde(default)]
    pub also: Vec<String>,
    /// Its tag, by the major version of the old tag and what that is built on: `17`, `17-alpine`,
    /// `17-bookworm`.
    pub tags: BTreeMap<String, String>,
}

/// A check whether a service is running.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The name of the service, for messages.
    pub name: String,
    /// The variable with its address.
    pub env: String,
    /// The port if the address has no port.
    pub default_port: u16,
    /// The text to send after connecting.
    #[serde(default)]
    pub send: String,
    /// The beginning of the expected answer.
    #[serde(default)]
    pub expect: String,
}
