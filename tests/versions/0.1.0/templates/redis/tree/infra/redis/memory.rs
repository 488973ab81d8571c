//! Entries in this process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::sync::Cache;

use super::pattern;

/// What an entry takes beside its key and its bytes, as measured with a million of them.
const OVERHEAD: usize = 400;

/// Entries in this process: the least used leave first, each has its own time to live.
pub(super) struct Memory(Cache<String, Entry>);

impl Memory {
    /// `capacity` is in bytes.
    pub(super) fn new(capacity: u64) -> Self {
        let weight = |key: &String, entry: &Entry| {
            (OVERHEAD + key.len() + entry.bytes.len()).min(u32::MAX as usize) as u32
        };
        let entries = Cache::builder().max_capacity(capacity).weigher(weight);
        Self(entries.expire_after(OwnTtl).build())
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).map(|entry| entry.bytes.to_vec())
    }

    pub(super) fn set(&self, key: &str, bytes: &[u8], ttl: Duration) {
        let bytes = bytes.into();
        self.0.insert(key.to_owned(), Entry { bytes, ttl });
    }

    /// What is behind `key`, which becomes `fresh` if there is nothing.
    pub(super) fn get_or_set(&self, key: &str, fresh: &str, ttl: Duration) -> Vec<u8> {
        let bytes = fresh.as_bytes().into();
        let entry = self.0.get_with_by_ref(key, || Entry { bytes, ttl });
        entry.bytes.to_vec()
    }

    pub(super) fn remove(&self, keys: &[String]) -> u64 {
        let removed = keys.iter().filter_map(|key| self.0.remove(key));
        removed.count() as u64
    }

    pub(super) fn clear(&self, pattern: &str) -> u64 {
        let keys = self.0.iter().map(|(key, _)| key.as_ref().clone());
        let keys: Vec<String> = keys.filter(|key| pattern::matches(pattern, key)).collect();
        self.remove(&keys)
    }
}

#[derive(Clone)]
struct Entry {
    bytes: Arc<[u8]>,
    ttl: Duration,
}

struct OwnTtl;

impl moka::Expiry<String, Entry> for OwnTtl {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_entries_keep_within_the_capacity() {
        let memory = Memory::new(1_024 * 1_024);
        for n in 0..50_000 {
            memory.set(&n.to_string(), b"", Duration::from_secs(60));
        }
        memory.0.run_pending_tasks();
        let entries = memory.0.iter().count();
        assert!((1_000..3_000).contains(&entries), "{entries}");
    }
}
