//! The files that are shared with the user, each by the editor of its format.

use crate::{
    edit::{Kept, Refusal, cargo_toml, compose, dotenv, rust},
    facts::Tree,
    lock::Fragment,
    path::ProjectPath,
};

/// A refusal with its file: `compose.yaml:7: ..`.
pub(super) fn located(file: &ProjectPath, refusal: &Refusal) -> String {
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

/// Takes a fragment back.
pub(super) fn undo(text: &str, fragment: &Fragment) -> Result<String, Kept> {
    let edit = fragment.edit();
    match (editor(&fragment.file), &fragment.sealed) {
        (_, Some(sealed)) => dotenv::undo_where(text, &edit.address, sealed.length, |candidate| {
            sealed.is(candidate)
        }),
        (Editor::Cargo, _) => cargo_toml::undo(text, &edit),
        (Editor::Rust, _) => rust::undo(text, &edit),
        (Editor::Compose, _) => compose::undo(text, &edit),
        (Editor::Env, _) => dotenv::undo(text, &edit),
    }
}

/// Whether a fragment of ours is still as it was added.
pub(super) fn state(text: &str, fragment: &Fragment) -> Result<(), Kept> {
    let edit = fragment.edit();
    match (editor(&fragment.file), &fragment.sealed) {
        (_, Some(sealed)) => dotenv::state_where(text, &edit.address, sealed.length, |candidate| {
            sealed.is(candidate)
        }),
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
/// [`Refusal::Unreadable`].
pub(super) fn check(tree: &Tree, file: &ProjectPath) -> Result<(), Refusal> {
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
