//% if options.pubsub
//! Redis: a [`Cache`], [`PubSub`] and the raw client behind them.
//!
//! Without `REDIS_URL` everything stays in this process and needs no server. With it, values and
//! messages are shared by all processes; a Redis that is away neither stops the app nor its start:
//! the cache serves from memory, publishing fails with a typed error, and both return by themselves.
//% else
//! Redis: a [`Cache`] and the raw client behind it.
//!
//! Without `REDIS_URL` everything stays in this process and needs no server. With it, values are
//! shared by all processes; a Redis that is away neither stops the app nor its start: the cache
//! serves from memory and returns by itself.
//% endif
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
//% if options.pubsub
mod pubsub;
//% endif
mod remote;
mod store;
#[cfg(test)]
mod tests;
//% if options.pubsub
mod topics;
//% endif
//% if options.topology == "any"
mod topology;
//% endif
mod value;

use std::{future::Future, io, sync::Arc, time::Duration};

use ::redis::{RedisError, RedisResult};
use secrecy::ExposeSecret;
use tokio::time;

pub use self::{
    cache::{Cache, Keep, Statistics},
    connection::Connection,
    //% if options.pubsub
    pubsub::{Message, PubSub, PublishError, Subscription},
    //% endif
    value::CacheError,
};
use self::{connection::Server, memory::Memory, remote::Remote, store::Store};
use super::settings::RedisSettings;

//% if options.pubsub
/// The cache and the messages of this process.
//% else
/// The cache of this process.
//% endif
#[derive(Clone, Debug)]
pub struct Redis {
    /// Typed values by key.
    pub cache: Cache,
    //% if options.pubsub
    /// Typed messages by channel.
    pub pubsub: PubSub,
    //% endif
}

impl Redis {
    /// Starts on the embedded default, or on Redis whether it answers or not.
    ///
    /// # Errors
    ///
    /// `REDIS_URL` is not a Redis URL, or of a kind that was not generated.
    pub async fn start(settings: &RedisSettings) -> Result<Self, RedisError> {
        let capacity = settings.cache_memory_capacity.saturating_mul(1_024 * 1_024);
        let (prefix, ttl) = (settings.cache_prefix.clone(), settings.cache_ttl);
        let Some(url) = &settings.url else {
            let store = Store::Memory(Memory::new(capacity));
            return Ok(Self {
                cache: Cache::new(store, None, prefix, ttl),
                //% if options.pubsub
                pubsub: PubSub::in_memory(),
                //% endif
            });
        };
        let limit = settings.timeout;
        let server = Server::parse(url.expose_secret())?;
        let connection = server.connect(limit, None)?;
        let everything = format!("{}[:#]*", pattern::literal(&prefix));
        //% if options.pubsub
        let remote = Remote::new(connection.clone(), limit, capacity, everything);
        //% else
        let remote = Remote::new(connection, limit, capacity, everything);
        //% endif
        let store = Store::Redis(Arc::new(remote));
        // A Redis that is away is found out now, not by the first request.
        store.complaint().await;
        let own = server.connect(limit, Some(limit))?;
        Ok(Self {
            cache: Cache::new(store, Some(own), prefix, ttl),
            //% if options.pubsub
            pubsub: PubSub::in_redis(server, connection, limit),
            //% endif
        })
    }

    /// Degraded while memory stands in for Redis, and for a minute after Redis refused a command.
    pub async fn health(&self) -> super::Health {
        match self.cache.complaint().await {
            None => super::Health::Healthy,
            Some(reason) => super::Health::Degraded(reason),
        }
    }
}

/// Whether there can be a server at a URL. What is wrong with it is told without showing it.
pub(super) fn check_url(url: &str) -> RedisResult<()> {
    Server::parse(url).map(drop)
}

/// Waits for a step of Redis no longer than `limit`.
async fn within<T>(limit: Duration, step: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
    time::timeout(limit, step).await.unwrap_or_else(late)
}
