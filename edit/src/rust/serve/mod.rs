//! The places where an app is served.
//!
//! A framework is described by a [`ServerSyntax`] value; nothing here names one. The search reads
//! the statements of each function: [`by_value`] those of servers that get the app as an argument,
//! [`by_factory`] those of servers that get a closure which makes it.

mod by_factory;
mod by_value;
mod call;
mod chain;
mod factory;
mod finder;
mod router;
mod scope;
mod server_binding;
mod statement;
mod syntax;

use syn::Expr;
use syn::spanned::Spanned;

use super::super::EditError;
use super::attributes::is_test;
use super::imports::Imports;
use super::source::Source;
use super::walk::{Node, Root, Visit, walk};

pub(super) use call::ServedApp;
pub use call::{Plan, ServeCall};
pub(super) use factory::Factory;
pub use router::{RouterEvidence, returns_router};
pub(super) use statement::{ServeStatement, StatementKind};
pub use syntax::{AppSyntax, Handover, ServerSyntax, Shutdown};

/// Finds every call outside tests that makes a server.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn serve_calls(server: &'static ServerSyntax, text: &str) -> Result<Vec<ServeCall>, EditError> {
    let source = Source::parse(text)?;
    if is_test(&source.file.attrs) {
        return Ok(Vec::new());
    }
    Ok(finder::Finder::new(server, &source).find())
}

/// Lists the lines on which a file makes an empty app outside tests, for a hint where to wire by
/// hand.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn app_lines(app: &AppSyntax, text: &str) -> Result<Vec<usize>, EditError> {
    let source = Source::parse(text)?;
    let imports = Imports::of(&source.file);
    let mut lines = Vec::new();
    walk(Root::File(&source.file), &mut |node| {
        if let Node::Expression(Expr::Call(call)) = node
            && let Expr::Path(path) = &*call.func
            && app.is_constructor(&imports, &path.path)
        {
            lines.push(source.line(call.span()));
        }
        Visit::Descend
    });
    Ok(lines)
}
