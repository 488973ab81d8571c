//! Differences as people and `git apply` read them.

use diffy::{DiffOptions, PatchFormatter};

/// A unified diff of two texts under these names; empty if they are equal.
pub fn unified(names: (&str, &str), before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let patch = DiffOptions::new()
        .set_original_filename(names.0.to_owned())
        .set_modified_filename(names.1.to_owned())
        .create_patch(before, after);
    // Every context line begins with a space, a blank one too.
    let form = PatchFormatter::new().suppress_blank_empty(false);
    form.fmt_patch(&patch).to_string()
}
