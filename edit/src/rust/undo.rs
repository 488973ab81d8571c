//! Taking back what was added, by its exact text.

use std::ops::Range;

use super::super::lines::line_after;
use super::super::{Edit, UndoError};
use super::module_list::is_declared;
use super::source::Source;

/// Takes one edit back, to the byte when nothing else changed.
///
/// # Errors
///
/// [`UndoError::Modified`] when the text is no longer what was written or is there more than once,
/// [`UndoError::Missing`] when a module is no longer declared.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let (range, before) = locate(text, edit)?;
    let new = format!("{}{before}{}", &text[..range.start], &text[range.end..]);
    // The parts of a wiring may not be Rust one without the other.
    if edit.address.starts_with("mod ") && Source::parse(&new).is_err() {
        return Err(UndoError::Modified);
    }
    Ok(new)
}

/// Tells whether an edit is still as it was written.
///
/// # Errors
///
/// As for [`undo`].
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    locate(text, edit).map(|_| ())
}

/// Where an edit is, and what stood there.
fn locate(text: &str, edit: &Edit) -> Result<(Range<usize>, String), UndoError> {
    let unix = |part: &str| part.replace("\r\n", "\n");
    let windows = |part: &str| unix(part).replace('\n', "\r\n");
    for convert in [&str::to_owned as &dyn Fn(&str) -> String, &unix, &windows] {
        let after = convert(&edit.after);
        let mut found = text
            .match_indices(&after)
            .map(|(at, _)| at..at + after.len())
            .filter(|range| !is_line(&after) || whole_lines(text, range));
        if let Some(range) = found.next() {
            if found.next().is_some() {
                return Err(UndoError::Modified);
            }
            return Ok((range, convert(&edit.before)));
        }
    }
    // A declaration in a file whose last line got or lost its ending, or its blank lines.
    if let Some(name) = edit.address.strip_prefix("mod ") {
        let core = edit.after.trim();
        let line = is_declared(text, name).ok_or(UndoError::Missing)?;
        let mut at = text.match_indices(core).map(|(at, _)| at);
        if let (Some(at), None) = (at.next(), at.next())
            && whole_lines(text, &(at..at + core.len()))
            && super::super::line_of(text, at + core.len()) == line
        {
            let end = line_after(text, at + core.len());
            return Ok((at..end, String::new()));
        }
    }
    Err(UndoError::Modified)
}

fn is_line(after: &str) -> bool {
    after.starts_with(['\r', '\n']) || after.ends_with('\n')
}

/// Whether a stretch begins and ends where lines do, but for a part of a chain.
fn whole_lines(text: &str, range: &Range<usize>) -> bool {
    let stretch = &text[range.clone()];
    let begins = stretch.starts_with(['\r', '\n', ';', ' ', '\t'])
        || range.start == 0
        || text[..range.start].ends_with('\n')
        || text[..range.start] == *"\u{feff}";
    let rest = &text[range.end..];
    let ends = stretch.ends_with('\n') || rest.is_empty() || rest.starts_with(['\r', '\n']);
    begins && (ends || stretch.trim_start().starts_with('.'))
}
