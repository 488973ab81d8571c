//! The cache: typed values by key, with a time to live, tags and single flight.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{
    error::Error,
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use serde::de::DeserializeOwned;

use super::{
    connection::Connection,
    flights::Flights,
    pattern,
    store::{Session, Store},
    value::{self, CacheError, Tags},
};

/// Entries that [`Cache::set_many`] stores together.
const BATCH: usize = 500;
/// Tags outlive what they were put on, or it expires early.
const TAG_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A typed cache in Redis, or in this process if there is no Redis.
///
/// Reading never fails: whatever cannot be read is a miss. While Redis is away memory serves, empty
/// at first; when it is back nothing is served that has changed meanwhile. Keys are plain text, and
/// clones are cheap and share everything.
///
/// ```
/// # use std::time::Duration;
/// # use ferry::infra::{Infra, redis::{Cache, CacheError, Keep}};
/// async fn price(cache: &Cache, product: u64) -> Result<u64, CacheError> {
///     let keep = Keep::from(Duration::from_secs(60)).tagged(["prices"]);
///     cache.get_or_compute(&format!("price:{product}"), keep, || look_up(product)).await
/// }
/// # async fn look_up(product: u64) -> Result<u64, std::io::Error> { Ok(product * 100) }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let infra = Infra::for_tests().await?;
/// # let cache = &infra.redis.cache;
/// assert_eq!(price(cache, 7).await?, 700);
/// assert_eq!(cache.get("price:7").await, Some(700));
///
/// cache.invalidate_tag("prices").await;
/// assert_eq!(cache.get::<u64>("price:7").await, None);
/// # Ok(())
/// # }
/// Our own note: prices are cached by shop.
/// ```
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    store: Store,
    redis: Option<Connection>,
    prefix: String,
    ttl: Duration,
    flights: Flights<Result<Arc<Vec<u8>>, CacheError>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How long an entry is kept, and the tags that invalidate it.
///
/// `Keep::default()` keeps it for `CACHE_TTL`; a [`Duration`] is a `Keep` without tags.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    ttl: Option<Duration>,
    tags: Vec<String>,
}

impl Keep {
    /// Adds tags: [`Cache::invalidate_tag`] with any one of them drops the entry.
    #[must_use]
    pub fn tagged<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }
}

impl From<Duration> for Keep {
    fn from(ttl: Duration) -> Self {
        let (ttl, tags) = (Some(ttl), Vec::new());
        Self { ttl, tags }
    }
}

/// How often the cache helped since the start of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
}

impl Statistics {
    /// The share of reads that found a value, from 0 to 1; 0 before the first read.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / (self.hits + self.misses).max(1) as f64
    }
}

impl Cache {
    pub(super) fn new(
        store: Store,
        redis: Option<Connection>,
        prefix: String,
        ttl: Duration,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            redis,
            prefix,
            ttl,
            flights: Flights::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }))
    }

    /// Reads a value. `None` if there is none, or none of this type.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let entry = self.find(&self.0.store.session(), &self.key(key)).await;
        let value = entry.and_then(|entry| decode(&entry));
        self.count(value.is_some());
        value
    }

    /// Reads several values at once, in the order of their keys.
    pub async fn get_many<T: DeserializeOwned>(&self, keys: &[&str]) -> Vec<Option<T>> {
        let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
        let session = &self.0.store.session();
        let entries = session.get_many(&keys).await;
        let values = entries.iter().map(|entry| async move {
            let entry = entry.as_deref()?;
            let current = self.is_current(session, entry).await;
            current.then(|| decode(entry)).flatten()
        });
        let values = join_all(values).await;
        values.iter().for_each(|value| self.count(value.is_some()));
        values
    }

    /// Whether [`get`](Self::get) would find a value of some type.
    pub async fn exists(&self, key: &str) -> bool {
        let session = self.0.store.session();
        self.find(&session, &self.key(key)).await.is_some()
    }

    /// Stores a value, in place of any other under this key.
    ///
    /// # Errors
    ///
    /// The value cannot be serialized or is larger than 16 MiB; what was there is then gone too.
    pub async fn set<T>(
        &self,
        key: &str,
        value: &T,
        keep: impl Into<Keep>,
    ) -> Result<(), CacheError>
    where
        T: serde::Serialize + ?Sized,
    {
        self.set_many([(key, value)], keep).await
    }

    /// Stores any number of values that are kept alike, for example to warm the cache at start.
    ///
    /// They are stored in batches of 500, each of which takes no longer than `REDIS_TIMEOUT`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set); of the batch with the value that cannot be stored, none is.
    pub async fn set_many<K, T>(
        &self,
        values: impl IntoIterator<Item = (K, T)>,
        keep: impl Into<Keep>,
    ) -> Result<(), CacheError>
    where
        K: AsRef<str>,
        T: serde::Serialize,
    {
        let (keep, mut values) = (keep.into(), values.into_iter());
        loop {
            let batch = values.by_ref().take(BATCH);
            let batch = batch.map(|(key, value)| (self.key(key.as_ref()), value));
            let (keys, values): (Vec<String>, Vec<T>) = batch.unzip();
            if keys.is_empty() {
                return Ok(());
            }
            let mut session = self.0.store.session();
            let tags = self.versions(&session, &keep).await;
            let entries = async move {
                let entries = values.iter().map(|value| value::encode(value, &tags));
                entries.collect::<Result<Vec<Vec<u8>>, CacheError>>()
            };
            let entries = session.pause(entries).await;
            // Before: what is being computed is not stored. After: nor is it joined any more.
            self.0.flights.forget(&keys);
            match &entries {
                Ok(entries) => session.set(&keys, entries, self.ttl(&keep)).await,
                Err(_) => drop(session.remove(&keys).await),
            }
            self.0.flights.forget(&keys);
            entries?;
        }
    }

    /// Removes a value and says whether there was one.
    pub async fn delete(&self, key: &str) -> bool {
        let keys = [self.key(key)];
        self.0.flights.forget(&keys);
        let removed = self.0.store.session().remove(&keys).await;
        self.0.flights.forget(&keys);
        removed > 0
    }

    /// Removes the values whose key matches and says how many there were.
    ///
    /// `*` stands for any text, `?` for one byte, everything else for itself. All keys of Redis are
    /// looked at (by `SCAN`, so nobody waits for it); prefer a tag where one will do.
    pub async fn clear(&self, pattern: &str) -> u64 {
        let prefix = pattern::literal(&self.0.prefix);
        let pattern = format!("{prefix}:{}", pattern::wildcard(pattern));
        let outdated = |key: &str, _: &[String]| pattern::matches(&pattern, key);
        self.0.flights.forget_where(outdated);
        let removed = self.0.store.session().clear(&pattern).await;
        self.0.flights.forget_where(outdated);
        removed
    }

    /// Drops every entry with this tag, in every process, whether stored or being computed.
    pub async fn invalidate_tag(&self, tag: &str) {
        self.0.store.session().remove(&[self.tag_key(tag)]).await;
        let outdated = |_: &str, tags: &[String]| tags.iter().any(|other| other == tag);
        self.0.flights.forget_where(outdated);
    }

    /// Reads a value, or computes and stores it.
    ///
    /// Of all callers in this process that miss the same key at the same time, one computes; if it
    /// is dropped half-way, another does. A failure reaches all who waited and is not kept. What this
    /// process deletes, or any process invalidates by a tag, during the computation is returned but
    /// not stored. A computation must not ask for its own key: it would wait for itself.
    ///
    /// # Errors
    ///
    /// [`CacheError::Compute`] with what `compute` failed with, or the value cannot be stored.
    pub async fn get_or_compute<T, E, F>(
        &self,
        key: &str,
        keep: impl Into<Keep>,
        compute: impl FnOnce() -> F,
    ) -> Result<T, CacheError>
    where
        T: serde::Serialize + DeserializeOwned,
        E: Into<Box<dyn Error + Send + Sync>>,
        F: Future<Output = Result<T, E>>,
    {
        let (key, keep): (&String, &Keep) = (&self.key(key), &keep.into());
        // These stay as they are in callers that another one works for.
        let (mut own, mut computed) = (None, false);
        let (own_value, is_computed) = (&mut own, &mut computed);
        let flights = &self.0.flights;
        let entry = flights.join(key, &keep.tags, move |flight| async move {
            let mut session = self.0.store.session();
            if let Some(entry) = self.find(&session, key).await {
                *own_value = decode(&entry);
                if own_value.is_some() {
                    return Ok(Arc::new(entry));
                }
            }
            *is_computed = true;
            // Read before the computation: a tag invalidated during it is noticed.
            let tags = self.versions(&session, keep).await;
            let work = async {
                let value = compute().await;
                let value = value.map_err(|error| CacheError::Compute(error.into().into()))?;
                Ok((value::encode(&value, &tags)?, value))
            };
            let (entry, value) = session.pause(work).await?;
            if flights.wants(key, &flight) {
                let (keys, entries) = (std::slice::from_ref(key), std::slice::from_ref(&entry));
                session.set(keys, entries, self.ttl(keep)).await;
                // Outdated meanwhile, perhaps by a removal that was quicker than this.
                if !flights.wants(key, &flight) {
                    session.remove(keys).await;
                }
            }
            *own_value = Some(value);
            Ok(Arc::new(entry))
        });
        let entry = entry.await;
        self.count(entry.is_ok() && !computed);
        match own {
            Some(value) => Ok(value),
            None => decode(&entry?).ok_or_else(|| {
                CacheError::Serialize("another caller stored another type".to_owned())
            }),
        }
    }

    /// How often the cache helped since the start of this process.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (hits, misses) = (&self.0.hits, &self.0.misses);
        Statistics {
            hits: hits.load(Relaxed),
            misses: misses.load(Relaxed),
        }
    }

    /// A connection for all that a cache is not; `None` if Redis is not configured.
    ///
    /// Keys used with it have no prefix, and its errors are Redis' own. `REDIS_TIMEOUT` bounds
    /// connecting and each answer.
    #[must_use]
    pub fn redis(&self) -> Option<Connection> {
        self.0.redis.clone()
    }

    pub(super) async fn complaint(&self) -> Option<String> {
        self.0.store.complaint().await
    }

    // `:` and `#` behind the prefix keep entries and tags apart, whatever their names.
    fn key(&self, name: &str) -> String {
        [&self.0.prefix, ":", name].concat()
    }

    fn tag_key(&self, tag: &str) -> String {
        [&self.0.prefix, "#", tag].concat()
    }

    fn ttl(&self, keep: &Keep) -> Duration {
        keep.ttl.unwrap_or(self.0.ttl)
    }

    async fn find(&self, session: &Session<'_>, key: &str) -> Option<Vec<u8>> {
        let entry = session.get(key).await?;
        self.is_current(session, &entry).await.then_some(entry)
    }

    /// Whether none of the entry's tags was invalidated since it was made.
    async fn is_current(&self, session: &Session<'_>, entry: &[u8]) -> bool {
        let Some((tags, _)) = value::split(entry) else {
            return false;
        };
        let keys: Vec<String> = tags.iter().map(|(tag, _)| self.tag_key(tag)).collect();
        let current = session.get_many(&keys).await;
        let mut versions = tags.iter().zip(&current);
        versions.all(|((_, then), now)| now.as_deref() == Some(then.as_bytes()))
    }

    async fn versions(&self, session: &Session<'_>, keep: &Keep) -> Tags {
        let ttl = TAG_TTL.max(self.ttl(keep));
        join_all(keep.tags.iter().map(|tag| async move {
            // The standard library's hasher keys are the randomness that needs no crate.
            let fresh = format!("{:x}", RandomState::new().hash_one(tag));
            let version = session.get_or_set(&self.tag_key(tag), fresh, ttl).await;
            (tag.clone(), version)
        }))
        .await
    }

    fn count(&self, hit: bool) {
        let (counter, result) = if hit {
            (&self.0.hits, "hit")
        } else {
            (&self.0.misses, "miss")
        };
        counter.fetch_add(1, Relaxed);
        ::metrics::counter!("cache_requests_total", "result" => result).increment(1);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cache").field(&self.0.prefix).finish()
    }
}

fn decode<T: DeserializeOwned>(entry: &[u8]) -> Option<T> {
    let value = value::split(entry).and_then(|(_, body)| body.decode());
    if value.is_none() {
        let wanted = std::any::type_name::<T>();
        tracing::warn!(wanted, "a cached value is of another type");
    }
    value
}

/// Added by the owner of the project.
pub fn key_of_price(shop: u64) -> String {
    format!("price:{shop}")
}
