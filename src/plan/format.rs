//! The format of a shared file, and what its editor says of a fragment.

pub(super) use infra_edit::Format;
use infra_edit::{EditError, UndoError, dotenv};

use crate::{facts::Tree, lock::Fragment, path::ProjectPath};

/// The format of a file, by its name.
pub(super) fn format_of(file: &ProjectPath) -> Format {
    let name = file.name();
    if name == "Cargo.toml" {
        Format::CargoToml
    } else if name == ".gitignore" {
        Format::Gitignore
    } else if name.ends_with(".rs") {
        Format::Rust
    } else if name.ends_with(".yml") || name.ends_with(".yaml") {
        Format::Compose
    } else {
        Format::Dotenv
    }
}

/// What a fragment is called in a summary: `service redis`, `REDIS_URL of `app``, `serde`.
pub(super) fn label_of(fragment: &Fragment) -> String {
    let parts: Vec<String> = fragment
        .pointer
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["", "services", name] => format!("service {name}"),
        ["", "volumes", name] => format!("volume {name}"),
        ["", "services", app, "environment", key] => format!("{key} of `{app}`"),
        ["", "services", app, "depends_on", name] => format!("`{app}` waits for `{name}`"),
        ["", "services", name, "image"] => format!("image of `{name}`"),
        [_, name] => (*name).to_owned(),
        _ => fragment.pointer.clone(),
    }
}

/// An error of an editor with its file: `compose.yaml:7: ..`.
pub(super) fn located(file: &ProjectPath, error: &EditError) -> String {
    let text = error.to_string();
    match error.line() {
        Some(line) => {
            let start = format!("line {line}: ");
            format!(
                "{file}:{line}: {}",
                text.strip_prefix(&start).unwrap_or(&text)
            )
        }
        None => format!("{file}: {text}"),
    }
}

/// Takes a fragment out of a text.
pub(super) fn undo(text: &str, fragment: &Fragment) -> Result<String, UndoError> {
    let edit = fragment.edit();
    match &fragment.fingerprint {
        Some(known) => {
            dotenv::undo_where(text, &edit.address, known.length, |found| known.is(found))
        }
        None => format_of(&fragment.file).undo(text, &edit),
    }
}

/// Whether a fragment that the tool added is unchanged.
pub(super) fn state(text: &str, fragment: &Fragment) -> Result<(), UndoError> {
    let edit = fragment.edit();
    match &fragment.fingerprint {
        Some(known) => {
            dotenv::state_where(text, &edit.address, known.length, |found| known.is(found))
        }
        None => format_of(&fragment.file).state(text, &edit),
    }
}

/// Whether a file can be read by its editor; one that does not exist can.
///
/// # Errors
///
/// [`EditError::Unreadable`].
pub(super) fn check(tree: &Tree, file: &ProjectPath) -> Result<(), EditError> {
    match tree.get(file) {
        Some(text) => format_of(file).check(text),
        None => Ok(()),
    }
}
