//! Revises an entry or item that an edit added: a new value where the old one stands.

use super::compare::{Meant, differ_only_at};
use super::data::{Data, is_ambiguous};
use super::lines::column;
use super::node::{Kind, Node};
use super::place::begins_line;
use super::remove::exact;
use super::style::Style;
use super::undo::{Place, find, path_of, undo};
use super::value::{Value, flow_entry, quote, scalar, write_entry};
use super::{Change, Tree};
use crate::{Edit, UndoError, line_end};

/// Plans another value for what an edit added. `None` instead of a tree when it has that value.
///
/// ```text
/// record  "\n\n  redis:\n    image: redis:8"    value  {image: redis:9}
/// text    "services:\n  web: {}\n\n  redis:\n    image: redis:8\n"
///                                 ^ replaced from here   to here ^
/// new     "\n\n  redis:\n    image: redis:9"
/// ```
pub(super) fn revise(
    tree: &Tree,
    edit: &Edit,
    value: &Value,
) -> Result<(Option<Tree>, Edit), UndoError> {
    if edit.container {
        return Err(UndoError::NotEmpty);
    }
    // Only what can be undone is unchanged.
    let undone = undo(tree, edit)?;
    let names = path_of(&edit.address)?;
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = find(tree, &path)?;
    let written = if edit.before.is_empty() {
        write(tree, undone.style(), &path, &place, edit, value)?
    } else {
        write_scalar(tree, &place, edit, value)?
    };
    let Some(written) = written else {
        return Ok((None, edit.clone()));
    };
    let change = Change {
        splices: vec![(written.start..place.end(), written.content)],
        edits: Vec::new(),
    };
    let after = Tree::parse(change.apply(&tree.text)).map_err(|_| UndoError::Modified)?;
    let in_list = matches!(place.parent.kind, Kind::List(_));
    let path = if in_list {
        &path[..path.len() - 1]
    } else {
        &path[..]
    };
    let index = place.index;
    let judge = |before: Option<&Data>, after: Option<&Data>| match (before, after, in_list) {
        (Some(before), Some(after), true) => after.is_with_item_at(before, index, &written.data),
        (_, Some(after), false) => after.same(&written.data),
        _ => false,
    };
    let judge = &judge;
    let meant = [Meant { path, judge }];
    let is_meant = differ_only_at(Some(&tree.data), Some(&after.data), &meant);
    let is_undone_alike = match undo(&after, &written.edit) {
        Ok(again) => again.text == undone.text,
        Err(UndoError::Missing) => after.text == undone.text,
        Err(_) => false,
    };
    if is_meant && is_undone_alike {
        Ok((Some(after), written.edit))
    } else {
        Err(UndoError::Modified)
    }
}

/// The new text of an entry or item.
struct Written {
    start: usize,
    content: String,
    data: Data,
    edit: Edit,
}

/// `None` when the data is there already.
fn write(
    tree: &Tree,
    style: &Style,
    path: &[&str],
    place: &Place<'_>,
    edit: &Edit,
    value: &Value,
) -> Result<Option<Written>, UndoError> {
    let name = path.last().ok_or(UndoError::Missing)?;
    let (data, content) = match place.key {
        None => {
            let item = match (value, place.value.scalar()) {
                // The form of a list has no room for more than the name.
                (_, Some(item)) if item == *name => return Ok(None),
                (Value::Scalar { text, .. }, _) => format!("{name}={text}"),
                (Value::Null, _) => (*name).to_owned(),
                _ => return Err(UndoError::Modified),
            };
            let content = match place.value.quote() {
                Some(mark) => quote(&item, mark),
                None => scalar(&item, false, style, place.parent.flow),
            };
            if place.value.scalar() == Some(&*item) {
                return Ok(None);
            }
            let data = Data::from_value(&Value::Scalar {
                text: item,
                quoted: true,
            });
            (data, content)
        }
        Some(key) => {
            let data = Data::from_value(value);
            if tree.data.at(path).is_some_and(|found| found.same(&data)) {
                return Ok(None);
            }
            let (value, style) = keep_quotes(place.value, value, style);
            (data, entry(tree, key, place, name, &value, &style)?)
        }
    };
    let start = place.start();
    let record = record(tree, place, edit, &content);
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
    tree: &Tree,
    key: &Node,
    place: &Place<'_>,
    name: &str,
    value: &Value,
    style: &Style,
) -> Result<String, UndoError> {
    let text = tree.text.as_str();
    if place.parent.flow {
        let is_json = key.quote() == Some('"') && tree.root.as_ref().is_some_and(|root| root.flow);
        return Ok(flow_entry(name, value, style, is_json));
    }
    if !begins_line(text, key.start) {
        return Err(UndoError::Modified);
    }
    let mut lines = Vec::new();
    write_entry(&mut lines, name, value, column(text, key.start), style);
    Ok(lines.join(line_end(text)).trim_start().to_owned())
}

/// A string in place of a scalar gets its quotes, as in [`Compose::replace_scalar`](super::Compose::replace_scalar).
fn keep_quotes(old: &Node, value: &Value, style: &Style) -> (Value, Style) {
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
fn record(tree: &Tree, place: &Place<'_>, edit: &Edit, content: &str) -> Option<String> {
    let after = edit.after.as_str();
    if place.parent.flow {
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
    let ends = |part: &str| {
        if exact(tree, place, edit).is_some() {
            part.to_owned()
        } else {
            part.replace("\r\n", "\n")
                .replace('\n', line_end(&tree.text))
        }
    };
    let text = tree.text.as_str();
    let head = match place.parent.kind {
        Kind::List(_) => {
            let dash = text[..place.start()].rfind('-')?;
            let indent = column(text, dash);
            format!("{}{}", " ".repeat(indent), &text[dash..place.start()])
        }
        _ => " ".repeat(column(text, place.start())),
    };
    Some(format!(
        "{}{head}{content}{}",
        ends(&after[..start]),
        ends(&after[end..])
    ))
}

/// Another text for a scalar that an edit replaced before.
fn write_scalar(
    tree: &Tree,
    place: &Place<'_>,
    edit: &Edit,
    value: &Value,
) -> Result<Option<Written>, UndoError> {
    let Value::Scalar { text, quoted } = value else {
        return Err(UndoError::Modified);
    };
    if place.value.scalar() == Some(text) {
        return Ok(None);
    }
    let content = match place.value.quote() {
        Some(mark) => quote(text, mark),
        None => scalar(text, *quoted, tree.style(), true),
    };
    Ok(Some(Written {
        start: place.value.start,
        data: Data::from_value(&Value::Scalar {
            text: text.clone(),
            quoted: *quoted || place.value.quote().is_some(),
        }),
        edit: Edit {
            after: content.clone(),
            ..edit.clone()
        },
        content,
    }))
}
