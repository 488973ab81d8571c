//! Which bytes are removed with an entry or item: its own text, never a comment of others.

use std::ops::Range;

use super::document::Document;
use super::syntax_node::{Kind, SyntaxNode};
use crate::Edit;
use crate::text::{
    byte_order_mark, column, is_first_in_line, line_content_end, line_start, starts_with_line_end,
    without_last_line_end,
};

/// An entry or an item that an address names.
pub(super) struct Target<'a> {
    pub(super) parent: &'a SyntaxNode,
    pub(super) index: usize,
    pub(super) key: Option<&'a SyntaxNode>,
    pub(super) value: &'a SyntaxNode,
}

impl Target<'_> {
    pub(super) fn start(&self) -> usize {
        self.key.unwrap_or(self.value).start
    }

    pub(super) fn end(&self) -> usize {
        self.key.map_or(0, |key| key.end).max(self.value.end)
    }
}

/// The recorded text, where it stands unchanged and nobody wrote into or behind it.
///
/// The record begins before the entry, so the entry is searched in the record first:
///
/// ```text
/// record  "\n\n  redis:\n    image: a"   "redis:.." begins at 4 in it
/// text    "services:\n  web: {}\n\n  redis:\n    image: a\n"
///                            ^ 19   ^ the key stands at 23, so the record begins at 19
/// ```
///
/// `None` if the text from there on is not the record, if a deeper comment follows, or, between
/// brackets, if another entry would keep a comma too much or too little.
pub(super) fn exact(document: &Document, target: &Target<'_>, edit: &Edit) -> Option<Range<usize>> {
    let text = document.text.as_str();
    let mut content = edit.after.trim_start_matches([',', '\r', '\n', ' ']);
    if matches!(target.parent.kind, Kind::List(_)) && !target.parent.flow {
        content = content.strip_prefix('-')?.trim_start();
    }
    let start = target
        .start()
        .checked_sub(edit.after.len() - content.len())?;
    let ended = edit.after.trim_end_matches(['\r', '\n']);
    // The line end of a first line stays for the lines that have come behind it.
    let behind = text.get(start + edit.after.len()..)?;
    let inserted = if target.parent.flow || !starts_with_line_end(behind) {
        edit.after.as_str()
    } else {
        ended
    };
    if !text.get(start..)?.starts_with(inserted) {
        return None;
    }
    let end = start + inserted.len();
    let rest = &text[end..];
    if target.parent.flow {
        let rest = rest.trim_start_matches([' ', '\t']);
        let bare = !inserted.trim_start().starts_with(',') && !inserted.trim_end().ends_with(',');
        let alone =
            text[..start].trim_end().ends_with(['[', '{']) && !rest.trim_start().starts_with(',');
        return (!rest.starts_with('#') && (alone || !bare)).then_some(start..end);
    }
    let begins = match inserted.chars().next()? {
        '\n' => !text[..start].ends_with('\r'),
        '\r' => true,
        _ => start == byte_order_mark(text),
    };
    let ends = rest.is_empty() || inserted.ends_with('\n') || starts_with_line_end(rest);
    (begins && ends && !has_trailing_comment(document, target)).then_some(start..end)
}

/// The whole lines of a block entry, with the blank line that was added before it.
///
/// For an entry whose layout somebody changed, so that [`exact`] does not find it. Of
///
/// ```text
/// services:
///   web: {}
///                      <- removed, if the record begins with a blank line
///   redis:             <- removed
///     image: "a"       <- removed
///   mq: {}
/// ```
///
/// If the blank line above is gone, one below is removed instead. The last entry of a text without
/// a final line end takes the line end before it along.
pub(super) fn lines(document: &Document, target: &Target<'_>, edit: &Edit) -> Option<Range<usize>> {
    let text = document.text.as_str();
    let start = line_start(text, target.start());
    let head = text[start..target.start()].trim();
    let alone = match target.parent.kind {
        Kind::List(_) => head == "-",
        _ => head.is_empty() && is_first_in_line(text, target.start()),
    };
    let stop = line_content_end(text, target.end());
    if !alone || !text[target.end()..stop].trim().is_empty() {
        return None;
    }
    if has_comment(text, start..stop, target) || has_trailing_comment(document, target) {
        return None;
    }
    let next = text[stop..].find('\n').map(|newline| stop + newline + 1);
    let breaks = edit.after.bytes().take_while(u8::is_ascii_whitespace);
    let after_blank_line = breaks.filter(|byte| *byte == b'\n').count() > 1;
    let mark = byte_order_mark(text);
    let above = (start > mark)
        .then(|| start - 1)
        .map(|end| line_start(text, end)..end);
    let above = above.filter(|line| after_blank_line && text[line.clone()].trim().is_empty());
    let from = above.as_ref().map_or(start, |line| line.start);
    match next {
        Some(next) if after_blank_line && above.is_none() && start > mark => {
            let below = line_content_end(text, next);
            let blank = below < text.len() && text[next..below].trim().is_empty();
            let after = text[below..].find('\n').map(|newline| below + newline + 1);
            Some(from..after.filter(|_| blank).unwrap_or(next))
        }
        Some(next) => Some(from..next),
        None => Some(without_last_line_end(&text[..from]).len()..stop),
    }
}

/// An element between brackets, with one of its commas: of `[a, b, c]` the `b` is `b, ` and the `c`
/// is `, c`.
pub(super) fn element(document: &Document, target: &Target<'_>) -> Option<Range<usize>> {
    let text = document.text.as_str();
    let spans: Vec<Range<usize>> = match &target.parent.kind {
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, value)| key.start..key.end.max(value.end))
            .collect(),
        Kind::List(items) => items.iter().map(|item| item.start..item.end).collect(),
        _ => return None,
    };
    let own = spans.get(target.index)?.clone();
    let previous = target
        .index
        .checked_sub(1)
        .and_then(|index| spans.get(index));
    let range = match (spans.get(target.index + 1), previous) {
        (Some(next), _) => own.start..next.start,
        (None, Some(previous)) => previous.end..own.end,
        (None, None) => {
            let rest = &text[own.end..target.parent.end];
            let comma = rest.trim_start().starts_with(',');
            let spaces = rest.len() - rest.trim_start().len();
            own.start..own.end + if comma { spaces + 1 } else { 0 }
        }
    };
    let rest = text[range.end..].trim_start_matches([' ', '\t', ',']);
    (!has_comment(text, range.clone(), target) && !rest.starts_with('#')).then_some(range)
}

/// Whether a comment indented deeper than the entry follows it directly: somebody added to it.
fn has_trailing_comment(document: &Document, target: &Target<'_>) -> bool {
    let text = document.text.as_str();
    let stop = line_content_end(text, target.end());
    let Some(newline) = text[stop..].find('\n') else {
        return false;
    };
    let start = stop + newline + 1;
    let line = &text[start..line_content_end(text, start)];
    let content = line.trim_start_matches([' ', '\t']);
    let indent = match target.parent.kind {
        Kind::List(_) => column(text, target.parent.start),
        _ => column(text, target.start()),
    };
    content.starts_with('#') && line.len() - content.len() > indent
}

/// Whether there is a comment in the range, outside the scalars of the place.
fn has_comment(text: &str, range: Range<usize>, target: &Target<'_>) -> bool {
    let mut scalars = Vec::new();
    for node in target.key.into_iter().chain([target.value]) {
        collect_scalars(node, &mut scalars);
    }
    let bytes = text.as_bytes();
    range.clone().any(|at| {
        bytes[at] == b'#'
            && (at == 0 || bytes[at - 1].is_ascii_whitespace())
            && !scalars.iter().any(|scalar| scalar.contains(&at))
    })
}

fn collect_scalars(node: &SyntaxNode, scalars: &mut Vec<Range<usize>>) {
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
