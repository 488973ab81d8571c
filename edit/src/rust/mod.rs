//! The few lines that a Rust project gets: a module, and the wiring where it is served.
//!
//! A file is parsed only to find places. What is inside macros other than as plain words is not
//! seen, so nothing is ever edited there.

mod function;
mod modules;
mod routes;
mod serve;
mod source;
mod undo;
mod walk;
mod wire;

pub use function::{Function, Returns, denied_clippy_lints};
pub use modules::{Module, declare_module, is_declared, modules};
pub use routes::{catch_all_lines, route_lines};
pub use serve::{Plan, RouterEvidence, ServeCall, ServerKind, returns_router};
pub use undo::{state, undo};
pub use wire::{ErrorHandling, Wiring, is_wired, wire};

#[cfg(test)]
mod tests;
