//! Where new text goes, and how: after a block, below a key without a value, between brackets.
//!
//! Inserted blocks are a line end and lines without one after the last, so that a file without a
//! final newline is restored as it was.

use std::ops::Range;

use super::address::pointer;
use super::change::Change;
use super::document::Document;
use super::path_match::DeepestMatch;
use super::style::Style;
use super::syntax_node::{SyntaxNode, without_comment};
use super::value::{Value, flow_entry, write_entry};
use crate::Edit;
use crate::text::{
    byte_order_mark, column, is_first_in_line, line_content_end, starts_with_line_end,
};

/// The lines for `path[from..]` as block text, one record a level.
fn block_lines(
    path: &[&str],
    from: usize,
    value: &Value,
    mut indent: usize,
    style: &Style,
) -> Vec<(String, Vec<String>)> {
    let mut parts = Vec::new();
    let last = path.len() - 1;
    for depth in from..=last {
        let mut lines = Vec::new();
        let value = if depth == last { value } else { &Value::Null };
        write_entry(&mut lines, path[depth], value, indent, style);
        parts.push((pointer(&path[..=depth]), lines));
        indent += style.step;
    }
    parts
}

/// One splice at the end of a line; `first` is the line ending there, so that both the line above
/// and the lines below keep theirs.
fn line_splice(
    at: usize,
    parts: Vec<(String, Vec<String>)>,
    first: &str,
    blank: bool,
    style: &Style,
) -> Change {
    let mut change = Change::default();
    let mut whole = String::new();
    let containers = parts.len() - 1;
    for (index, (address, lines)) in parts.into_iter().enumerate() {
        let mut after = String::new();
        if index == 0 && blank {
            after.push_str(first);
        }
        for line in lines {
            let fresh = whole.is_empty() && (after.is_empty() || after == first);
            after.push_str(if fresh { first } else { style.line_end });
            after.push_str(&line);
        }
        whole.push_str(&after);
        change.edits.push(Edit {
            address,
            before: String::new(),
            after,
            container: index < containers,
        });
    }
    change.splices.push((at..at, whole));
    change
}

/// The line ending after `at`, else that of the file.
pub(super) fn line_end_at(text: &str, at: usize, style: &Style) -> &'static str {
    match &text[at..] {
        rest if rest.starts_with("\r\n") => "\r\n",
        rest if rest.starts_with('\n') => "\n",
        _ => style.line_end,
    }
}

/// For a text without data: behind its comments. `None` if it is only spaces: where those end
/// nothing could be removed again exactly.
pub(super) fn at_end(document: &Document, path: &[&str], value: &Value) -> Option<Change> {
    let text = document.text.as_str();
    let style = document.style();
    let parts = block_lines(path, 0, value, 0, style);
    let mark = byte_order_mark(text);
    let content = text.trim_end();
    if content.len() > mark {
        let at = line_content_end(text, content.len());
        let blank = !content.ends_with("---");
        let first = line_end_at(text, at, style);
        return Some(line_splice(at, parts, first, blank, style));
    }
    let empty = text.len() == mark;
    if !empty && !starts_with_line_end(&text[mark..]) {
        return None;
    }
    let mut change = line_splice(mark, parts, "\n", false, style);
    let last = if empty { style.line_end } else { "" };
    // The very first line has none above that it could end.
    for (_, new) in &mut change.splices {
        *new = format!("{}{last}", &new[1..]);
    }
    if let Some(edit) = change.edits.first_mut() {
        edit.after = format!("{}{last}", &edit.after[1..]);
    }
    Some(change)
}

/// After the last entry of a block mapping.
pub(super) fn after_entries(
    document: &Document,
    path: &[&str],
    value: &Value,
    entries: &[(SyntaxNode, SyntaxNode)],
    depth: usize,
) -> Option<Change> {
    let text = document.text.as_str();
    let (first, _) = entries.first()?;
    let indent = column(text, first.start);
    if !is_first_in_line(text, first.start) {
        return None;
    }
    let style = document.style();
    let end = entries
        .iter()
        .map(|(key, value)| value.end.max(key.end))
        .max()?;
    let at = after_trailing_comments(text, end, indent);
    let blank = !style.keeps_blank_lines && document.separates(&path[..depth], entries);
    let parts = block_lines(path, depth, value, indent, style);
    Some(line_splice(
        at,
        parts,
        line_end_at(text, at, style),
        blank,
        style,
    ))
}

/// Under a key without a value, or with an empty one that is then taken away.
pub(super) fn below(
    document: &Document,
    path: &[&str],
    value: &Value,
    deepest: &DeepestMatch<'_>,
    key: &SyntaxNode,
) -> Option<Change> {
    let text = document.text.as_str();
    let node = deepest.node;
    if !is_first_in_line(text, key.start) {
        return None;
    }
    let style = document.style();
    let mut change = Change::default();
    if node.start < node.end {
        let colon = key.end + text[key.end..node.start].find(':')? + 1;
        let gap = &text[colon..node.start];
        if node.anchor != 0 || node.tag.is_some() || !gap.trim().is_empty() {
            return None;
        }
        let inside = &text[node.start..node.end];
        if inside.contains('#')
            || !without_comment(&text[node.end..line_content_end(text, node.end)])
                .trim()
                .is_empty()
        {
            return None;
        }
        change.splices.push((colon..node.end, String::new()));
        change.edits.push(Edit {
            address: pointer(&path[..deepest.depth]),
            before: text[colon..node.end].to_owned(),
            after: String::new(),
            container: true,
        });
    }
    let outer = column(text, key.start);
    let at = after_trailing_comments(text, node.end.max(key.end), outer);
    let parts = block_lines(path, deepest.depth, value, outer + style.step, style);
    let lines = line_splice(at, parts, line_end_at(text, at, style), false, style);
    change.splices.extend(lines.splices);
    change.edits.extend(lines.edits);
    Some(change)
}

/// Into a mapping in braces. Mappings that are missing on the path are written with their contents,
/// each with a record of its own; what is inside goes before the brace that closes the outer one:
///
/// ```text
/// text    "{services: {web: {}}}"          path ["volumes", "data"], value null
/// level   ", volumes: {}"                  container: true, the brace at 12
/// level   "data: null"                     inserted at 12
/// new     "{services: {web: {}}, volumes: {data: null}}"
/// ```
pub(super) fn in_braces(
    document: &Document,
    path: &[&str],
    value: &Value,
    deepest: &DeepestMatch<'_>,
) -> Option<Change> {
    let style = document.style();
    let entries = deepest.node.entries();
    let json = entries
        .first()
        .map(|(key, _)| key)
        .or(deepest.key)
        .is_some_and(|key| key.quote() == Some('"') && deepest.node.flow)
        && document.root.as_ref().is_some_and(|root| root.flow);
    let last = path.len() - 1;
    let spans: Vec<_> = entries
        .iter()
        .map(|(key, value)| key.start..value.end.max(key.end))
        .collect();
    let (at, before, after) = flow_insertion_point(&document.text, deepest.node, &spans, style)?;
    let empty = Value::Map(Vec::new());
    let mut change = Change::default();
    let mut whole = String::new();
    // Where the next level goes: at first alone, then into the braces that were just written.
    let mut inside = 0;
    for depth in deepest.depth..=last {
        let value = if depth == last { value } else { &empty };
        let mut text = flow_entry(path[depth], value, style, json);
        let mut brace = text.len().saturating_sub(1);
        if depth == deepest.depth {
            text = format!("{before}{text}{after}");
            brace += before.len();
        }
        whole.insert_str(inside, &text);
        inside += brace;
        change.edits.push(Edit {
            address: pointer(&path[..=depth]),
            before: String::new(),
            after: text,
            container: depth < last,
        });
    }
    change.splices.push((at..at, whole));
    Some(change)
}

/// Where an element goes between brackets, and what stands before and after it there: into `[a, b]`
/// it goes at 5, behind `", "`. Comments stay with the elements they are written at.
pub(super) fn flow_insertion_point(
    text: &str,
    node: &SyntaxNode,
    spans: &[Range<usize>],
    style: &Style,
) -> Option<(usize, String, String)> {
    let Some(last) = spans.last() else {
        return Some((node.start + 1, String::new(), String::new()));
    };
    let own_line = is_first_in_line(text, last.start);
    let indent = " ".repeat(column(text, last.start));
    let stop = line_content_end(text, last.end);
    let first = line_end_at(text, stop, style);
    let rest = text.get(last.end..stop.min(node.end))?;
    let after_comma = rest.trim_start().strip_prefix(',');
    let bare = |rest: &str| without_comment(rest).trim().is_empty();
    match after_comma {
        Some(rest) if own_line && stop < node.end && bare(rest) => {
            Some((stop, format!("{first}{indent}"), ",".to_owned()))
        }
        None if stop < node.end && !rest.trim().is_empty() => {
            // A comment without a comma before it: go in front, so that it stays where it is.
            let gap = if own_line {
                format!("{first}{indent}")
            } else {
                " ".to_owned()
            };
            Some((last.start, String::new(), format!(",{gap}")))
        }
        None if own_line => Some((last.end, format!(",{first}{indent}"), String::new())),
        _ => Some((last.end, ", ".to_owned(), String::new())),
    }
}

/// The end of the line that `end` is in, or of the last comment below it that is indented deeper
/// than `indent`: such a tail belongs to what stands above.
pub(super) fn after_trailing_comments(text: &str, end: usize, indent: usize) -> usize {
    let mut at = line_content_end(text, end);
    let mut look = at;
    while let Some(newline) = text[look..].find('\n') {
        let start = look + newline + 1;
        let stop = line_content_end(text, start);
        let line = &text[start..stop];
        let content = line.trim_start_matches([' ', '\t']);
        if content.starts_with('#') && line.len() - content.len() > indent {
            at = stop;
        } else if !content.is_empty() {
            break;
        }
        if stop == text.len() {
            break;
        }
        look = stop;
    }
    at
}
