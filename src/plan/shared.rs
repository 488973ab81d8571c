//! The files that are shared with the user, each by the editor of its format.

use crate::{
    edit::{EditError, UndoError, cargo_toml, compose, dotenv, line_end, rust},
    facts::Tree,
    lock::Fragment,
    path::ProjectPath,
};

/// A refusal with its file: `compose.yaml:7: ..`.
pub(super) fn located(file: &ProjectPath, refusal: &EditError) -> String {
    let text = refusal.to_string();
    match text.strip_prefix("line ") {
        Some(rest) => format!("{file}:{rest}"),
        None => format!("{file}: {text}"),
    }
}

/// What edits a shared file.
pub(super) enum Editor {
    Cargo,
    Rust,
    Compose,
    Env,
}

/// The editor of a file, by its name.
pub(super) fn editor(file: &ProjectPath) -> Editor {
    let name = file.name();
    if name == "Cargo.toml" {
        Editor::Cargo
    } else if name.ends_with(".rs") {
        Editor::Rust
    } else if name.ends_with(".yml") || name.ends_with(".yaml") {
        Editor::Compose
    } else {
        Editor::Env
    }
}

/// Whether a fragment was recorded with other line ends than its file has now, as version control
/// may have changed them.
pub(super) fn has_other_ends(text: &str, fragment: &Fragment) -> bool {
    fragment.after.contains('\n') && line_end(&fragment.after) != line_end(text)
}

/// The fragment in the line ends of a text.
fn in_ends_of(text: &str, fragment: &Fragment) -> Fragment {
    let convert = |part: &str| part.replace("\r\n", "\n").replace('\n', line_end(text));
    Fragment {
        before: convert(&fragment.before),
        after: convert(&fragment.after),
        ..fragment.clone()
    }
}

/// Does something with a fragment in the line ends of the text, else as it was recorded.
fn in_either<T>(
    text: &str,
    fragment: &Fragment,
    run: impl Fn(&Fragment) -> Result<T, UndoError>,
) -> Result<T, UndoError> {
    if has_other_ends(text, fragment)
        && let Ok(done) = run(&in_ends_of(text, fragment))
    {
        return Ok(done);
    }
    run(fragment)
}

/// Takes a fragment back.
pub(super) fn undo(text: &str, fragment: &Fragment) -> Result<String, UndoError> {
    in_either(text, fragment, |fragment| undo_exactly(text, fragment))
}

fn undo_exactly(text: &str, fragment: &Fragment) -> Result<String, UndoError> {
    let edit = fragment.edit();
    match (editor(&fragment.file), &fragment.fingerprint) {
        (_, Some(fingerprint)) => {
            dotenv::undo_where(text, &edit.address, fingerprint.length, |candidate| {
                fingerprint.is(candidate)
            })
        }
        (Editor::Cargo, _) => cargo_toml::undo(text, &edit),
        (Editor::Rust, _) => rust::undo(text, &edit),
        (Editor::Compose, _) => compose::undo(text, &edit),
        (Editor::Env, _) => dotenv::undo(text, &edit),
    }
}

/// Whether a fragment of ours is still as it was added.
pub(super) fn state(text: &str, fragment: &Fragment) -> Result<(), UndoError> {
    in_either(text, fragment, |fragment| state_exactly(text, fragment))
}

fn state_exactly(text: &str, fragment: &Fragment) -> Result<(), UndoError> {
    let edit = fragment.edit();
    match (editor(&fragment.file), &fragment.fingerprint) {
        (_, Some(fingerprint)) => {
            dotenv::state_where(text, &edit.address, fingerprint.length, |candidate| {
                fingerprint.is(candidate)
            })
        }
        (Editor::Cargo, _) => cargo_toml::state(text, &edit),
        (Editor::Rust, _) => rust::state(text, &edit),
        (Editor::Compose, _) => compose::state(text, &edit).map_or(Ok(()), Err),
        (Editor::Env, _) => dotenv::state(text, &edit),
    }
}

/// Whether a file can be read by its editor; one that is not there can.
///
/// # Errors
///
/// [`EditError::Unreadable`].
pub(super) fn check(tree: &Tree, file: &ProjectPath) -> Result<(), EditError> {
    let Some(text) = tree.get(file) else {
        return Ok(());
    };
    match editor(file) {
        Editor::Cargo => cargo_toml::read(text).map(drop),
        Editor::Rust => rust::modules(text).map(drop),
        Editor::Compose => compose::read(text).map(drop),
        Editor::Env => Ok(()),
    }
}
