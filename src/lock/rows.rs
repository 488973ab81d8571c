//! The rows of a manifest as a record keeps them.
//!
//! These types are the format on disk. They are separate from those of the manifest, so that a new
//! key of a manifest does not change the records; a change here moves [`super::record::SCHEMA`].

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::catalog::manifest;

/// A crate that generated code uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DependencyRow {
    version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    oldest: Vec<semver::Version>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    default_features: bool,
}

/// The struct of a component's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsRow {
    #[serde(rename = "type")]
    name: String,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct EnvRow {
    name: String,
    field: String,
    kind: manifest::EnvKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<manifest::Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    compose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
    doc: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    renamed_from: Vec<String>,
}

/// The place of a component in the hub. Every key without a field is the table of a framework.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WireRow {
    order: i64,
    field: String,
    #[serde(rename = "type")]
    kind: String,
    doc: String,
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shutdown: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extract: Vec<ExtractRow>,
    #[serde(default, skip_serializing_if = "is_false")]
    traces: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    classifies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
    #[serde(flatten)]
    web: IndexMap<String, WebRow>,
}

/// What a handler can take as an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtractRow {
    #[serde(rename = "type")]
    kind: String,
    field: String,
}

/// What a component adds to the app of one framework.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
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

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(super) fn is_false(value: &bool) -> bool {
    !value
}

/// Converts the values of a map.
pub(super) fn map<A: Clone + Into<B>, B>(rows: &BTreeMap<String, A>) -> BTreeMap<String, B> {
    let rows = rows.iter();
    rows.map(|(name, row)| (name.clone(), row.clone().into()))
        .collect()
}

/// Converts the tables of frameworks.
fn web<A: Into<B>, B>(tables: IndexMap<String, A>) -> IndexMap<String, B> {
    let tables = tables.into_iter();
    tables.map(|(name, table)| (name, table.into())).collect()
}

/// Converts a type into another one with the same fields, in both directions.
macro_rules! same_fields {
    ($row:ident, $manifest:ident: $($field:ident),+) => {
        impl From<manifest::$manifest> for $row {
            fn from(from: manifest::$manifest) -> Self {
                Self { $($field: from.$field),+ }
            }
        }

        impl From<$row> for manifest::$manifest {
            fn from(from: $row) -> Self {
                Self { $($field: from.$field),+ }
            }
        }
    };
}

same_fields!(DependencyRow, Dependency: version, oldest, features, default_features);
same_fields!(SettingsRow, SettingsSpec: name);
same_fields!(EnvRow, EnvRow: name, field, kind, default, optional, required, min, max, check, secret, compose, example, doc, renamed_from);
same_fields!(ExtractRow, Extract: kind, field);
same_fields!(WebRow, Web: order, routes, layer);

impl From<manifest::Wire> for WireRow {
    fn from(from: manifest::Wire) -> Self {
        Self {
            order: from.order,
            field: from.field,
            kind: from.kind,
            doc: from.doc,
            start: from.start,
            health: from.health,
            shutdown: from.shutdown,
            extract: from.extract.into_iter().map(Into::into).collect(),
            traces: from.traces,
            errors: from.errors,
            classifies: from.classifies,
            subscriber: from.subscriber,
            admin: from.admin,
            parts: from.parts,
            web: web(from.web),
        }
    }
}

impl From<WireRow> for manifest::Wire {
    fn from(from: WireRow) -> Self {
        Self {
            order: from.order,
            field: from.field,
            kind: from.kind,
            doc: from.doc,
            start: from.start,
            health: from.health,
            shutdown: from.shutdown,
            extract: from.extract.into_iter().map(Into::into).collect(),
            traces: from.traces,
            errors: from.errors,
            classifies: from.classifies,
            subscriber: from.subscriber,
            admin: from.admin,
            parts: from.parts,
            web: web(from.web),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_all_that_the_hub_is_rendered_from() {
        let wire = "order = 1\nfield = 'a'\ntype = 'a::A'\ndoc = 'A.'\nstart = 'a::A::start()'\ntraces = true\nerrors = ['a::Error']\nclassifies = ['redis']\nsubscriber = 'a::layer()'\nadmin = 'self.a.admin()'\nparts = ['self.a.part()']\n[actix-web]\nlayer = 'x'\n[axum]\norder = 3\nroutes = 'y'\n";
        let manifest: manifest::Wire = toml::from_str(wire).unwrap();
        let text = toml::to_string(&WireRow::from(manifest.clone())).unwrap();
        let row: WireRow = toml::from_str(&text).unwrap();
        assert_eq!(manifest::Wire::from(row), manifest);
        assert!(text.find("[actix-web]") < text.find("[axum]"), "{text}");
        let env = "name = 'A'\nfield = 'a'\nkind = 'u16'\ndefault = '1'\ndoc = 'd'\nrenamed-from = ['B']\n";
        let manifest: manifest::EnvRow = toml::from_str(env).unwrap();
        let row: EnvRow =
            toml::from_str(&toml::to_string(&EnvRow::from(manifest.clone())).unwrap()).unwrap();
        assert_eq!(manifest::EnvRow::from(row), manifest);
    }
}
