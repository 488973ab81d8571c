//! Redis, and the memory that stands in while it is away.
//!
//! An outage begins with the first operation that fails or takes too long. From then on an empty
//! memory serves, and the keys that change are noted. When Redis answers again, these keys are
//! removed from it before it serves a single read, and the memory is thrown away. So neither side
//! shows a value that was replaced or deleted on the other; what was written during the outage is
//! computed again. A Redis that refuses a command with an error is there and stays in use.

use std::{
    collections::HashSet,
    mem,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use ::redis::{AsyncCommands, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::{
    sync::RwLock,
    time::{self, Instant},
};

use super::connection::Connection;
use super::memory::Memory;

/// Keys that one command removes.
const BATCH: usize = 500;
/// The pause between two attempts to return to Redis; it doubles up to [`LAST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pass over all keys. Each of its steps keeps the time limit.
pub(super) const LONGEST_PASS: Duration = Duration::from_secs(60 * 60);
/// How long health speaks of a refused command.
const REFUSAL_SHOWN: Duration = Duration::from_secs(60);

/// Beyond this many changes they are no longer named: everything counts as changed.
const MAX_MISSED: usize = 100_000;

/// What an operation changes.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Nothing,
    Keys(&'a [String]),
    Everything,
}

/// Redis, and the memory that stands in for it during an outage.
pub(super) struct Remote {
    pub(super) connection: Connection,
    pub(super) limit: Duration,
    capacity: u64,
    everything: String,
    /// Whether it is worth looking at the state: most operations never do.
    away: AtomicBool,
    state: RwLock<State>,
    /// Keys that have changed without Redis; `None` once there are too many to name.
    missed: Mutex<Option<HashSet<String>>>,
    refusal: Mutex<Option<(Instant, String)>>,
}

enum State {
    There { since: Option<Instant> },
    Away(Arc<Outage>),
}

/// A time without Redis.
pub(super) struct Outage {
    pub(super) memory: Memory,
    since: Instant,
    reason: String,
}

impl Remote {
    /// `capacity` of the memory is in bytes; `everything` is a pattern that matches all our keys.
    pub(super) fn new(
        connection: Connection,
        limit: Duration,
        capacity: u64,
        everything: String,
    ) -> Self {
        Self {
            connection,
            limit,
            capacity,
            everything,
            away: AtomicBool::new(false),
            state: RwLock::new(State::There { since: None }),
            missed: Mutex::new(Some(HashSet::new())),
            refusal: Mutex::default(),
        }
    }

    /// The outage, if there is one, with the change noted.
    pub(super) async fn outage(&self, change: Change<'_>) -> Option<Arc<Outage>> {
        if !self.away.load(Ordering::Acquire) {
            return None;
        }
        match &*self.state.read().await {
            State::There { .. } => None,
            State::Away(outage) => {
                // Noted under the lock: a return to Redis cannot overlook it.
                self.note(change);
                Some(Arc::clone(outage))
            }
        }
    }

    /// Begins an outage, or joins the one that another operation has begun.
    pub(super) async fn lost(self: &Arc<Self>, change: Change<'_>, reason: String) -> Arc<Outage> {
        let mut state = self.state.write().await;
        self.note(change);
        let back = match &*state {
            State::Away(outage) => return Arc::clone(outage),
            State::There { since } => *since,
        };
        tracing::warn!(reason, "redis is away, memory serves the cache");
        ::metrics::counter!("cache_outages_total").increment(1);
        // A connection that was closed for being idle is open again at once; one that was only just
        // open deserves a pause.
        let relapse = back.is_some_and(|back| back.elapsed() < LAST_PAUSE);
        let pause = if relapse { LAST_PAUSE } else { Duration::ZERO };
        tokio::spawn(Self::recover(Arc::downgrade(self), pause));
        let outage = Arc::new(Outage {
            memory: Memory::new(self.capacity),
            since: Instant::now(),
            reason,
        });
        *state = State::Away(Arc::clone(&outage));
        self.away.store(true, Ordering::Release);
        outage
    }

    /// Returns to Redis as soon as it answers. Ends with the store.
    async fn recover(remote: Weak<Self>, mut pause: Duration) {
        loop {
            time::sleep(pause).await;
            let Some(remote) = remote.upgrade() else {
                return;
            };
            match remote.restore().await {
                Ok(away) => return tracing::info!(?away, "redis is back and serves the cache"),
                Err(error) => tracing::debug!(%error, "redis is still away"),
            }
            pause = (pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
        }
    }

    async fn restore(&self) -> RedisResult<Duration> {
        let mut redis = self.connection.clone();
        //% if options.topology == "any"
        // Longer than the limit of the connection to a master, which is then asked for anew.
        super::within(self.limit * 2, redis.ping::<()>()).await?;
        //% else
        super::within(self.limit, redis.ping::<()>()).await?;
        //% endif
        // Most of the work is done while memory serves, the rest while every operation waits.
        self.remove_missed(LONGEST_PASS).await?;
        let mut state = self.state.write().await;
        self.remove_missed(self.limit / 2).await?;
        let since = Some(Instant::now());
        let before = mem::replace(&mut *state, State::There { since });
        self.away.store(false, Ordering::Release);
        Ok(match before {
            State::Away(outage) => outage.since.elapsed(),
            State::There { .. } => Duration::ZERO,
        })
    }

    /// Removes from Redis what has changed without it. What fails is noted again.
    async fn remove_missed(&self, limit: Duration) -> RedisResult<()> {
        let missed = self.missed().replace(HashSet::new());
        let keys = missed.map(|keys| keys.into_iter().collect::<Vec<String>>());
        let removal = async {
            match &keys {
                Some(keys) => unlink(&self.connection, keys).await,
                None => unlink_matching(&self.connection, &self.everything, self.limit).await,
            }
        };
        let removed = super::within(limit, removal).await.map(drop);
        if removed.is_err() {
            self.note(keys.as_deref().map_or(Change::Everything, Change::Keys));
        }
        removed
    }

    fn note(&self, change: Change<'_>) {
        let mut missed = self.missed();
        match (&mut *missed, change) {
            (Some(missed), Change::Keys(keys)) => missed.extend(keys.iter().cloned()),
            (_, Change::Everything) => *missed = None,
            _ => {}
        }
        *missed = missed.take().filter(|missed| missed.len() <= MAX_MISSED);
    }

    fn missed(&self) -> MutexGuard<'_, Option<HashSet<String>>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn refused(&self, error: &RedisError) {
        ::metrics::counter!("cache_refusals_total").increment(1);
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        let last = refusal.replace((Instant::now(), error.to_string()));
        // A full Redis refuses every write: the first is logged, the others are counted.
        if last.is_none_or(|(when, _)| when.elapsed() > REFUSAL_SHOWN) {
            tracing::warn!(%error, "redis refuses commands of the cache");
        }
    }

    /// What is wrong with Redis now, or was a moment ago.
    pub(super) async fn complaint(&self) -> Option<String> {
        if let State::Away(outage) = &*self.state.read().await {
            let (age, reason) = (outage.since.elapsed(), &outage.reason);
            return Some(format!("redis has been away for {age:.0?}: {reason}"));
        }
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        let (when, error) = refusal.as_ref()?;
        let age = when.elapsed();
        (age < REFUSAL_SHOWN).then(|| format!("redis refused a command {age:.0?} ago: {error}"))
    }
}

/// Whether Redis is there but does not do what it is asked (out of memory, read-only, wrong type).
pub(super) fn is_refusal(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown};
    match error.kind() {
        ErrorKind::Server(kind) => !matches!(kind, BusyLoading | ClusterDown | MasterDown),
        ErrorKind::Extension | ErrorKind::UnexpectedReturnType => true,
        _ => false,
    }
}

/// Removes keys, a batch at a time.
pub(super) async fn unlink<K: AsRef<[u8]>>(redis: &Connection, keys: &[K]) -> RedisResult<u64> {
    let mut removed = 0;
    for batch in keys.chunks(BATCH) {
        let batch: Vec<&[u8]> = batch.iter().map(AsRef::as_ref).collect();
        removed += redis.clone().unlink::<_, u64>(batch).await?;
    }
    Ok(removed)
}

//% if options.topology == "any"
/// Removes the keys that match, wherever in a cluster they are.
pub(super) async fn unlink_matching(
    redis: &Connection,
    pattern: &str,
    limit: Duration,
) -> RedisResult<u64> {
    let mut removed = 0;
    for node in super::within(limit, redis.masters()).await? {
        removed += unlink_scanned(redis, node, pattern, limit).await?;
    }
    Ok(removed)
}

/// Removes the keys of one node that match.
async fn unlink_scanned(
    redis: &Connection,
    mut node: Connection,
    pattern: &str,
    limit: Duration,
) -> RedisResult<u64> {
//% else
/// Removes the keys that match.
pub(super) async fn unlink_matching(
    redis: &Connection,
    pattern: &str,
    limit: Duration,
) -> RedisResult<u64> {
    let mut node = redis.clone();
//% endif
    let (mut cursor, mut removed) = (0_u64, 0);
    loop {
        let mut scan = ::redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(pattern);
        scan.arg("COUNT").arg(1_000);
        let page = super::within(limit, scan.query_async(&mut node)).await?;
        let (next, keys): (u64, Vec<Vec<u8>>) = page;
        removed += super::within(limit, unlink(redis, &keys)).await?;
        if next == 0 {
            return Ok(removed);
        }
        cursor = next;
    }
}
