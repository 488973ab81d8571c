//! How far a path leads into a document.

use super::syntax_node::SyntaxNode;

/// The deepest node of a path that is there, and how much of the path led to it.
pub(super) struct DeepestMatch<'a> {
    pub(super) node: &'a SyntaxNode,
    pub(super) key: Option<&'a SyntaxNode>,
    pub(super) inside_flow: bool,
    pub(super) depth: usize,
}

pub(super) fn deepest_match<'a>(root: &'a SyntaxNode, path: &[&str]) -> DeepestMatch<'a> {
    let mut deepest = DeepestMatch {
        node: root,
        key: None,
        inside_flow: false,
        depth: 0,
    };
    for name in path {
        let Some((key, value)) = deepest.node.entry(name) else {
            break;
        };
        deepest = DeepestMatch {
            node: value,
            key: Some(key),
            inside_flow: deepest.node.flow,
            depth: deepest.depth + 1,
        };
    }
    deepest
}
