//! The few lines that a Rust project gets: a module, and the wiring where it is served.
//!
//! A file is parsed only to find places. What is inside macros other than as plain words is not
//! seen, so nothing is ever edited there.

mod function;
mod modules;
mod routes;
mod serve;
mod source;
mod take_back;
mod walk;
mod wire;

pub use function::{Function, Returns, denied_clippy_lints};
pub use modules::{Module, declare_module, is_declared, modules};
pub use routes::{catch_all_lines, route_lines};
pub use serve::{Plan, Proof, Serve, Server, returns_router};
pub use take_back::{state, undo};
pub use wire::{Failure, Wiring, is_wired, wire};

#[cfg(test)]
mod tests;
