//! Lines of an env file: read, appended, revised and undone.
//!
//! Dialects differ, so the reader takes everything that any of them takes for a variable, and the
//! writer writes only what all of them read alike. A line that is there is never changed.

mod append;
mod revise;
mod scan;
#[cfg(test)]
mod tests;
mod undo;

pub use append::{Line, append};
pub use revise::{revise, revise_where};
pub use scan::{Variable, read};
pub use undo::{state, state_where, undo, undo_where};
