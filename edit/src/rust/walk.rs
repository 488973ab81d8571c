//! Walking over the syntax of a file, what is only compiled for tests left out.
//!
//! syn generates its whole traversal for each visitor again. So all searches share one visitor, which
//! asks a closure. The search for servers has its own: it has to know which constructs surround a call.

use syn::visit::{self, Visit as _};
use syn::{Attribute, Block, Expr, File, Item, Macro, Pat, PatIdent, Signature, Stmt};

use super::attributes::is_test;

/// Where a walk begins.
pub(super) enum Root<'a> {
    File(&'a File),
    Signature(&'a Signature),
    Block(&'a Block),
    Statement(&'a Stmt),
    Expression(&'a Expr),
    Pattern(&'a Pat),
}

/// What is met on the way.
pub(super) enum Node<'a> {
    Item(&'a Item),
    Signature(&'a Signature),
    Expression(&'a Expr),
    /// A name that a pattern binds.
    Name(&'a PatIdent),
    Macro(&'a Macro),
}

/// Where a walk goes from a node.
pub(super) enum Visit<'a> {
    Descend,
    Skip,
    /// Into this part of it alone.
    DescendInto(&'a Expr),
}

/// Shows each node to `look`, which says whether to descend into it.
pub(super) fn walk<'a>(root: Root<'a>, look: &mut dyn FnMut(Node<'a>) -> Visit<'a>) {
    let mut walker = Walker(look);
    match root {
        Root::File(file) if is_test(&file.attrs) => {}
        Root::File(file) => walker.visit_file(file),
        Root::Signature(signature) => walker.visit_signature(signature),
        Root::Block(block) => walker.visit_block(block),
        Root::Statement(statement) => walker.visit_stmt(statement),
        Root::Expression(expression) => walker.visit_expr(expression),
        Root::Pattern(pattern) => walker.visit_pat(pattern),
    }
}

/// Whether a name is bound there.
pub(super) fn binds(root: Root<'_>, name: &str) -> bool {
    let mut bound = false;
    walk(root, &mut |node| {
        bound |= matches!(node, Node::Name(pattern) if pattern.ident == name);
        Visit::Descend
    });
    bound
}

struct Walker<'l, 'a>(&'l mut dyn FnMut(Node<'a>) -> Visit<'a>);

impl<'a> Walker<'_, 'a> {
    fn meet(&mut self, node: Node<'a>, inside: impl FnOnce(&mut Self)) {
        match (self.0)(node) {
            Visit::Descend => inside(self),
            Visit::Skip => {}
            Visit::DescendInto(part) => self.visit_expr(part),
        }
    }
}

impl<'a> visit::Visit<'a> for Walker<'_, 'a> {
    fn visit_item(&mut self, item: &'a Item) {
        if !attributes(item).is_some_and(is_test) {
            self.meet(Node::Item(item), |walker| visit::visit_item(walker, item));
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        self.meet(Node::Signature(signature), |walker| {
            visit::visit_signature(walker, signature);
        });
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.meet(Node::Expression(expression), |walker| {
            visit::visit_expr(walker, expression);
        });
    }

    fn visit_pat_ident(&mut self, pattern: &'a PatIdent) {
        self.meet(Node::Name(pattern), |walker| {
            visit::visit_pat_ident(walker, pattern);
        });
    }

    fn visit_macro(&mut self, item: &'a Macro) {
        self.meet(Node::Macro(item), |_| {});
    }
}

fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return None,
    })
}
