//! The editors of `Cargo.toml`, env and Rust files on files that are hard to edit.
//!
//! Every file is edited, judged by a parser that the editors do not use, edited a second time and
//! restored to the byte; or it is refused. Which of both is written down here, file by file.
//! `INFRA_CORPUS=<folder> cargo test --test corpus_text -- --ignored --nocapture` does the same
//! with a folder of real files (`cargo/*`, `env/*`, `rust/**`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at the first thing that is not there, and asks rustfmt and the environment"
)]

#[path = "corpus_text/env_files.rs"]
mod env_files;
#[path = "corpus_text/manifests.rs"]
mod manifests;
#[path = "corpus_text/rust_files.rs"]
mod rust_files;

use std::path::{Path, PathBuf};

use infra_edit::{Edit, EditError, Outcome, UndoError};

/// The files of a folder, sorted by name.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no files in {}", folder.display());
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn hostile(folder: &str) -> Vec<(String, String)> {
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/corpus")
            .join(folder),
    )
}

fn real(folder: &str) -> Vec<(String, String)> {
    let root = std::env::var_os("INFRA_CORPUS").expect("INFRA_CORPUS names a folder of files");
    files(&Path::new(&root).join(folder))
}

/// Edits a text, edits it again and takes the edits back; says what came of it.
fn round_trip(
    text: &str,
    ensure: impl Fn(&str) -> Result<Outcome, EditError>,
    undo: impl Fn(&str, &Edit) -> Result<String, UndoError>,
    judge: impl Fn(&str) -> Result<(), String>,
) -> String {
    let (new, edits) = match ensure(text) {
        Ok(Outcome::Added { text, edits }) => (text, edits),
        Ok(Outcome::AlreadyPresent) => return "found".to_owned(),
        Err(refusal) => return format!("refused: {refusal}"),
    };
    if let Err(reason) = judge(&new) {
        return format!("WRONG: {reason}\n{new}");
    }
    if ensure(&new) != Ok(Outcome::AlreadyPresent) {
        return format!("WRONG: not found by a second run\n{new}");
    }
    let mut back = new;
    for edit in edits.iter().rev() {
        match undo(&back, edit) {
            Ok(text) => back = text,
            Err(kept) => return format!("WRONG: {kept:?} when undone\n{back}"),
        }
    }
    if back == text {
        "edited".to_owned()
    } else {
        format!("WRONG: not restored\n{back}")
    }
}
