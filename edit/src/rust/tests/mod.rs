//! One test a habit of real Rust files.

mod actix;
mod declaring;
mod finding;
mod routes;
mod wiring;

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::super::{Edit, EditError, Outcome, UndoError};
use super::*;

fn find_serves(text: &str) -> Result<Vec<ServeCall>, EditError> {
    ServerKind::Axum.find(text)
}

fn diff(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new)
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| {
            let line = change.value().replace('\r', "\\r").replace('\t', "\\t");
            format!("{}{}\n", change.tag(), line.trim_end_matches('\n'))
        })
        .collect()
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
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let complained = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("style {style}: {said}{complained}\n{text}"));
        }
    }
    Ok(())
}
