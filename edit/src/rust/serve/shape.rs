//! The form of a statement whose value is that of a server.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMethodCall, Stmt};

use super::super::super::lines::{line_start, line_stop};
use super::super::source::Source;

/// What happens to the value of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Nothing more: the next statement can follow.
    Statement,
    /// It is the last expression of its block.
    Tail,
    /// It is returned.
    Return,
}

/// Where the parts of the statement are in the text that ends with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Shape {
    pub(in super::super) kind: Kind,
    /// The start of the statement that the app has to be wired before.
    pub(in super::super) wires: usize,
    /// The statement with its semicolon, if it has one.
    pub(in super::super) statement: Range<usize>,
    pub(in super::super) semicolon: bool,
    /// Whether it is an `if let`, whose head ends in a brace.
    pub(in super::super) head: bool,
    /// What the calls are called on: `axum::serve(..)`, `HttpServer::new(..)`, or a name.
    pub(in super::super) call: Range<usize>,
    /// The start of what is returned or is the last expression.
    pub(in super::super) value: usize,
    /// The dots of the calls on the server, in the order of the text.
    pub(in super::super) dots: Vec<usize>,
    /// The end of these calls.
    pub(in super::super) end: usize,
    pub(in super::super) graceful: bool,
    /// Whether the value is `()`.
    pub(in super::super) unit: bool,
}

/// Methods that may follow on what a finished server returns.
const AFTER: &[&str] = &[
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

/// Those that return what the server does when all is well.
const UNIT: &[&str] = &["expect", "unwrap", "unwrap_or_default", "unwrap_or_else"];

/// A statement with the value that it is about.
pub(super) struct Form<'a> {
    pub(super) kind: Kind,
    statement: &'a Stmt,
    value: &'a Expr,
    /// The value behind `Ok(..)`.
    pub(super) inner: &'a Expr,
    head: bool,
    semicolon: bool,
}

impl<'a> Form<'a> {
    /// Reads a statement of a block, `last` if it is the end of it.
    pub(super) fn of(statement: &'a Stmt, last: bool) -> Option<Self> {
        let (kind, value, head, semicolon) = match statement {
            Stmt::Local(local) => {
                let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
                (Kind::Statement, &*init.expr, false, true)
            }
            Stmt::Expr(Expr::Return(returned), semicolon) => {
                let value = returned.expr.as_deref()?;
                (Kind::Return, value, false, semicolon.is_some())
            }
            Stmt::Expr(Expr::If(branch), semicolon) => match &*branch.cond {
                Expr::Let(condition)
                    if !last || semicolon.is_some() || branch.else_branch.is_none() =>
                {
                    (Kind::Statement, &*condition.expr, true, true)
                }
                _ => return None,
            },
            Stmt::Expr(value, Some(_)) => (Kind::Statement, value, false, true),
            Stmt::Expr(value, None) if last => (Kind::Tail, value, false, false),
            _ => return None,
        };
        let inner = match value {
            Expr::Call(call) if call.args.len() == 1 && is_ok(call) => &call.args[0],
            value => value,
        };
        Some(Self {
            kind,
            statement,
            value,
            inner,
            head,
            semicolon,
        })
    }

    /// The shape of it, or what stands against it.
    pub(super) fn shape(&self, source: &Source<'_>, chain: &Chain<'_>) -> Result<Shape, String> {
        if let Some(against) = chain.against() {
            return Err(against);
        }
        let statement = source.range(self.statement.span());
        if !stands_alone(source.text, &statement) {
            return Err("the statement shares its lines with other code".to_owned());
        }
        Ok(Shape {
            kind: self.kind,
            wires: statement.start,
            statement,
            semicolon: self.semicolon,
            head: self.head,
            call: source.range(chain.root.span()),
            value: source.range(self.value.span()).start,
            dots: chain.dots(),
            end: source.range(self.inner.span()).end,
            graceful: false,
            unit: chain.is_unit() && std::ptr::eq(self.inner, self.value),
        })
    }
}

fn is_ok(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Ok"))
}

/// Whether nothing but space and comments is beside a statement.
pub(super) fn stands_alone(text: &str, statement: &Range<usize>) -> bool {
    let Range { start, end } = *statement;
    let after = text[end..line_stop(text, end)].trim();
    let attributed = text[start..].starts_with('#');
    !attributed
        && text[line_start(text, start)..start].trim().is_empty()
        && (after.is_empty() || after.starts_with("//"))
}

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
    fn is_unit(&self) -> bool {
        match self.links.last() {
            Some(Link::Try) => true,
            Some(Link::Method(method, _)) => UNIT.iter().any(|known| method.method == known),
            _ => false,
        }
    }

    /// What stands against it after the server has ended.
    fn against(&self) -> Option<String> {
        if !self.is_awaited() {
            return Some("the server is not awaited where it is made".to_owned());
        }
        let after = self
            .links
            .iter()
            .rev()
            .take_while(|link| !matches!(link, Link::Await(_)));
        let unknown = after.into_iter().find_map(|link| match link {
            Link::Method(method, _) if !AFTER.iter().any(|known| method.method == known) => {
                Some(&method.method)
            }
            _ => None,
        })?;
        Some(format!("`.{unknown}(..)` is called on the server"))
    }
}
