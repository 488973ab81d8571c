//! Env files: the nearest from the package up to the root.

use crate::{error::Result, path::ProjectPath};

use super::{
    Project,
    folders::{join, name_parts},
};

impl Project {
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
}

/// Whether a file shows the variables rather than setting them: `.env.example` and its relatives.
fn is_example(name: &str) -> bool {
    let has = |words: &[&str]| name_parts(name).any(|part| words.contains(&part));
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
