//! A parsed YAML text: what stands where, and what it says.

use std::cell::OnceCell;

use super::address::pointer;
use super::style::{Style, separates_entries};
use super::syntax_node::{self, SyntaxNode};
use super::yaml_value::YamlValue;
use crate::EditError;
use crate::text::line_of;

/// A text with its places and its data.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    pub(super) root: Option<SyntaxNode>,
    pub(super) data: YamlValue,
    style: OnceCell<Style>,
}

impl Document {
    pub(super) fn parse(text: String) -> Result<Document, EditError> {
        if let Some(at) = lone_carriage_return(&text) {
            return Err(EditError::Unreadable {
                line: Some(line_of(&text, at)),
                reason: "a carriage return ends a line without a line feed".to_owned(),
            });
        }
        let root = syntax_node::parse(&text)?;
        let data = YamlValue::from_root(&text, root.as_ref())?;
        Ok(Document {
            text,
            root,
            data,
            style: OnceCell::new(),
        })
    }

    /// The line of the deepest node on the path that the text has.
    pub(super) fn line(&self, path: &[&str]) -> Option<usize> {
        let mut node = self.root.as_ref()?;
        let mut line = None;
        for name in path {
            let Some((key, value)) = node.entry(name) else {
                break;
            };
            line = Some(line_of(&self.text, key.start));
            node = value;
        }
        line
    }

    pub(super) fn refuse(&self, path: &[&str], reason: &str) -> EditError {
        EditError::Unsupported {
            address: pointer(path),
            line: self.line(path),
            reason: reason.to_owned(),
        }
    }

    /// Whether a node on the path has an anchor, by which an edit could reach other places.
    pub(super) fn is_anchored(&self, path: &[&str]) -> bool {
        let mut node = self.root.as_ref();
        let mut anchored = false;
        for name in path {
            node = node
                .and_then(|node| node.entry(name))
                .map(|(_, value)| value);
            anchored |= node.is_some_and(|node| node.anchor != 0);
        }
        anchored
    }
}

/// YAML ends a line there, nothing else does: what looks like a place in a line would not be one.
fn lone_carriage_return(text: &str) -> Option<usize> {
    text.match_indices('\r')
        .map(|(at, _)| at)
        .find(|at| !text[at + 1..].starts_with('\n'))
}

impl Document {
    pub(super) fn style(&self) -> &Style {
        self.style
            .get_or_init(|| Style::of(&self.text, self.root.as_ref()))
    }

    /// Whether a new entry of the mapping at `path` gets a blank line before it. Services and
    /// sections are alike where only one of them tells.
    pub(super) fn separates(&self, path: &[&str], entries: &[(SyntaxNode, SyntaxNode)]) -> bool {
        let root = self.root.as_ref();
        let sections = || {
            separates_entries(
                &self.text,
                root.map(SyntaxNode::entries).unwrap_or_default(),
            )
        };
        let services = || {
            let (_, services) = root?.entry("services")?;
            separates_entries(&self.text, services.entries())
        };
        match path {
            [] => sections().or_else(services).unwrap_or(true),
            ["services"] => services().or_else(sections).unwrap_or(true),
            [_] => separates_entries(&self.text, entries).unwrap_or(false),
            _ => false,
        }
    }
}
