//! The format of a shared file, and what its editor says of a fragment.

use infra_edit::{EditError, UndoError, cargo_toml, compose, dotenv, line_end, rust};

use crate::{facts::Tree, lock::Fragment, path::ProjectPath};

/// The formats of shared files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    CargoToml,
    Rust,
    Compose,
    Dotenv,
}

impl Format {
    /// The format of a file, by its name.
    pub(super) fn of(file: &ProjectPath) -> Self {
        let name = file.name();
        if name == "Cargo.toml" {
            Self::CargoToml
        } else if name.ends_with(".rs") {
            Self::Rust
        } else if name.ends_with(".yml") || name.ends_with(".yaml") {
            Self::Compose
        } else {
            Self::Dotenv
        }
    }
}

/// An error of an editor with its file: `compose.yaml:7: ..`.
pub(super) fn located(file: &ProjectPath, error: &EditError) -> String {
    let text = error.to_string();
    match text.strip_prefix("line ") {
        Some(rest) => format!("{file}:{rest}"),
        None => format!("{file}: {text}"),
    }
}

/// Whether a fragment was recorded with other line endings than its file has now, as version
/// control may have changed them.
fn has_other_line_ends(text: &str, fragment: &Fragment) -> bool {
    fragment.after.contains('\n') && line_end(&fragment.after) != line_end(text)
}

/// The fragment with the line endings of a text.
pub(super) fn in_line_ends_of(text: &str, fragment: &Fragment) -> Fragment {
    if !has_other_line_ends(text, fragment) {
        return fragment.clone();
    }
    let convert = |part: &str| part.replace("\r\n", "\n").replace('\n', line_end(text));
    Fragment {
        before: convert(&fragment.before),
        after: convert(&fragment.after),
        ..fragment.clone()
    }
}

/// Runs an editor with the fragment in the line endings of the text, else as it was recorded.
fn in_either<T>(
    text: &str,
    fragment: &Fragment,
    run: impl Fn(&Fragment) -> Result<T, UndoError>,
) -> Result<T, UndoError> {
    if has_other_line_ends(text, fragment)
        && let Ok(done) = run(&in_line_ends_of(text, fragment))
    {
        return Ok(done);
    }
    run(fragment)
}

/// Takes a fragment out of a text.
pub(super) fn undo(text: &str, fragment: &Fragment) -> Result<String, UndoError> {
    in_either(text, fragment, |fragment| {
        let edit = fragment.edit();
        match (Format::of(&fragment.file), &fragment.fingerprint) {
            (_, Some(known)) => {
                dotenv::undo_where(text, &edit.address, known.length, |found| known.is(found))
            }
            (Format::CargoToml, _) => cargo_toml::undo(text, &edit),
            (Format::Rust, _) => rust::undo(text, &edit),
            (Format::Compose, _) => compose::undo(text, &edit),
            (Format::Dotenv, _) => dotenv::undo(text, &edit),
        }
    })
}

/// Whether a fragment of ours is still as it was added.
pub(super) fn state(text: &str, fragment: &Fragment) -> Result<(), UndoError> {
    in_either(text, fragment, |fragment| {
        let edit = fragment.edit();
        match (Format::of(&fragment.file), &fragment.fingerprint) {
            (_, Some(known)) => {
                dotenv::state_where(text, &edit.address, known.length, |found| known.is(found))
            }
            (Format::CargoToml, _) => cargo_toml::state(text, &edit),
            (Format::Rust, _) => rust::state(text, &edit),
            (Format::Compose, _) => compose::state(text, &edit).map_or(Ok(()), Err),
            (Format::Dotenv, _) => dotenv::state(text, &edit),
        }
    })
}

/// Whether a file can be read by its editor; one that does not exist can.
///
/// # Errors
///
/// [`EditError::Unreadable`].
pub(super) fn check(tree: &Tree, file: &ProjectPath) -> Result<(), EditError> {
    let Some(text) = tree.get(file) else {
        return Ok(());
    };
    match Format::of(file) {
        Format::CargoToml => cargo_toml::read(text).map(drop),
        Format::Rust => rust::modules(text).map(drop),
        Format::Compose => compose::read(text).map(drop),
        Format::Dotenv => Ok(()),
    }
}
