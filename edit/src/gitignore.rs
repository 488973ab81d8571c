//! Lines of a `.gitignore`: added at its end, and taken out again.

use crate::text::{line_content_end, line_end, next_line_start, replace};
use crate::{Edit, EditError, Outcome, UndoError};

/// Adds a pattern at the end, unless the file has it, with or without slashes around it.
///
/// `/data/` is there already where a line says `data`, `data/` or `/data`.
///
/// # Errors
///
/// [`EditError::Conflict`] where a later line takes the pattern back, as `!/data/` does;
/// [`EditError::Unsupported`] for a pattern that is more than one line.
pub fn append(text: &str, pattern: &str) -> Result<Outcome, EditError> {
    if pattern.trim() != pattern || pattern.is_empty() || pattern.contains(['\n', '\r']) {
        return Err(EditError::Unsupported {
            address: pattern.to_owned(),
            line: None,
            reason: "it is not a pattern on one line".to_owned(),
        });
    }
    let is_it = |line: &str| line.trim_end().trim_matches('/') == pattern.trim_matches('/');
    let negated = |line: &&str| line.strip_prefix('!').is_some_and(is_it);
    if let Some(index) = text.lines().position(|line| negated(&line)) {
        return Err(EditError::Conflict {
            address: pattern.to_owned(),
            line: Some(index + 1),
            wanted: "ignored".to_owned(),
            found: "taken back".to_owned(),
        });
    }
    if text.lines().any(is_it) {
        return Ok(Outcome::AlreadyPresent);
    }
    let end = line_end(text);
    let after = match text.is_empty() || text.ends_with('\n') {
        true => format!("{pattern}{end}"),
        false => format!("{end}{pattern}"),
    };
    let edit = Edit {
        address: pattern.to_owned(),
        before: String::new(),
        after: after.clone(),
        container: false,
    };
    Ok(Outcome::Added {
        text: format!("{text}{after}"),
        edits: vec![edit],
    })
}

/// Takes a pattern out that was added.
///
/// # Errors
///
/// [`UndoError::Missing`] when no line is this pattern.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let start = find(text, &edit.address)?;
    let stop = line_content_end(text, start);
    let next = next_line_start(text, stop);
    let is_last = next == stop;
    // The line that was last before had no end.
    let begins = edit.after.starts_with(['\r', '\n']);
    let range = match (begins || is_last, text[..start].strip_suffix('\n')) {
        (true, Some(before)) => {
            let before = before.strip_suffix('\r').unwrap_or(before);
            before.len()..stop
        }
        _ => start..next,
    };
    Ok(replace(text, range, ""))
}

/// Whether a pattern is still there.
///
/// # Errors
///
/// [`UndoError::Missing`].
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    find(text, &edit.address).map(|_| ())
}

fn find(text: &str, pattern: &str) -> Result<usize, UndoError> {
    let mut start = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == pattern {
            found = Some(start);
        }
        start += line.len();
    }
    found.ok_or(UndoError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> (String, Edit) {
        match append(text, "/data/").unwrap() {
            Outcome::Added { text, mut edits } => (text, edits.remove(0)),
            Outcome::AlreadyPresent => panic!("it is not there"),
        }
    }

    #[test]
    fn a_pattern_goes_to_the_end_and_out_again_to_the_byte() {
        for text in ["", "/target\n", "/target", "/target\r\n.env\r\n", "a\r\nb"] {
            let (with, edit) = added(text);
            assert!(
                with.starts_with(text) && with.contains("/data/"),
                "{with:?}"
            );
            assert_eq!(append(&with, "/data/"), Ok(Outcome::AlreadyPresent));
            assert_eq!(state(&with, &edit), Ok(()));
            assert_eq!(undo(&with, &edit).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_was_written_around_it_stays() {
        let (with, edit) = added("/target\n");
        let with = format!("{with}/mine\n");
        assert_eq!(undo(&with, &edit).as_deref(), Ok("/target\n/mine\n"));
        let (with, edit) = added("/target");
        let with = format!("{with}\n/mine\n");
        assert_eq!(undo(&with, &edit).as_deref(), Ok("/target\n/mine\n"));
    }

    #[test]
    fn a_pattern_that_says_the_same_is_there_already() {
        for text in ["data\n", "data/\n", "/data", "x\n/data/  \n"] {
            assert_eq!(
                append(text, "/data/"),
                Ok(Outcome::AlreadyPresent),
                "{text}"
            );
        }
    }

    #[test]
    fn a_pattern_that_the_user_takes_back_is_a_conflict() {
        let error = append("*\n!/data/\n", "/data/").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: `/data/` is taken back, wanted ignored"
        );
    }
}
