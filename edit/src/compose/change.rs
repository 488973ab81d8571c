//! A change that is planned: what to splice where, and how to record it.

use std::ops::Range;

use crate::Edit;
use crate::text::splice;

/// Splices that do not overlap, and the same as records.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) splices: Vec<(Range<usize>, String)>,
    pub(super) edits: Vec<Edit>,
}

impl Change {
    pub(super) fn apply(&self, text: &str) -> String {
        splice(text, &self.splices)
    }
}
