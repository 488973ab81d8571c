//! Redis: a [`Cache`], [`PubSub`] and the raw client behind them.
//!
//! Without `REDIS_URL` everything stays in this process and needs no server. With it, values and
//! messages are shared by all processes; a Redis that is away neither stops the app nor its start:
//! the cache serves from memory, publishing fails with a typed error, and both return by themselves.
//!
//! Handlers take what they need, whatever the state of their router is:
//!
//! ```
//! use /*= crate =*/::/*= module =*/::redis::{Cache, CacheError, Keep};
//!
//! async fn total(cache: Cache) -> Result<String, CacheError> {
//!     let total: u64 = cache.get_or_compute("total", Keep::default(), count).await?;
//!     Ok(total.to_string())
//! }
//! # async fn count() -> Result<u64, std::io::Error> { Ok(42) }
//! ```

mod cache;
mod connection;
mod flights;
mod memory;
mod pattern;
mod pubsub;
mod store;
#[cfg(test)]
mod tests;
mod topics;
mod value;

use ::redis::RedisError;
use secrecy::ExposeSecret;

pub use self::{
    cache::{Cache, CacheError, Keep, Statistics},
    connection::Connection,
    pubsub::{Message, PubSub, PublishError, Subscription},
    value::EncodeError,
};
use self::{pattern::literal, store::Store};
use super::settings::RedisSettings;

/// The cache and the messages of this process.
#[derive(Clone, Debug)]
pub struct Redis {
    /// Typed values by key.
    pub cache: Cache,
    /// Typed messages by channel.
    pub pubsub: PubSub,
}

impl Redis {
    /// Starts on the embedded default, or on Redis whether it answers or not.
    ///
    /// # Errors
    ///
    /// `REDIS_URL` is not a Redis URL.
    pub async fn start(settings: &RedisSettings) -> Result<Self, RedisError> {
        let capacity = settings.cache_memory_capacity.saturating_mul(1_024 * 1_024);
        let prefix = settings.cache_prefix.clone();
        let ttl = settings.cache_ttl;
        let Some(url) = &settings.url else {
            let cache = Cache::new(Store::in_memory(capacity), None, prefix, ttl);
            return Ok(Self {
                cache,
                pubsub: PubSub::in_memory(),
            });
        };
        let limit = settings.timeout;
        let connection = Connection::open(url.expose_secret(), limit)?;
        let everything = format!("{}[:#]*", literal(&prefix));
        let store = Store::in_redis(connection.clone(), limit, capacity, everything);
        // A Redis that is away is found out now, not by the first request.
        store.check().await;
        let pubsub = PubSub::in_redis(connection.clone(), limit);
        let cache = Cache::new(store, Some(connection), prefix, ttl);
        Ok(Self { cache, pubsub })
    }

    /// Degraded while memory stands in for Redis.
    pub async fn health(&self) -> super::Health {
        match self.cache.store().check().await {
            None => super::Health::Healthy,
            Some(away) => super::Health::Degraded(format!("redis has been away for {away:.0?}")),
        }
    }
}
