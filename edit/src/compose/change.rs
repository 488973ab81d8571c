//! A change that is planned: what to splice where, and how to record it.

use std::ops::Range;

use crate::Edit;
use crate::text::splice;

/// What is to be written: splices that do not overlap, and the same as records.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) splices: Vec<(Range<usize>, String)>,
    pub(super) edits: Vec<Edit>,
}

impl Change {
    /// Whether splices are apart, or insertions at one point, which keep their order.
    pub(super) fn is_non_overlapping(&self) -> bool {
        let mut ranges: Vec<_> = self.splices.iter().map(|(range, _)| range).collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        ranges
            .windows(2)
            .all(|pair| pair[0].end < pair[1].start || (pair[0] == pair[1] && pair[0].is_empty()))
    }

    pub(super) fn apply(&self, text: &str) -> String {
        splice(text, &self.splices)
    }
}
