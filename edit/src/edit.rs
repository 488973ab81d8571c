//! The record of an edit, by which it can be undone.

use crate::text::with_line_end;
use crate::{UndoError, line_end};

/// A change of one text that can be undone: where `before` stood, `after` stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where it is, by structure and in the syntax of its editor: `/services/redis`,
    /// `dependencies/serde`. Edits elsewhere do not change it.
    pub address: String,
    /// The exact text that was replaced; empty for a pure insertion.
    pub before: String,
    /// The exact text that was inserted, with the line ends it needed.
    pub after: String,
    /// Whether it only holds other fragments (a new `[dependencies]`, `volumes:`): it is undone
    /// when nothing is left inside it.
    pub container: bool,
}

impl Edit {
    /// Looks for the edit in a text in each kind of line ends, as version control may have changed
    /// those of the text since: first as recorded if the text has it so, else in the line ends of
    /// the text. The first that is found counts.
    ///
    /// # Errors
    ///
    /// Why the edit as recorded was not found.
    pub(crate) fn in_any_line_ends<T>(
        &self,
        text: &str,
        find: impl Fn(&Edit) -> Result<T, UndoError>,
    ) -> Result<T, UndoError> {
        let as_recorded = text.contains(&self.after);
        if as_recorded && let Ok(found) = find(self) {
            return Ok(found);
        }
        let other = if line_end(text) == "\n" { "\r\n" } else { "\n" };
        for end in [line_end(text), other] {
            let converted = Edit {
                before: with_line_end(&self.before, end),
                after: with_line_end(&self.after, end),
                ..self.clone()
            };
            if converted != *self
                && let Ok(found) = find(&converted)
            {
                return Ok(found);
            }
        }
        find(self)
    }

    /// As [`Edit::in_any_line_ends`], for what revises an edit. If that changes nothing in the
    /// text, the record stays as it is too.
    ///
    /// # Errors
    ///
    /// As for [`Edit::in_any_line_ends`].
    pub(crate) fn revise_in_any_line_ends(
        &self,
        text: &str,
        revise: impl Fn(&Edit) -> Result<(String, Edit), UndoError>,
    ) -> Result<(String, Edit), UndoError> {
        let (revised, edit) = self.in_any_line_ends(text, revise)?;
        let edit = if revised == text { self.clone() } else { edit };
        Ok((revised, edit))
    }
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
