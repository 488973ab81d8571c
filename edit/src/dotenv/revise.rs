//! Revises appended lines: a new comment, value or key where the old ones stand.

use std::ops::Range;

use super::append::{Line, content};
use super::scan;
use super::undo::{Recorded, find_recorded, locate_where};
use crate::text::replace;
use crate::{Edit, UndoError, line_end};

/// Replaces lines that were appended by an earlier edit with what `line` says, in their place.
///
/// The blank line and the line ends around them stay, so [`undo`](super::undo) of the returned
/// edit gives the bytes that undoing the old edit gave; `line.gap` has no effect. The key may
/// change. When the lines say this already, the text and the edit are returned as they are.
///
/// # Errors
///
/// [`UndoError::Modified`] when the lines are no longer what was written, when another line defines
/// the new key, or when [`append`](super::append) would refuse `line`; [`UndoError::Missing`] when
/// the old key is not there.
pub fn revise(text: &str, edit: &Edit, line: &Line) -> Result<(String, Edit), UndoError> {
    edit.revise_in_any_line_ends(text, |edit| {
        let core = core_of(&edit.after);
        let range = match find_recorded(text, edit)? {
            Recorded::Whole(range) => range.start + core.start..range.start + core.end,
            Recorded::Core(range) => range,
        };
        write(text, range, edit, line)
    })
}

/// As [`revise`], for lines of which only the key and the length in bytes are known.
///
/// `is_ours` is asked about every text of that length that could have been appended for the key.
///
/// # Errors
///
/// As for [`revise`].
pub fn revise_where(
    text: &str,
    key: &str,
    length: usize,
    is_ours: impl Fn(&str) -> bool,
    line: &Line,
) -> Result<(String, Edit), UndoError> {
    let range = locate_where(text, key, length, is_ours)?;
    let edit = Edit {
        address: key.to_owned(),
        before: String::new(),
        after: text[range].to_owned(),
        container: false,
    };
    revise(text, &edit, line)
}

/// The recorded text without the line ends around it: `"\n# doc\nK=v\n"` gives `1..11`.
fn core_of(record: &str) -> Range<usize> {
    let end = record.trim_end_matches(['\r', '\n']).len();
    let start = end - record[..end].trim_start_matches(['\r', '\n']).len();
    start..end
}

/// Replaces the core of a record, which stands at `range` of the text.
fn write(
    text: &str,
    range: Range<usize>,
    edit: &Edit,
    line: &Line,
) -> Result<(String, Edit), UndoError> {
    let record = edit.after.as_str();
    let end = if record.contains('\n') {
        line_end(record)
    } else {
        line_end(text)
    };
    let new = content(line, end).map_err(|_| UndoError::Modified)?;
    if text[range.clone()] == new {
        return Ok((text.to_owned(), edit.clone()));
    }
    let revised = replace(text, range.clone(), &new);
    if !says_only(text, &revised, &edit.address, range.start, line) {
        return Err(UndoError::Modified);
    }
    let core = core_of(record);
    let edit = Edit {
        address: line.key.clone(),
        after: format!("{}{new}{}", &record[..core.start], &record[core.end..]),
        ..edit.clone()
    };
    Ok((revised, edit))
}

/// Whether the revised text defines the same variables, but for the one that was replaced.
fn says_only(text: &str, revised: &str, old_key: &str, start: usize, line: &Line) -> bool {
    let value = (!line.commented).then(|| line.value.clone());
    let (before, unclosed) = scan::scan(text);
    let (after, still_unclosed) = scan::scan(revised);
    let Some(index) = before
        .iter()
        .position(|variable| variable.range.end > start && variable.key == old_key)
    else {
        return false;
    };
    before.len() == after.len()
        && unclosed.map(|variable| variable.key) == still_unclosed.map(|variable| variable.key)
        && before
            .iter()
            .zip(&after)
            .enumerate()
            .all(|(at, (old, new))| {
                if at == index {
                    return new.key == line.key && new.value == value;
                }
                let is_second = new.key == line.key && line.key != old_key;
                old.key == new.key && old.value == new.value && !is_second
            })
}
