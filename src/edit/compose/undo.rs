//! Taking an edit back: by its address, byte for byte where its text is unchanged, else by
//! structure if its data is; never what somebody else wrote.

use std::ops::Range;

use super::address::names;
use super::compare::differ_only_at;
use super::data::Data;
use super::node::{Kind, Node, byte_order_mark, column, ends_line, line_start, line_stop};
use super::place::begins_line;
use super::{Change, Tree};
use crate::edit::{Edit, Kept};

/// An entry or an item that an address names.
struct Place<'a> {
    parent: &'a Node,
    index: usize,
    key: Option<&'a Node>,
    value: &'a Node,
}

impl Place<'_> {
    fn start(&self) -> usize {
        self.key.unwrap_or(self.value).start
    }

    fn end(&self) -> usize {
        self.key.map_or(0, |key| key.end).max(self.value.end)
    }
}

type Judge<'a> = dyn Fn(Option<&Data>, Option<&Data>) -> bool + 'a;

pub(super) fn undo(tree: &Tree, edit: &Edit) -> Result<Tree, Kept> {
    let names = names(&edit.address).ok_or(Kept::Gone)?;
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = find(tree, &path)?;
    match (edit.container, edit.before.is_empty()) {
        (false, false) => restore_scalar(tree, &path, &place, edit),
        (true, false) => restore_empty(tree, &path, &place, edit),
        (true, true) => {
            if !place.value.is_null() && !is_empty(place.value) {
                return Err(Kept::InUse);
            }
            if place.value.anchor != 0 || place.value.tag.is_some() {
                return Err(Kept::Changed);
            }
            remove(tree, &path, &place, edit)
        }
        (false, true) => {
            let (name, head) = path.split_last().ok_or(Kept::Gone)?;
            let data = match place.parent.kind {
                Kind::List(_) => tree
                    .data
                    .at(head)
                    .and_then(|list| list.items().get(place.index)),
                _ => tree.data.at(&path),
            };
            let unchanged = data.is_some_and(|data| is_fragment(data, &edit.after, name));
            if place.value.anchor != 0 || !unchanged {
                return Err(Kept::Changed);
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

fn find<'a>(tree: &'a Tree, path: &[&str]) -> Result<Place<'a>, Kept> {
    let Some((last, head)) = path.split_last() else {
        return Err(Kept::Gone);
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
        if inherited { Kept::Changed } else { Kept::Gone }
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
) -> Result<Tree, Kept> {
    let range = place.value.start..place.value.end;
    let now = &tree.text[range.clone()];
    if now == edit.before {
        return Err(Kept::Gone);
    }
    if now != edit.after {
        return Err(Kept::Changed);
    }
    let judge = |after: Option<&Data>, _: Option<&Data>| {
        after.is_some_and(|after| is_fragment(after, &edit.before, ""))
    };
    splice(tree, range, &edit.before, path, &judge).ok_or(Kept::Changed)
}

/// Puts an empty `{}` or `~` back behind its key.
fn restore_empty(tree: &Tree, path: &[&str], place: &Place<'_>, edit: &Edit) -> Result<Tree, Kept> {
    let value = place.value;
    if is_empty(value) || (value.is_null() && value.start < value.end) {
        return Err(Kept::Gone);
    }
    let key_end = place.key.map_or(value.start, |key| key.end);
    let colon = tree.text[key_end..]
        .find(':')
        .map(|colon| key_end + colon + 1);
    match (colon, &value.kind) {
        (Some(colon), Kind::Scalar(..)) if value.is_null() && value.anchor == 0 => {
            let empty = |after: Option<&Data>, _: Option<&Data>| after.is_some_and(Data::is_empty);
            splice(tree, colon..colon, &edit.before, path, &empty).ok_or(Kept::Changed)
        }
        (_, Kind::Map(_) | Kind::List(_)) => Err(Kept::InUse),
        _ => Err(Kept::Changed),
    }
}

/// Takes an entry or item out: exactly its recorded text, else the lines it has now.
fn remove(tree: &Tree, path: &[&str], place: &Place<'_>, edit: &Edit) -> Result<Tree, Kept> {
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
        .ok_or(Kept::Changed)
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
    differ_only_at(Some(&after.data), Some(&tree.data), path, judge).then_some(after)
}

/// The recorded text, where it stands unchanged and nobody wrote into or behind it.
fn exact(tree: &Tree, place: &Place<'_>, edit: &Edit) -> Option<Range<usize>> {
    let text = tree.text.as_str();
    let mut content = edit.after.trim_start_matches([',', '\r', '\n', ' ']);
    if matches!(place.parent.kind, Kind::List(_)) && !place.parent.flow {
        content = content.strip_prefix('-')?.trim_start();
    }
    let start = place
        .start()
        .checked_sub(edit.after.len() - content.len())?;
    let ended = edit.after.trim_end_matches(['\r', '\n']);
    // The line end of a first line stays for the lines that have come behind it.
    let behind = text.get(start + edit.after.len()..)?;
    let inserted = if place.parent.flow || !ends_line(behind) {
        edit.after.as_str()
    } else {
        ended
    };
    if !text.get(start..)?.starts_with(inserted) {
        return None;
    }
    let end = start + inserted.len();
    let rest = &text[end..];
    if place.parent.flow {
        let rest = rest.trim_start_matches([' ', '\t']);
        let bare = !inserted.trim_start().starts_with(',') && !inserted.trim_end().ends_with(',');
        let alone =
            text[..start].trim_end().ends_with(['[', '{']) && !rest.trim_start().starts_with(',');
        return (!rest.starts_with('#') && (alone || !bare)).then_some(start..end);
    }
    let apart = match inserted.chars().next()? {
        '\n' => !text[..start].ends_with('\r'),
        '\r' => true,
        _ => start == byte_order_mark(text),
    };
    let ends = rest.is_empty()
        || inserted.ends_with('\n')
        || rest.starts_with('\n')
        || rest.starts_with("\r\n");
    (apart && ends && !has_tail(tree, place)).then_some(start..end)
}

/// The whole lines of a block entry, with the blank line that was added before it.
fn lines(tree: &Tree, place: &Place<'_>, edit: &Edit) -> Option<Range<usize>> {
    let text = tree.text.as_str();
    let start = line_start(text, place.start());
    let head = text[start..place.start()].trim();
    let alone = match place.parent.kind {
        Kind::List(_) => head == "-",
        _ => head.is_empty() && begins_line(text, place.start()),
    };
    let stop = line_stop(text, place.end());
    if !alone
        || !text[place.end()..stop]
            .trim()
            .trim_start_matches(':')
            .is_empty()
    {
        return None;
    }
    if has_comment(text, start..stop, place) || has_tail(tree, place) {
        return None;
    }
    let next = text[stop..].find('\n').map(|newline| stop + newline + 1);
    let breaks = edit.after.bytes().take_while(u8::is_ascii_whitespace);
    let parted = breaks.filter(|byte| *byte == b'\n').count() > 1;
    let mark = byte_order_mark(text);
    let above = (start > mark)
        .then(|| start - 1)
        .map(|end| line_start(text, end)..end);
    let above = above.filter(|line| parted && text[line.clone()].trim().is_empty());
    let from = above.as_ref().map_or(start, |line| line.start);
    match next {
        Some(next) if parted && above.is_none() && start > mark => {
            let below = line_stop(text, next);
            let blank = below < text.len() && text[next..below].trim().is_empty();
            let after = text[below..].find('\n').map(|newline| below + newline + 1);
            Some(from..after.filter(|_| blank).unwrap_or(next))
        }
        Some(next) => Some(from..next),
        None => {
            let end = text[..from].strip_suffix('\n').unwrap_or(&text[..from]);
            Some(end.strip_suffix('\r').unwrap_or(end).len()..stop)
        }
    }
}

/// An element between brackets, with one of its commas.
fn element(tree: &Tree, place: &Place<'_>) -> Option<Range<usize>> {
    let text = tree.text.as_str();
    let spans: Vec<Range<usize>> = match &place.parent.kind {
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, value)| key.start..key.end.max(value.end))
            .collect(),
        Kind::List(items) => items.iter().map(|item| item.start..item.end).collect(),
        _ => return None,
    };
    let own = spans.get(place.index)?.clone();
    let previous = place
        .index
        .checked_sub(1)
        .and_then(|index| spans.get(index));
    let range = match (spans.get(place.index + 1), previous) {
        (Some(next), _) => own.start..next.start,
        (None, Some(previous)) => previous.end..own.end,
        (None, None) => {
            let rest = &text[own.end..place.parent.end];
            let comma = rest.trim_start().starts_with(',');
            let spaces = rest.len() - rest.trim_start().len();
            own.start..own.end + if comma { spaces + 1 } else { 0 }
        }
    };
    let rest = text[range.end..].trim_start_matches([' ', '\t', ',']);
    (!has_comment(text, range.clone(), place) && !rest.starts_with('#')).then_some(range)
}

/// Whether a comment indented deeper than the entry follows it directly: somebody added to it.
fn has_tail(tree: &Tree, place: &Place<'_>) -> bool {
    let text = tree.text.as_str();
    let stop = line_stop(text, place.end());
    let Some(newline) = text[stop..].find('\n') else {
        return false;
    };
    let start = stop + newline + 1;
    let line = &text[start..line_stop(text, start)];
    let content = line.trim_start_matches([' ', '\t']);
    let indent = match place.parent.kind {
        Kind::List(_) => column(text, place.parent.start),
        _ => column(text, place.start()),
    };
    content.starts_with('#') && line.len() - content.len() > indent
}

/// Whether there is a comment in the range, outside the scalars of the place.
fn has_comment(text: &str, range: Range<usize>, place: &Place<'_>) -> bool {
    let mut scalars = Vec::new();
    for node in place.key.into_iter().chain([place.value]) {
        collect_scalars(node, &mut scalars);
    }
    let bytes = text.as_bytes();
    range.clone().any(|at| {
        bytes[at] == b'#'
            && (at == 0 || bytes[at - 1].is_ascii_whitespace())
            && !scalars.iter().any(|scalar| scalar.contains(&at))
    })
}

fn collect_scalars(node: &Node, scalars: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Scalar(..) => scalars.push(node.start..node.end),
        Kind::List(items) => items.iter().for_each(|item| collect_scalars(item, scalars)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                collect_scalars(key, scalars);
                collect_scalars(value, scalars);
            }
        }
        Kind::Alias(_) => {}
    }
}
