//! What the README shows is what happens.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{env, fs, path::Path, process::Command};

use common::{World, copy, diff};
use infra::plan::FileRole;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn block(name: &str) -> String {
    let start = format!("```sh {name}\n");
    let readme = readme();
    let (_, rest) = readme.split_once(&start).unwrap();
    rest.split_once("```").unwrap().0.trim().to_owned()
}

/// `infra add redis` in a fixture, and what `git diff` shows of the user's own files.
fn transcript() -> String {
    let folder = copy("lib_and_main");
    fs::remove_file(folder.path().join(".env")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(["add", "redis"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut text = String::from("```console\n$ infra add redis\n");
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    text.push_str("\n$ git diff\n");
    let world = World::new("lib_and_main");
    let plan = world.plan_add(&["redis"], &[]).unwrap();
    for change in plan
        .changes
        .iter()
        .filter(|change| change.role == FileRole::Shared)
    {
        text.push_str(&diff(change));
    }
    text.push_str("```\n");
    text
}

/// `UPDATE_README=1 cargo test --test readme` writes it anew.
#[test]
fn the_transcript_is_what_the_tool_does() {
    let (begin, end) = ("<!-- transcript: begin -->\n", "<!-- transcript: end -->");
    let readme = readme();
    let (before, rest) = readme.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    let real = transcript();
    if env::var_os("UPDATE_README").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        fs::write(path, format!("{before}{begin}{real}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, real, "UPDATE_README=1 cargo test --test readme");
    }
}

#[test]
fn ci_runs_the_test_command_that_the_readme_shows() {
    let run = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    assert!(run.lines().any(|line| line == block("test")), "{run}");
}

/// The other command is run by `scripts/test`, as printed and in a fresh clone.
#[test]
fn the_first_command_is_one_that_scripts_test_runs() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/test");
    let script = fs::read_to_string(script).unwrap();
    assert!(script.contains("```sh run") && !block("run").is_empty());
}

#[test]
fn every_component_has_a_row() {
    let readme = readme();
    for id in infra::catalog::Catalog::embedded().ids() {
        let row = format!("| {id} |");
        assert!(readme.contains(&row), "the README has no row for `{id}`");
    }
}

/// What `cargo package` would ship holds every template.
#[test]
fn the_package_holds_every_template() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed: Vec<&str> = listed.lines().collect();
    for folder in ["templates", "base"] {
        for path in common::files(&root.join(folder)).into_keys() {
            let path = format!("{folder}/{path}");
            assert!(
                listed.contains(&path.as_str()),
                "{path} is not in the package"
            );
        }
    }
}
