//! The form of a statement that serves an app.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, Stmt};

use super::super::lines::{line_start, line_stop};
use super::source::{Imports, Source};

/// What happens to the value of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing more: the next statement can follow.
    Statement,
    /// It is the last expression of its block.
    Tail,
    /// It is returned.
    Return,
}

/// Where the parts of a statement are in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// The start of the statement that the router has to be wired before.
    pub(super) wires: usize,
    /// The statement with its semicolon, if it has one.
    pub(super) statement: Range<usize>,
    pub(super) semicolon: bool,
    /// Whether it is an `if let`, whose head ends in a brace.
    pub(super) head: bool,
    /// `axum::serve(..)`
    pub(super) call: Range<usize>,
    /// The start of what is returned or is the last expression.
    pub(super) value: usize,
    /// The dots of the calls on the server, in the order of the text.
    pub(super) dots: Vec<usize>,
    /// The end of these calls.
    pub(super) end: usize,
    pub(super) graceful: bool,
    /// Whether the value is `()`.
    pub(super) unit: bool,
}

/// Methods that may follow on what a finished server returns.
const AFTER: &[&str] = &[
    "context",
    "expect",
    "map_err",
    "unwrap",
    "with_context",
    "wrap_err",
    "wrap_err_with",
];

/// Whether a call is `axum::serve(..)`.
pub(super) fn is_serve(imports: &Imports, call: &ExprCall) -> bool {
    match &*call.func {
        Expr::Path(path) => matches!(
            &*imports.resolve(&path.path),
            "axum::serve" | "axum::serve::serve"
        ),
        _ => false,
    }
}

/// Reads a statement of a block whose value is that of a server that was awaited.
///
/// `None` when it is none, else the call with its shape or with what stands against it.
pub(super) fn shape<'a>(
    source: &Source<'_>,
    imports: &Imports,
    statement: &'a Stmt,
    last: bool,
) -> Option<(&'a ExprCall, Result<Shape, String>)> {
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
    let chain = Chain::of(source, imports, inner)?;
    let statement = source.range(statement.span());
    let call = source.range(chain.call.span());
    let shape = Shape {
        kind,
        semicolon,
        head,
        value: source.range(value.span()).start,
        dots: chain.dots,
        end: source.range(inner.span()).end,
        graceful: chain.graceful,
        unit: chain.unit && std::ptr::eq(inner, value),
        call,
        wires: statement.start,
        statement,
    };
    let against = chain.against.or_else(|| {
        let lines = stands_alone(source.text, &shape.statement);
        (!lines).then(|| "the statement shares its lines with other code".to_owned())
    });
    Some((chain.call, against.map_or(Ok(shape), Err)))
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

/// The calls on a server, from the outside in.
struct Chain<'a> {
    call: &'a ExprCall,
    dots: Vec<usize>,
    graceful: bool,
    unit: bool,
    against: Option<String>,
}

impl<'a> Chain<'a> {
    fn of(source: &Source<'_>, imports: &Imports, value: &'a Expr) -> Option<Self> {
        let mut value = value;
        let mut dots = Vec::new();
        let mut awaited = false;
        let mut graceful = false;
        let mut unit = None;
        let mut unknown = None;
        let call = loop {
            match value {
                Expr::Try(inner) => {
                    unit = unit.or(Some(true));
                    value = &inner.expr;
                }
                Expr::Await(inner) => {
                    unit = unit.or(Some(false));
                    awaited = true;
                    dots.push(source.range(inner.dot_token.span()).start);
                    value = &inner.base;
                }
                Expr::MethodCall(method) => {
                    let name = method.method.to_string();
                    let known = if awaited {
                        name == "with_graceful_shutdown"
                    } else {
                        AFTER.contains(&&*name)
                    };
                    unit = unit.or(Some(name == "unwrap" || name == "expect"));
                    graceful |= awaited && name == "with_graceful_shutdown";
                    if !known && unknown.is_none() {
                        unknown = Some(format!("`.{name}(..)` is called on the server"));
                    }
                    dots.push(source.range(method.dot_token.span()).start);
                    value = &method.receiver;
                }
                Expr::Call(call) if is_serve(imports, call) => break call,
                _ => return None,
            }
        };
        dots.reverse();
        let against = if awaited {
            unknown
        } else {
            Some("the server is not awaited where it is made".to_owned())
        };
        Some(Self {
            call,
            dots,
            graceful,
            unit: unit == Some(true),
            against,
        })
    }
}
