//! Which edit a place allows: an entry of a mapping, an item of a list, a replaced scalar.
//!
//! Nothing is applied here; the caller applies the splices, parses again and compares.

use granit_parser::ScalarStyle;

use super::address::pointer;
use super::change::Change;
use super::document::Document;
use super::insertion_points::{
    after_entries, after_trailing_comments, at_end, below, flow_insertion_point, in_braces,
    line_end_at,
};
use super::path_match::deepest_match;
use super::scalar::{plain_is_safe, quote, scalar};
use super::style::Style;
use super::syntax_node::{Kind, SyntaxNode};
use super::value::Value;
use crate::text::line_of;
use crate::text::{column, is_first_in_line, line_start};
use crate::{Edit, EditError};

/// Plans `path: value` where the last name of the path is not there yet; mappings that are missing
/// on the way are made, each with a record of its own.
pub(super) fn entry(
    document: &Document,
    path: &[&str],
    value: &Value,
) -> Result<Change, EditError> {
    let data = document.root.as_ref();
    let Some(root) = data.filter(|root| root.start < root.end || !root.is_null()) else {
        return at_end(document, path, value)
            .ok_or_else(|| document.refuse(path, "the text is nothing but spaces"));
    };
    let deepest = deepest_match(root, &path[..path.len() - 1]);
    let missing = &path[deepest.depth..];
    let here = &path[..deepest.depth];
    let refuse = |reason: &str| Err(unsupported(document, here, deepest.node, reason));
    if let Some(tag) = deepest
        .node
        .tag
        .as_deref()
        .filter(|tag| tag.ends_with("reset"))
    {
        return refuse(&format!(
            "it is tagged `{tag}`, so that Compose drops what it holds"
        ));
    }
    if document.data.at(&path[..=deepest.depth]).is_some() {
        return refuse(&format!(
            "`{}` comes from a merge key (`<<`), and an own one would replace it",
            missing[0]
        ));
    }
    match &deepest.node.kind {
        Kind::Alias(_) => refuse("it is an alias (`*`), so the edit would not stay here"),
        Kind::Map(entries) if deepest.node.flow => match (entries.is_empty(), deepest.key) {
            (true, Some(key)) if !deepest.inside_flow => {
                below(document, path, value, &deepest, key)
                    .or_else(|| in_braces(document, path, value, &deepest))
                    .map_or_else(|| refuse("unsupported flow-style mapping"), Ok)
            }
            _ => in_braces(document, path, value, &deepest)
                .map_or_else(|| refuse("unsupported flow-style mapping"), Ok),
        },
        Kind::Map(entries) => after_entries(document, path, value, entries, deepest.depth)
            .map_or_else(|| refuse("its first key does not begin a line"), Ok),
        Kind::Scalar(..) if deepest.node.is_null() => match deepest.key {
            Some(key) if !deepest.inside_flow => below(document, path, value, &deepest, key),
            _ => None,
        }
        .map_or_else(|| refuse("it is a null that nothing can be put into"), Ok),
        Kind::Scalar(..) | Kind::List(_) => refuse("it is not a mapping"),
    }
}

/// Plans one more item for the list at `path`, recorded under `name`.
pub(super) fn item(
    document: &Document,
    path: &[&str],
    name: &str,
    item: &str,
) -> Result<Change, EditError> {
    let text = document.text.as_str();
    let refuse = |node: Option<&SyntaxNode>, reason: &str| EditError::Unsupported {
        address: pointer(path),
        line: node.map(|node| line_of(text, node.start)),
        reason: reason.to_owned(),
    };
    let deepest = document.root.as_ref().map(|root| deepest_match(root, path));
    let Some(deepest) = deepest.filter(|deepest| deepest.depth == path.len()) else {
        return Err(refuse(
            None,
            "it comes from a merge key (`<<`) or an alias (`*`)",
        ));
    };
    let node = deepest.node;
    let refuse = |reason: &str| Err(refuse(Some(node), reason));
    let Kind::List(items) = &node.kind else {
        return refuse("it is an alias (`*`), so the edit would not stay here");
    };
    if let Some(tag) = node.tag.as_deref().filter(|tag| tag.ends_with("reset")) {
        return refuse(&format!(
            "it is tagged `{tag}`, so that Compose drops what it holds"
        ));
    }
    let style = document.style();
    let written = quoted_like(item, items.last(), style, node.flow);
    let (at, after) = if node.flow {
        let spans: Vec<_> = items.iter().map(|item| item.start..item.end).collect();
        let Some((at, before, after)) = flow_insertion_point(text, node, &spans, style) else {
            return refuse("unsupported flow-style list");
        };
        (at, format!("{before}{written}{after}"))
    } else {
        if !is_first_in_line(text, node.start) {
            return refuse("its first dash does not begin a line");
        }
        let indent = column(text, node.start);
        let at = after_trailing_comments(text, node.end, indent);
        let first = line_end_at(text, at, style);
        let gap = item_gap(text, items);
        (at, format!("{first}{}-{gap}{written}", " ".repeat(indent)))
    };
    let address = format!("{}{}", pointer(path), pointer(&[name]));
    Ok(Change {
        splices: vec![(at..at, after.clone())],
        edits: vec![Edit {
            address,
            before: String::new(),
            after,
            container: false,
        }],
    })
}

/// The spaces between a dash and its item, as the last item has them.
fn item_gap<'a>(text: &'a str, items: &[SyntaxNode]) -> &'a str {
    let head = items.last().map(|last| {
        let line = &text[line_start(text, last.start)..last.start];
        &line[line.trim_end().len()..]
    });
    head.filter(|gap| !gap.is_empty() && gap.bytes().all(|byte| byte == b' '))
        .unwrap_or(" ")
}

/// A string as its neighbour is written.
fn quoted_like(new: &str, neighbour: Option<&SyntaxNode>, style: &Style, flow: bool) -> String {
    match neighbour.and_then(SyntaxNode::quote) {
        Some(mark) => quote(new, mark),
        None => scalar(new, false, style, flow),
    }
}

/// Plans another text for the scalar at `path`, in the quotes of the old one.
pub(super) fn replacement(
    document: &Document,
    path: &[&str],
    new: &str,
) -> Result<Change, EditError> {
    let text = document.text.as_str();
    let deepest = document.root.as_ref().map(|root| deepest_match(root, path));
    let Some(deepest) = deepest.filter(|deepest| deepest.depth == path.len()) else {
        return Err(EditError::Unsupported {
            address: pointer(path),
            line: None,
            reason: "it is not there as a value of its own".to_owned(),
        });
    };
    let node = deepest.node;
    let Kind::Scalar(_, style) = node.kind else {
        return Err(unsupported(document, path, node, "it is not a scalar"));
    };
    if node.start == node.end || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return Err(unsupported(
            document,
            path,
            node,
            "it is not written on one line",
        ));
    }
    let after = match node.quote() {
        Some(mark) => quote(new, mark),
        None if plain_is_safe(new, true) => new.to_owned(),
        None => quote(new, document.style().quote),
    };
    Ok(Change {
        splices: vec![(node.start..node.end, after.clone())],
        edits: vec![Edit {
            address: pointer(path),
            before: text[node.start..node.end].to_owned(),
            after,
            container: false,
        }],
    })
}

fn unsupported(document: &Document, path: &[&str], node: &SyntaxNode, reason: &str) -> EditError {
    EditError::Unsupported {
        address: pointer(path),
        line: Some(line_of(&document.text, node.start)),
        reason: reason.to_owned(),
    }
}
