//! The versions in `Cargo.lock`, along the edges from one package.
//!
//! Cargo writes this file in one fixed layout, a line a value; reading lines is many times cheaper
//! than parsing it as TOML, and it may have thousands of packages.

use std::collections::BTreeMap;

use semver::Version;

/// All versions of each crate, by its name.
pub(super) type All<'l> = BTreeMap<&'l str, Vec<Version>>;

/// The version of each direct dependency of `package`, by the crate's name; and all that are locked.
pub(super) fn versions<'l>(lock: &'l str, package: &str) -> (BTreeMap<String, Version>, All<'l>) {
    let mut all = All::new();
    let mut edges: Vec<&str> = Vec::new();
    for block in lock.split("[[package]]").skip(1) {
        let value = |key: &str| {
            block.lines().find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
        };
        let (Some(name), Some(version)) = (value("name"), value("version")) else {
            continue;
        };
        if let Ok(version) = Version::parse(version) {
            all.entry(name).or_default().push(version);
        }
        if name == package && value("source").is_none() {
            edges = block
                .lines()
                .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next())
                .collect();
        }
    }
    let versions = edges
        .into_iter()
        .filter_map(|edge| {
            let mut words = edge.split(' ');
            let name = words.next()?;
            let version = match words.next() {
                Some(version) => Version::parse(version).ok()?,
                None => all.get(name)?.first()?.clone(),
            };
            Some((name.to_owned(), version))
        })
        .collect();
    (versions, all)
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
        let (versions, all) = versions(lock, "api");
        assert_eq!(all[&"axum"].len(), 2);
        assert_eq!(versions[&"axum".to_owned()], Version::new(0, 8, 9));
        assert_eq!(versions[&"serde".to_owned()], Version::new(1, 0, 229));
        assert_eq!(versions.len(), 2);
    }
}
