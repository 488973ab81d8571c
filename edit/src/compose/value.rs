//! Fragments: what is to be put into a compose file, in the order and with the quotes of its author.

use granit_parser::ScalarStyle;

use super::scalar::{is_ambiguous, plain_is_safe, quote, scalar};
use super::style::Style;
use super::syntax_node::{self, Kind, SyntaxNode};
use crate::EditError;
use crate::text::line_of;

/// A YAML value without anchors, tags or comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing after the colon.
    Null,
    /// A text, number or boolean.
    Scalar {
        /// The text as data, without quotes.
        text: String,
        /// Whether it has to be quoted; if not, `5432` is a number.
        quoted: bool,
    },
    /// Items in order.
    List {
        /// The items.
        items: Vec<Value>,
        /// Whether it is written in brackets on one line, as `["CMD", "true"]`.
        flow: bool,
    },
    /// Entries in order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A string: quoted where YAML could take it for something else.
    pub fn string(text: impl Into<String>) -> Value {
        let text = text.into();
        Value::Scalar {
            quoted: is_ambiguous(&text),
            text,
        }
    }
}

/// Reads a fragment from YAML text; order and quotes are kept, comments are not.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not YAML, several documents, duplicate keys, keys that are
/// not scalars, anchors, aliases and tags.
pub fn parse_value(text: &str) -> Result<Value, EditError> {
    match syntax_node::parse(text)? {
        Some(root) => value_of(text, &root),
        None => Ok(Value::Null),
    }
}

fn value_of(text: &str, node: &SyntaxNode) -> Result<Value, EditError> {
    let unreadable = |reason: &str| EditError::Unreadable {
        line: Some(line_of(text, node.start)),
        reason: reason.to_owned(),
    };
    if node.anchor != 0 || node.tag.is_some() {
        return Err(unreadable("anchors and tags have no place in a fragment"));
    }
    match &node.kind {
        Kind::Alias(_) => Err(unreadable("aliases have no place in a fragment")),
        Kind::Scalar(..) if node.is_null() => Ok(Value::Null),
        Kind::Scalar(value, style) => Ok(Value::Scalar {
            text: value.to_string(),
            quoted: *style != ScalarStyle::Plain,
        }),
        Kind::List(items) => Ok(Value::List {
            items: items
                .iter()
                .map(|item| value_of(text, item))
                .collect::<Result<_, _>>()?,
            flow: node.flow,
        }),
        Kind::Map(entries) => {
            let mut map: Vec<(String, Value)> = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let name = key
                    .scalar()
                    .ok_or_else(|| unreadable("a key is not a scalar"))?;
                if map.iter().any(|(other, _)| other == name) {
                    return Err(unreadable("a key is there twice"));
                }
                map.push((name.to_owned(), value_of(text, value)?));
            }
            Ok(Value::Map(map))
        }
    }
}

/// Writes `key: value` as lines of a block, the key `indent` columns from the left.
pub(super) fn write_entry(
    lines: &mut Vec<String>,
    key: &str,
    value: &Value,
    indent: usize,
    style: &Style,
) {
    let head = format!(
        "{}{}:",
        " ".repeat(indent),
        scalar(key, false, style, false)
    );
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            lines.push(head);
            for (key, value) in entries {
                write_entry(lines, key, value, indent + style.step, style);
            }
        }
        Value::List { items, flow: false } if !items.is_empty() => {
            lines.push(head);
            for item in items {
                write_item(lines, item, indent + style.list_offset, style);
            }
        }
        Value::Null => lines.push(head),
        value => lines.push(format!("{head} {}", inline(value, style, false, false))),
    }
}

fn write_item(lines: &mut Vec<String>, item: &Value, indent: usize, style: &Style) {
    let dash = format!("{}- ", " ".repeat(indent));
    match item {
        Value::Map(entries) if !entries.is_empty() => {
            let first = lines.len();
            for (key, value) in entries {
                write_entry(lines, key, value, indent + 2, style);
            }
            if let Some(line) = lines.get_mut(first) {
                line.replace_range(..indent + 2, &dash);
            }
        }
        item => lines.push(format!("{dash}{}", inline(item, style, false, false))),
    }
}

/// Writes `key: value` for the inside of braces.
pub(super) fn flow_entry(key: &str, value: &Value, style: &Style, json: bool) -> String {
    format!(
        "{}: {}",
        scalar(key, json, style, true),
        inline(value, style, true, json)
    )
}

/// Writes a value on one line; `json` quotes all that is a string.
pub(super) fn inline(value: &Value, style: &Style, flow: bool, json: bool) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, quoted } => {
            if json && (*quoted || !is_ambiguous(text)) {
                return quote(text, '"');
            }
            if !quoted && is_ambiguous(text) && plain_is_safe(text, flow) {
                return text.clone();
            }
            scalar(text, *quoted, style, flow)
        }
        Value::List { items, .. } => {
            let items = items.iter().map(|item| inline(item, style, true, json));
            format!("[{}]", joined(items.collect()))
        }
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| flow_entry(key, value, style, json));
            format!("{{{}}}", joined(entries.collect()))
        }
    }
}
