//! The Rust files of a package that can matter: those that serve, and those that build routers.

use std::{fs, path::Path};

use walkdir::{DirEntry, WalkDir};

use crate::{edit::rust, error::Result, facts::Facts, framework, path::ProjectPath};

use super::Project;

/// Folders of a package that do not hold the app.
const SKIPPED_DIRS: [&str; 5] = ["target", "tests", "examples", "benches", "node_modules"];

impl Project {
    /// The files of the package that serve an app or name a router, the generated ones and those
    /// of the tests aside.
    pub(super) fn sources(&self, facts: &Facts) -> Result<Vec<ProjectPath>> {
        let generated = format!("{}/", facts.module_folder());
        let framework = framework::get(&facts.framework.name);
        let mut sources = Vec::new();
        let mut tests = Vec::new();
        for (path, text) in self.rust_files(&facts.folder) {
            if text.contains("cfg(") {
                tests.extend(test_modules(facts, &path, &text));
            }
            let is_generated = path.as_str().starts_with(&generated);
            if !is_generated && framework.is_worth_reading(&text) {
                sources.push(path);
            }
        }
        sources.retain(|path| {
            let module = path.as_str().trim_end_matches(".rs");
            let is_in = |test: &String| {
                let rest = module.strip_prefix(test.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            !tests.iter().any(is_in)
        });
        sources.sort();
        Ok(sources)
    }

    /// Whether some file of a package calls what serves an app of a framework, outside of tests.
    pub(super) fn seems_to_serve(&self, folder: &str, framework: &str) -> bool {
        self.rust_files(folder)
            .any(|(_, text)| serves(&text, framework))
    }

    fn rust_files(&self, folder: &str) -> impl Iterator<Item = (ProjectPath, String)> {
        let base = self.root.join(folder);
        let package = base.clone();
        WalkDir::new(&base)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(move |entry| entry.depth() == 0 || belongs(entry, &package))
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
            .filter_map(|entry| {
                let relative = entry.path().strip_prefix(&self.root).ok()?;
                let path = relative.to_str()?.replace('\\', "/").parse().ok()?;
                Some((path, fs::read_to_string(entry.path()).ok()?))
            })
    }

    /// The files in a folder of a package, relative to the package.
    pub(super) fn files_in(&self, package: &str, folder: &str) -> Vec<String> {
        let place = self.root.join(package).join(folder);
        let mut names: Vec<String> = fs::read_dir(place)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                if name.ends_with(".rs") {
                    return Some(format!("{folder}/{name}"));
                }
                entry
                    .path()
                    .is_dir()
                    .then(|| format!("{folder}/{name}/main.rs"))
            })
            .collect();
        names.sort();
        names
    }
}

/// Whether a file calls what serves an app of a framework, outside of tests.
pub(super) fn serves(text: &str, framework: &str) -> bool {
    let framework = framework::get(framework);
    framework.is_worth_reading(text)
        && framework.server.is_some_and(|server| {
            rust::serve_calls(server, text).is_ok_and(|calls| !calls.is_empty())
        })
}

/// The modules in files of their own that a file declares for the tests only, by their paths
/// without `.rs`.
fn test_modules(facts: &Facts, path: &ProjectPath, text: &str) -> Vec<String> {
    let is_root = facts.binaries.contains(path) || facts.library.as_ref() == Some(path);
    let folder = if is_root || path.as_str().ends_with("/mod.rs") {
        path.folder()
    } else {
        path.as_str().trim_end_matches(".rs")
    };
    let modules = rust::modules(text).unwrap_or_default().into_iter();
    let of_tests = modules.filter(|module| module.cfg_test && !module.inline);
    of_tests
        .filter(|module| module.path.is_none())
        .map(|module| match folder {
            "" => module.name,
            folder => format!("{folder}/{}", module.name),
        })
        .collect()
}

/// Whether an entry is part of this package, and not of one inside it.
fn belongs(entry: &DirEntry, package: &Path) -> bool {
    let name = entry.file_name().to_string_lossy();
    if !entry.file_type().is_dir() {
        return true;
    }
    let is_top = entry.path().parent() == Some(package);
    let is_package = entry.path().join("Cargo.toml").is_file();
    let is_elsewhere = is_top && SKIPPED_DIRS.contains(&name.as_ref());
    !(name.starts_with('.') || is_elsewhere || is_package)
}
