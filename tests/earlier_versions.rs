//! Projects that an earlier version of the tool made: they are read and updated, and every component
//! is taken out of them again to the byte.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{Random, World, files, here};
use infra::{
    catalog::{Catalog, Component, TemplateFiles},
    facts::Tree,
    hash::hash,
    path::ProjectPath,
    plan::{self, Inputs, Removal, State},
    project::{Project, TargetOptions},
};
use infra_edit::merge;
use tempfile::TempDir;

/// The projects of version 0.1.0.
const PROJECTS: [&str; 3] = ["axum", "axum_07", "actix"];

fn folder(project: &str) -> PathBuf {
    here().join("versions/0.1.0/projects").join(project)
}

fn write(root: &Path, path: &Path, text: &[u8]) {
    let target = root.join(path);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(target, text).unwrap();
}

/// A project with every component, as the earlier version left it.
fn project(name: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join(".git")).unwrap();
    for (path, text) in files(&folder(name).join("after")) {
        write(root.path(), path.as_ref(), &text);
    }
    let generated = fs::read_to_string(root.path().join(".infra/base.toml")).unwrap();
    let generated: toml::Table = toml::from_str(&generated).unwrap();
    for (path, text) in &generated {
        write(
            root.path(),
            path.as_ref(),
            text.as_str().unwrap().as_bytes(),
        );
    }
    root
}

/// The files of a folder by path, as text.
fn texts(root: &Path) -> Vec<(String, String)> {
    let mut texts: Vec<_> = files(root)
        .into_iter()
        .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
        .collect();
    texts.sort();
    texts
}

#[test]
fn every_component_comes_out_again_to_the_byte() {
    for name in PROJECTS {
        let root = project(name);
        let found = Project::find(root.path()).unwrap();
        let lock = found.lock().unwrap();
        let facts = found.facts(&TargetOptions::default(), &lock).unwrap();
        let tree: Tree = found.tree(&facts, &lock, []).unwrap();
        let installed = &lock.package(facts.package()).unwrap().components;
        assert_eq!(installed.len(), 7, "{name}");
        let catalog = Catalog::embedded();
        let context = Inputs {
            catalog: &catalog,
            facts: &facts,
            tree: &tree,
            lock: &lock,
        };
        let removal = Removal {
            components: installed.iter().map(|known| known.id.clone()).collect(),
            keep_edited: false,
        };
        let left = plan::remove(&context, &removal).unwrap().apply_to(&tree);
        let left: Vec<_> = left
            .iter()
            .map(|(path, text)| (path.as_str().to_owned(), text.clone()))
            .collect();
        let before = texts(&folder(name).join("before"));
        let paths = |files: &[(String, String)]| -> Vec<String> {
            files.iter().map(|(path, _)| path.clone()).collect()
        };
        let expected: Vec<_> = before
            .iter()
            .filter(|(path, _)| left.iter().any(|(known, _)| known == path))
            .cloned()
            .collect();
        assert_eq!(paths(&left), paths(&expected), "{name}");
        for ((path, left), (_, before)) in left.iter().zip(&expected) {
            assert_eq!(left, before, "{path} of {name}");
        }
    }
}

/// A project in memory, and a tool with the components of a folder.
fn world(name: &str, catalog: Catalog) -> World {
    let root = project(name);
    let found = Project::find(root.path()).unwrap();
    let lock = found.lock().unwrap();
    let facts = found.facts(&TargetOptions::default(), &lock).unwrap();
    let tree = found.tree(&facts, &lock, []).unwrap();
    World {
        catalog,
        facts,
        tree,
    }
}

/// A changed copy of a template: comments, docs and numbers, in many places.
fn changed(path: &str, text: &str) -> String {
    if path == "component.toml" {
        let text = text.replacen("version = \"0.1.0\"", "version = \"0.1.1\"", 1);
        return text.replace("doc = \"the ", "doc = \"now the ");
    }
    if path == "compose.yml" {
        return text.replace("interval: 5s", "interval: 9s");
    }
    if !path.ends_with(".rs") {
        return text.to_owned();
    }
    let lines = text.lines().enumerate().map(|(number, line)| {
        let is_doc = line.trim_start().starts_with("/// ");
        match number % 11 {
            0 if line.starts_with("//! ") => format!("{line}\n//! Revised.\n"),
            3 if is_doc => format!("{line} (revised)\n"),
            7 if line.is_empty() => "\n// Revised.\n".to_owned(),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// The components of today with changed templates.
fn changed_catalog() -> Catalog {
    let templates = here().join("../templates");
    let ids: Vec<String> = Catalog::embedded().ids().map(str::to_owned).collect();
    ids.iter().fold(Catalog::embedded(), |catalog, id| {
        let texts: TemplateFiles = files(&templates.join(id))
            .into_iter()
            .map(|(path, bytes)| {
                let text = String::from_utf8(bytes).unwrap();
                let text = changed(&path, &text);
                (path, text)
            })
            .collect();
        catalog.with(Component::parse(id, texts).unwrap())
    })
}

/// Edits a generated file as a user may. Returns its new text and a line that must not be lost.
fn edited(text: &str, number: usize, random: &mut Random) -> (String, Option<String>) {
    let mark = format!("// Ours, number {number}.");
    let lines: Vec<&str> = text.lines().collect();
    let at = random.below(lines.len().max(1));
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    match random.below(6) {
        0 => (format!("{text}\n{mark}\n"), Some(mark)),
        1 => {
            let mut with = lines.clone();
            with.insert(at, &mark);
            (joined(&with), Some(mark.clone()))
        }
        2 => {
            let name = lines.iter().find_map(|line| {
                let (_, rest) = line.split_once("fn ")?;
                let name = rest.split(['(', '<']).next()?;
                (name.len() > 6).then_some(name)
            });
            match name {
                Some(name) => (text.replace(name, &format!("our_{name}")), None),
                None => (format!("{text}{mark}\n"), Some(mark)),
            }
        }
        3 => {
            let mut paragraphs: Vec<&str> = text.trim_end().split("\n\n").collect();
            let last = paragraphs.len() - 1;
            let (a, b) = (random.below(last.max(1)), last);
            paragraphs.swap(a, b);
            (paragraphs.join("\n\n") + "\n", None)
        }
        4 => {
            let mut without = lines.clone();
            without.drain(at..(at + 3).min(lines.len()));
            (joined(&without), None)
        }
        _ => (format!("{text}{mark}\n").replace('\n', "\r\n"), Some(mark)),
    }
}

/// What git makes of three texts, with the names that this tool gives the sides.
fn git_merge(base: &str, ours: &str, theirs: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let labels = ["yours", "installed version", "new version"];
    let output = Command::new("git")
        .args(["merge-file", "--diff3", "-p"])
        .args(labels.iter().flat_map(|label| ["-L", label]))
        .args(["ours", "base", "theirs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn edits_of_a_project_of_an_earlier_version_survive_an_update() {
    let mut random = Random(20_261_130);
    let catalog = changed_catalog();
    let (mut merged, mut conflicted, mut replaced, mut aligned_otherwise) = (0, 0, 0, 0);
    let worlds = PROJECTS.map(|name| {
        let old = world(name, catalog.clone());
        let clean = old.plan_update(&[]).unwrap().apply_to(&old.tree);
        (old, clean)
    });
    for round in 0..200 {
        let (old, clean) = &worlds[round % worlds.len()];
        let mut paths: Vec<ProjectPath> = old.generated().into_keys().collect();
        paths.retain(|path| path.as_str().ends_with(".rs"));
        random.shuffle(&mut paths);
        let mut ours = old.clone();
        let mut marks = Vec::new();
        for (number, path) in paths.iter().take(5).enumerate() {
            let (text, mark) = edited(&old.tree[path], number, &mut random);
            ours.tree.insert(path.clone(), text);
            marks.extend(mark.map(|mark| (path.clone(), mark)));
        }
        let plan = ours.plan_update(&[]).unwrap();
        let after = plan.apply_to(&ours.tree);
        for (path, mark) in &marks {
            assert!(
                after[path].contains(mark),
                "{path} of round {round} lost {mark}"
            );
        }
        for path in &paths {
            let lf = |tree: &Tree| tree[path].replace("\r\n", "\n");
            let (base, mine, theirs) = (lf(&old.tree), lf(&ours.tree), lf(clean));
            let result = lf(&after);
            if base == mine || merge::same_code(&base, &mine) {
                assert_eq!(result, theirs, "{path} of round {round}");
                replaced += 1;
                continue;
            }
            let expected = match base == theirs {
                true => mine,
                false => git_merge(&base, &mine, &theirs),
            };
            // Where a block was moved, both mark a conflict and may align its lines in another way.
            let both_conflict =
                merge::marker(&result).is_some() && merge::marker(&expected).is_some();
            let diff = infra_edit::diff::unified(("git", "infra"), &expected, &result);
            assert!(
                result == expected || both_conflict,
                "{path} of round {round}:\n{diff}"
            );
            aligned_otherwise += usize::from(result != expected);
            let is_conflict = plan.conflicted_files.contains(path);
            assert_eq!(is_conflict, merge::marker(&result).is_some(), "{path}");
            match is_conflict {
                true => conflicted += 1,
                false => merged += 1,
            }
        }
        let updated = World {
            tree: after,
            ..ours
        };
        assert_eq!(
            updated.plan_update(&[]).unwrap().changes,
            [],
            "round {round}"
        );
    }
    println!("{replaced} replaced, {merged} merged, {conflicted} with conflicts");
    println!("{aligned_otherwise} conflicts are aligned in another way than by git");
    assert!(aligned_otherwise * 10 < conflicted);
    assert!(
        merged > 100 && conflicted > 20 && replaced > 1000,
        "{merged} {conflicted} {replaced}"
    );
}

/// The shared files that the owner of a project changed stay, and what would be new is told.
#[test]
fn edits_of_shared_files_of_an_earlier_version_survive_an_update() {
    let catalog = changed_catalog();
    for name in PROJECTS {
        let mut world = world(name, catalog.clone());
        let edits = texts(&folder(name).join("edited"));
        for (path, text) in &edits {
            world.tree.insert(path.parse().unwrap(), text.clone());
        }
        let plan = world.plan_update(&[]).unwrap();
        let after = plan.apply_to(&world.tree);
        let compose = world.facts.compose.clone();
        assert!(after[&compose].contains("valkey/valkey:9-alpine"), "{name}");
        let told: Vec<_> = plan.manual.iter().map(|step| step.what.as_str()).collect();
        assert!(
            told.iter().any(|what| what.contains("service redis")),
            "{told:?}"
        );
        for line in ["CACHE_TTL=1h", "QUEUE_URL=redis://127.0.0.1:6380"] {
            let example: ProjectPath = ".env.example".parse().unwrap();
            assert!(after[&example].contains(line), "{name}: {line}");
        }
        assert!(after[&world.facts.manifest].contains("\"json\""), "{name}");
        let cache: ProjectPath = "src/infra/redis/cache.rs".parse().unwrap();
        assert!(after[&cache].contains("fn key_of_price") && after[&cache].contains("(revised)"));
    }
}

/// A changed template is a new version: users see what is new by it.
#[test]
fn what_renders_differently_has_another_version() {
    for name in PROJECTS {
        let world = world(name, Catalog::embedded());
        let plan = world.plan_update(&[]).unwrap();
        for one in plan.installed.iter().filter(|one| one.is_changed) {
            assert_ne!(
                one.old.as_ref(),
                Some(&one.new),
                "`{}` renders differently than in tests/versions, in the project {name}: raise its version",
                one.id
            );
        }
        let lock = world.lock();
        let texts = |id: &str| lock.package(".").unwrap().files_of(id).count();
        assert!(texts("redis") > 5 && hash("") != hash("a"));
        let report = world.status();
        assert!(
            report
                .files
                .iter()
                .all(|file| file.state == State::Pristine)
        );
    }
}
