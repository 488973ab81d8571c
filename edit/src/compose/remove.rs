//! Which bytes an entry or item takes with it when it goes: its own text, never a comment of others.

use std::ops::Range;

use super::Tree;
use super::node::{Kind, Node};
use super::undo::Place;
use crate::Edit;
use crate::text::is_first_in_line;
use crate::text::{byte_order_mark, column, line_content_end, line_start, starts_with_line_end};

/// The recorded text, where it stands unchanged and nobody wrote into or behind it.
pub(super) fn exact(tree: &Tree, place: &Place<'_>, edit: &Edit) -> Option<Range<usize>> {
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
    let inserted = if place.parent.flow || !starts_with_line_end(behind) {
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
    let ends = rest.is_empty() || inserted.ends_with('\n') || starts_with_line_end(rest);
    (apart && ends && !has_tail(tree, place)).then_some(start..end)
}

/// The whole lines of a block entry, with the blank line that was added before it.
pub(super) fn lines(tree: &Tree, place: &Place<'_>, edit: &Edit) -> Option<Range<usize>> {
    let text = tree.text.as_str();
    let start = line_start(text, place.start());
    let head = text[start..place.start()].trim();
    let alone = match place.parent.kind {
        Kind::List(_) => head == "-",
        _ => head.is_empty() && is_first_in_line(text, place.start()),
    };
    let stop = line_content_end(text, place.end());
    if !alone || !text[place.end()..stop].trim().is_empty() {
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
            let below = line_content_end(text, next);
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
pub(super) fn element(tree: &Tree, place: &Place<'_>) -> Option<Range<usize>> {
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
    let stop = line_content_end(text, place.end());
    let Some(newline) = text[stop..].find('\n') else {
        return false;
    };
    let start = stop + newline + 1;
    let line = &text[start..line_content_end(text, start)];
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
