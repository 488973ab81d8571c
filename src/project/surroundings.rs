//! Compose and env files: the nearest from the package up to the root.

use std::fs;

use crate::{edit::compose, error::Result, path::ProjectPath, place};

use super::Project;

/// The names that Compose looks for, in its order.
const COMPOSE: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

impl Project {
    /// The compose file of a package; the one to be created if there is none.
    pub(super) fn compose(&self, package: &str) -> Result<ProjectPath> {
        for folder in self.folders_up(package) {
            for name in COMPOSE {
                let path = join(&folder, name);
                if self.exists(&path) {
                    return super::path(&path);
                }
            }
        }
        super::path(&join(&self.workspace, COMPOSE[0]))
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
        let text = place::read(&self.root, main)?.unwrap_or_default();
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
    is_yaml && (name.starts_with("compose.") || name.starts_with("docker-compose"))
}

/// Whether a file shows the variables rather than setting them: `.env.example` and its relatives.
fn is_example(name: &str) -> bool {
    let about_env = name.contains("env");
    let shows = ["example", "sample", "template", "dist"]
        .iter()
        .any(|word| name.split(['.', '-', '_']).any(|part| part == *word));
    let is_text = !name.ends_with(".rs") && !name.ends_with(".md") && !name.ends_with(".toml");
    about_env
        && shows
        && is_text
        && name
            .split(['.', '-', '_'])
            .any(|part| part == "env" || part == "dotenv")
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
