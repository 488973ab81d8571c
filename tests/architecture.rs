//! The fences between the rooms, where neither the compiler nor clippy keeps them.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

use std::{fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};
use walkdir::WalkDir;

/// The sources by path from `src/`, without their tests.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    WalkDir::new(&src)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
        .map(|entry| {
            let path = entry.path().strip_prefix(&src).unwrap();
            let path = path.to_str().unwrap().replace('\\', "/");
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .filter(|(path, _)| !path.contains("tests"))
        .map(|(path, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap_or("").to_owned();
            (path, code)
        })
        .collect()
}

fn in_room(path: &str, room: &str) -> bool {
    path == format!("{room}.rs") || path.starts_with(&format!("{room}/"))
}

/// Fails for every source of these rooms that names one of these things.
fn forbid(rooms: &[&str], things: &[&str]) {
    for (path, code) in sources() {
        let guarded = rooms.iter().any(|room| in_room(&path, room));
        for (index, line) in code.lines().enumerate().filter(|_| guarded) {
            let is_comment = line.trim_start().starts_with("//");
            let named = things
                .iter()
                .find(|thing| !is_comment && line.contains(**thing));
            assert_eq!(named, None, "src/{path}:{}", index + 1);
        }
    }
}

const PURE: [&str; 9] = [
    "catalog",
    "facts",
    "framework",
    "lock",
    "path",
    "plan",
    "render",
    "resolve",
    "versions",
];

#[test]
fn pure_rooms_have_no_effects() {
    forbid(
        &PURE,
        &[
            "std::fs",
            "fs::",
            "std::process",
            "std::net",
            "std::env",
            "env::var",
            "io::stdout",
            "io::stderr",
            "println!",
            "eprintln!",
            "crate::ui",
            "crate::apply",
            "crate::project",
            "crate::disk",
            "crate::commands",
            "SystemTime",
            "Instant",
        ],
    );
}

#[test]
fn writing_knows_no_component() {
    forbid(
        &["apply"],
        &[
            "catalog",
            "crate::plan",
            "render",
            "crate::resolve",
            "Component",
            "crate::ui",
        ],
    );
}

#[test]
fn the_command_line_is_read_in_one_room_and_one_room_prints() {
    for (path, code) in sources() {
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        assert!(
            in_room(&path, "cli") || !code.contains("clap::"),
            "src/{path} names clap"
        );
        for stream in ["io::stdout", "io::stderr", "dialoguer"] {
            assert!(
                in_room(&path, "ui") || !code.contains(stream),
                "src/{path} names {stream}"
            );
        }
    }
}

/// Components are data: the tool's code names none of them.
#[test]
fn no_component_is_named_in_the_code() {
    let catalog = infra::catalog::Catalog::embedded();
    let ids: Vec<&str> = catalog.ids().collect();
    assert!(!ids.is_empty());
    for (path, code) in sources() {
        let mut found = Vec::new();
        literals(code.parse().unwrap(), &mut found);
        for literal in found {
            let text = literal.trim_matches('"');
            assert!(
                !ids.contains(&text),
                "src/{path} names the component `{text}`"
            );
        }
    }
}

fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Group(group) => literals(group.stream(), found),
            _ => {}
        }
    }
}
