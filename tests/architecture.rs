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

/// Components are data: the code of the tool contains no component id. An id may be any word, so that a literal
/// alone says nothing; where it stands does. It must not be
///
/// 1. an operand of `==` or `!=`,
/// 2. a pattern: before `=>`, or beside a single `|`,
/// 3. the first argument of a method of something that holds components: `catalog.get("redis")`.
#[test]
fn no_component_is_named_in_the_code() {
    let catalog = infra::catalog::Catalog::embedded();
    let ids: Vec<&str> = catalog.ids().collect();
    assert!(!ids.is_empty());
    for (path, code) in sources() {
        let named = named_components(code.parse().unwrap(), &ids);
        assert!(named.is_empty(), "src/{path} names the component {named:?}");
    }
}

#[test]
fn a_component_is_named_by_position_and_not_by_word() {
    let named = |code: &str| named_components(code.parse().unwrap(), &["redis", "files"]);
    for code in [
        r#"if id == "redis" { }"#,
        r#"if "redis" != component.id { }"#,
        r#"if *id == *"redis" { }"#,
        r#"match id { "redis" => 1, _ => 2 }"#,
        r#"match id { "a" | "redis" => 1, _ => 2 }"#,
        r#"matches!(id, "redis" | "a")"#,
        r#"catalog.get("redis")?"#,
        r#"self.catalog.get("redis")"#,
        r#"package.component("redis")"#,
        r#"installed.contains_key("redis")"#,
        r#"fn a() { if b { let x = context.catalog().get("redis"); } }"#,
    ] {
        assert_eq!(named(code), ["redis"], "{code}");
    }
    for code in [
        r#"json!({ "files": files, "other": 1 })"#,
        r#"const WORDS: [&str; 2] = ["files", "deploy"];"#,
        r#"let name = "files";"#,
        r#"row("files", count)"#,
        r#"table.get("files")"#,
        r#"if id == "postgresql" { }"#,
        r#"let both = first || word("files");"#,
    ] {
        assert!(named(code).is_empty(), "{code}");
    }
}

/// What holds components, by a part of its name.
const HOLDERS: [&str; 6] = [
    "catalog",
    "component",
    "installed",
    "package",
    "lock",
    "ids",
];

/// The ids that stand where one is compared or looked up.
fn named_components(tokens: TokenStream, ids: &[&str]) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let (before, after) = (&tokens[..index], &tokens[index + 1..]);
        match token {
            TokenTree::Literal(literal) => {
                let is_named = is_compared(before, after) || is_pattern(before, after);
                found.extend(id_of(literal, ids).filter(|_| is_named));
            }
            TokenTree::Group(group) => {
                if let (Some(TokenTree::Literal(first)), true) =
                    (group.stream().into_iter().next(), is_lookup(before))
                {
                    found.extend(id_of(&first, ids));
                }
                found.extend(named_components(group.stream(), ids));
            }
            _ => {}
        }
    }
    found
}

fn id_of(literal: &proc_macro2::Literal, ids: &[&str]) -> Option<String> {
    let text = literal.to_string();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    ids.contains(&text).then(|| text.to_owned())
}

/// The punctuation next to a literal, without `&` and `*` of a reference: `==`, `=>`, `|`.
fn marks<'a>(tokens: impl Iterator<Item = &'a TokenTree>) -> String {
    let marks = tokens.map_while(|token| match token {
        TokenTree::Punct(mark) => Some(mark.as_char()),
        _ => None,
    });
    let marks: String = marks.filter(|mark| !matches!(mark, '&' | '*')).collect();
    marks
}

fn is_compared(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let (before, after) = (marks(before.iter().rev()), marks(after.iter()));
    let comparisons = ["==", "=!", "!="];
    comparisons.contains(&before.as_str()) || comparisons.contains(&after.as_str())
}

fn is_pattern(before: &[TokenTree], after: &[TokenTree]) -> bool {
    marks(after.iter()) == "=>" || marks(after.iter()) == "|" || marks(before.iter().rev()) == "|"
}

/// Whether the tokens before the parentheses are a method of what holds components.
fn is_lookup(before: &[TokenTree]) -> bool {
    let mut receiver = before.iter().rev();
    let is_method = matches!(receiver.next(), Some(TokenTree::Ident(_)))
        && matches!(receiver.next(), Some(TokenTree::Punct(dot)) if dot.as_char() == '.');
    let holder = receiver.find_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string().to_lowercase()),
        _ => None,
    });
    is_method && holder.is_some_and(|name| HOLDERS.iter().any(|part| name.contains(part)))
}
