//! What the unit tests of several modules share.

use std::path::Path;

/// Compares a committed file with what the code generates. With `UPDATE_DOCS=1` it writes the file
/// instead.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes what it generates where it is asked to"
)]
pub(crate) fn assert_committed(path: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "{path} is not what the code generates; write it with: UPDATE_DOCS=1 cargo test --lib\n{}",
        crate::edit::diff::unified((path, "generated"), &committed, generated)
    );
}
