//! Where things are in the text of a manifest.

use std::ops::Range;

use crate::EditError;
use crate::text::line_of;
use toml_edit::{Document, Item, TableLike, Value};

/// A key with its value.
pub(super) struct Entry<'a> {
    /// The key, without quotes.
    pub(super) name: String,
    /// The span of the key as it is written.
    pub(super) key: Range<usize>,
    /// The value, or the table.
    pub(super) item: &'a Item,
    /// The end of the last value.
    pub(super) end: usize,
}

/// Parses a manifest.
pub(super) fn parse(text: &str) -> Result<Document<&str>, EditError> {
    Document::parse(text).map_err(|error| EditError::Unreadable {
        line: error.span().map(|span| line_of(text, span.start)),
        reason: format!(
            "not TOML: {}",
            error.message().replace('\n', ", ").trim_end_matches(", ")
        ),
    })
}

/// Follows a path of keys.
pub(super) fn walk<'a>(
    document: &'a Document<&str>,
    path: &[&str],
) -> Option<(Range<usize>, &'a Item)> {
    let mut item = document.as_item();
    let mut span = 0..0;
    for name in path {
        let (key, next) = item.as_table_like()?.get_key_value(name)?;
        span = key.span()?;
        item = next;
    }
    Some((span, item))
}

/// Finds the entry of a key.
pub(super) fn entry<'a>(table: &'a dyn TableLike, name: &str) -> Option<Entry<'a>> {
    let (key, item) = table.get_key_value(name)?;
    Some(Entry {
        name: name.to_owned(),
        key: key.span()?,
        item,
        end: end_of(item),
    })
}

/// The entries that are written under the header of a table itself, in the order of the text.
pub(super) fn entries(table: &dyn TableLike) -> Vec<Entry<'_>> {
    let mut entries: Vec<_> = table
        .iter()
        .filter(|(_, item)| match item {
            Item::Value(_) => true,
            Item::Table(table) => table.is_dotted(),
            _ => false,
        })
        .filter_map(|(name, _)| entry(table, name))
        .collect();
    entries.sort_by_key(|entry| entry.key.start);
    entries
}

/// The end of the last value that belongs to an item; 0 when it has none.
fn end_of(item: &Item) -> usize {
    let inside = |table: &dyn TableLike| {
        table
            .iter()
            .map(|(_, item)| end_of(item))
            .max()
            .unwrap_or(0)
    };
    match item {
        Item::Table(table) => inside(table),
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => inside(table),
        _ => item.span().map_or(0, |span| span.end),
    }
}

/// The start of the first header of an item; `None` when it has none.
pub(super) fn first_header(text: &str, item: &Item) -> Option<usize> {
    headers(text, item).into_iter().min()
}

/// The start of the last header of an item; `None` when it has none.
pub(super) fn last_header(text: &str, item: &Item) -> Option<usize> {
    headers(text, item).into_iter().max()
}

/// The starts of all headers of an item.
pub(super) fn headers(text: &str, item: &Item) -> Vec<usize> {
    let mut found = Vec::new();
    if let Item::ArrayOfTables(tables) = item {
        found.extend(tables.iter().filter_map(|table| Some(table.span()?.start)));
    }
    if let Item::Table(table) = item {
        found.extend(table.span().map(|span| span.start));
        for (_, item) in table {
            found.extend(headers(text, item));
        }
    }
    found.retain(|&start| text[start..].starts_with('['));
    found
}
