//! Features for an entry that is there.

use std::collections::BTreeSet;
use std::ops::Range;

use super::dependency::Table;
use super::spans::{self, Entry};
use super::value;
use super::verify::added;
use crate::text::{line_content_end, line_of, line_start, next_line_start, replace, splice};
use crate::{Edit, EditError, Outcome, line_end};
use toml_edit::{Array, InlineTable, Item, Value};

/// Texts that go in at offsets, and the span of the text around them that the record holds. It is
/// never empty: an empty `before` marks an entry that was added whole.
struct Extension {
    inserts: Vec<(usize, String)>,
    recorded_span: Range<usize>,
}

impl Extension {
    fn apply(&self, text: &str) -> (String, String) {
        let recorded_span = &self.recorded_span;
        let inserts = self.inserts.iter();
        let inside: Vec<_> = inserts
            .map(|(at, new)| (at - recorded_span.start..at - recorded_span.start, new))
            .collect();
        let after = splice(&text[recorded_span.clone()], &inside);
        (replace(text, self.recorded_span.clone(), &after), after)
    }
}

/// Adds the features that an entry lacks.
pub(super) fn extend(
    text: &str,
    table: Table,
    entry: &Entry<'_>,
    features: &BTreeSet<String>,
) -> Result<Outcome, EditError> {
    let present = value::features_of(entry.item);
    let missing: Vec<_> = features
        .iter()
        .filter(|feature| !present.contains(feature))
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(Outcome::AlreadyPresent);
    }
    let address = format!("{}/{}", table.address(), entry.name);
    let extension = extension(text, entry, &missing).ok_or_else(|| EditError::Unsupported {
        address: address.clone(),
        line: Some(line_of(text, entry.key.start)),
        reason: format!(
            "it is not in a form that `features = {}` can be added to",
            value::list(&missing)
        ),
    })?;
    let (new, after) = extension.apply(text);
    let edit = Edit {
        address,
        before: text[extension.recorded_span].to_owned(),
        after,
        container: false,
    };
    let key = entry.name.clone();
    added(value::data(text), new, vec![edit], table, |data| {
        let entry = value::table_at(data, table.path())?.get_mut(&key)?;
        if let Some(requirement) = entry.as_str() {
            let requirement = toml::Value::String(requirement.to_owned());
            *entry = toml::Value::Table(toml::Table::from_iter([(
                "version".to_owned(),
                requirement,
            )]));
        }
        let list = entry
            .as_table_mut()?
            .entry("features")
            .or_insert_with(|| toml::Value::Array(Vec::new()))
            .as_array_mut()?;
        let old = list.clone();
        list.extend(missing.into_iter().map(toml::Value::String));
        // A list that was sorted stays so.
        if old.len() > 1 && old.is_sorted_by(|a, b| a.as_str() <= b.as_str()) {
            list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
        Some(())
    })
}

fn extension(text: &str, entry: &Entry<'_>, missing: &[String]) -> Option<Extension> {
    match entry.item {
        Item::Value(Value::String(string)) => {
            let span = string.span()?;
            Some(Extension {
                inserts: vec![
                    (span.start, "{ version = ".to_owned()),
                    (
                        span.end,
                        format!(", features = {} }}", value::list(missing)),
                    ),
                ],
                recorded_span: span,
            })
        }
        Item::Value(Value::InlineTable(table)) => match table.get("features") {
            Some(Value::Array(array)) => into_array(text, array, missing),
            None => into_inline(text, entry, table, missing),
            Some(_) => None,
        },
        Item::Table(table) => match table.get("features") {
            Some(Item::Value(Value::Array(array))) => into_array(text, array, missing),
            None => into_table(text, entry, table, missing),
            Some(_) => None,
        },
        _ => None,
    }
}

/// After the last value of an inline table, or of dotted keys inside one.
fn into_inline(
    text: &str,
    entry: &Entry<'_>,
    table: &InlineTable,
    missing: &[String],
) -> Option<Extension> {
    let last = spans::entries(table)
        .into_iter()
        .max_by_key(|entry| entry.end)?;
    let list = value::list(missing);
    let insert = if table.is_dotted() {
        format!(", {}.features = {list}", &text[entry.key.clone()])
    } else {
        format!(", features = {list}")
    };
    let recorded_span = if table.is_dotted() {
        last.item.span()?
    } else {
        last.end..table.span()?.end
    };
    Some(Extension {
        inserts: vec![(last.end, insert)],
        recorded_span,
    })
}

/// On a line of its own, after the last line of a table or of dotted keys.
fn into_table(
    text: &str,
    entry: &Entry<'_>,
    table: &toml_edit::Table,
    missing: &[String],
) -> Option<Extension> {
    let last = spans::entries(table)
        .into_iter()
        .max_by_key(|entry| entry.end)?;
    let start = line_start(text, entry.key.start);
    let prefix = if table.is_dotted() {
        format!("{}.", &text[start..entry.key.end])
    } else {
        text[line_start(text, last.key.start)..last.key.start].to_owned()
    };
    let line = format!("{prefix}features = {}", value::list(missing));
    let stop = line_content_end(text, last.end);
    let after = next_line_start(text, stop);
    Some(if after > stop {
        Extension {
            inserts: vec![(after, format!("{line}{}", &text[stop..after]))],
            recorded_span: stop..after,
        }
    } else {
        Extension {
            inserts: vec![(stop, format!("{}{line}", line_end(text)))],
            recorded_span: last.item.span()?.start..stop,
        }
    })
}

/// Into a list of features: in sorted position if it is sorted, else at the end, in the quotes and the
/// layout of its items.
///
/// ```text
/// ["rt", "sync"]       and "net"   ["net", "rt", "sync"]      sorted
/// ["rt", "fs"]         and "net"   ["rt", "fs", "net"]        not sorted
///
/// [                                [
///   "rt", # runtime    and "net"     "rt", # runtime
///   "fs"  # last                     "fs",  # last            a comma before the comment
/// ]                                  "net"
///                                  ]
/// ```
///
/// The recorded span covers all insertions and at least one item, so that it is found again.
fn into_array(text: &str, array: &Array, missing: &[String]) -> Option<Extension> {
    let span = array.span()?;
    let items: Vec<_> = array.iter().map(Value::span).collect::<Option<_>>()?;
    let Some(last) = items.last().cloned() else {
        let list = value::list(missing);
        return Some(Extension {
            inserts: vec![(span.start + 1, list[1..list.len() - 1].to_owned())],
            recorded_span: span.start..span.start + 1,
        });
    };
    let quote = if text[last.clone()].starts_with('\'') {
        '\''
    } else {
        '"'
    };
    let list = List {
        text,
        span,
        own_lines: items.iter().all(|item| {
            text[line_start(text, item.start)..item.start]
                .trim()
                .is_empty()
        }),
        items,
        last,
    };
    let names = value::texts(array);
    let sorted = names.len() > 1 && names.len() == list.items.len() && names.is_sorted();
    let mut inserts = Vec::new();
    let mut at_end = Vec::new();
    for feature in missing {
        let item = format!("{quote}{feature}{quote}");
        let index = if sorted {
            names.partition_point(|name| name < feature)
        } else {
            names.len()
        };
        if index < names.len() {
            inserts.push(list.before(index, &item));
        } else {
            at_end.push(item);
        }
    }
    let mut recorded_span = list.last.clone();
    if !at_end.is_empty() {
        inserts.extend(list.at_end(&at_end)?);
    } else if let Some((first, _)) = inserts.first() {
        recorded_span = list.around(*first)?;
    }
    recorded_span.start = recorded_span.start.min(inserts.first()?.0);
    recorded_span.end = recorded_span.end.max(inserts.last()?.0);
    Some(Extension {
        inserts,
        recorded_span,
    })
}

/// A list that has items.
struct List<'a> {
    text: &'a str,
    span: Range<usize>,
    items: Vec<Range<usize>>,
    last: Range<usize>,
    /// Whether every item begins a line.
    own_lines: bool,
}

impl List<'_> {
    fn indent(&self) -> &str {
        &self.text[line_start(self.text, self.last.start)..self.last.start]
    }

    /// Before an item, and behind the comment on the line of the item before it.
    fn before(&self, index: usize, item: &str) -> (usize, String) {
        if !self.own_lines {
            return (self.items[index].start, format!("{item}, "));
        }
        let previous = match index.checked_sub(1) {
            Some(previous) => self.items[previous].end,
            None => self.span.start,
        };
        (
            line_content_end(self.text, previous),
            format!("{}{}{item},", line_end(self.text), self.indent()),
        )
    }

    /// After the last item, in its form.
    fn at_end(&self, items: &[String]) -> Option<Vec<(usize, String)>> {
        let last = &self.last;
        if !self.own_lines {
            return Some(vec![(last.end, format!(", {}", items.join(", ")))]);
        }
        let separator = format!("{}{}", line_end(self.text), self.indent());
        let tail = &self.text[last.end..self.span.end];
        let comma = tail.trim_start().starts_with(',');
        let stop = line_content_end(self.text, last.end);
        if stop >= self.span.end {
            // The bracket closes on the line of the last item.
            let lines: String = items
                .iter()
                .map(|item| format!(",{separator}{item}"))
                .collect();
            return Some(vec![(last.end, lines)]);
        }
        if comma {
            let at = last.end + tail.find(',')? + 1;
            let lines: String = items
                .iter()
                .map(|item| format!("{separator}{item},"))
                .collect();
            return Some(vec![(line_content_end(self.text, at), lines)]);
        }
        let lines = format!("{separator}{}", items.join(&format!(",{separator}")));
        Some(vec![(last.end, ",".to_owned()), (stop, lines)])
    }

    /// The item nearest to an offset.
    fn around(&self, offset: usize) -> Option<Range<usize>> {
        self.items
            .iter()
            .rev()
            .find(|item| item.start <= offset)
            .or(self.items.first())
            .cloned()
    }
}
