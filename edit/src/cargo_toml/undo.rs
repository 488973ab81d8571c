//! Undoes and revises dependencies that were added or extended.

use std::ops::Range;

use super::dependency::{Dependency, Table};
use super::spans::{self, Entry};
use super::{extend, insert, value};
use crate::text::{line_content_end, line_start, next_line_start, replace, without_last_line_end};
use crate::{Edit, Outcome, UndoError};
use toml_edit::{Document, Item, Value};

/// Where an edit is now, and what goes there instead of it.
struct Found {
    range: Range<usize>,
    instead: String,
}

/// Undoes an edit of [`ensure`](super::ensure), to the byte if nothing else changed.
///
/// # Errors
///
/// [`UndoError::Modified`] when the entry is no longer what was written, [`UndoError::NotEmpty`] for a table that
/// holds something, [`UndoError::Missing`] when there is nothing to undo.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    edit.in_any_line_ends(text, |edit| undo_as_recorded(text, edit))
}

fn undo_as_recorded(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let found = locate(text, edit, true)?;
    let new = replace(text, found.range, &found.instead);
    // Only what the address names may have changed.
    let (old, new_data) = value::data(text)
        .zip(value::data(&new))
        .ok_or(UndoError::Modified)?;
    if without(old, edit) == without(new_data, edit) {
        Ok(new)
    } else {
        Err(UndoError::Modified)
    }
}

/// Whether an edit is still as it was made.
///
/// # Errors
///
/// [`UndoError::Modified`] or [`UndoError::Missing`].
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    edit.in_any_line_ends(text, |edit| locate(text, edit, false).map(|_| ()))
}

/// Gives a dependency that an earlier edit added or extended other features, and, if the edit added
/// it, another requirement and other `default-features`.
///
/// An entry that the edit added is written again in its place: `redis = "1"` becomes
/// `redis = { version = "2", features = ["aio"] }`. One with `workspace = true` keeps that instead
/// of the requirement. An entry of the user's goes back to what it was and is extended from there;
/// when it then lacks nothing, the new edit changes nothing (`before` equals `after`).
///
/// # Errors
///
/// [`UndoError`], as for [`undo`]; [`UndoError::Modified`] also when the entry cannot be extended any more.
pub fn revise(
    text: &str,
    edit: &Edit,
    table: Table,
    dependency: &Dependency,
) -> Result<(String, Edit), UndoError> {
    edit.revise_in_any_line_ends(text, |edit| {
        revise_as_recorded(text, edit, table, dependency)
    })
}

fn revise_as_recorded(
    text: &str,
    edit: &Edit,
    table: Table,
    dependency: &Dependency,
) -> Result<(String, Edit), UndoError> {
    if !edit.before.is_empty() {
        let back = undo_as_recorded(text, edit)?;
        let document = spans::parse(&back).map_err(|_| UndoError::Modified)?;
        let entry = entry_of(&document, edit).ok_or(UndoError::Missing)?;
        return match extend::extend(&back, table, &entry, &dependency.features) {
            Ok(Outcome::Added { text, mut edits }) => edits
                .pop()
                .map(|edit| (text, edit))
                .ok_or(UndoError::Modified),
            Ok(Outcome::AlreadyPresent) => {
                let edit = Edit {
                    after: edit.before.clone(),
                    ..edit.clone()
                };
                Ok((back, edit))
            }
            Err(_) => Err(UndoError::Modified),
        };
    }
    locate(text, edit, false)?;
    let document = spans::parse(text).map_err(|_| UndoError::Modified)?;
    let entry = entry_of(&document, edit).ok_or(UndoError::Missing)?;
    let range = entry.key.start..entry.end;
    let inherit = value::flag_of(entry.item, "workspace") == Some(true);
    let dotted = insert::dotted_is_usual(&document, &entry.name);
    let line = value::line(dependency, inherit, dotted);
    let after = edit.after.replacen(&text[range.clone()], &line, 1);
    let revised = Edit {
        after,
        ..edit.clone()
    };
    let new = replace(text, range, &line);
    let (old_data, new_data) = value::data(text)
        .zip(value::data(&new))
        .ok_or(UndoError::Modified)?;
    let mut alone = value::data(&line).ok_or(UndoError::Modified)?;
    let wanted = alone.remove(&entry.name);
    let is_meant = value::at_path(&new_data, table.path(), &entry.name) == wanted.as_ref()
        && without(old_data, edit) == without(new_data, edit);
    if is_meant {
        Ok((new, revised))
    } else {
        Err(UndoError::Modified)
    }
}

/// The data of a manifest without what an address names.
fn without(mut data: toml::Table, edit: &Edit) -> toml::Table {
    let (table, key) = edit.address.split_once('/').unwrap_or((&edit.address, ""));
    let path: Vec<_> = table.split('.').collect();
    if let Some(entries) = value::table_at(&mut data, &path) {
        entries.remove(key);
    }
    data
}

fn entry_of<'a>(document: &'a Document<&str>, edit: &Edit) -> Option<Entry<'a>> {
    let (table, key) = edit.address.split_once('/')?;
    let table = Table::from_address(table)?;
    let (_, item) = spans::walk(document, table.path())?;
    spans::entry(item.as_table_like()?, key)
}

fn locate(text: &str, edit: &Edit, empty: bool) -> Result<Found, UndoError> {
    let document = spans::parse(text).map_err(|_| UndoError::Modified)?;
    if edit.container {
        return container(text, &document, edit, empty);
    }
    let entry = entry_of(&document, edit).ok_or(UndoError::Missing)?;
    if changes_nothing(edit) {
        return Ok(Found {
            range: entry.end..entry.end,
            instead: String::new(),
        });
    }
    if edit.before.is_empty() {
        entry_of_ours(text, &entry, edit).ok_or(UndoError::Modified)
    } else {
        extension(text, &entry, edit).ok_or(UndoError::Modified)
    }
}

/// Whether an edit is what [`revise`] leaves when the user's entry suffices.
fn changes_nothing(edit: &Edit) -> bool {
    !edit.before.is_empty() && edit.before == edit.after
}

/// An entry that is all ours: a line, or a part of an inline table.
fn entry_of_ours(text: &str, entry: &Entry<'_>, edit: &Edit) -> Option<Found> {
    let core = edit.after.trim_matches(['\r', '\n']);
    let start = line_start(text, entry.key.start);
    let stop = line_content_end(text, entry.end);
    let instead = String::new();
    if text[start..stop].trim() == core.trim() {
        let after = next_line_start(text, stop);
        let range = if after > stop || start == 0 {
            start..after
        } else {
            without_last_line_end(&text[..start]).len()..stop
        };
        return Some(Found { range, instead });
    }
    let shift = edit.after.find(core.trim_start_matches([',', ' ']))?;
    let start = entry.key.start.checked_sub(shift)?;
    let range = start..start + edit.after.len();
    let inline = core.len() == edit.after.len() && core.starts_with([',', ' ']);
    (inline && text.get(range.clone()) == Some(&edit.after)).then_some(Found { range, instead })
}

/// What was changed inside an entry of the user's: found by its exact text.
fn extension(text: &str, entry: &Entry<'_>, edit: &Edit) -> Option<Found> {
    let start = line_start(text, entry.key.start);
    let stop = match entry.item {
        Item::Table(_) | Item::Value(Value::InlineTable(_)) => next_line_start(text, entry.end),
        _ => line_content_end(text, entry.end),
    };
    let mut matches = text[start..stop].match_indices(&edit.after);
    match (matches.next(), matches.next()) {
        (Some((at, after)), None) => Some(Found {
            range: start + at..start + at + after.len(),
            instead: edit.before.clone(),
        }),
        _ => None,
    }
}

/// A table that was made for its entries.
fn container(
    text: &str,
    document: &Document<&str>,
    edit: &Edit,
    empty: bool,
) -> Result<Found, UndoError> {
    let table = Table::from_address(&edit.address).ok_or(UndoError::Missing)?;
    let (_, item) = spans::walk(document, table.path()).ok_or(UndoError::Missing)?;
    let Item::Table(header) = item else {
        return Err(UndoError::Modified);
    };
    let start = header
        .span()
        .map(|span| span.start)
        .filter(|&start| !header.is_implicit() && text[start..].starts_with('['))
        .ok_or(UndoError::Missing)?;
    let next = next_line_start(text, start);
    // Comments right above another header belong to that one.
    let mut below = text[next..].lines().map(str::trim_start).peekable();
    let commented = below.peek().is_some_and(|line| line.starts_with('#'))
        && !below
            .find(|line| !line.starts_with('#'))
            .is_some_and(|line| line.starts_with('['));
    if empty && (commented || !spans::entries(header).is_empty()) {
        return Err(UndoError::NotEmpty);
    }
    if text[start..line_content_end(text, start)].trim_end() != format!("[{}]", edit.address) {
        return Err(UndoError::Modified);
    }
    let exact = edit
        .after
        .find('[')
        .and_then(|shift| start.checked_sub(shift))
        .map(|from| from..from + edit.after.len())
        .filter(|range| text.get(range.clone()) == Some(&edit.after));
    Ok(Found {
        range: exact.unwrap_or(line_start(text, start)..next),
        instead: String::new(),
    })
}
