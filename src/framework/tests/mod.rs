//! How the servers of the frameworks are found and wired: one test a habit of real Rust files.

mod actix_closure;
mod actix_finding;
mod actix_wiring;
mod axum_ending;
mod axum_finding;
mod axum_router;
mod axum_wiring;
mod routes;

use std::io::Write as _;
use std::process::{Command, Stdio};

use similar::{ChangeTag, TextDiff};

use crate::edit::rust::*;
use crate::edit::{Edit, EditError, Outcome, UndoError};

/// The server of a framework.
fn server(framework: &str) -> &'static ServerSyntax {
    super::find(framework).unwrap().server.unwrap()
}

/// The lines that differ, with their line ends shown where they are those of Windows.
fn diff(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal)
        .map(|change| {
            let line = change.value().replace('\r', "\\r").replace('\t', "\\t");
            format!("{}{}\n", change.tag(), line.trim_end_matches('\n'))
        })
        .collect()
}

/// Checks that a wired text is laid out as before, or that the user is told to run `cargo fmt`.
#[track_caller]
fn assert_layout_kept(old: &str, new: &str) {
    if !may_need_rustfmt(old, new) {
        is_formatted(new, false).unwrap();
    }
}

/// Undoes the edits, the last one first.
fn undone(text: &str, edits: &[Edit]) -> Result<String, UndoError> {
    let mut edits = edits.iter().rev();
    edits.try_fold(text.to_owned(), |text, edit| undo(&text, edit))
}

/// Whether rustfmt leaves a text alone, in both style editions that projects use.
#[expect(clippy::disallowed_methods, reason = "rustfmt is the judge")]
fn is_formatted(text: &str, hard_tabs: bool) -> Result<(), String> {
    for style in ["2021", "2024"] {
        let mut rustfmt = Command::new("rustfmt")
            .args(["--check", "--edition", "2024", "--style-edition", style])
            .args([
                "--config",
                &format!("hard_tabs={hard_tabs},newline_style=Auto"),
            ])
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        rustfmt
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = rustfmt.wait_with_output().unwrap();
        if !output.status.success() || !output.stdout.is_empty() {
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("style {style}: {shown}{errors}\n{text}"));
        }
    }
    Ok(())
}
