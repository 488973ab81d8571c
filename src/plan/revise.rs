//! What a recorded fragment says, and how it is made to say something else in its place.

use infra_edit::{
    Edit, Outcome, UndoError,
    compose::{self, Compose, Value},
    dotenv::{self, Line},
};

use crate::lock::Fragment;

use super::{
    desired::{Content, Wanted},
    format,
};

/// Whether a fragment was recorded with this content, whatever the user made of it since.
pub(super) fn says(known: &Fragment, content: &Content) -> bool {
    let recorded = |value: &Value| recorded_value(known).is_some_and(|old| is_same(&old, value));
    match content {
        Content::ComposeEntry { value, .. } => recorded(value),
        Content::Environment { key, value, .. } => {
            let item = format!("{key}={value}");
            recorded(&Value::string(value)) || recorded(&Value::string(item))
        }
        Content::Image(image) => unquoted(&known.after) == image,
        Content::Variable(line) => says_variable(known, line),
        Content::DependsOn { .. }
        | Content::Ignored
        | Content::Existing
        | Content::Crate { .. } => true,
    }
}

fn says_variable(known: &Fragment, line: &Line) -> bool {
    let Some(block) = block_of(line) else {
        return true;
    };
    let Some(fingerprint) = &known.fingerprint else {
        let recorded = known.after.replace("\r\n", "\n");
        return recorded.trim_matches('\n') == block.trim_matches('\n');
    };
    // A text that is not stored: all forms that it can have in a file are tried.
    let core = block.trim_end_matches('\n');
    let forms = ["", "\n", "\n\n"].into_iter().flat_map(|gap| {
        let ends = ["", "\n"].into_iter();
        ends.map(move |end| format!("{gap}{core}{end}"))
    });
    let mut forms = forms.flat_map(|form| [form.replace('\n', "\r\n"), form]);
    forms.any(|form| fingerprint.is(&form))
}

/// The lines of a variable in an empty file.
fn block_of(line: &Line) -> Option<String> {
    match dotenv::append("", line) {
        Ok(Outcome::Added { text, .. }) => Some(text),
        _ => None,
    }
}

fn unquoted(scalar: &str) -> &str {
    scalar.trim_matches(['"', '\''])
}

/// Whether a record and an edit are the same, apart from line endings.
pub(super) fn is_recorded_as(known: &Fragment, edit: &Edit) -> bool {
    let lines = |text: &str| text.replace("\r\n", "\n");
    known.pointer == edit.address
        && lines(&known.before) == lines(&edit.before)
        && lines(&known.after) == lines(&edit.after)
}

/// Replaces a fragment in its place, if the user has not edited it.
///
/// # Errors
///
/// [`UndoError::Modified`] or [`UndoError::Missing`].
pub(super) fn revise_in(
    text: &str,
    known: &Fragment,
    content: &Content,
) -> Result<(String, Edit), UndoError> {
    let edit = known.edit();
    match content {
        Content::Variable(line) => match &known.fingerprint {
            Some(known) => dotenv::revise_where(
                text,
                &edit.address,
                known.length,
                |found| known.is(found),
                line,
            ),
            None => dotenv::revise(text, &edit, line),
        },
        Content::ComposeEntry { value, .. } => revise_compose(text, &edit, value),
        Content::Environment { value, .. } => revise_compose(text, &edit, &Value::string(value)),
        Content::Image(image) => {
            let back = format::undo(text, known)?;
            replace_image(&back, &known.pointer, image).ok_or(UndoError::Modified)
        }
        Content::DependsOn { .. }
        | Content::Ignored
        | Content::Existing
        | Content::Crate { .. } => Err(UndoError::Modified),
    }
}

fn revise_compose(text: &str, edit: &Edit, value: &Value) -> Result<(String, Edit), UndoError> {
    let mut compose = Compose::parse(text).map_err(|_| UndoError::Modified)?;
    let edit = compose.revise(edit, value)?;
    Ok((compose.text().to_owned(), edit))
}

fn replace_image(text: &str, pointer: &str, image: &str) -> Option<(String, Edit)> {
    let mut compose = Compose::parse(text).ok()?;
    match compose.replace_scalar(pointer, image).ok()? {
        Outcome::Added { text, mut edits } => Some((text, edits.pop()?)),
        Outcome::AlreadyPresent => None,
    }
}

/// Puts a fragment back that lies inside of one that was revised: the image of a service that
/// another component chose. None where the service has that image now.
pub(super) fn put_back(text: &str, part: &Fragment) -> Option<(String, Edit)> {
    replace_image(text, &part.pointer, unquoted(&part.after))
}

/// The record that the fragment would have with new content, in the layout of its present record.
pub(super) fn rendered_like(known: &Fragment, content: &Content) -> Option<Edit> {
    let edit = known.edit();
    let after = match content {
        Content::Variable(line) => block_of(line)?,
        Content::ComposeEntry { value, .. } => {
            let core = edit.after.trim_start_matches(['\r', '\n']);
            let section = edit.address.split('/').nth(1)?;
            let text = format!("{section}:\n{core}");
            let alone = Edit {
                after: core.to_owned(),
                ..edit.clone()
            };
            let revised = revise_compose(&text, &alone, value).ok()?.1;
            let gap = &edit.after[..edit.after.len() - core.len()];
            format!("{gap}{}", revised.after)
        }
        Content::Environment { key, value, .. } => {
            let start = edit.after.find(key.as_str())? + key.len();
            let separator = start + edit.after[start..].find([':', '='])? + 1;
            let old = &edit.after[separator..];
            let space = old.len() - old.trim_start().len();
            let end = old.len() - old.trim_end().len();
            let (space, end) = (&old[..space], &old[old.len() - end..]);
            format!("{}{space}{value}{end}", &edit.after[..separator])
        }
        Content::Image(image) => image.clone(),
        Content::DependsOn { .. }
        | Content::Ignored
        | Content::Existing
        | Content::Crate { .. } => return None,
    };
    Some(Edit { after, ..edit })
}

/// What changes in a fragment, for the summary: `service redis: image, healthcheck`.
pub(super) fn change(known: &Fragment, wanted: &Wanted) -> String {
    let label = &wanted.label;
    let Content::ComposeEntry { value, .. } = &wanted.content else {
        return format!("{label} changed");
    };
    let recorded = recorded_value(known);
    let keys = changed_keys(recorded.as_ref(), value);
    match keys.is_empty() {
        true => format!("{label} changed"),
        false => format!("{label}: {}", keys.join(", ")),
    }
}

/// The value of an entry of a mapping, or the item of a list, as it was recorded.
pub(super) fn recorded_value(known: &Fragment) -> Option<Value> {
    let text = known.after.trim_start_matches(['\r', '\n']);
    let text = text.strip_prefix(',').map_or(text, str::trim_start);
    let text = text.trim_end().trim_end_matches(',');
    match compose::parse_value(text).ok()? {
        Value::Map(entries) => entries.into_iter().next().map(|(_, value)| value),
        Value::List { items, .. } => items.into_iter().next(),
        value => Some(value),
    }
}

/// Whether two values are the same data, whatever their quotes and brackets are.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List { items: a, .. }, Value::List { items: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let is_entry = |(key, value): &(String, Value)| {
                let mut others = b.iter();
                others.any(|(other, found)| key == other && is_same(value, found))
            };
            a.len() == b.len() && a.iter().all(is_entry)
        }
        _ => false,
    }
}

fn changed_keys(old: Option<&Value>, new: &Value) -> Vec<String> {
    let (Some(Value::Map(old)), Value::Map(new)) = (old, new) else {
        return Vec::new();
    };
    let has = |entries: &[(String, Value)], (key, value): &(String, Value)| {
        let mut entries = entries.iter();
        entries.any(|(known, found)| known == key && is_same(found, value))
    };
    let added = new.iter().filter(|entry| !has(old, entry));
    let dropped = old.iter().filter(|entry| !has(new, entry));
    let mut keys: Vec<String> = Vec::new();
    for (key, _) in added.chain(dropped) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

/// The version requirement of a crate as it was recorded; none for an extended feature list.
pub(super) fn recorded_requirement(known: &Fragment) -> Option<String> {
    requirement(&known.after)
}

fn requirement(entry: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(entry.trim()).ok()?;
    let (_, value) = table.into_iter().next()?;
    let version = value.get("version").unwrap_or(&value);
    version.as_str().map(str::to_owned)
}

/// What changes in an entry of `Cargo.toml`: its version, or its features.
pub(super) fn crate_change(known: &Fragment, edit: &Edit, name: &str) -> String {
    match (recorded_requirement(known), requirement(&edit.after)) {
        (Some(old), Some(new)) if old != new => format!("{name} {old} to {new}"),
        _ => format!("features of {name}"),
    }
}
