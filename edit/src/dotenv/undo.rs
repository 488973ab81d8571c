//! Undoes appended lines, found by their text or by a predicate that recognizes it.

use std::ops::Range;

use super::scan::{Variable, read};
use crate::text::{is_line_start, next_line_start, replace, without_last_line_end};
use crate::{Edit, UndoError};

/// Undoes an appended line, with its comment, to the byte if nothing else changed.
///
/// # Errors
///
/// [`UndoError::Modified`] when the lines are no longer what was written, [`UndoError::Missing`] when the key is
/// not there.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let range = edit.in_any_line_ends(text, |edit| locate(text, edit))?;
    Ok(replace(text, range, ""))
}

/// Whether an edit is still as it was made.
///
/// # Errors
///
/// As for [`undo`].
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    edit.in_any_line_ends(text, |edit| locate(text, edit).map(|_| ()))
}

/// Undoes lines of which only the key and the length in bytes are known.
///
/// `is_ours` is asked about every text of that length that could have been appended for the key.
///
/// # Errors
///
/// As for [`undo`].
pub fn undo_where(
    text: &str,
    key: &str,
    length: usize,
    is_ours: impl Fn(&str) -> bool,
) -> Result<String, UndoError> {
    locate_where(text, key, length, is_ours).map(|range| replace(text, range, ""))
}

/// Whether lines of which only the key and the length are known are still there.
///
/// # Errors
///
/// As for [`undo`].
pub fn state_where(
    text: &str,
    key: &str,
    length: usize,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), UndoError> {
    locate_where(text, key, length, is_ours).map(|_| ())
}

/// The definitions of a key.
fn definitions(text: &str, key: &str) -> Result<Vec<Variable>, UndoError> {
    let mut variables = read(text);
    variables.retain(|variable| variable.key == key);
    if variables.is_empty() {
        Err(UndoError::Missing)
    } else {
        Ok(variables)
    }
}

/// The recorded text, or the lines it stands in.
fn locate(text: &str, edit: &Edit) -> Result<Range<usize>, UndoError> {
    match find_recorded(text, edit)? {
        Recorded::Whole(range) => Ok(range),
        Recorded::Core(range) => Ok(lines(text, range)),
    }
}

/// Where the recorded text of an edit stands.
pub(super) enum Recorded {
    /// All of it, with its line ends.
    Whole(Range<usize>),
    /// Without the line ends around it: those are others now.
    Core(Range<usize>),
}

pub(super) fn find_recorded(text: &str, edit: &Edit) -> Result<Recorded, UndoError> {
    let definitions = definitions(text, &edit.address)?;
    let after = &edit.after;
    let whole = definitions
        .iter()
        .find_map(|definition| around(text, definition, after.len(), |block| block == after));
    if let Some(range) = whole {
        return Ok(Recorded::Whole(range));
    }
    // The last line may have lost or got its line end, the first one its blank line.
    let core = after.trim_matches(['\r', '\n']);
    definitions
        .iter()
        .find_map(|definition| {
            let end = definition.range.end;
            let start = end.checked_sub(core.len())?;
            let is_there = text.get(start..end) == Some(core) && is_line_start(text, start);
            is_there.then_some(Recorded::Core(start..end))
        })
        .ok_or(UndoError::Modified)
}

pub(super) fn locate_where(
    text: &str,
    key: &str,
    length: usize,
    is_ours: impl Fn(&str) -> bool,
) -> Result<Range<usize>, UndoError> {
    definitions(text, key)?
        .iter()
        .find_map(|definition| around(text, definition, length, &is_ours))
        .ok_or(UndoError::Modified)
}

/// The span of a length in bytes that ends with a definition, or after its line end.
fn around(
    text: &str,
    definition: &Variable,
    length: usize,
    is_ours: impl Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let stop = definition.range.end;
    let rest = &text[stop..];
    let ending = rest.len() - rest.trim_start_matches('\r').len();
    let after = if rest[ending..].starts_with('\n') {
        stop + ending + 1
    } else {
        stop
    };
    for end in [after, stop] {
        let Some(start) = end.checked_sub(length) else {
            continue;
        };
        let Some(block) = text.get(start..end) else {
            continue;
        };
        let whole = start <= definition.range.start
            && (is_line_start(text, start) || block.starts_with(['\r', '\n']));
        if whole && is_ours(block) {
            return Some(start..end);
        }
    }
    None
}

/// Lines with one line ending: the one after them, or before them at the end of the text.
fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    let next = next_line_start(text, range.end);
    if text[range.end..next].ends_with('\n') {
        range.start..next
    } else {
        without_last_line_end(&text[..range.start]).len()..range.end
    }
}
