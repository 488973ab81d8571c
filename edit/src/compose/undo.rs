//! Taking an edit back: by its address, byte for byte where its text is unchanged, else by
//! structure if its data is; never what somebody else wrote.

use std::ops::Range;

use super::address::names;
use super::compare::{Meant, differ_only_at};
use super::data::Data;
use super::lines::byte_order_mark;
use super::node::{Kind, Node};
use super::remove::{element, exact, lines};
use super::{Change, Tree};
use crate::{Edit, UndoError};

/// An entry or an item that an address names.
pub(super) struct Place<'a> {
    pub(super) parent: &'a Node,
    pub(super) index: usize,
    pub(super) key: Option<&'a Node>,
    pub(super) value: &'a Node,
}

impl Place<'_> {
    pub(super) fn start(&self) -> usize {
        self.key.unwrap_or(self.value).start
    }

    pub(super) fn end(&self) -> usize {
        self.key.map_or(0, |key| key.end).max(self.value.end)
    }
}

type Judge<'a> = dyn Fn(Option<&Data>, Option<&Data>) -> bool + 'a;

/// The names of an address.
pub(super) fn path_of(address: &str) -> Result<Vec<String>, UndoError> {
    names(address).ok_or(UndoError::Missing)
}

pub(super) fn undo(tree: &Tree, edit: &Edit) -> Result<Tree, UndoError> {
    let names = path_of(&edit.address)?;
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = find(tree, &path)?;
    match (edit.container, edit.before.is_empty()) {
        (false, false) => restore_scalar(tree, &path, &place, edit),
        (true, false) => restore_empty(tree, &path, &place, edit),
        (true, true) => {
            if !place.value.is_null() && !is_empty(place.value) {
                return Err(UndoError::NotEmpty);
            }
            if place.value.anchor != 0 || place.value.tag.is_some() {
                return Err(UndoError::Modified);
            }
            remove(tree, &path, &place, edit)
        }
        (false, true) => {
            let (name, head) = path.split_last().ok_or(UndoError::Missing)?;
            let data = match place.parent.kind {
                Kind::List(_) => tree
                    .data
                    .at(head)
                    .and_then(|list| list.items().get(place.index)),
                _ => tree.data.at(&path),
            };
            let unchanged = data.is_some_and(|data| is_fragment(data, &edit.after, name));
            if place.value.anchor != 0 || !unchanged {
                return Err(UndoError::Modified);
            }
            remove(tree, &path, &place, edit)
        }
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(entries) => entries.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

pub(super) fn find<'a>(tree: &'a Tree, path: &[&str]) -> Result<Place<'a>, UndoError> {
    let Some((last, head)) = path.split_last() else {
        return Err(UndoError::Missing);
    };
    let parent = head.iter().fold(tree.root.as_ref(), |node, name| {
        node.and_then(|node| node.entry(name))
            .map(|(_, value)| value)
    });
    let place = parent.and_then(|parent| match &parent.kind {
        Kind::Map(entries) => {
            let index = entries.iter().position(|(key, _)| key.is_key(last))?;
            let (key, value) = &entries[index];
            Some(Place {
                parent,
                index,
                key: Some(key),
                value,
            })
        }
        Kind::List(items) => {
            let index = position(items.iter().map(Node::scalar), last)?;
            Some(Place {
                parent,
                index,
                key: None,
                value: &items[index],
            })
        }
        _ => None,
    });
    place.ok_or_else(|| {
        // Still said, but by an alias or a merge key that somebody made of it.
        let inherited = tree.data.at(head).is_some_and(|data| {
            data.get(last).is_some()
                || position(data.items().iter().map(Data::text), last).is_some()
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
fn is_fragment(data: &Data, text: &str, name: &str) -> bool {
    let text = text.trim_start_matches(['\r', '\n']);
    let text = text
        .strip_prefix(',')
        .map_or(text, str::trim_start)
        .trim_end();
    // A comma at the end is one between brackets, or the end of a text.
    let readings = [Some(text), text.strip_suffix(',')];
    readings.into_iter().flatten().any(|text| {
        let Ok(tree) = Tree::parse(text.to_owned()) else {
            return false;
        };
        match &tree.data {
            Data::Map(entries) => {
                matches!(entries.as_slice(), [(key, value)] if **key == *name && data.alike(value))
            }
            Data::List(items) => matches!(items.as_slice(), [item] if data.alike(item)),
            item => data.alike(item),
        }
    })
}

fn restore_scalar(
    tree: &Tree,
    path: &[&str],
    place: &Place<'_>,
    edit: &Edit,
) -> Result<Tree, UndoError> {
    let range = place.value.start..place.value.end;
    let now = &tree.text[range.clone()];
    if now == edit.before {
        return Err(UndoError::Missing);
    }
    if now != edit.after {
        return Err(UndoError::Modified);
    }
    let judge = |after: Option<&Data>, _: Option<&Data>| {
        after.is_some_and(|after| is_fragment(after, &edit.before, ""))
    };
    splice(tree, range, &edit.before, path, &judge).ok_or(UndoError::Modified)
}

/// Puts an empty `{}` or `~` back behind its key.
fn restore_empty(
    tree: &Tree,
    path: &[&str],
    place: &Place<'_>,
    edit: &Edit,
) -> Result<Tree, UndoError> {
    let value = place.value;
    if is_empty(value) || (value.is_null() && value.start < value.end) {
        return Err(UndoError::Missing);
    }
    let key_end = place.key.map_or(value.start, |key| key.end);
    let colon = tree.text[key_end..]
        .find(':')
        .map(|colon| key_end + colon + 1);
    match (colon, &value.kind) {
        (Some(colon), Kind::Scalar(..)) if value.is_null() && value.anchor == 0 => {
            let empty = |after: Option<&Data>, _: Option<&Data>| after.is_some_and(Data::is_empty);
            splice(tree, colon..colon, &edit.before, path, &empty).ok_or(UndoError::Modified)
        }
        (_, Kind::Map(_) | Kind::List(_)) => Err(UndoError::NotEmpty),
        _ => Err(UndoError::Modified),
    }
}

/// Takes an entry or item out: exactly its recorded text, else the lines it has now.
fn remove(tree: &Tree, path: &[&str], place: &Place<'_>, edit: &Edit) -> Result<Tree, UndoError> {
    let in_list = matches!(place.parent.kind, Kind::List(_));
    let path = if in_list {
        &path[..path.len() - 1]
    } else {
        path
    };
    let index = place.index;
    let judge = move |after: Option<&Data>, before: Option<&Data>| {
        if !in_list {
            return after.is_none();
        }
        let mut rest = before.map(Data::items).unwrap_or_default().to_vec();
        if index < rest.len() {
            rest.remove(index);
        }
        let left = after.map(Data::items).unwrap_or_default();
        Data::List(rest).same(&Data::List(left.to_vec()))
    };
    let whole = if place.parent.flow {
        element(tree, place)
    } else {
        lines(tree, place, edit)
    };
    [exact(tree, place, edit), whole]
        .into_iter()
        .flatten()
        .find_map(|range| splice(tree, range, "", path, &judge))
        .ok_or(UndoError::Modified)
}

/// Applies a splice if the data then differs at `path` only, and there as `judge` says.
fn splice(
    tree: &Tree,
    range: Range<usize>,
    new: &str,
    path: &[&str],
    judge: &Judge<'_>,
) -> Option<Tree> {
    let change = Change {
        splices: vec![(range, new.to_owned())],
        edits: Vec::new(),
    };
    let mut text = change.apply(&tree.text);
    let mark = byte_order_mark(&text);
    if matches!(&text[mark..], "\n" | "\r\n") {
        // The line end that came with the first line of a text that was empty.
        text.truncate(mark);
    }
    let after = Tree::parse(text).ok()?;
    let meant = [Meant { path, judge }];
    differ_only_at(Some(&after.data), Some(&tree.data), &meant).then_some(after)
}
