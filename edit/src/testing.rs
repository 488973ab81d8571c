//! What the tests of all editors use.

/// The unified diff of two texts for snapshots: without the names of files and spaces at the ends of
/// lines; a carriage return is shown as `␍`.
pub(crate) fn diff(before: &str, after: &str) -> String {
    let diff = crate::diff::unified(("", ""), before, after).replace('\r', "␍");
    let lines = diff.split('\n').skip(2).map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}
