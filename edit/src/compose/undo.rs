//! Undoes an edit: by its address, byte for byte where its text is unchanged, else by
//! structure if its data is; never what somebody else wrote.

use std::ops::Range;

use super::address::names;
use super::change::Change;
use super::compare::{Predicate, differ_only_at};
use super::document::Document;
use super::remove::{Target, element, exact, lines};
use super::syntax_node::{Kind, SyntaxNode};
use super::yaml_value::YamlValue;
use crate::text::byte_order_mark;
use crate::{Edit, UndoError};

/// The names of an address.
pub(super) fn path_of(address: &str) -> Result<Vec<String>, UndoError> {
    names(address).ok_or(UndoError::Missing)
}

pub(super) fn undo(document: &Document, edit: &Edit) -> Result<Document, UndoError> {
    let names = path_of(&edit.address)?;
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let target = find(document, &path)?;
    match (edit.container, edit.before.is_empty()) {
        (false, false) => restore_scalar(document, &path, &target, edit),
        (true, false) => restore_empty(document, &path, &target, edit),
        (true, true) => {
            if !target.value.is_null() && !is_empty(target.value) {
                return Err(UndoError::NotEmpty);
            }
            if target.value.anchor != 0 || target.value.tag.is_some() {
                return Err(UndoError::Modified);
            }
            remove(document, &path, &target, edit)
        }
        (false, true) => {
            let (name, head) = path.split_last().ok_or(UndoError::Missing)?;
            let data = match target.parent.kind {
                Kind::List(_) => document
                    .data
                    .at(head)
                    .and_then(|list| list.items().get(target.index)),
                _ => document.data.at(&path),
            };
            let unchanged = data.is_some_and(|data| is_fragment(data, &edit.after, name));
            if target.value.anchor != 0 || !unchanged {
                return Err(UndoError::Modified);
            }
            remove(document, &path, &target, edit)
        }
    }
}

fn is_empty(node: &SyntaxNode) -> bool {
    match &node.kind {
        Kind::Map(entries) => entries.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

pub(super) fn find<'a>(document: &'a Document, path: &[&str]) -> Result<Target<'a>, UndoError> {
    let Some((last, head)) = path.split_last() else {
        return Err(UndoError::Missing);
    };
    let parent = head.iter().fold(document.root.as_ref(), |node, name| {
        node.and_then(|node| node.entry(name))
            .map(|(_, value)| value)
    });
    let target = parent.and_then(|parent| match &parent.kind {
        Kind::Map(entries) => {
            let index = entries.iter().position(|(key, _)| key.is_key(last))?;
            let (key, value) = &entries[index];
            Some(Target {
                parent,
                index,
                key: Some(key),
                value,
            })
        }
        Kind::List(items) => {
            let index = position(items.iter().map(SyntaxNode::scalar), last)?;
            Some(Target {
                parent,
                index,
                key: None,
                value: &items[index],
            })
        }
        _ => None,
    });
    target.ok_or_else(|| {
        // Still said, but by an alias or a merge key that somebody made of it.
        let inherited = document.data.at(head).is_some_and(|data| {
            data.get(last).is_some()
                || position(data.items().iter().map(YamlValue::text), last).is_some()
        });
        if inherited {
            UndoError::Modified
        } else {
            UndoError::Missing
        }
    })
}

/// The item that is `name`, else the one that sets it as `name=..`.
fn position<'a>(items: impl Iterator<Item = Option<&'a str>> + Clone, name: &str) -> Option<usize> {
    let sets = |text: &str| {
        text.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('='))
    };
    items
        .clone()
        .position(|item| item == Some(name))
        .or_else(|| items.clone().position(|item| item.is_some_and(sets)))
}

/// Whether `data` is what an edit added, read from the edit's own text.
fn is_fragment(data: &YamlValue, text: &str, name: &str) -> bool {
    let text = text.trim_start_matches(['\r', '\n']);
    let text = text
        .strip_prefix(',')
        .map_or(text, str::trim_start)
        .trim_end();
    // A comma at the end is one between brackets, or the end of a text.
    let readings = [Some(text), text.strip_suffix(',')];
    readings.into_iter().flatten().any(|text| {
        let Ok(document) = Document::parse(text.to_owned()) else {
            return false;
        };
        match &document.data {
            YamlValue::Map(entries) => {
                matches!(entries.as_slice(), [(key, value)] if **key == *name && data.eq_ignoring_quotes(value))
            }
            YamlValue::List(items) => matches!(items.as_slice(), [item] if data.eq_ignoring_quotes(item)),
            item => data.eq_ignoring_quotes(item),
        }
    })
}

fn restore_scalar(
    document: &Document,
    path: &[&str],
    target: &Target<'_>,
    edit: &Edit,
) -> Result<Document, UndoError> {
    let range = target.value.start..target.value.end;
    let now = &document.text[range.clone()];
    if now == edit.before {
        return Err(UndoError::Missing);
    }
    if now != edit.after {
        return Err(UndoError::Modified);
    }
    let predicate = |after: Option<&YamlValue>, _: Option<&YamlValue>| {
        after.is_some_and(|after| is_fragment(after, &edit.before, ""))
    };
    splice(document, range, &edit.before, path, &predicate).ok_or(UndoError::Modified)
}

/// Puts an empty `{}` or `~` back behind its key.
fn restore_empty(
    document: &Document,
    path: &[&str],
    target: &Target<'_>,
    edit: &Edit,
) -> Result<Document, UndoError> {
    let value = target.value;
    if is_empty(value) || (value.is_null() && value.start < value.end) {
        return Err(UndoError::Missing);
    }
    let key_end = target.key.map_or(value.start, |key| key.end);
    let colon = document.text[key_end..]
        .find(':')
        .map(|colon| key_end + colon + 1);
    match (colon, &value.kind) {
        (Some(colon), Kind::Scalar(..)) if value.is_null() && value.anchor == 0 => {
            let empty = |after: Option<&YamlValue>, _: Option<&YamlValue>| {
                after.is_some_and(YamlValue::is_empty)
            };
            splice(document, colon..colon, &edit.before, path, &empty).ok_or(UndoError::Modified)
        }
        (_, Kind::Map(_) | Kind::List(_)) => Err(UndoError::NotEmpty),
        _ => Err(UndoError::Modified),
    }
}

/// Takes an entry or item out: exactly its recorded text, else the lines it has now.
fn remove(
    document: &Document,
    path: &[&str],
    target: &Target<'_>,
    edit: &Edit,
) -> Result<Document, UndoError> {
    let in_list = matches!(target.parent.kind, Kind::List(_));
    let path = if in_list {
        &path[..path.len() - 1]
    } else {
        path
    };
    let index = target.index;
    let predicate = move |after: Option<&YamlValue>, before: Option<&YamlValue>| {
        if !in_list {
            return after.is_none();
        }
        let mut rest = before.map(YamlValue::items).unwrap_or_default().to_vec();
        if index < rest.len() {
            rest.remove(index);
        }
        let left = after.map(YamlValue::items).unwrap_or_default();
        YamlValue::List(rest).semantically_eq(&YamlValue::List(left.to_vec()))
    };
    let whole = if target.parent.flow {
        element(document, target)
    } else {
        lines(document, target, edit)
    };
    [exact(document, target, edit), whole]
        .into_iter()
        .flatten()
        .find_map(|range| splice(document, range, "", path, &predicate))
        .ok_or(UndoError::Modified)
}

/// Applies a splice if the data then differs at `path` only, and `predicate` accepts what is there then and was there before.
fn splice(
    document: &Document,
    range: Range<usize>,
    new: &str,
    path: &[&str],
    predicate: &Predicate<'_>,
) -> Option<Document> {
    let change = Change {
        splices: vec![(range, new.to_owned())],
        edits: Vec::new(),
    };
    let mut text = change.apply(&document.text);
    let mark = byte_order_mark(&text);
    if matches!(&text[mark..], "\n" | "\r\n") {
        // The line end that came with the first line of a text that was empty.
        text.truncate(mark);
    }
    let after = Document::parse(text).ok()?;
    differ_only_at(Some(&after.data), Some(&document.data), path, predicate).then_some(after)
}
