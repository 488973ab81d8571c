//! The few lines that a Rust project gets: a module, and the wiring where it is served.
//!
//! A file is parsed only to find places. What is inside macros other than as plain tokens is not
//! seen, so nothing is ever edited there.
//!
//! No web framework is named here. How the server, the app and the routes of one look is a value
//! ([`ServerSyntax`], [`AppSyntax`], [`RouteSyntax`]) that this crate interprets: what differs
//! between frameworks is names, and two ways to hand over the app. So a framework is data, as a
//! component is, and each rule about statements, names and undo exists once.

mod attributes;
mod declare;
mod function;
mod imports;
mod lints;
mod module_list;
mod routes;
mod serve;
mod source;
mod tokens;
mod undo;
mod walk;
mod wire;

pub use declare::declare_module;
pub use function::{Function, Returns};
pub use lints::denied_clippy_lints;
pub use module_list::{Module, is_declared, modules};
pub use routes::{RouteSyntax, catch_all_lines, route_lines};
pub use serve::{
    AppSyntax, Handover, Plan, RouterEvidence, ServeCall, ServerSyntax, Shutdown, app_lines,
    returns_router, serve_calls,
};
pub use undo::{state, undo};
pub use wire::{ErrorHandling, Wiring, is_wired, may_need_rustfmt, wire};

#[cfg(test)]
mod tests;
