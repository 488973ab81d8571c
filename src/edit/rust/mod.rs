//! The few lines that a Rust project gets: a module, and the wiring where it is served.
//!
//! A file is parsed only to find places. What is inside macros other than as plain words is not
//! seen, so nothing is ever edited there.

mod function;
mod modules;
mod router;
mod routes;
mod serve;
mod served;
mod shape;
mod source;
mod take_back;
mod wire;

pub use function::{Function, Returns, denied_clippy_lints};
pub use modules::{Module, declare_module, is_declared, modules};
pub use router::{Proof, returns_router, router_statements};
pub use routes::route_lines;
pub use serve::{Plan, Serve, find_http_servers, find_serves};
pub use take_back::{state, undo};
pub use wire::{Failure, Wiring, is_wired, wire};

#[cfg(test)]
mod tests;
