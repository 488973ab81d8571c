//! The block in which a server may be, and what is around it.

use syn::{Block, Signature, Stmt};

use super::super::function::binds;
use super::super::imports::Imports;
use super::super::source::Source;
use super::statement::{ServeStatement, StatementKind};
use super::syntax::ServerSyntax;

/// A block that an asynchronous function runs to its end.
pub(super) struct Scope<'a> {
    pub(super) server: &'static ServerSyntax,
    pub(super) source: &'a Source<'a>,
    pub(super) imports: &'a Imports,
    pub(super) signature: &'a Signature,
    /// The whole body of the function.
    pub(super) body: &'a Block,
    pub(super) block: &'a Block,
    /// The statements of the function before the block, where it is not the body.
    pub(super) outer: &'a [&'a Stmt],
}

impl Scope<'_> {
    /// Checks that no variable of the function has a name that the wiring binds.
    pub(super) fn check_names(&self, statement: &ServeStatement) -> Result<(), String> {
        let served = (statement.kind == StatementKind::Condition).then_some("served");
        for name in ["infra"].into_iter().chain(served) {
            if binds(self.body, self.signature, name) {
                return Err(format!("a variable `{name}` is in scope already"));
            }
        }
        Ok(())
    }

    /// The statements that have run before one of the block.
    pub(super) fn before(&self, at: usize) -> impl Iterator<Item = &Stmt> {
        self.outer.iter().copied().chain(&self.block.stmts[..at])
    }
}
