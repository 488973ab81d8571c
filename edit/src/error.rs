//! Why an edit is refused, and why one cannot be undone.

use thiserror::Error;

/// Why a fragment cannot be added. Nothing was edited.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The text is not of its format, or not in a form that can be edited as a whole.
    #[error("{}{reason}", line_prefix(*line))]
    Unreadable {
        /// Counted from 1.
        line: Option<usize>,
        /// What is wrong, in lower case and without a final period.
        reason: String,
    },
    /// Something else is there.
    #[error("{}`{address}` is {found}, wanted {wanted}", line_prefix(*line))]
    Conflict {
        /// Where, in the syntax of the editor.
        address: String,
        /// Counted from 1.
        line: Option<usize>,
        /// What the fragment says, shortened to one line.
        wanted: String,
        /// What is there, shortened to one line.
        found: String,
    },
    /// It is written in a form that an edit would damage or that would carry the edit elsewhere.
    #[error("{}`{address}` cannot be edited: {reason}", line_prefix(*line))]
    Unsupported {
        /// Where, in the syntax of the editor.
        address: String,
        /// Counted from 1.
        line: Option<usize>,
        /// Why, in lower case and without a final period.
        reason: String,
    },
}

impl EditError {
    /// The line it is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Unreadable { line, .. }
            | Self::Conflict { line, .. }
            | Self::Unsupported { line, .. } => *line,
        }
    }

    /// The message without the line.
    #[must_use]
    pub fn message(&self) -> String {
        let text = self.to_string();
        match text.strip_prefix(&line_prefix(self.line())) {
            Some(message) => message.to_owned(),
            None => text,
        }
    }
}

fn line_prefix(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: "))
        .unwrap_or_default()
}

/// Why an edit cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UndoError {
    /// Somebody changed it since.
    #[error("it was changed since it was added")]
    Modified,
    /// It is a container, such as `volumes:`, that still holds something.
    #[error("it still holds other entries")]
    NotEmpty,
    /// It is no longer there: nothing is left to undo.
    #[error("it is no longer there")]
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_error_comes_first_and_can_be_left_out() {
        let mut error = EditError::Unsupported {
            address: "/services".to_owned(),
            line: Some(3),
            reason: "it is a list".to_owned(),
        };
        let message = "`/services` cannot be edited: it is a list";
        assert_eq!(error.to_string(), format!("line 3: {message}"));
        assert_eq!(
            (error.line(), error.message()),
            (Some(3), message.to_owned())
        );
        if let EditError::Unsupported { line, .. } = &mut error {
            *line = None;
        }
        assert_eq!(error.to_string(), message);
        assert_eq!((error.line(), error.message()), (None, message.to_owned()));
    }
}
