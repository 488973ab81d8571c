//! Projects that an earlier version of the tool made: they are read, and every component is taken
//! out of them again to the byte.
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
};

use common::{files, here};
use infra::{
    catalog::Catalog,
    facts::Tree,
    plan::{self, Inputs, Removal},
    project::{Project, TargetOptions},
};
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
        let mut before = texts(&folder(name).join("before"));
        before.retain(|(path, _)| path != ".gitignore");
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
