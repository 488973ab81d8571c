//! What holds for the cache and its messages, in memory and on the server of `TEST_REDIS_URL`.

use std::{
    future::pending,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::*;
use crate::/*= module =*/::settings::Settings;

type Health = crate::/*= module =*/::Health;

const MINUTE: Duration = Duration::from_secs(60);

/// Settings with keys of their own; entries are left to their time to live.
fn settings(url: Option<String>) -> RedisSettings {
    let mut settings = Settings::default().redis;
    settings.cache_prefix = format!("test {:x} [*?\\]", RandomState::new().hash_one(0));
    settings.url = url.map(Into::into);
    settings
}

fn test_url() -> String {
    std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set")
}

async fn on_server() -> Redis {
    let redis = Redis::start(&settings(Some(test_url()))).await.unwrap();
    assert_eq!(redis.health().await, Health::Healthy);
    redis
}

async fn in_memory() -> Redis {
    Redis::start(&settings(None)).await.unwrap()
}

/// Makes two tests of each function: one in memory, one on the server.
macro_rules! everywhere {
    ($($test:ident)+) => {
        mod memory {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(super::in_memory().await).await;
                }
            )+
        }

        mod server {
            $(
                #[tokio::test]
                #[ignore = "needs TEST_REDIS_URL"]
                async fn $test() {
                    super::$test(super::on_server().await).await;
                }
            )+
        }
    };
}
mod failure;
//% if options.pubsub
mod messages;
//% endif
mod outage;

everywhere! {
    values_come_back_and_leave
    an_entry_ends_with_its_time
    a_value_of_another_type_is_a_miss
    many_values_at_once
    a_pattern_clears_its_own_keys_only
    a_tag_drops_what_carries_it
    a_thousand_callers_compute_once
    a_failure_reaches_all_who_wait_and_is_not_kept
    what_is_invalidated_while_it_is_computed_is_not_kept
    what_is_set_while_it_is_computed_stays
    another_invalidation_leaves_a_computation_alone
    encoding_is_no_wait_for_redis
    a_dropped_caller_does_not_keep_others_waiting
    what_cannot_be_stored_leaves_no_older_value
}

async fn values_come_back_and_leave(Redis { cache, .. }: Redis) {
    let long = "x".repeat(100_000);
    cache.set("long", &long, MINUTE).await.unwrap();
    cache.set("short", "tea", Keep::default()).await.unwrap();
    assert_eq!(cache.get("long").await, Some(long));
    assert_eq!(cache.get("short").await, Some("tea".to_owned()));
    assert!(cache.exists("short").await);
    assert!(cache.delete("short").await);
    assert!(!cache.delete("short").await);
    assert!(!cache.exists("short").await);
    assert_eq!(cache.get::<String>("short").await, None);
    assert_eq!(cache.statistics(), Statistics { hits: 2, misses: 1 });
}

async fn an_entry_ends_with_its_time(Redis { cache, .. }: Redis) {
    cache
        .set("key", &1, Duration::from_millis(300))
        .await
        .unwrap();
    cache.set("never", &1, Duration::ZERO).await.unwrap();
    assert_eq!(cache.get("key").await, Some(1));
    sleep(Duration::from_millis(400)).await;
    assert_eq!(cache.get::<u64>("key").await, None);
    assert_eq!(cache.get::<u64>("never").await, None);
}

async fn a_value_of_another_type_is_a_miss(Redis { cache, .. }: Redis) {
    cache.set("key", "tea", MINUTE).await.unwrap();
    assert_eq!(cache.get::<u64>("key").await, None);
    let compute = || async { Ok::<u64, CacheError>(7) };
    assert_eq!(
        cache.get_or_compute("key", MINUTE, compute).await.unwrap(),
        7
    );
    assert_eq!(cache.get("key").await, Some(7));
}

async fn many_values_at_once(Redis { cache, .. }: Redis) {
    cache
        .set_many([("a", &1), ("b", &2)], MINUTE)
        .await
        .unwrap();
    let values = cache.get_many(&["b", "missing", "a"]).await;
    assert_eq!(values, [Some(2), None, Some(1)]);
    assert_eq!(cache.get_many::<u64>(&[]).await, []);
    let warm = (0..1_200).map(|n| (format!("n:{n}"), n));
    assert!(cache.set_many(warm, MINUTE).await.is_ok());
    assert_eq!(cache.get("n:1199").await, Some(1_199));
}

async fn a_pattern_clears_its_own_keys_only(Redis { cache, .. }: Redis) {
    for key in ["user:1", "user:22", "users", "[a]", "a"] {
        cache.set(key, &1, MINUTE).await.unwrap();
    }
    assert_eq!(cache.clear("user:?").await, 1);
    assert_eq!(cache.clear("[a]").await, 1);
    assert!(cache.exists("a").await);
    assert_eq!(cache.clear("user*").await, 2);
    assert_eq!(cache.clear("*").await, 1);
}

async fn a_tag_drops_what_carries_it(Redis { cache, .. }: Redis) {
    cache
        .set("both", &1, Keep::from(MINUTE).tagged(["red", "big"]))
        .await
        .unwrap();
    cache
        .set("one", &1, Keep::default().tagged(["red"]))
        .await
        .unwrap();
    cache.set("none", &1, MINUTE).await.unwrap();
    assert_eq!(cache.get_many(&["both", "one", "none"]).await, [Some(1); 3]);
    cache.invalidate_tag("big").await;
    assert_eq!(
        cache.get_many(&["both", "one", "none"]).await,
        [None, Some(1), Some(1)]
    );
    cache.invalidate_tag("red").await;
    assert!(!cache.exists("one").await);
    assert!(cache.exists("none").await);
}

async fn a_thousand_callers_compute_once(Redis { cache, .. }: Redis) {
    let computed = AtomicUsize::new(0);
    let callers = (0..1_000).map(|_| {
        cache.get_or_compute("key", MINUTE, || async {
            sleep(Duration::from_millis(20)).await;
            Ok::<_, CacheError>(computed.fetch_add(1, Relaxed))
        })
    });
    let values: Result<Vec<usize>, _> = join_all(callers).await.into_iter().collect();
    assert_eq!(values.unwrap(), [0; 1_000]);
    assert_eq!(computed.into_inner(), 1);
    assert_eq!(
        cache.statistics(),
        Statistics {
            hits: 999,
            misses: 1
        }
    );
}

async fn a_failure_reaches_all_who_wait_and_is_not_kept(Redis { cache, .. }: Redis) {
    let attempts = AtomicUsize::new(0);
    let fail = || async {
        sleep(Duration::from_millis(20)).await;
        attempts.fetch_add(1, Relaxed);
        Err::<u64, _>("the database is away")
    };
    let callers = (0..10).map(|_| cache.get_or_compute("key", MINUTE, fail));
    for outcome in join_all(callers).await {
        let error = outcome.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "the database is away");
    }
    assert_eq!(attempts.load(Relaxed), 1);
    let compute = || async { Ok::<u64, CacheError>(7) };
    assert_eq!(
        cache.get_or_compute("key", MINUTE, compute).await.unwrap(),
        7
    );
}

async fn what_is_invalidated_while_it_is_computed_is_not_kept(Redis { cache, .. }: Redis) {
    let keep = Keep::default().tagged(["prices"]);
    for (key, by_tag) in [("by tag", true), ("by key", false)] {
        let cache = &cache;
        let compute = || async move {
            match by_tag {
                true => cache.invalidate_tag("prices").await,
                false => drop(cache.delete(key).await),
            }
            Ok::<u64, CacheError>(1)
        };
        assert_eq!(
            cache
                .get_or_compute(key, keep.clone(), compute)
                .await
                .unwrap(),
            1
        );
        assert_eq!(cache.get::<u64>(key).await, None, "{key}");
    }
}

async fn what_is_set_while_it_is_computed_stays(Redis { cache, .. }: Redis) {
    let compute = || async {
        cache.set("key", &2, MINUTE).await?;
        Ok::<u64, CacheError>(1)
    };
    let computed = cache.get_or_compute("key", MINUTE, compute).await;
    assert_eq!(computed.unwrap(), 1);
    assert_eq!(cache.get("key").await, Some(2));
}

async fn another_invalidation_leaves_a_computation_alone(Redis { cache, .. }: Redis) {
    let compute = || async {
        cache.invalidate_tag("other").await;
        cache.clear("other*").await;
        cache.delete("other").await;
        Ok::<u64, CacheError>(1)
    };
    let keep = Keep::from(MINUTE).tagged(["tag"]);
    assert_eq!(cache.get_or_compute("key", keep, compute).await.unwrap(), 1);
    assert_eq!(cache.get("key").await, Some(1));
}

/// A value that takes longer to encode than an operation may wait for Redis.
#[derive(serde::Deserialize)]
struct Slow;

impl serde::Serialize for Slow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        std::thread::sleep(Duration::from_millis(700));
        serializer.serialize_unit_struct("Slow")
    }
}

async fn encoding_is_no_wait_for_redis(Redis { cache, .. }: Redis) {
    cache.set("set", &Slow, MINUTE).await.unwrap();
    let compute = || async { Ok::<_, CacheError>(Slow) };
    let computed = cache.get_or_compute("computed", MINUTE, compute).await;
    assert!(computed.is_ok());
    assert!(cache.exists("set").await);
    assert!(cache.exists("computed").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_deletion_outdates_is_not_stored_after_it() {
    let Redis { cache, .. } = in_memory().await;
    let source = Arc::new(AtomicUsize::new(0));
    for round in 1..=20_000 {
        let (ours, now) = (cache.clone(), Arc::clone(&source));
        let computing = tokio::spawn(async move {
            let compute = || async { Ok::<_, CacheError>(now.load(SeqCst)) };
            ours.get_or_compute("key", MINUTE, compute).await
        });
        let (ours, now) = (cache.clone(), Arc::clone(&source));
        let deleting = tokio::spawn(async move {
            now.store(round, SeqCst);
            ours.delete("key").await
        });
        computing.await.unwrap().unwrap();
        deleting.await.unwrap();
        let found = cache.get::<usize>("key").await;
        assert!(found.is_none_or(|found| found == round), "{found:?}");
    }
}

async fn a_dropped_caller_does_not_keep_others_waiting(Redis { cache, .. }: Redis) {
    let stuck = || pending::<Result<u64, CacheError>>();
    let first = timeout(
        Duration::from_millis(50),
        cache.get_or_compute("key", MINUTE, stuck),
    );
    let compute = || async { Ok::<u64, CacheError>(7) };
    let (first, second) = tokio::join!(first, cache.get_or_compute("key", MINUTE, compute));
    assert!(first.is_err());
    assert_eq!(second.unwrap(), 7);
}

async fn what_cannot_be_stored_leaves_no_older_value(Redis { cache, .. }: Redis) {
    cache.set("key", &1, MINUTE).await.unwrap();
    let large = "x".repeat(value::MAX_VALUE);
    assert!(cache.set("key", &large, MINUTE).await.is_err());
    assert!(!cache.exists("key").await);
}
