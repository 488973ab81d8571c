//! Paths that cannot leave the project.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A path relative to the project's root: `/` between names, normalised, no `..`, nothing inside
/// `.git` or `.cargo`, no name that a platform treats specially.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ProjectPath(String);

/// Why a text is not a [`ProjectPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{}` {reason}", .path.escape_debug())]
pub struct InvalidPath {
    path: String,
    reason: &'static str,
}

impl ProjectPath {
    /// The text, with `/` between names.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that the file is in; empty for the root.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last name.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The path of `relative` below `folder`, which may be empty.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] if the whole is none.
    pub fn join(folder: &str, relative: &str) -> Result<Self, InvalidPath> {
        match folder {
            "" => relative.parse(),
            folder => format!("{folder}/{relative}").parse(),
        }
    }
}

impl FromStr for ProjectPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let hostile = |reason| {
            Err(InvalidPath {
                path: text.to_owned(),
                reason,
            })
        };
        if text.is_empty() {
            return hostile("is empty");
        }
        if text.starts_with('/') || text.contains(':') {
            return hostile("is absolute");
        }
        if text.contains(|c: char| c == '\\' || c.is_control()) {
            return hostile("holds a character that no path of a project has");
        }
        let mut names = Vec::new();
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." => return hostile("leaves the project"),
                name if is_reserved(name) => {
                    return hostile("leads into a folder that is not the project's own");
                }
                name => names.push(name),
            }
        }
        if names.is_empty() {
            return hostile("names no file");
        }
        Ok(Self(names.join("/")))
    }
}

/// `.git` and `.cargo` run code when git or cargo are next called; file systems fold case and drop
/// trailing dots and spaces.
fn is_reserved(name: &str) -> bool {
    let name = name.trim_end_matches(['.', ' ']).to_ascii_lowercase();
    matches!(name.as_str(), ".git" | ".cargo" | "git~1" | "")
}

impl TryFrom<String> for ProjectPath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<ProjectPath> for String {
    fn from(path: ProjectPath) -> Self {
        path.0
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_normalised() {
        let path: ProjectPath = "./src//infra/./mod.rs".parse().unwrap();
        assert_eq!(path.as_str(), "src/infra/mod.rs");
        assert_eq!((path.folder(), path.name()), ("src/infra", "mod.rs"));
    }

    #[test]
    fn a_path_out_of_the_project_is_refused() {
        for text in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "C:\\x",
            "a\\..\\x",
            ".git/hooks/pre-commit",
            "sub/.GIT/config",
            ".git./x",
            ".cargo/config.toml",
            "a\0b",
            "a\nb",
            "./.",
        ] {
            assert!(text.parse::<ProjectPath>().is_err(), "{text:?}");
        }
    }
}
