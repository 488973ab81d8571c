//! The versions in `Cargo.lock`, along the edges from one package.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;

use crate::error::{Error, ErrorCode, Result};

/// A `Cargo.lock`, as far as versions matter.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CargoLock {
    #[serde(default, rename = "package")]
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: Version,
    /// None for members of the workspace and path dependencies.
    source: Option<String>,
    /// `serde`, or `axum 0.8.9` where several versions are locked.
    #[serde(default)]
    dependencies: Vec<String>,
}

impl CargoLock {
    /// Parses a lock file; an empty text is one without packages.
    ///
    /// # Errors
    ///
    /// It is not what cargo writes, as after a merge with conflicts.
    pub(super) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text[..start].matches('\n').count() + 1;
            Error::new(
                ErrorCode::UnreadableCargoLock,
                format!(
                    "`Cargo.lock` cannot be read, line {line}: {}",
                    error.message()
                ),
            )
            .hint("cargo metadata shows what cargo says")
        })
    }

    /// All locked versions of a crate.
    pub(super) fn versions_of(&self, name: &str) -> impl Iterator<Item = &Version> {
        let packages = self.packages.iter().filter(move |known| known.name == name);
        packages.map(|known| &known.version)
    }

    /// The version of each direct dependency of a member of the workspace, by the crate's name.
    pub(super) fn dependencies_of(&self, member: &str) -> BTreeMap<String, Version> {
        let mut packages = self.packages.iter();
        let member = packages.find(|known| known.name == member && known.source.is_none());
        let edges = member.into_iter().flat_map(|known| &known.dependencies);
        edges.filter_map(|edge| self.follow(edge)).collect()
    }

    fn follow(&self, edge: &str) -> Option<(String, Version)> {
        let mut words = edge.split(' ');
        let name = words.next()?;
        let version = match words.next() {
            Some(version) => Version::parse(version).ok()?,
            None => self.versions_of(name).next()?.clone(),
        };
        Some((name.to_owned(), version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_decides_between_two_versions_of_a_crate() {
        let lock = r#"version = 4

[[package]]
name = "api"
version = "0.1.0"
dependencies = [
 "axum 0.8.9",
 "serde",
]

[[package]]
name = "axum"
version = "0.7.9"
source = "registry"
checksum = "00"

[[package]]
name = "axum"
version = "0.8.9"
source = "registry"

[[package]]
name = "serde"
version = "1.0.229"
source = "registry"
"#;
        let lock = CargoLock::parse(lock).unwrap();
        let versions = lock.dependencies_of("api");
        assert_eq!(lock.versions_of("axum").count(), 2);
        assert_eq!(versions[&"axum".to_owned()], Version::new(0, 8, 9));
        assert_eq!(versions[&"serde".to_owned()], Version::new(1, 0, 229));
        assert_eq!(versions.len(), 2);
    }

    #[test]
    fn a_file_with_the_conflicts_of_a_merge_is_refused_with_its_line() {
        let lock = r#"version = 4

<<<<<<< HEAD
[[package]]
"#;
        let error = CargoLock::parse(lock).unwrap_err().to_string();
        assert!(
            error.starts_with("`Cargo.lock` cannot be read, line 3: "),
            "{error}"
        );
        assert!(CargoLock::parse("").is_ok());
    }
}
