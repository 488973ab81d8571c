//! What an entry of a dependency table says, and the data of a whole manifest.

use super::dependency::Dependency;
use toml_edit::{Array, Document, Item, TableLike, Value};

/// A text under a key of an item.
pub(super) fn text_of<'a>(item: &'a Item, key: &str) -> Option<&'a str> {
    item.as_table_like()?.get(key)?.as_str()
}

/// A boolean under a key of an item.
pub(super) fn flag_of(item: &Item, key: &str) -> Option<bool> {
    item.as_table_like()?.get(key)?.as_bool()
}

/// The texts of a list under a key of an item; empty when there is none.
pub(super) fn texts_of(item: &Item, key: &str) -> Vec<String> {
    item.as_table_like()
        .and_then(|table| table.get(key))
        .and_then(Item::as_array)
        .map(texts)
        .unwrap_or_default()
}

/// The texts of a list.
pub(super) fn texts(array: &Array) -> Vec<String> {
    array
        .iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// The features that an entry names.
pub(super) fn features_of(item: &Item) -> Vec<String> {
    texts_of(item, "features")
}

/// The version requirement of an entry.
pub(super) fn requirement_of(item: &Item) -> Option<&str> {
    item.as_str().or_else(|| text_of(item, "version"))
}

/// Whether the crate of an entry comes from a registry: not from a path or a git repository.
pub(super) fn is_from_registry(item: &Item) -> bool {
    text_of(item, "path").is_none() && text_of(item, "git").is_none()
}

/// The data of a manifest, for comparing; `None` when it cannot be read.
pub(super) fn data(text: &str) -> Option<toml::Table> {
    text.parse().ok()
}

/// The same data, of a manifest that the editor has read.
pub(super) fn data_of(document: &Document<&str>) -> Option<toml::Table> {
    table_of(document.as_table())
}

fn table_of(table: &dyn TableLike) -> Option<toml::Table> {
    let entries = table.iter();
    let entries = entries.filter(|(_, item)| !item.is_none());
    entries
        .map(|(key, item)| Some((key.to_owned(), item_of(item)?)))
        .collect()
}

fn item_of(item: &Item) -> Option<toml::Value> {
    Some(match item {
        Item::ArrayOfTables(tables) => {
            let tables = tables.iter();
            let tables = tables.map(|table| Some(toml::Value::Table(table_of(table)?)));
            toml::Value::Array(tables.collect::<Option<_>>()?)
        }
        Item::Table(table) => toml::Value::Table(table_of(table)?),
        Item::Value(value) => value_of(value)?,
        Item::None => return None,
    })
}

fn value_of(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(time) => toml::Value::Datetime(*time.value()),
        Value::Array(values) => {
            let values = values.iter().map(value_of);
            toml::Value::Array(values.collect::<Option<_>>()?)
        }
        Value::InlineTable(table) => toml::Value::Table(table_of(table)?),
    })
}

/// The table at a path, made when it is not there.
pub(super) fn table_at<'a>(
    data: &'a mut toml::Table,
    path: &[&str],
) -> Option<&'a mut toml::Table> {
    path.iter().try_fold(data, |table, name| {
        table
            .entry((*name).to_owned())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
    })
}

/// The value of a key in the table at a path.
pub(super) fn at_path<'a>(
    data: &'a toml::Table,
    path: &[&str],
    key: &str,
) -> Option<&'a toml::Value> {
    let table = path
        .iter()
        .try_fold(data, |table, name| table.get(*name)?.as_table())?;
    table.get(key)
}

/// Writes a list of texts on one line.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<_> = texts
        .into_iter()
        .map(|text| format!("\"{text}\""))
        .collect();
    format!("[{}]", quoted.join(", "))
}

/// Writes an entry on one line, without its end.
pub(super) fn line(dependency: &Dependency, inherit: bool, dotted: bool) -> String {
    let name = &dependency.name;
    let requirement = &dependency.requirement;
    let plain = dependency.features.is_empty();
    match (inherit, plain) {
        (true, true) if dotted => return format!("{name}.workspace = true"),
        (false, true) if dependency.default_features => {
            return format!("{name} = \"{requirement}\"");
        }
        _ => {}
    }
    let mut line = if inherit {
        format!("{name} = {{ workspace = true")
    } else {
        format!("{name} = {{ version = \"{requirement}\"")
    };
    if !inherit && !dependency.default_features {
        line.push_str(", default-features = false");
    }
    if !plain {
        line.push_str(", features = ");
        line.push_str(&list(&dependency.features));
    }
    line.push_str(" }");
    line
}
