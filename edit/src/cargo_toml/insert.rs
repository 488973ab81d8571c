//! The place of a new entry, and the table that it may need.

use super::dependency::{Dependency, Table};
use super::spans::{self, Entry};
use super::value;
use super::verify::added;
use crate::text::{comments_above, line_start, next_line_start};
use crate::{Edit, EditError, Outcome, line_end};
use toml_edit::{Document, Item, TableLike, Value};

/// Texts that go in at one offset: the table, if it has to be made, then the entry.
struct Insertion {
    at: usize,
    container: Option<String>,
    entry: String,
}

/// Writes a dependency that is not there.
pub(super) fn insert(
    text: &str,
    document: &Document<&str>,
    table: Table,
    dependency: &Dependency,
    inherit: bool,
) -> Result<Outcome, EditError> {
    let line = value::line(
        dependency,
        inherit,
        dotted_is_usual(document, &dependency.name),
    );
    let insertion = match spans::walk(document, table.path()) {
        None => into_new(text, table, new_place(text, document, table)?, &line),
        Some((_, Item::Value(Value::InlineTable(inline)))) => into_inline(text, inline, &line),
        Some((_, item)) => match item.as_table_like() {
            Some(entries) => into_table(text, table, item, entries, &dependency.name, &line),
            None => None,
        }
        .ok_or_else(|| not_a_table(table))?,
    };
    let mut edits = Vec::new();
    let mut new = text[..insertion.at].to_owned();
    if let Some(container) = insertion.container {
        new.push_str(&container);
        edits.push(edit(table.address().to_owned(), container, true));
    }
    new.push_str(&insertion.entry);
    new.push_str(&text[insertion.at..]);
    let address = format!("{}/{}", table.address(), dependency.name);
    edits.push(edit(address, insertion.entry, false));
    added(value::data_of(document), new, edits, table, |data| {
        let mut entry = value::data(&line)?;
        let entry = entry.remove(&dependency.name)?;
        value::table_at(data, table.path())?.insert(dependency.name.clone(), entry);
        Some(())
    })
}

fn edit(address: String, after: String, container: bool) -> Edit {
    Edit {
        address,
        before: String::new(),
        after,
        container,
    }
}

fn not_a_table(table: Table) -> EditError {
    EditError::Unsupported {
        address: table.address().to_owned(),
        line: None,
        reason: "it is not a table".to_owned(),
    }
}

/// Whether `x.workspace = true` is at least as frequent as `x = { workspace = true }` in all
/// entries but one. An entry that says more, such as features, has no choice and does not count:
/// so what is added never turns the majority around.
pub(super) fn dotted_is_usual(document: &Document<&str>, except: &str) -> bool {
    let mut dotted = 0;
    let mut inline = 0;
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|name| document.get(name)?.as_table_like());
    for (key, item) in tables.flat_map(|table| table.iter()) {
        if key != except && value::flag_of(item, "workspace") == Some(true) {
            match item {
                Item::Table(table) if table.is_dotted() => dotted += 1,
                Item::Value(Value::InlineTable(table))
                    if !table.is_dotted() && table.len() == 1 =>
                {
                    inline += 1;
                }
                _ => {}
            }
        }
    }
    dotted >= inline
}

fn into_inline(text: &str, inline: &toml_edit::InlineTable, line: &str) -> Insertion {
    let last = spans::entries(inline)
        .iter()
        .map(|entry| entry.end)
        .max()
        .unwrap_or(0);
    let (at, entry) = if last > 0 {
        (last, format!(", {line}"))
    } else {
        let at = inline.span().map_or(0, |span| span.start + 1);
        let space = if text[at..].starts_with(' ') { "" } else { " " };
        (at, format!(" {line}{space}"))
    };
    Insertion {
        at,
        container: None,
        entry,
    }
}

fn into_table(
    text: &str,
    table: Table,
    item: &Item,
    entries: &dyn TableLike,
    name: &str,
    line: &str,
) -> Option<Insertion> {
    let present = spans::entries(entries);
    if !present.is_empty() {
        return Some(insert_sorted(text, &present, name, line));
    }
    let Item::Table(header) = item else {
        return None;
    };
    let span = header.span()?;
    if header.is_implicit() || !text[span.start..].starts_with('[') {
        // Only tables such as `[dependencies.x]`: ours goes before the first of them.
        let first = spans::first_header(text, item)?;
        return Some(into_new(text, table, before(text, first), line));
    }
    Some(after_line(text, span.start, line))
}

/// In sorted position when the entries are sorted, else after the last one.
fn insert_sorted(text: &str, present: &[Entry<'_>], name: &str, line: &str) -> Insertion {
    let first = present.first().map_or(0, |entry| entry.key.start);
    let prefix = &text[line_start(text, first)..first];
    let line = format!("{prefix}{line}");
    let sorted = present.is_sorted_by(|a, b| a.name <= b.name);
    let index = if sorted {
        present.partition_point(|entry| entry.name.as_str() < name)
    } else {
        present.len()
    };
    if index == 0 {
        let at = comments_above(text, first, |line| line.starts_with('#'));
        return Insertion {
            at,
            container: None,
            entry: format!("{line}{}", line_end(text)),
        };
    }
    let last = present[..index]
        .iter()
        .map(|entry| entry.end)
        .max()
        .unwrap_or(0);
    after_line(text, last, &line)
}

/// On a line of its own after the line of an offset.
fn after_line(text: &str, offset: usize, line: &str) -> Insertion {
    let at = next_line_start(text, offset);
    let end = line_end(text);
    let entry = if text[..at].ends_with('\n') {
        format!("{line}{end}")
    } else {
        format!("{end}{line}")
    };
    Insertion {
        at,
        container: None,
        entry,
    }
}

/// Before a header and the comments above it, behind the content before them.
fn before(text: &str, header: usize) -> usize {
    let start = comments_above(text, header, |line| line.starts_with('#'));
    let content = text[..start].trim_end().len();
    if content == 0 || text[..content] == *"\u{feff}" {
        return start;
    }
    next_line_start(text, content)
}

/// The offset at which a table goes in that is not there.
fn new_place(text: &str, document: &Document<&str>, table: Table) -> Result<usize, EditError> {
    let followers: &[&str] = match table {
        Table::Normal => &["dev-dependencies", "build-dependencies", "target"],
        Table::Dev => &["build-dependencies", "target"],
        Table::Workspace => {
            let Some(workspace) = document.get("workspace") else {
                return Err(EditError::Unsupported {
                    address: table.address().to_owned(),
                    line: None,
                    reason: "this manifest is not the root of a workspace".to_owned(),
                });
            };
            let last = spans::last_header(text, workspace);
            let next = document
                .iter()
                .flat_map(|(_, item)| spans::headers(text, item))
                .filter(|&start| last.is_some_and(|last| start > last))
                .min();
            return Ok(next.map_or(text.len(), |header| before(text, header)));
        }
    };
    let first = followers
        .iter()
        .filter_map(|name| spans::first_header(text, document.get(name)?))
        .min();
    Ok(first.map_or(text.len(), |header| before(text, header)))
}

/// A table with one entry at an offset that is the start of a line or the end of the text.
fn into_new(text: &str, table: Table, at: usize, line: &str) -> Insertion {
    let end = line_end(text);
    let header = table.address();
    let before = &text[..at];
    let blank = before.is_empty()
        || before == "\u{feff}"
        || before.ends_with("\n\n")
        || before.ends_with("\n\r\n");
    let gap = if blank { "" } else { end };
    let (container, entry) = if before.is_empty() || before == "\u{feff}" || before.ends_with('\n')
    {
        (format!("{gap}[{header}]{end}"), format!("{line}{end}"))
    } else {
        (format!("{end}{gap}[{header}]"), format!("{end}{line}"))
    };
    Insertion {
        at,
        container: Some(container),
        entry,
    }
}
