//! What holds for cache and messages in memory and, where `REDIS_URL` is set, in Redis.

use std::{
    error::Error,
    future::pending,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::time::{sleep, timeout};

use super::*;
use super::super as infra;

mod outage;

const MINUTE: Duration = Duration::from_secs(60);

/// Redis in memory and, if there is a server, on it; each with keys of its own.
async fn everywhere(test: &str) -> Vec<Redis> {
    let mut settings = infra::settings::Settings::default().redis;
    settings.cache_prefix = format!("test[{}]*?\\{test}", std::process::id());
    let memory = Redis::start(&settings).await.unwrap();
    let Ok(url) = std::env::var("REDIS_URL") else {
        return vec![memory];
    };
    settings.url = Some(SecretString::from(url));
    let server = Redis::start(&settings).await.unwrap();
    assert_eq!(
        server.health().await,
        infra::Health::Healthy,
        "REDIS_URL is set but nobody answers"
    );
    server.cache.clear("*").await;
    vec![memory, server]
}

#[tokio::test]
async fn values_come_back_and_leave() {
    for Redis { cache, .. } in everywhere("values").await {
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
}

#[tokio::test]
async fn an_entry_ends_with_its_time() {
    for Redis { cache, .. } in everywhere("time").await {
        cache
            .set("key", &1, Duration::from_millis(50))
            .await
            .unwrap();
        cache.set("never", &1, Duration::ZERO).await.unwrap();
        assert_eq!(cache.get("key").await, Some(1));
        sleep(Duration::from_millis(100)).await;
        assert_eq!(cache.get::<u64>("key").await, None);
        assert_eq!(cache.get::<u64>("never").await, None);
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_a_miss() {
    for Redis { cache, .. } in everywhere("type").await {
        cache.set("key", "tea", MINUTE).await.unwrap();
        assert_eq!(cache.get::<u64>("key").await, None);
        let compute = || async { Ok::<u64, CacheError>(7) };
        assert_eq!(
            cache.get_or_compute("key", MINUTE, compute).await.unwrap(),
            7
        );
        assert_eq!(cache.get("key").await, Some(7));
    }
}

#[tokio::test]
async fn many_values_at_once() {
    for Redis { cache, .. } in everywhere("many").await {
        cache
            .set_many([("a", &1), ("b", &2)], MINUTE)
            .await
            .unwrap();
        let values = cache.get_many(&["b", "missing", "a"]).await;
        assert_eq!(values, [Some(2), None, Some(1)]);
        assert_eq!(cache.get_many::<u64>(&[]).await, []);
        let warm = (0..1_200).map(|n| (format!("n:{n}"), n));
        assert_eq!(cache.warm(warm, MINUTE).await.unwrap(), 1_200);
        assert_eq!(cache.get("n:1199").await, Some(1_199));
    }
}

#[tokio::test]
async fn a_pattern_clears_its_own_keys_only() {
    for Redis { cache, .. } in everywhere("pattern").await {
        for key in ["user:1", "user:22", "users", "[a]", "a"] {
            cache.set(key, &1, MINUTE).await.unwrap();
        }
        assert_eq!(cache.clear("user:?").await, 1);
        assert_eq!(cache.clear("[a]").await, 1);
        assert!(cache.exists("a").await);
        assert_eq!(cache.clear("user*").await, 2);
        assert_eq!(cache.clear("*").await, 1);
    }
}

#[tokio::test]
async fn a_tag_drops_what_carries_it() {
    for Redis { cache, .. } in everywhere("tag").await {
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
}

#[tokio::test]
async fn a_thousand_callers_compute_once() {
    for Redis { cache, .. } in everywhere("thousand").await {
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
}

#[tokio::test]
async fn a_failure_reaches_all_who_wait_and_is_not_kept() {
    for Redis { cache, .. } in everywhere("failure").await {
        let attempts = AtomicUsize::new(0);
        let fail = || async {
            sleep(Duration::from_millis(20)).await;
            attempts.fetch_add(1, Relaxed);
            Err::<u64, _>("the database is away")
        };
        let callers = (0..10).map(|_| cache.get_or_compute("key", MINUTE, fail));
        for outcome in join_all(callers).await {
            let message = outcome.unwrap_err().to_string();
            assert_eq!(
                message,
                "the value could not be computed: the database is away"
            );
        }
        assert_eq!(attempts.load(Relaxed), 1);
        let compute = || async { Ok::<u64, CacheError>(7) };
        assert_eq!(
            cache.get_or_compute("key", MINUTE, compute).await.unwrap(),
            7
        );
    }
}

#[tokio::test]
async fn what_is_invalidated_while_it_is_computed_is_not_kept() {
    for Redis { cache, .. } in everywhere("race").await {
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
}

#[tokio::test]
async fn what_is_set_while_it_is_computed_stays() {
    for Redis { cache, .. } in everywhere("set").await {
        let compute = || async {
            cache.set("key", &2, MINUTE).await?;
            Ok::<u64, CacheError>(1)
        };
        let computed = cache.get_or_compute("key", MINUTE, compute).await;
        assert_eq!(computed.unwrap(), 1);
        assert_eq!(cache.get("key").await, Some(2));
    }
}

#[tokio::test]
async fn a_dropped_caller_does_not_keep_others_waiting() {
    for Redis { cache, .. } in everywhere("dropped").await {
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
}

#[tokio::test]
async fn what_cannot_be_stored_leaves_no_older_value() {
    for Redis { cache, .. } in everywhere("large").await {
        cache.set("key", &1, MINUTE).await.unwrap();
        let large = "x".repeat(value::MAX_VALUE);
        assert!(cache.set("key", &large, MINUTE).await.is_err());
        assert!(!cache.exists("key").await);
    }
}

#[tokio::test]
async fn messages_reach_channels_and_patterns() {
    for Redis { pubsub, .. } in everywhere("messages").await {
        let channel = format!("test.{}.orders", std::process::id());
        let mut exact = pubsub.subscribe::<u64>(&channel).await;
        let mut again = pubsub.subscribe::<u64>(&channel).await;
        let mut pattern = pubsub
            .subscribe_pattern::<u64>(&format!("{channel}*"))
            .await;
        pubsub.publish(&channel, "not a number").await.unwrap();
        pubsub.publish(&channel, &1_u64).await.unwrap();
        let message = Message {
            channel: channel.clone(),
            value: 1,
        };
        for subscription in [&mut exact, &mut again, &mut pattern] {
            assert_eq!(next(subscription).await.as_ref(), Some(&message));
        }
        drop(exact);
        pubsub.publish(&channel, &2_u64).await.unwrap();
        assert_eq!(next(&mut again).await.map(|message| message.value), Some(2));
    }
}

async fn next(subscription: &mut Subscription<u64>) -> Option<Message<u64>> {
    use futures_util::StreamExt;

    timeout(Duration::from_secs(5), subscription.next())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_unreachable_redis_delays_nobody_longer_than_the_limit() {
    let mut settings = infra::settings::Settings::default().redis;
    // Packets to this network are dropped or refused: both must do.
    settings.url = Some(SecretString::from("redis://192.0.2.1:6379".to_owned()));
    settings.timeout = Duration::from_millis(200);
    let started = timeout(Duration::from_millis(400), Redis::start(&settings)).await;
    let Redis { cache, pubsub } = started.unwrap().unwrap();
    let quickly = timeout(Duration::from_millis(100), async {
        cache.set("key", &1, MINUTE).await.unwrap();
        cache.get("key").await
    });
    assert_eq!(quickly.await.unwrap(), Some(1));
    let publish = timeout(Duration::from_millis(400), pubsub.publish("channel", &1));
    assert!(publish.await.unwrap().is_err());
}

#[tokio::test]
async fn an_error_names_neither_user_nor_password() {
    let mut settings = infra::settings::Settings::default().redis;
    settings.url = Some(SecretString::from(
        "redis://root:hunter2@host:port".to_owned(),
    ));
    let error: Box<dyn Error> = Redis::start(&settings).await.unwrap_err().into();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
