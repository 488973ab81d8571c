//! Compose files: the nearest from the package up to the root.

use crate::{disk, edit::compose, error::Result, path::ProjectPath};

use super::{
    Project,
    folders::{join, name_parts},
};

/// The names that Compose looks for, in its order (`DefaultFileNames` of compose-go).
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// What a variant for a developer's machine is called, the likeliest first.
const DEVELOPMENT: [&str; 3] = ["dev", "development", "local"];

/// Folders that people keep compose files in; those of documents and tests are not among them.
const FOLDERS: [&str; 9] = [
    ".docker",
    "compose",
    "deploy",
    "deployment",
    "dev",
    "docker",
    "infra",
    "infrastructure",
    "ops",
];

impl Project {
    /// The compose file of a package; the one to be created if there is none.
    pub(super) fn compose(&self, package: &str) -> Result<ProjectPath> {
        let folders = self.folders_up(package);
        for folder in &folders {
            for name in NAMES {
                let path = join(folder, name);
                if self.exists(&path) {
                    return super::path(&path);
                }
            }
        }
        for folder in &folders {
            if let Some(name) = self.variant(folder) {
                return super::path(&join(folder, &name));
            }
        }
        super::path(&join(&self.workspace, NAMES[0]))
    }

    /// The compose file for development in a folder that has only variants.
    fn variant(&self, folder: &str) -> Option<String> {
        let names = self.names(folder);
        DEVELOPMENT.iter().find_map(|word| {
            let mut names = names.iter();
            let found =
                names.find(|name| is_compose(name) && name_parts(name).any(|part| part == *word));
            found.cloned()
        })
    }

    /// The compose files that stay as they are where a new one is made: variants of production, and
    /// those in folders of their own.
    pub(super) fn compose_left(&self, package: &str, main: &ProjectPath) -> Vec<ProjectPath> {
        if self.exists(main.as_str()) {
            return Vec::new();
        }
        let mut folders = self.folders_up(package);
        let inner = FOLDERS.map(|folder| join(&self.workspace, folder));
        folders.extend(inner);
        let mut left = Vec::new();
        for folder in folders {
            let names = self.names(&folder).into_iter();
            let names = names.filter(|name| is_compose(name));
            left.extend(names.filter_map(|name| join(&folder, &name).parse().ok()));
        }
        left
    }

    /// The files that Compose reads together with `main`, or that run on the same machine: its
    /// overrides and variants beside it, and what it includes.
    pub(super) fn compose_others(&self, main: &ProjectPath) -> Result<Vec<ProjectPath>> {
        let mut others: Vec<ProjectPath> = self
            .names(main.folder())
            .into_iter()
            .filter(|name| is_compose(name) && name != main.name())
            .filter_map(|name| join(main.folder(), &name).parse().ok())
            .collect();
        let text = disk::read(&self.root, main)?.unwrap_or_default();
        // Most include nothing, and reading a large file takes time.
        if text.contains("include")
            && let Ok(file) = compose::read(&text)
        {
            let included = file.includes.iter().filter_map(|path| {
                let path = path.trim_start_matches("./");
                ProjectPath::join(main.folder(), path).ok()
            });
            others.extend(included.filter(|path| self.exists(path.as_str())));
        }
        others.sort();
        others.dedup();
        Ok(others)
    }

    /// The `.env` that Compose reads: the one beside its file.
    pub(super) fn compose_env(&self, main: &ProjectPath) -> Option<ProjectPath> {
        let path = join(main.folder(), ".env");
        self.exists(&path).then(|| path.parse().ok()).flatten()
    }
}

fn is_compose(name: &str) -> bool {
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    is_yaml && name_parts(name).any(|part| part == "compose")
}
