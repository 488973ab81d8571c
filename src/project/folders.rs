//! The folders that belong to a package, and the names in them.

use std::fs;

use super::Project;

impl Project {
    /// The folders from a package up to the root, innermost first.
    pub(super) fn folders_up(&self, package: &str) -> Vec<String> {
        let mut folders = vec![package.to_owned()];
        let mut folder = package;
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
            folders.push(folder.to_owned());
        }
        folders
    }

    /// The names of the files in a folder, sorted.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.root.join(folder))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.exists(&join(folder, name)))
            .collect();
        names.sort();
        names
    }
}

/// A file in a folder, which is empty for the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The words of a file name: `docker`, `compose`, `dev`, `yml`.
pub(super) fn name_parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '-', '_'])
}
