//! Compose and env files: the nearest from the package up to the root.

use std::fs;

use crate::{disk, edit::compose, error::Result, path::ProjectPath};

use super::Project;

/// The names that Compose looks for, in its order (`DefaultFileNames` of compose-go).
const COMPOSE: [&str; 4] = [
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
            for name in COMPOSE {
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
        super::path(&join(&self.workspace, COMPOSE[0]))
    }

    /// The compose file for development in a folder that has only variants.
    fn variant(&self, folder: &str) -> Option<String> {
        let names = self.names(folder);
        DEVELOPMENT.iter().find_map(|word| {
            let mut names = names.iter();
            let found =
                names.find(|name| is_compose(name) && parts(name).any(|part| part == *word));
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

    /// The files that show what can be set; the one to be created if there is none.
    pub(super) fn env_examples(&self, package: &str) -> Result<Vec<ProjectPath>> {
        for folder in self.folders_up(package) {
            let names = self.names(&folder);
            let found: Vec<ProjectPath> = names
                .into_iter()
                .filter(|name| is_example(name))
                .filter_map(|name| join(&folder, &name).parse().ok())
                .collect();
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(vec![super::path(&join(&self.workspace, ".env.example"))?])
    }

    /// The `.env`, if there is one.
    pub(super) fn env(&self, package: &str) -> Result<Option<ProjectPath>> {
        for folder in self.folders_up(package) {
            let path = join(&folder, ".env");
            if self.exists(&path) {
                return super::path(&path).map(Some);
            }
        }
        Ok(None)
    }

    /// The folders from a package up to the root, innermost first.
    fn folders_up(&self, package: &str) -> Vec<String> {
        let mut folders = vec![package.to_owned()];
        let mut folder = package;
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
            folders.push(folder.to_owned());
        }
        folders
    }

    fn names(&self, folder: &str) -> Vec<String> {
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

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

fn is_compose(name: &str) -> bool {
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    is_yaml && parts(name).any(|part| part == "compose")
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '-', '_'])
}

/// Whether a file shows the variables rather than setting them: `.env.example` and its relatives.
fn is_example(name: &str) -> bool {
    let has = |words: &[&str]| parts(name).any(|part| words.contains(&part));
    let is_text = !name.ends_with(".rs") && !name.ends_with(".md") && !name.ends_with(".toml");
    has(&["env", "dotenv"]) && has(&["example", "sample", "template", "dist"]) && is_text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_files_are_known_under_all_their_names() {
        for name in [
            ".env.example",
            ".env.sample",
            ".env.template",
            ".env.dist",
            "example.env",
            "dotenv.sample",
        ] {
            assert!(is_example(name), "{name}");
        }
        for name in [
            ".env",
            "dev.env",
            "local.env",
            "environment.md",
            "example.toml",
            "sample.rs",
        ] {
            assert!(!is_example(name), "{name}");
        }
    }
}
