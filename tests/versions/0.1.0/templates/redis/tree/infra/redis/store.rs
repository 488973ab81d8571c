//! Where entries live, as raw bytes by full key: in Redis, or in memory without it.

use std::{future::Future, sync::Arc, time::Duration};

use ::redis::{AsyncCommands, RedisResult};
use futures_util::future::try_join_all;
use tokio::time::{self, Instant};

use super::connection::Connection;
use super::memory::Memory;
use super::remote::{self, Change, Remote};

/// Where entries live.
pub(super) enum Store {
    /// Redis is not configured.
    Memory(Memory),
    /// Redis, and memory during its outages.
    Redis(Arc<Remote>),
}

impl Store {
    /// Begins an operation; its time runs from now.
    pub(super) fn session(&self) -> Session<'_> {
        let limit = match self {
            Self::Memory(_) => Duration::ZERO,
            Self::Redis(redis) => redis.limit,
        };
        Session {
            store: self,
            deadline: Instant::now() + limit,
        }
    }

    /// Asks Redis for a sign of life, and says what is wrong with it. Silence begins an outage.
    pub(super) async fn complaint(&self) -> Option<String> {
        let Self::Redis(redis) = self else {
            return None;
        };
        let ping = |mut redis: Connection| async move { redis.ping::<()>().await };
        self.session().run(Change::Nothing, ping, |_| ()).await;
        redis.complaint().await
    }
}

/// One operation: all that it waits for Redis is bounded by one time limit.
pub(super) struct Session<'a> {
    store: &'a Store,
    deadline: Instant,
}

impl Session<'_> {
    pub(super) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let get = |mut redis: Connection| async move { redis.get(key).await };
        self.run(Change::Nothing, get, |memory| memory.get(key))
            .await
    }

    /// As many entries as keys, in their order.
    pub(super) async fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        if keys.is_empty() {
            return Vec::new();
        }
        let get = |mut redis: Connection| async move { redis.mget(keys).await };
        let from_memory = |memory: &Memory| keys.iter().map(|key| memory.get(key)).collect();
        let mut entries: Vec<_> = self.run(Change::Nothing, get, from_memory).await;
        // A Redis that refuses gives none.
        entries.resize(keys.len(), None);
        entries
    }

    /// Stores each entry under its key.
    pub(super) async fn set(&self, keys: &[String], entries: &[Vec<u8>], ttl: Duration) {
        let set = |mut redis: Connection| async move {
            let stored = match (keys, entries) {
                ([key], [entry]) => redis.pset_ex(key, entry, millis(ttl)).await,
                // One command a key: the connection sends them together, that of a cluster apart.
                _ => {
                    let all = keys.iter().zip(entries).map(|(key, entry)| {
                        let mut redis = redis.clone();
                        async move { redis.pset_ex::<_, _, ()>(key, entry, millis(ttl)).await }
                    });
                    try_join_all(all).await.map(drop)
                }
            };
            if stored.as_ref().is_err_and(remote::is_refusal) {
                // For want of memory, say: removing needs none, and no value is better than an old one.
                remote::unlink(&redis, keys).await?;
            }
            stored
        };
        let to_memory = |memory: &Memory| {
            let all = keys.iter().zip(entries);
            all.for_each(|(key, entry)| memory.set(key, entry, ttl));
        };
        self.run(Change::Keys(keys), set, to_memory).await;
    }

    /// Removes keys and says how many there were.
    pub(super) async fn remove(&self, keys: &[String]) -> u64 {
        let remove = |redis: Connection| async move { remote::unlink(&redis, keys).await };
        self.run(Change::Keys(keys), remove, |memory| memory.remove(keys))
            .await
    }

    /// Removes the keys that match and says how many there were. It passes over all keys, so only
    /// each step of it keeps the time limit.
    pub(super) async fn clear(mut self, pattern: &str) -> u64 {
        let limit = self.deadline.saturating_duration_since(Instant::now());
        self.deadline += remote::LONGEST_PASS;
        let clear = |redis: Connection| async move {
            remote::unlink_matching(&redis, pattern, limit).await
        };
        self.run(Change::Everything, clear, |memory| memory.clear(pattern))
            .await
    }

    /// What is behind `key`, which becomes `fresh` if there is nothing.
    pub(super) async fn get_or_set(&self, key: &str, fresh: String, ttl: Duration) -> String {
        let value = &fresh;
        let get_or_set = |mut redis: Connection| async move {
            let mut commands = ::redis::pipe();
            let set = commands.cmd("SET").arg(key).arg(value).arg("NX");
            set.arg("PX").arg(millis(ttl)).ignore().get(key);
            let (found,) = commands.query_async(&mut redis).await?;
            Ok(found)
        };
        let from_memory = |memory: &Memory| Some(memory.get_or_set(key, value, ttl));
        let found: Option<Vec<u8>> = self.run(Change::Nothing, get_or_set, from_memory).await;
        let found = found.and_then(|found| String::from_utf8(found).ok());
        found.unwrap_or(fresh)
    }

    /// Does something else than waiting for Redis, which does not count.
    pub(super) async fn pause<T>(&mut self, other: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let outcome = other.await;
        self.deadline += begun.elapsed();
        outcome
    }

    /// Runs a step on Redis within the time that is left, else in memory.
    ///
    /// Gives the default if Redis refuses it: memory may not contradict a Redis that is there.
    async fn run<T, F>(
        &self,
        change: Change<'_>,
        on_redis: impl FnOnce(Connection) -> F,
        in_memory: impl FnOnce(&Memory) -> T,
    ) -> T
    where
        T: Default,
        F: Future<Output = RedisResult<T>>,
    {
        let redis = match self.store {
            Store::Memory(memory) => return in_memory(memory),
            Store::Redis(redis) => redis,
        };
        if let Some(outage) = redis.outage(change).await {
            return in_memory(&outage.memory);
        }
        let step = on_redis(redis.connection.clone());
        let outage = match time::timeout_at(self.deadline, step).await {
            Ok(Ok(value)) => return value,
            Ok(Err(error)) if remote::is_refusal(&error) => {
                redis.refused(&error);
                return T::default();
            }
            Ok(Err(error)) => redis.lost(change, error.to_string()).await,
            Err(late) => redis.lost(change, late.to_string()).await,
        };
        in_memory(&outage.memory)
    }
}

/// Redis takes no zero and nothing beyond its own integers.
fn millis(ttl: Duration) -> u64 {
    const LONGEST: u128 = 1 << 50;
    ttl.as_millis().clamp(1, LONGEST) as u64
}
