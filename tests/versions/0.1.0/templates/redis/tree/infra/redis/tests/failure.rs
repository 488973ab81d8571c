//! What holds when Redis refuses, dawdles or is silent; a server made of a few lines plays it.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::*;

/// What a server answers to a command, if it answers at all.
type Answer = fn(&str) -> Option<&'static str>;

/// Settings for a server that waits before it answers each command.
async fn played(answer: Answer, wait: Duration) -> RedisSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((line, _)) = listener.accept().await {
            tokio::spawn(play(line, answer, wait));
        }
    });
    let mut settings = settings(Some(format!("redis://{address}")));
    settings.timeout = Duration::from_millis(300);
    settings
}

async fn play(line: TcpStream, answer: Answer, wait: Duration) -> Option<()> {
    let mut line = BufReader::new(line);
    loop {
        let count = number(&mut line).await?;
        let mut command = String::new();
        for part in 0..count {
            let mut text = vec![0; number(&mut line).await? + 2];
            line.read_exact(&mut text).await.ok()?;
            if part == 0 {
                command = String::from_utf8_lossy(&text).trim().to_owned();
            }
        }
        if command != "CLIENT" {
            sleep(wait).await;
        }
        if let Some(answer) = answer(&command) {
            line.write_all(format!("{answer}\r\n").as_bytes())
                .await
                .ok()?;
        }
    }
}

/// The number behind the sign that begins a line.
async fn number(line: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut text = String::new();
    line.read_line(&mut text).await.ok()?;
    text.get(1..)?.trim().parse().ok()
}

/// Degraded because of a refusal, which is no outage.
async fn assert_refused(redis: &Redis, error: &str) {
    let Health::Degraded(reason) = redis.health().await else {
        panic!("{error} is not reported");
    };
    assert!(reason.contains("redis refused a command"), "{reason}");
    assert!(reason.contains(error), "{reason}");
}

#[tokio::test]
async fn a_full_redis_stays_in_use_and_loses_the_older_value() {
    static REMOVED: AtomicUsize = AtomicUsize::new(0);
    let full: Answer = |command| match command {
        "PSETEX" => Some("-OOM command not allowed when used memory > 'maxmemory'."),
        "UNLINK" => {
            REMOVED.fetch_add(1, Relaxed);
            Some(":1")
        }
        "GET" => Some("$-1"),
        _ => Some("+OK"),
    };
    let settings = played(full, Duration::ZERO).await;
    let redis = Redis::start(&settings).await.unwrap();
    for _ in 0..3 {
        redis.cache.set("key", &1, MINUTE).await.unwrap();
        assert_eq!(redis.cache.get::<u64>("key").await, None);
    }
    assert_eq!(REMOVED.load(Relaxed), 3);
    assert_refused(&redis, "OOM").await;
}

#[tokio::test]
async fn a_replica_stays_in_use() {
    let replica: Answer = |command| match command {
        "GET" => Some("$-1"),
        "PSETEX" | "UNLINK" => Some("-READONLY You can't write against a read only replica."),
        _ => Some("+OK"),
    };
    let settings = played(replica, Duration::ZERO).await;
    let redis = Redis::start(&settings).await.unwrap();
    redis.cache.set("key", &1, MINUTE).await.unwrap();
    assert!(!redis.cache.delete("key").await);
    assert_eq!(redis.cache.get::<u64>("key").await, None);
    assert_refused(&redis, "read only replica").await;
}

#[tokio::test]
async fn a_redis_that_is_loading_is_away() {
    let loading: Answer = |_| Some("-LOADING Redis is loading the dataset in memory");
    let settings = played(loading, Duration::ZERO).await;
    let redis = Redis::start(&settings).await.unwrap();
    redis.cache.set("key", &1, MINUTE).await.unwrap();
    assert_eq!(redis.cache.get("key").await, Some(1));
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn a_key_of_another_kind_is_a_miss_until_it_is_set() {
    use ::redis::AsyncCommands;

    let redis = on_server().await;
    let cache = &redis.cache;
    cache.set("key", &1, MINUTE).await.unwrap();
    let mut raw = cache.redis().unwrap();
    let keys: Vec<String> = raw.keys("test *:key").await.unwrap();
    for key in keys {
        let mut commands = ::redis::pipe();
        commands.del(&key).rpush(&key, 1).expire(&key, 60);
        commands.exec_async(&mut raw).await.unwrap();
    }
    assert_eq!(cache.get::<u64>("key").await, None);
    assert_refused(&redis, "WRONGTYPE").await;
    cache.set("key", &2, MINUTE).await.unwrap();
    assert_eq!(cache.get("key").await, Some(2));
}

#[tokio::test]
async fn all_steps_of_an_operation_share_one_limit() {
    let slow: Answer = |command| match command {
        "PING" => Some("+PONG"),
        _ => Some("$-1"),
    };
    let mut settings = played(slow, Duration::from_millis(500)).await;
    settings.timeout = Duration::from_millis(1_700);
    let redis = Redis::start(&settings).await.unwrap();
    assert_eq!(redis.health().await, Health::Healthy);
    // Each step would keep the limit alone: two commands for the tag, then three for the values.
    let begun = Instant::now();
    let keep = Keep::from(MINUTE).tagged(["tag"]);
    let values = [("a", 1), ("b", 2), ("c", 3)];
    redis.cache.set_many(values, keep).await.unwrap();
    let waited = begun.elapsed();
    let limit = settings.timeout..Duration::from_millis(2_400);
    assert!(limit.contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn a_silent_redis_costs_one_limit_and_then_nothing() {
    let silent: Answer = |_| None;
    // Packets to the first network are dropped or refused: both must do.
    let nowhere = settings(Some("redis://192.0.2.1:6379".to_owned()));
    let silent = played(silent, Duration::ZERO).await;
    for mut settings in [nowhere, silent] {
        settings.timeout = Duration::from_millis(300);
        let started = timeout(settings.timeout * 2, Redis::start(&settings)).await;
        let redis = started.unwrap().unwrap();
        assert!(matches!(redis.health().await, Health::Degraded(_)));
        let cache = &redis.cache;
        let quickly = timeout(settings.timeout / 2, async {
            cache.set("key", &1, MINUTE).await.unwrap();
            cache.get("key").await
        });
        assert_eq!(quickly.await.unwrap(), Some(1));
        //% if options.pubsub
        let publish = redis.pubsub.publish("channel", &1);
        let publish = timeout(settings.timeout * 2, publish).await;
        assert!(publish.unwrap().is_err());
        //% endif
    }
}
