//! How long a thing is.

/// The length in bytes.
pub(super) fn length(thing: &str) -> u64 {
    thing.len() as u64
}
