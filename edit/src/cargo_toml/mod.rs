//! Dependencies of a `Cargo.toml`: read, added, extended by features, revised and undone.
//!
//! Only three things are ever written: a new dependency, missing features of one that is there,
//! and the table that a first dependency needs. A requirement of the user's is never touched.

mod dependency;
mod ensure;
mod extend;
mod insert;
mod read;
mod spans;
#[cfg(test)]
mod tests;
mod undo;
mod value;
mod verify;

pub use dependency::{Dependency, Table};
pub use ensure::ensure;
pub use read::{Binary, Declared, Library, Manifest, Package, Section, Workspace, read};
pub use undo::{revise, state, undo};
