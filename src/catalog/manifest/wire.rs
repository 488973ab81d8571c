//! `[wire]`: a component's place in the hub.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::is_false;

/// How the hub starts, wires and stops a component.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Wire {
    /// A component with a lower number starts earlier, stops later, and its layer is further out.
    pub order: i64,
    /// The field of the hub.
    pub field: String,
    /// Its type, from the module of the hub.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence of documentation.
    pub doc: String,
    /// The expression that starts it; a future of a `Result`.
    pub start: String,
    /// The expression of its health; a future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// The expression that stops it; a future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<String>,
    /// Types that handlers can take as arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extract: Vec<Extract>,
    /// Whether it propagates traces to other processes. The hub then has the module `trace`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub traces: bool,
    /// Its public error types, from the module of the hub.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// Crates whose errors the base classifies for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classifies: Vec<String>,
    /// An expression of a layer for the subscriber of `tracing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriber: Option<String>,
    /// An expression of routes for the admin listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// Further expressions for the templates of the hub.
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

/// A type that handlers can take as an argument.
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
