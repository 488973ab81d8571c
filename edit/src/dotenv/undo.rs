//! Undoes appended lines, found by their text or by a predicate that recognizes it.

use std::ops::Range;

use super::super::{Edit, UndoError};
use super::scan::{Variable, read};

/// Takes a line that was appended back, with its comment, to the byte when nothing else changed.
///
/// # Errors
///
/// [`UndoError::Modified`] when the lines are no longer what was written, [`UndoError::Missing`] when the key is
/// not there.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    locate(text, edit).map(|range| without(text, range))
}

/// Tells whether an edit is still as it was written.
///
/// # Errors
///
/// As for [`undo`].
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    locate(text, edit).map(|_| ())
}

/// Takes back lines of which only the key and the length in bytes are known.
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
    locate_where(text, key, length, is_ours).map(|range| without(text, range))
}

/// Tells whether lines of which only the key and the length are known are still there.
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

fn without(text: &str, range: Range<usize>) -> String {
    format!("{}{}", &text[..range.start], &text[range.end..])
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

fn locate(text: &str, edit: &Edit) -> Result<Range<usize>, UndoError> {
    match find_recorded(text, edit)? {
        Recorded::Whole { range } => Ok(range),
        Recorded::Core { range, .. } => Ok(lines(text, range)),
    }
}

/// Where the recorded text of an edit stands.
pub(super) enum Recorded {
    /// All of it, with its line ends.
    Whole { range: Range<usize> },
    /// Without the line ends around it: those are others now. The record in the line ends of the
    /// text comes with it.
    Core { range: Range<usize>, record: String },
}

pub(super) fn find_recorded(text: &str, edit: &Edit) -> Result<Recorded, UndoError> {
    let unix = edit.after.replace("\r\n", "\n");
    let windows = unix.replace('\n', "\r\n");
    let definitions = definitions(text, &edit.address)?;
    for after in [&edit.after, &unix, &windows] {
        let whole = definitions
            .iter()
            .find_map(|definition| around(text, definition, after.len(), |block| block == after));
        if let Some(range) = whole {
            return Ok(Recorded::Whole { range });
        }
        // The last line may have lost or got its line ending, the first one its blank line.
        let core = after.trim_matches(['\r', '\n']);
        for definition in &definitions {
            let ends_before = definition.range.end.checked_sub(core.len());
            let Some(start) = ends_before.filter(|&start| {
                text.get(start..definition.range.end) == Some(core) && begins_line(text, start)
            }) else {
                continue;
            };
            return Ok(Recorded::Core {
                range: start..definition.range.end,
                record: after.clone(),
            });
        }
    }
    Err(UndoError::Modified)
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

/// The stretch of a length that ends with a definition, or after its line ending.
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
            && (begins_line(text, start) || block.starts_with(['\r', '\n']));
        if whole && is_ours(block) {
            return Some(start..end);
        }
    }
    None
}

fn begins_line(text: &str, offset: usize) -> bool {
    offset == 0 || text[..offset].ends_with('\n') || text[..offset] == *"\u{feff}"
}

/// Lines with one line ending: the one after them, or before them at the end of the text.
fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = &text[range.end..];
    if let Some(at) = rest.find('\n') {
        return range.start..range.end + at + 1;
    }
    let before = text[..range.start]
        .strip_suffix('\n')
        .map(|before| before.strip_suffix('\r').unwrap_or(before).len());
    before.unwrap_or(range.start)..range.end
}
