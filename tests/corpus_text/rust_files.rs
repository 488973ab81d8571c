//! Rust files, judged by rustfmt, by the parser and by the lines that differ.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use infra::framework;
use infra_edit::Outcome;
use infra_edit::rust::{
    ErrorHandling, Wiring, declare_module, is_declared, is_wired, serve_calls, undo, wire,
};
use proc_macro2::{TokenStream, TokenTree};
use similar::{ChangeTag, TextDiff};
use walkdir::WalkDir;

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

/// Declares a module and takes it back.
fn declared(text: &str, module: &str) -> String {
    let line = format!("mod {module};");
    round_trip(
        text,
        |text| {
            if is_declared(text, module).is_some() {
                return Ok(Outcome::AlreadyPresent);
            }
            declare_module(text, module, false)
        },
        undo,
        |new| {
            // A last line without an end gets one, which counts as a change of that line.
            let last = [text.lines().last().unwrap_or_default().trim()];
            let ended = judge(text, new, &[], &[&line]);
            ended.or_else(|_| judge(text, new, &last, &[last[0], &line]))
        },
    )
}

/// How often a text has each of its tokens.
fn tokens(text: &str) -> BTreeMap<String, usize> {
    fn count(stream: TokenStream, counts: &mut BTreeMap<String, usize>) {
        for token in stream {
            match token {
                TokenTree::Group(group) => count(group.stream(), counts),
                token => *counts.entry(token.to_string()).or_default() += 1,
            }
        }
    }
    let mut counts = BTreeMap::new();
    count(text.parse().unwrap(), &mut counts);
    counts
}

/// Whether a wired text holds all that it held, is Rust, and is laid out as before.
fn judge_wiring(old: &str, new: &str) -> Result<(), String> {
    let (before, after) = (tokens(old), tokens(new));
    let lost = before
        .iter()
        .find(|(token, count)| after.get(*token) < Some(count));
    if let Some((token, _)) = lost {
        return Err(format!("`{token}` is lost"));
    }
    let (gone, came) = changes(old, new);
    let came: Vec<&str> = came.iter().map(String::as_str).collect();
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    judge(old, new, &gone, &came)
}

#[test]
#[ignore = "needs a folder of real files in INFRA_CORPUS"]
fn real_files_rust() {
    let root = std::env::var_os("INFRA_CORPUS").expect("INFRA_CORPUS names a folder of files");
    let (mut edited, mut found, mut refused, mut wired, mut by_hand) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    let folders = ["rust", "adversarial/rust"].map(|folder| Path::new(&root).join(folder));
    let walk = folders
        .iter()
        .flat_map(|folder| WalkDir::new(folder).sort_by_file_name());
    for entry in walk.filter_map(Result::ok) {
        let file = entry.path().display();
        let is_rust =
            entry.file_type().is_file() && entry.path().extension() == Some("rs".as_ref());
        let Some(text) = is_rust
            .then(|| fs::read_to_string(entry.path()).ok())
            .flatten()
        else {
            continue;
        };
        match &*declared(&text, "zz_infra") {
            "edited" => edited += 1,
            "found" => found += 1,
            verdict if verdict.starts_with("refused") => refused += 1,
            verdict => wrong.push(format!("{file}: {verdict}")),
        }
        let wiring = Wiring {
            module: "zz_infra".to_owned(),
            failure: ErrorHandling::Expect,
        };
        for server in framework::all().iter().filter_map(|known| known.server) {
            for serve in serve_calls(server, &text).unwrap_or_default() {
                let ensure = |text: &str| match is_wired(text) {
                    true => Ok(Outcome::AlreadyPresent),
                    false => wire(text, &serve, &wiring),
                };
                match &*round_trip(&text, ensure, undo, |new| judge_wiring(&text, new)) {
                    "edited" => wired += 1,
                    "found" => {}
                    verdict if verdict.starts_with("refused") => by_hand += 1,
                    verdict => wrong.push(format!("{file}: {verdict}")),
                }
            }
        }
    }
    assert!(
        edited + found + refused > 0,
        "no Rust files in the folders `rust` and `adversarial/rust` of INFRA_CORPUS"
    );
    println!(
        "Rust files: {edited} declared a module and were restored, {found} had it, {refused} refused; \
         {wired} servers wired and restored, {by_hand} not certain; {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hostile_rust_files_get_a_module_and_are_restored_or_refused() {
    for (file, text) in hostile("rust") {
        let verdict = declared(&text, "infra");
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
        failure: ErrorHandling::Expect,
    };
    for (file, text) in hostile("rust") {
        let serves = serve_calls(framework::usual().server.unwrap(), &text);
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
                        return Ok(Outcome::AlreadyPresent);
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
