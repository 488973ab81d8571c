//! A value with the calls on it: `axum::serve(listener, app).await?`.

use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};

use super::super::source::Source;

/// Methods that may follow on what a finished server returns.
const AFTER_AWAIT: &[&str] = &[
    "context",
    "expect",
    "inspect_err",
    "map_err",
    "ok",
    "unwrap",
    "unwrap_or_default",
    "unwrap_or_else",
    "with_context",
    "wrap_err",
    "wrap_err_with",
];

/// Those that return the `()` of a server that ended well.
const UNIT: &[&str] = &["expect", "unwrap", "unwrap_or_default", "unwrap_or_else"];

/// A value with the calls on it, in the order of the text.
pub(super) struct Chain<'a> {
    pub(super) root: &'a Expr,
    links: Vec<Link<'a>>,
}

/// What follows on a value, with the offset of its dot.
enum Link<'a> {
    Try,
    Await(usize),
    Method(&'a ExprMethodCall, usize),
}

impl<'a> Chain<'a> {
    pub(super) fn of(source: &Source<'_>, value: &'a Expr) -> Self {
        let mut root = value;
        let mut links = Vec::new();
        let dot = |span| source.range(span).start;
        loop {
            root = match root {
                Expr::Try(inner) => {
                    links.push(Link::Try);
                    &inner.expr
                }
                Expr::Await(inner) => {
                    links.push(Link::Await(dot(inner.dot_token.span())));
                    &inner.base
                }
                Expr::MethodCall(method) => {
                    links.push(Link::Method(method, dot(method.dot_token.span())));
                    &method.receiver
                }
                _ => break,
            };
        }
        links.reverse();
        Self { root, links }
    }

    /// The name that the calls are called on, if it is one.
    pub(super) fn name(&self) -> Option<String> {
        match self.root {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        }
    }

    /// The methods that are called before the first `.await`.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'a ExprMethodCall> {
        let before = self
            .links
            .iter()
            .take_while(|link| !matches!(link, Link::Await(_)));
        before.filter_map(|link| match link {
            Link::Method(method, _) => Some(*method),
            _ => None,
        })
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.links.iter().any(|link| matches!(link, Link::Await(_)))
    }

    pub(super) fn dots(&self) -> Vec<usize> {
        let dots = self.links.iter().filter_map(|link| match link {
            Link::Try => None,
            Link::Await(dot) | Link::Method(_, dot) => Some(*dot),
        });
        dots.collect()
    }

    /// Whether the value is `()`, as that of a server is behind `?`.
    pub(super) fn is_unit(&self) -> bool {
        match self.links.last() {
            Some(Link::Try) => true,
            Some(Link::Method(method, _)) => UNIT.iter().any(|known| method.method == known),
            _ => false,
        }
    }

    /// Why the value cannot be followed to the end of the server.
    pub(super) fn objection(&self) -> Option<String> {
        if !self.is_awaited() {
            return Some("the server is not awaited where it is made".to_owned());
        }
        let after = self
            .links
            .iter()
            .rev()
            .take_while(|link| !matches!(link, Link::Await(_)));
        let unknown = after.into_iter().find_map(|link| match link {
            Link::Method(method, _) if !AFTER_AWAIT.iter().any(|known| method.method == known) => {
                Some(&method.method)
            }
            _ => None,
        })?;
        Some(format!("`.{unknown}(..)` is called on the server"))
    }
}
