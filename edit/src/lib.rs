//! Edits of text: a text and a fragment in, a text and a record out.
//!
//! Every editor parses only to find byte offsets, splices text there, parses the result again and
//! compares its data with what was meant; when they differ nothing is edited. A syntax tree is
//! never printed back. Nothing here reads a disk, prints, or knows another module of the crate.

use std::fmt;

pub mod cargo_toml;
pub mod compose;
pub mod diff;
pub mod dotenv;
mod lines;
pub mod merge;
pub mod rust;

/// A change of one text that can be taken back: where `before` stood, `after` stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Names the place by structure, in the syntax of its editor; it outlives edits elsewhere.
    pub address: String,
    /// The exact text that was replaced; empty for a pure insertion.
    pub before: String,
    /// The exact text that was inserted, with the line ends it needed.
    pub after: String,
    /// Whether this only holds other fragments (a new `[dependencies]`, `volumes:`): it is taken
    /// back when nothing is left inside it.
    pub container: bool,
}

/// What became of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was added.
    Added {
        /// The whole new text.
        text: String,
        /// What was changed, containers before their contents; undo in the reverse order.
        edits: Vec<Edit>,
    },
    /// It was there already, equal or as part of more.
    AlreadyPresent,
}

/// Why a fragment cannot be placed. Nothing was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// The text is not of its format, or not in a form that can be edited as a whole.
    Unreadable {
        /// Counted from 1.
        line: Option<usize>,
        /// What is wrong, in lower case and without a final period.
        reason: String,
    },
    /// Something else is there.
    Conflict {
        /// The place.
        address: String,
        /// Counted from 1.
        line: Option<usize>,
        /// What the fragment says, shortened to one line.
        wanted: String,
        /// What is there, shortened to one line.
        found: String,
    },
    /// The place exists in a form that an edit would damage or that would carry it elsewhere.
    Unsupported {
        /// The place.
        address: String,
        /// Counted from 1.
        line: Option<usize>,
        /// Why, in lower case and without a final period.
        reason: String,
    },
}

impl std::error::Error for EditError {}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unreadable { line, .. }
        | Self::Conflict { line, .. }
        | Self::Unsupported { line, .. }) = self;
        if let Some(line) = line {
            write!(f, "line {line}: ")?;
        }
        match self {
            Self::Unreadable { reason, .. } => f.write_str(reason),
            Self::Conflict {
                address,
                wanted,
                found,
                ..
            } => write!(f, "`{address}` is {found}, wanted {wanted}"),
            Self::Unsupported {
                address, reason, ..
            } => write!(f, "`{address}` cannot be edited: {reason}"),
        }
    }
}

/// Why an edit cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoError {
    /// Somebody changed it since; it is theirs now.
    Modified,
    /// A container that still holds something.
    NotEmpty,
    /// It is no longer there: nothing is left to do.
    Missing,
}

/// The line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// The line ending that most lines have.
pub fn line_end(text: &str) -> &'static str {
    if !text.contains('\r') {
        return "\n";
    }
    let crlf = text.matches("\r\n").count();
    if crlf > 0 && crlf * 2 >= text.matches('\n').count() {
        "\r\n"
    } else {
        "\n"
    }
}
