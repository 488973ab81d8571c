//! `[wire]`: a component's place in the hub.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::is_false;

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
