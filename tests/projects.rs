//! The whole program over checked-out projects of others: `scripts/projects` runs this by hand.
//!
//! Each project is copied, something is added to the copy, added again and removed. A table tells how
//! each went; anything that was not added only, no second time without change or not restored is wrong.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the projects are named in the environment, and the table is what is asked for"
)]

mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{additions, files};
use tempfile::TempDir;
use walkdir::WalkDir;

/// A row of the table, and what is wrong with it.
struct Row {
    framework: String,
    shape: String,
    outcome: String,
    check: String,
    wrong: Vec<String>,
}

#[test]
#[ignore = "needs checked-out projects"]
fn real_projects_are_added_to_without_damage() {
    let root = PathBuf::from(env::var("INFRA_PROJECTS").unwrap());
    let components = env::var("INFRA_COMPONENTS").unwrap();
    let components: Vec<&str> = components.split_whitespace().collect();
    let checks = env::var_os("INFRA_CHECK").is_some();
    let arguments = fs::read_to_string(root.join("arguments")).unwrap_or_default();
    let mut names: Vec<String> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no project in {}", root.display());
    println!("| project | framework | shape | outcome | cargo check |\n|---|---|---|---|---|");
    let mut wrong = Vec::new();
    for name in names {
        let own = arguments.lines().find_map(|line| {
            let (project, own) = line.split_once(':')?;
            (project.trim() == name).then_some(own)
        });
        let own: Vec<&str> = own.unwrap_or_default().split_whitespace().collect();
        let row = live(&root.join(&name), &components, &own, checks);
        let Row {
            framework,
            shape,
            outcome,
            check,
            ..
        } = &row;
        println!("| {name} | {framework} | {shape} | {outcome} | {check} |");
        wrong.extend(row.wrong.iter().map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn live(project: &Path, components: &[&str], own: &[&str], checks: bool) -> Row {
    let copy = copied(project);
    let folder = copy.path();
    let before = files(folder);
    let mut row = Row {
        framework: "-".to_owned(),
        shape: shape_of(folder),
        outcome: String::new(),
        check: "-".to_owned(),
        wrong: Vec::new(),
    };
    let passed = checks.then(|| checked(project, own));
    let added = infra(folder, "add", components, own);
    let said = String::from_utf8_lossy(&added.stderr);
    let said = said.replace(folder.to_str().unwrap(), ".");
    let after = files(folder);
    match added.status.code() {
        Some(code @ (0 | 3)) => {
            let lock = common::lock_of(&after);
            for package in &lock.packages {
                let versions = package.components.first().map(|known| &known.versions);
                let version = versions.and_then(|known| known.get(&package.framework));
                let version = version.map(ToString::to_string).unwrap_or_default();
                row.framework = format!("{} {version}", package.framework);
                row.shape = format!("{}, server in `{}`", row.shape, package.folder);
            }
            row.outcome = match code {
                0 => "automatic".to_owned(),
                _ => format!("printed: {}", reason(&said, "To do")),
            };
        }
        Some(2 | 4 | 6) => {
            row.outcome = format!("refused: {}", reason(&said, "error:"));
            if after != before {
                row.wrong.push("was refused and changed".to_owned());
            }
            return row;
        }
        code => row.wrong.push(format!("ended with {code:?}: {said}")),
    }
    row.wrong.extend(additions::unexplained(&before, &after));
    if passed == Some(false) {
        row.check = "fails before".to_owned();
    } else if passed == Some(true) {
        let passes = check(folder, own);
        row.check = if passes { "passes" } else { "FAILS" }.to_owned();
        if !passes {
            row.wrong.push("does not compile any more".to_owned());
        }
        for (path, bytes) in &after {
            fs::write(folder.join(path), bytes).unwrap();
        }
    }
    let again = infra(folder, "add", components, own);
    if again.status.code() != added.status.code() || files(folder) != after {
        row.wrong
            .push("the second add changed something".to_owned());
    }
    let removed = infra(folder, "remove", components, own);
    if !removed.status.success() || files(folder) != before {
        let said = String::from_utf8_lossy(&removed.stderr);
        row.wrong.push(format!("is not restored: {said}"));
    }
    row
}

/// A copy without what was built, in a repository whose index is the project's.
fn copied(project: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let walk = WalkDir::new(project).into_iter().filter_entry(|entry| {
        let name = entry.file_name();
        name != ".git" && name != "target" && name != "node_modules"
    });
    for entry in walk.map(Result::unwrap) {
        let relative = entry.path().strip_prefix(project).unwrap();
        let target = copy.path().join(relative);
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), target).unwrap();
        } else if let Ok(inner) = fs::canonicalize(entry.path())
            && inner.is_file()
        {
            fs::copy(inner, target).unwrap();
        }
    }
    fs::create_dir_all(copy.path().join(".git")).unwrap();
    let index = project.join(".git/index");
    if index.is_file() {
        fs::copy(index, copy.path().join(".git/index")).unwrap();
    }
    // It is there after every command, so that it makes no difference.
    fs::create_dir_all(copy.path().join(".git/infra")).unwrap();
    fs::write(copy.path().join(".git/infra/lock"), "").unwrap();
    copy
}

fn infra(folder: &Path, verb: &str, components: &[&str], own: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_infra"))
        .arg(verb)
        .args(components)
        .args(match verb {
            "add" => own.to_vec(),
            _ => placed(own),
        })
        .current_dir(folder)
        .env("CI", "1")
        .output()
        .unwrap()
}

/// Of a project's own arguments those that tell the place.
fn placed<'a>(own: &[&'a str]) -> Vec<&'a str> {
    let pairs = own.windows(2);
    let places = pairs.filter(|pair| pair[0] == "-C" || pair[0] == "-p");
    places.flatten().copied().collect()
}

fn checked(project: &Path, own: &[&str]) -> bool {
    check(copied(project).path(), own)
}

fn check(folder: &Path, own: &[&str]) -> bool {
    let place = own.windows(2).find(|pair| pair[0] == "-C");
    let package = own.windows(2).find(|pair| pair[0] == "-p");
    let output = Command::new("cargo")
        .args(["check", "--quiet"])
        .args(package.into_iter().flatten())
        .current_dir(place.map_or_else(|| folder.to_owned(), |pair| folder.join(pair[1])))
        .output()
        .unwrap();
    output.status.success()
}

fn shape_of(folder: &Path) -> String {
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else {
        return "no manifest at the root".to_owned();
    };
    let has = |table: &str| manifest.lines().any(|line| line.trim_end() == table);
    match (has("[workspace]"), has("[package]")) {
        (true, true) => "workspace with a root package",
        (true, false) => "virtual workspace",
        _ => "single package",
    }
    .to_owned()
}

/// The first line that begins with a word, without it, and the first finding below; fit for a table.
fn reason(said: &str, word: &str) -> String {
    let mut lines = said.lines();
    let first = lines.find_map(|line| line.trim_start().strip_prefix(word));
    let finding = lines.next().and_then(|line| line.strip_prefix("  "));
    let finding = finding.filter(|line| word == "error:" && !line.contains("nothing was written"));
    let parts = first.into_iter().chain(finding).map(str::trim);
    let text = parts.collect::<Vec<_>>().join(": ");
    text.replace('|', "\\|")
}
