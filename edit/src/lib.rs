//! Edits of text: a text and a fragment in, a text and a record out.
//!
//! Every editor parses only to find byte offsets, splices text there, parses the result again and
//! compares its data with what was meant; when they differ nothing is edited. A syntax tree is
//! never printed back. Nothing here reads a disk, prints, or knows the crate that uses it.
//!
//! An edit is added, undone, revised (another value in its place), or asked for its state. What
//! all formats have in common is in [`Format`].

#![cfg_attr(not(test), warn(clippy::too_many_lines))]

pub mod cargo_toml;
pub mod compose;
pub mod diff;
pub mod dotenv;
mod edit;
mod error;
mod format;
pub mod gitignore;
pub mod merge;
pub mod rust;
#[cfg(test)]
mod testing;
mod text;

pub use edit::{Edit, Outcome};
pub use error::{EditError, UndoError};
pub use format::Format;
pub use text::{line_end, to_lf, with_line_end};

use text::line_of;

/// The names that the Rust editor has for the functions of [`text`].
mod lines {
    pub(super) use crate::text::{
        comments_above, line_content_end as line_stop, line_start, next_line_start as line_after,
    };
}
