//! Rust files, judged by rustfmt, by the parser and by the lines that differ.

use std::io::Write as _;
use std::process::{Command, Stdio};

use infra::edit::Outcome;
use infra::edit::rust::{
    Failure, Server, Wiring, declare_module, is_declared, is_wired, undo, wire,
};
use similar::{ChangeTag, TextDiff};

use super::{hostile, round_trip};

/// Whether rustfmt would leave a text as it is.
fn is_formatted(text: &str) -> bool {
    let mut rustfmt = Command::new("rustfmt")
        .args([
            "--check",
            "--edition",
            "2024",
            "--config",
            "newline_style=Auto",
        ])
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = rustfmt.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    rustfmt.wait().unwrap().success()
}

/// The lines that are only in one of two texts, removed ones first, without blank ones.
fn changes(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let diff = TextDiff::from_lines(old, new);
    let lines = |tag| {
        diff.iter_all_changes()
            .filter(|change| change.tag() == tag)
            .map(|change| change.value().trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    (lines(ChangeTag::Delete), lines(ChangeTag::Insert))
}

fn judge(old: &str, new: &str, removed: &[&str], added: &[&str]) -> Result<(), String> {
    // The parser of the judge gets the text as it is on disk.
    syn::parse_file(new).map_err(|error| error.to_string())?;
    let (gone, came) = changes(old, new);
    if gone != removed || came != added {
        return Err(format!("the lines differ: {gone:?} {came:?}"));
    }
    if old.contains("\r\n") && new.replace("\r\n", "").contains('\n') {
        return Err("the line ends are mixed".to_owned());
    }
    if is_formatted(old) && !is_formatted(new) {
        return Err("rustfmt would change it".to_owned());
    }
    Ok(())
}

#[test]
fn hostile_rust_files_get_a_module_and_are_restored_or_refused() {
    for (file, text) in hostile("rust") {
        let verdict = round_trip(
            &text,
            |text| {
                if is_declared(text, "infra").is_some() {
                    return Ok(Outcome::Found);
                }
                declare_module(text, "infra", false, None)
            },
            undo,
            |new| {
                // A last line without an end gets one, which counts as a change of that line.
                let last = [text.lines().last().unwrap_or_default()];
                let ended = judge(&text, new, &[], &["mod infra;"]);
                ended.or_else(|_| judge(&text, new, &last, &[last[0], "mod infra;"]))
            },
        );
        let expected = match &*file {
            "18_frontmatter.rs" => "refused: line 2: not Rust that can be read",
            "29_syntax_error.rs" => "refused: line 2: not Rust that can be read",
            _ => "edited",
        };
        assert!(verdict.starts_with(expected), "{file}: {verdict}");
    }
}

#[test]
fn hostile_rust_files_are_wired_and_restored_or_refused() {
    let wiring = Wiring {
        module: "infra".to_owned(),
        failure: Failure::Expect,
    };
    for (file, text) in hostile("rust") {
        let serves = Server::Axum.find(&text);
        let expected = match &*file {
            "18_frontmatter.rs" | "29_syntax_error.rs" => {
                assert!(serves.is_err(), "{file}");
                continue;
            }
            "01_base.rs" | "02_crlf.rs" | "03_bom.rs" | "04_shebang.rs" | "05_unicode.rs" => 1,
            _ => 0,
        };
        let serves = serves.unwrap();
        assert_eq!(serves.len(), expected, "{file}");
        for serve in &serves {
            let verdict = round_trip(
                &text,
                |text| {
                    if is_wired(text) {
                        return Ok(Outcome::Found);
                    }
                    wire(text, serve, &wiring)
                },
                undo,
                |new| {
                    let added = [
                        "let infra = infra::Infra::start()",
                        ".await",
                        ".expect(\"the infrastructure starts\");",
                        "let app = infra.wire(app);",
                        "axum::serve(l, app)",
                        ".with_graceful_shutdown(infra::shutdown_signal())",
                        ".await",
                        ".unwrap();",
                        "infra.shutdown().await;",
                    ];
                    judge(&text, new, &["axum::serve(l, app).await.unwrap();"], &added)
                },
            );
            assert_eq!(verdict, "edited", "{file}");
        }
    }
}
