//! Which edit a place allows: an entry of a mapping, an item of a list, a replaced scalar.
//!
//! Nothing is applied here; the caller applies the splices, parses again and compares.

use granit_parser::ScalarStyle;

use super::address::pointer;
use super::node::{Kind, Node};
use super::place::{after_entries, at_end, below, ending_at, flow_place, in_braces, past_tail};
use super::style::Style;
use super::value::{Value, plain_is_safe, quote, scalar};
use super::{Change, Tree};
use crate::text::{column, is_first_in_line, line_start};
use crate::{Edit, EditError, line_of};

/// The deepest node of a path that is there, and how much of the path led to it.
pub(super) struct Reached<'a> {
    pub(super) node: &'a Node,
    pub(super) key: Option<&'a Node>,
    pub(super) inside_flow: bool,
    pub(super) depth: usize,
}

fn reach<'a>(root: &'a Node, path: &[&str]) -> Reached<'a> {
    let mut reached = Reached {
        node: root,
        key: None,
        inside_flow: false,
        depth: 0,
    };
    for name in path {
        let Some((key, value)) = reached.node.entry(name) else {
            break;
        };
        reached = Reached {
            node: value,
            key: Some(key),
            inside_flow: reached.node.flow,
            depth: reached.depth + 1,
        };
    }
    reached
}

/// Plans `path: value` where the last name of the path is not there yet; mappings that are missing
/// on the way are made, each with a record of its own.
pub(super) fn entry(tree: &Tree, path: &[&str], value: &Value) -> Result<Change, EditError> {
    let data = tree.root.as_ref();
    let Some(root) = data.filter(|root| root.start < root.end || !root.is_null()) else {
        return at_end(tree, path, value)
            .ok_or_else(|| tree.refuse(path, "the text is nothing but spaces"));
    };
    let reached = reach(root, &path[..path.len() - 1]);
    let missing = &path[reached.depth..];
    let here = &path[..reached.depth];
    let refuse = |reason: &str| Err(unsafe_at(tree, here, reached.node, reason));
    if let Some(tag) = reached
        .node
        .tag
        .as_deref()
        .filter(|tag| tag.ends_with("reset"))
    {
        return refuse(&format!(
            "it is tagged `{tag}`, so that Compose drops what it holds"
        ));
    }
    if tree.data.at(&path[..=reached.depth]).is_some() {
        return refuse(&format!(
            "`{}` comes from a merge key (`<<`), and an own one would replace it",
            missing[0]
        ));
    }
    match &reached.node.kind {
        Kind::Alias(_) => refuse("it is an alias (`*`), so the edit would not stay here"),
        Kind::Map(entries) if reached.node.flow => match (entries.is_empty(), reached.key) {
            (true, Some(key)) if !reached.inside_flow => below(tree, path, value, &reached, key)
                .or_else(|| in_braces(tree, path, value, &reached))
                .map_or_else(|| refuse("its braces are out of the ordinary"), Ok),
            _ => in_braces(tree, path, value, &reached)
                .map_or_else(|| refuse("its braces are out of the ordinary"), Ok),
        },
        Kind::Map(entries) => after_entries(tree, path, value, entries, reached.depth)
            .map_or_else(|| refuse("its first key does not begin a line"), Ok),
        Kind::Scalar(..) if reached.node.is_null() => match reached.key {
            Some(key) if !reached.inside_flow => below(tree, path, value, &reached, key),
            _ => None,
        }
        .map_or_else(|| refuse("it is a null that nothing can be put into"), Ok),
        Kind::Scalar(..) | Kind::List(_) => refuse("it is not a mapping"),
    }
}

/// Plans one more item for the list at `path`, recorded under `name`.
pub(super) fn item(
    tree: &Tree,
    path: &[&str],
    name: &str,
    item: &str,
) -> Result<Change, EditError> {
    let text = tree.text.as_str();
    let refuse = |node: Option<&Node>, reason: &str| EditError::Unsupported {
        address: pointer(path),
        line: node.map(|node| line_of(text, node.start)),
        reason: reason.to_owned(),
    };
    let reached = tree.root.as_ref().map(|root| reach(root, path));
    let Some(reached) = reached.filter(|reached| reached.depth == path.len()) else {
        return Err(refuse(
            None,
            "it comes from a merge key (`<<`) or an alias (`*`)",
        ));
    };
    let node = reached.node;
    let refuse = |reason: &str| Err(refuse(Some(node), reason));
    let Kind::List(items) = &node.kind else {
        return refuse("it is an alias (`*`), so the edit would not stay here");
    };
    if let Some(tag) = node.tag.as_deref().filter(|tag| tag.ends_with("reset")) {
        return refuse(&format!(
            "it is tagged `{tag}`, so that Compose drops what it holds"
        ));
    }
    let style = tree.style();
    let written = like(item, items.last(), style, node.flow);
    let (at, after) = if node.flow {
        let spans: Vec<_> = items.iter().map(|item| item.start..item.end).collect();
        let Some((at, before, after)) = flow_place(text, node, &spans, style) else {
            return refuse("its brackets are out of the ordinary");
        };
        (at, format!("{before}{written}{after}"))
    } else {
        if !is_first_in_line(text, node.start) {
            return refuse("its first dash does not begin a line");
        }
        let indent = column(text, node.start);
        let at = past_tail(text, node.end, indent);
        let first = ending_at(text, at, style);
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
fn item_gap<'a>(text: &'a str, items: &[Node]) -> &'a str {
    let head = items.last().map(|last| {
        let line = &text[line_start(text, last.start)..last.start];
        &line[line.trim_end().len()..]
    });
    head.filter(|gap| !gap.is_empty() && gap.bytes().all(|byte| byte == b' '))
        .unwrap_or(" ")
}

/// A string as its neighbour is written.
fn like(new: &str, neighbour: Option<&Node>, style: &Style, flow: bool) -> String {
    match neighbour.and_then(Node::quote) {
        Some(mark) => quote(new, mark),
        None => scalar(new, false, style, flow),
    }
}

/// Plans another text for the scalar at `path`, in the quotes of the old one.
pub(super) fn replacement(tree: &Tree, path: &[&str], new: &str) -> Result<Change, EditError> {
    let text = tree.text.as_str();
    let reached = tree.root.as_ref().map(|root| reach(root, path));
    let Some(reached) = reached.filter(|reached| reached.depth == path.len()) else {
        return Err(EditError::Unsupported {
            address: pointer(path),
            line: None,
            reason: "it is not there as a value of its own".to_owned(),
        });
    };
    let node = reached.node;
    let Kind::Scalar(_, style) = node.kind else {
        return Err(unsafe_at(tree, path, node, "it is not a scalar"));
    };
    if node.start == node.end || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return Err(unsafe_at(tree, path, node, "it is not written on one line"));
    }
    let after = match node.quote() {
        Some(mark) => quote(new, mark),
        None if plain_is_safe(new, true) => new.to_owned(),
        None => quote(new, tree.style().quote),
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

fn unsafe_at(tree: &Tree, path: &[&str], node: &Node, reason: &str) -> EditError {
    EditError::Unsupported {
        address: pointer(path),
        line: Some(line_of(&tree.text, node.start)),
        reason: reason.to_owned(),
    }
}
