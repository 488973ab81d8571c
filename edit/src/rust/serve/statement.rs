//! A statement whose value is that of a server.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, Stmt};

use super::super::super::lines::{line_start, line_stop};
use super::super::source::Source;
use super::chain::Chain;

/// What happens to the value of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum StatementKind {
    /// Nothing more, or a name is bound to it: the next statement can follow.
    Statement,
    /// An `if let` looks at it.
    Condition,
    /// It is the last expression of its block.
    Tail,
    /// It is returned.
    Return,
}

/// Where the parts of the statement are in the text that ends with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct ServeStatement {
    pub(in super::super) kind: StatementKind,
    /// The start of the statement that the app has to be wired before.
    pub(in super::super) wire_before: usize,
    /// The statement with its semicolon, if it has one.
    pub(in super::super) statement: Range<usize>,
    pub(in super::super) semicolon: bool,
    /// What the calls are called on: `axum::serve(..)`, `HttpServer::new(..)`, or a name.
    pub(in super::super) call: Range<usize>,
    /// What is bound, looked at, returned or is the last expression; `Ok(..)` is a part of it.
    pub(in super::super) value: Range<usize>,
    /// The dots of the calls on the server, in the order of the text.
    pub(in super::super) dots: Vec<usize>,
    /// The end of these calls.
    pub(in super::super) end: usize,
    pub(in super::super) graceful: bool,
    /// Whether the value is `()`.
    pub(in super::super) unit: bool,
}

impl ServeStatement {
    /// Refuses a `return` that is not the last statement of its block.
    pub(super) fn check_end(self, last: bool) -> Result<Self, String> {
        match self.kind == StatementKind::Return && !last {
            true => Err("it is returned before the end of the function".to_owned()),
            false => Ok(self),
        }
    }
}

/// A statement with the value that it is about.
pub(super) struct StatementForm<'a> {
    pub(super) kind: StatementKind,
    statement: &'a Stmt,
    value: &'a Expr,
    /// The value behind `Ok(..)`.
    pub(super) inner: &'a Expr,
    semicolon: bool,
}

impl<'a> StatementForm<'a> {
    /// Reads a statement of a block, `last` if it is the end of it.
    ///
    /// | statement | kind | value |
    /// |---|---|---|
    /// | `serve().await?;`, `let result = serve().await;` | `Statement` | `serve().await?` |
    /// | `if let Err(error) = serve().await { .. }` | `Condition` | `serve().await` |
    /// | `Ok(serve().await?)` at the end | `Tail` | all; `inner` is `serve().await?` |
    /// | `return serve().await;` | `Return` | `serve().await` |
    pub(super) fn of(statement: &'a Stmt, last: bool) -> Option<Self> {
        let (kind, value) = match statement {
            Stmt::Local(local) => {
                let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
                (StatementKind::Statement, &*init.expr)
            }
            Stmt::Expr(Expr::Return(returned), _) => {
                (StatementKind::Return, returned.expr.as_deref()?)
            }
            Stmt::Expr(Expr::If(branch), semicolon) => {
                // The value of the block would be that of the choice.
                let is_value = last && semicolon.is_none() && branch.else_branch.is_some();
                match &*branch.cond {
                    Expr::Let(condition) if !is_value => {
                        (StatementKind::Condition, &*condition.expr)
                    }
                    _ => return None,
                }
            }
            Stmt::Expr(value, Some(_)) => (StatementKind::Statement, value),
            Stmt::Expr(value, None) if last => (StatementKind::Tail, value),
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
            semicolon: matches!(statement, Stmt::Local(_) | Stmt::Expr(_, Some(_))),
        })
    }

    /// Where its parts are, or why it cannot be wired.
    pub(super) fn read(
        &self,
        source: &Source<'_>,
        chain: &Chain<'_>,
    ) -> Result<ServeStatement, String> {
        if let Some(reason) = chain.objection() {
            return Err(reason);
        }
        let statement = source.range(self.statement.span());
        if !stands_alone(source.text, &statement) {
            return Err("the statement shares its lines with other code".to_owned());
        }
        Ok(ServeStatement {
            kind: self.kind,
            wire_before: statement.start,
            statement,
            semicolon: self.semicolon,
            call: source.range(chain.root.span()),
            value: source.range(self.value.span()),
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
