//! Versions as Cargo compares them.

use semver::{Comparator, Op, Version, VersionReq};

/// The lowest version that a requirement allows.
pub(crate) fn min_version(requirement: &str) -> Option<Version> {
    let parsed = VersionReq::parse(requirement).ok()?;
    let lower = |comparator: &&Comparator| {
        matches!(
            comparator.op,
            Op::Exact | Op::Greater | Op::GreaterEq | Op::Tilde | Op::Caret | Op::Wildcard
        )
    };
    let comparator = parsed.comparators.iter().find(lower)?;
    Some(Version::new(
        comparator.major,
        comparator.minor.unwrap_or(0),
        comparator.patch.unwrap_or(0),
    ))
}

/// The version that stands for all that a requirement allows, where nothing is locked: the lowest, or
/// of several incompatible series the lowest of the newest, which cargo would take. None where that is
/// open, as for `0`.
pub(crate) fn probable_version(requirement: &str) -> Option<Version> {
    /// More series than any crate has had.
    const MOST: u64 = 1000;
    let lowest = min_version(requirement)?;
    let parsed = VersionReq::parse(requirement).ok()?;
    let major = lowest.major;
    let series = |number: u64| match major {
        0 => Version::new(0, number, 0),
        _ => Version::new(number, 0, 0),
    };
    let own = lowest
        .major
        .max(if lowest.major == 0 { lowest.minor } else { 0 });
    if parsed.matches(&series(own + MOST)) {
        return None;
    }
    let newest = (own + 1..own + MOST)
        .rev()
        .find(|number| parsed.matches(&series(*number)));
    Some(newest.map_or(lowest, series))
}

/// The newest of some versions that a requirement allows.
pub(crate) fn newest<'v>(
    requirement: &str,
    versions: impl IntoIterator<Item = &'v Version>,
) -> Option<&'v Version> {
    let parsed = VersionReq::parse(requirement).ok()?;
    let allowed = versions
        .into_iter()
        .filter(|version| parsed.matches(version));
    allowed.max()
}

/// Whether two versions are compatible as Cargo sees it: the same leftmost number that is not zero.
pub(crate) fn compatible(a: &Version, b: &Version) -> bool {
    let bucket = |version: &Version| match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    };
    bucket(a) == bucket(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compatible_as_cargo_sees_it() {
        let is =
            |a: &str, b: &str| compatible(&Version::parse(a).unwrap(), &Version::parse(b).unwrap());
        assert!(is("1.8.1", "1.2.0") && is("0.8.9", "0.8.0"));
        assert!(!is("0.7.9", "0.8.0") && !is("0.32.1", "1.0.0") && !is("0.0.1", "0.0.2"));
    }

    #[test]
    fn the_lowest_version_of_a_requirement() {
        for (requirement, expected) in [
            ("1.8.1", "1.8.1"),
            ("^0.8", "0.8.0"),
            ("=0.8.9", "0.8.9"),
            (">=0.7, <0.9", "0.7.0"),
            ("1.*", "1.0.0"),
        ] {
            assert_eq!(
                min_version(requirement),
                Version::parse(expected).ok(),
                "{requirement}"
            );
        }
        assert_eq!(min_version("*"), None);
    }

    #[test]
    fn the_probable_version_of_several_series_is_of_the_newest_unless_that_is_open() {
        for (requirement, wanted) in [
            ("1.8.1", Some("1.8.1")),
            ("0.8", Some("0.8.0")),
            ("=0.7.9", Some("0.7.9")),
            (">=0.6, <0.8", Some("0.7.0")),
            (">=1.2, <4", Some("3.0.0")),
            ("0", None),
            ("0.*", None),
            (">=0.7", None),
            ("*", None),
        ] {
            let wanted = wanted.map(|version| Version::parse(version).unwrap());
            assert_eq!(probable_version(requirement), wanted, "{requirement}");
        }
    }
}
