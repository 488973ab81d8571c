//! Revises an entry or item that an edit added: a new value where the old one stands.

use super::change::Change;
use super::compare::differ_only_at;
use super::document::Document;
use super::remove::Target;
use super::scalar::{is_ambiguous, quote, scalar};
use super::style::Style;
use super::syntax_node::{Kind, SyntaxNode};
use super::undo::{find, path_of, undo};
use super::value::{Value, flow_entry, write_entry};
use super::yaml_value::YamlValue;
use crate::text::column;
use crate::text::is_first_in_line;
use crate::{Edit, UndoError, line_end};

/// Plans another value for what an edit added: the new tree and record, or `None` when it has that
/// value.
///
/// ```text
/// record  "\n\n  redis:\n    image: redis:8"    value  {image: redis:9}
/// text    "services:\n  web: {}\n\n  redis:\n    image: redis:8\n"
///                                 ^ replaced from here   to here ^
/// new     "\n\n  redis:\n    image: redis:9"
/// ```
pub(super) fn revise(
    document: &Document,
    edit: &Edit,
    value: &Value,
) -> Result<Option<(Document, Edit)>, UndoError> {
    if edit.container {
        return Err(UndoError::NotEmpty);
    }
    // Only what can be undone is unchanged.
    let undone = undo(document, edit)?;
    let names = path_of(&edit.address)?;
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let target = find(document, &path)?;
    let written = if edit.before.is_empty() {
        write(document, undone.style(), &path, &target, edit, value)?
    } else {
        write_scalar(document, &target, edit, value)?
    };
    let Some(written) = written else {
        return Ok(None);
    };
    let change = Change {
        splices: vec![(written.start..target.end(), written.content)],
        edits: Vec::new(),
    };
    let after = Document::parse(change.apply(&document.text)).map_err(|_| UndoError::Modified)?;
    let in_list = matches!(target.parent.kind, Kind::List(_));
    let path = if in_list {
        &path[..path.len() - 1]
    } else {
        &path[..]
    };
    let index = target.index;
    let predicate =
        |before: Option<&YamlValue>, after: Option<&YamlValue>| match (before, after, in_list) {
            (Some(before), Some(after), true) => {
                after.is_with_item_at(before, index, &written.data)
            }
            (_, Some(after), false) => after.semantically_eq(&written.data),
            _ => false,
        };
    let is_meant = differ_only_at(Some(&document.data), Some(&after.data), path, &predicate);
    let is_undone_equally = match undo(&after, &written.edit) {
        Ok(again) => again.text == undone.text,
        Err(UndoError::Missing) => after.text == undone.text,
        Err(_) => false,
    };
    if is_meant && is_undone_equally {
        Ok(Some((after, written.edit)))
    } else {
        Err(UndoError::Modified)
    }
}

/// The new text of an entry or item.
struct Written {
    start: usize,
    content: String,
    data: YamlValue,
    edit: Edit,
}

/// `None` when the data is there already.
fn write(
    document: &Document,
    style: &Style,
    path: &[&str],
    target: &Target<'_>,
    edit: &Edit,
    value: &Value,
) -> Result<Option<Written>, UndoError> {
    let name = path.last().ok_or(UndoError::Missing)?;
    let (data, content) = match target.key {
        None => {
            let item = match (value, target.value.scalar()) {
                // The form of a list has no room for more than the name.
                (_, Some(item)) if item == *name => return Ok(None),
                (Value::Scalar { text, .. }, _) => format!("{name}={text}"),
                (Value::Null, _) => (*name).to_owned(),
                _ => return Err(UndoError::Modified),
            };
            let content = match target.value.quote() {
                Some(mark) => quote(&item, mark),
                None => scalar(&item, false, style, target.parent.flow),
            };
            if target.value.scalar() == Some(&*item) {
                return Ok(None);
            }
            let data = YamlValue::from_value(&Value::Scalar {
                text: item,
                quoted: true,
            });
            (data, content)
        }
        Some(key) => {
            let data = YamlValue::from_value(value);
            if document
                .data
                .at(path)
                .is_some_and(|found| found.semantically_eq(&data))
            {
                return Ok(None);
            }
            // Other edits may have changed what most of the file does; the entry stays as it is.
            let style = Style::of_entry(&document.text, key, target.value, style);
            let (value, style) = keep_quotes(target.value, value, &style);
            (data, entry(document, key, target, name, &value, &style)?)
        }
    };
    let start = target.start();
    let record = record(document, target, edit, &content);
    let after = record.ok_or(UndoError::Modified)?;
    Ok(Some(Written {
        start,
        content,
        data,
        edit: Edit {
            after,
            ..edit.clone()
        },
    }))
}

/// `key: value` from the key on, as lines of a block or for the inside of braces.
fn entry(
    document: &Document,
    key: &SyntaxNode,
    target: &Target<'_>,
    name: &str,
    value: &Value,
    style: &Style,
) -> Result<String, UndoError> {
    let text = document.text.as_str();
    if target.parent.flow {
        let is_json =
            key.quote() == Some('"') && document.root.as_ref().is_some_and(|root| root.flow);
        return Ok(flow_entry(name, value, style, is_json));
    }
    if !is_first_in_line(text, key.start) {
        return Err(UndoError::Modified);
    }
    let mut lines = Vec::new();
    write_entry(&mut lines, name, value, column(text, key.start), style);
    Ok(lines.join(line_end(text)).trim_start().to_owned())
}

/// A string in place of a scalar gets its quotes, as in [`Compose::replace_scalar`](super::Compose::replace_scalar).
fn keep_quotes(old: &SyntaxNode, value: &Value, style: &Style) -> (Value, Style) {
    match (value, old.quote()) {
        (Value::Scalar { text, quoted }, Some(mark)) if *quoted || !is_ambiguous(text) => {
            let value = Value::Scalar {
                text: text.clone(),
                quoted: true,
            };
            let style = Style {
                quote: mark,
                ..style.clone()
            };
            (value, style)
        }
        _ => (value.clone(), style.clone()),
    }
}

/// The recorded text with another content: the line ends, commas and spaces around it stay.
fn record(document: &Document, target: &Target<'_>, edit: &Edit, content: &str) -> Option<String> {
    let after = edit.after.as_str();
    if target.parent.flow {
        let around = [',', '\r', '\n', ' '];
        let start = after.len() - after.trim_start_matches(around).len();
        let end = after.trim_end_matches(around).len();
        return (start < end).then(|| format!("{}{content}{}", &after[..start], &after[end..]));
    }
    let end = after.trim_end_matches(['\r', '\n']).len();
    let start = after.len() - after.trim_start_matches(['\r', '\n']).len();
    if start >= end {
        return None;
    }
    let text = document.text.as_str();
    let head = match target.parent.kind {
        Kind::List(_) => {
            let dash = text[..target.start()].rfind('-')?;
            let indent = column(text, dash);
            format!("{}{}", " ".repeat(indent), &text[dash..target.start()])
        }
        _ => " ".repeat(column(text, target.start())),
    };
    Some(format!(
        "{}{head}{content}{}",
        &after[..start],
        &after[end..]
    ))
}

/// Another text for a scalar that an edit replaced before.
fn write_scalar(
    document: &Document,
    target: &Target<'_>,
    edit: &Edit,
    value: &Value,
) -> Result<Option<Written>, UndoError> {
    let Value::Scalar { text, quoted } = value else {
        return Err(UndoError::Modified);
    };
    if target.value.scalar() == Some(text) {
        return Ok(None);
    }
    let content = match target.value.quote() {
        Some(mark) => quote(text, mark),
        None => scalar(text, *quoted, document.style(), true),
    };
    Ok(Some(Written {
        start: target.value.start,
        data: YamlValue::from_value(&Value::Scalar {
            text: text.clone(),
            quoted: *quoted || target.value.quote().is_some(),
        }),
        edit: Edit {
            after: content.clone(),
            ..edit.clone()
        },
        content,
    }))
}
