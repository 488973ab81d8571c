//! The Rust files of a package that can matter: those that serve, and those that build routers.

use std::{fs, path::Path};

use walkdir::{DirEntry, WalkDir};

use crate::{error::Result, facts::Facts, path::ProjectPath};

use super::Project;

/// Folders of a package that do not hold the app.
const ELSEWHERE: [&str; 5] = ["target", "tests", "examples", "benches", "node_modules"];

impl Project {
    /// The files of the package that serve an app or name a router, the generated ones aside.
    pub(super) fn sources(&self, facts: &Facts) -> Result<Vec<ProjectPath>> {
        let generated = format!("{}/", facts.module_folder());
        let mut sources = Vec::new();
        for (path, text) in self.rust_files(&facts.folder) {
            let is_generated = path.as_str().starts_with(&generated);
            if !is_generated && (text.contains("serve") || text.contains("Router")) {
                sources.push(path);
            }
        }
        sources.sort();
        Ok(sources)
    }

    /// Whether some file of a package calls what serves an app.
    pub(super) fn seems_to_serve(&self, folder: &str) -> bool {
        self.rust_files(folder)
            .any(|(_, text)| text.contains("axum::serve(") || text.contains("serve(listener"))
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

/// Whether an entry is part of this package, and not of one inside it.
fn belongs(entry: &DirEntry, package: &Path) -> bool {
    let name = entry.file_name().to_string_lossy();
    if !entry.file_type().is_dir() {
        return true;
    }
    let is_top = entry.path().parent() == Some(package);
    let is_package = entry.path().join("Cargo.toml").is_file();
    let is_elsewhere = is_top && ELSEWHERE.contains(&name.as_ref());
    !(name.starts_with('.') || is_elsewhere || is_package)
}
