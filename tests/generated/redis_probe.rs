//! A command line over a generated package `shop` with redis, for tests that stop and start whole servers.
//!
//! It reads one command a line from stdin and answers each with one line on stdout: the answer, a space
//! and the milliseconds that it took. The first line of output, `started MS`, comes before any command;
//! the end of stdin ends the program. Settings come from the environment (`REDIS_URL`, ..).
//!
//! | command | answer |
//! |---|---|
//! | `get KEY` | `Some("value")` or `None` |
//! | `set KEY VALUE`, `tag KEY VALUE TAG` | `true`, or `false` for an error; the entry lives ten minutes |
//! | `untag TAG` | `()` |
//! | `del KEY` | `true` if there was a value |
//! | `clear PATTERN` | how many were removed |
//! | `many N` | stores `m:0` to `m:N-1`, reads them back and says how many came |
//! | `herd KEY N` | `computations N agree N` of so many callers of `get_or_compute` at once |
//! | `health` | the health of redis as `Debug` shows it |
//! | `healthy` | `Healthy`, as soon as it is |
//! | `sub PATTERN` | `ok`, once subscribed |
//! | `pub CHANNEL TEXT` | `ok`, or the error |
//! | `next` | `Some("text")` of the next message, or `None` after three seconds |
//! | `stress SECONDS` | writers and readers, then `writes N reads N hits N stale N slowest MS` |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use shop::infra::redis::{Cache, Keep, PubSub, Subscription};
use shop::infra::{Health, Infra};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const KEPT: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let begun = Instant::now();
    let infra = Infra::start().await?;
    println!("started {}", begun.elapsed().as_millis());
    let (cache, pubsub) = (&infra.redis.cache, &infra.redis.pubsub);
    let mut subscription = None;
    // Waiting for a line blocks this thread only; the tasks have others.
    for line in std::io::stdin().lines() {
        let line = line?;
        let begun = Instant::now();
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["health"] => format!("{:?}", infra.redis.health().await),
            ["healthy"] => {
                while infra.redis.health().await != Health::Healthy {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                "Healthy".to_owned()
            }
            ["sub" | "pub" | "next", ..] => message(pubsub, &words, &mut subscription).await,
            _ => operate(cache, &words).await?,
        };
        println!("{answer} {}", begun.elapsed().as_millis());
    }
    infra.shutdown().await;
    Ok(())
}

async fn operate(cache: &Cache, words: &[&str]) -> Result<String, Failed> {
    Ok(match *words {
        ["get", key] => format!("{:?}", cache.get::<String>(key).await),
        ["set", key, value] => cache.set(key, value, KEPT).await.is_ok().to_string(),
        ["tag", key, value, tag] => {
            let keep = Keep::from(KEPT).tagged([tag]);
            cache.set(key, value, keep).await.is_ok().to_string()
        }
        ["untag", tag] => format!("{:?}", cache.invalidate_tag(tag).await),
        ["del", key] => cache.delete(key).await.to_string(),
        ["clear", pattern] => cache.clear(pattern).await.to_string(),
        ["many", count] => {
            let keys: Vec<String> = (0..count.parse()?).map(|n: u64| format!("m:{n}")).collect();
            cache.set_many(keys.iter().zip(0_u64..), KEPT).await?;
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let values = cache.get_many::<u64>(&keys).await;
            values.iter().flatten().count().to_string()
        }
        ["herd", key, count] => herd(cache, key, count.parse()?).await?,
        ["stress", seconds] => stress(cache, Duration::from_secs(seconds.parse()?)).await?,
        _ => "unknown command".to_owned(),
    })
}

/// Many callers want what is not there, all at the same time, and what takes its time to compute.
async fn herd(cache: &Cache, key: &str, callers: usize) -> Result<String, Failed> {
    let computations = Arc::new(AtomicU64::new(0));
    let calls: Vec<_> = (0..callers)
        .map(|_| {
            let (cache, key) = (cache.clone(), key.to_owned());
            let computations = Arc::clone(&computations);
            tokio::spawn(async move {
                let compute = || async {
                    computations.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Ok::<_, std::io::Error>(42_u64)
                };
                cache.get_or_compute(&key, KEPT, compute).await
            })
        })
        .collect();
    let mut agree = 0;
    for call in calls {
        agree += u64::from(call.await?? == 42);
    }
    let computations = computations.load(SeqCst);
    Ok(format!("computations {computations} agree {agree}"))
}

async fn message(
    pubsub: &PubSub,
    words: &[&str],
    subscription: &mut Option<Subscription<String>>,
) -> String {
    match (words, subscription) {
        (["sub", pattern], subscription) => {
            *subscription = Some(pubsub.subscribe_pattern(pattern).await);
            "ok".to_owned()
        }
        (["pub", channel, text], _) => match pubsub.publish(channel, text).await {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        },
        (_, Some(subscription)) => {
            let next = tokio::time::timeout(Duration::from_secs(3), subscription.next()).await;
            format!("{:?}", next.ok().flatten().map(|message| message.value))
        }
        _ => "not subscribed".to_owned(),
    }
}

/// What all tasks of the stress share.
struct Stress {
    cache: Cache,
    end: Instant,
    writes: AtomicU64,
    reads: AtomicU64,
    hits: AtomicU64,
    stale: AtomicU64,
    slowest: AtomicU64,
}

/// One writer a key (sets, or deletes and sets), four readers: nobody may read less than what was
/// acknowledged before the reading began.
async fn stress(cache: &Cache, duration: Duration) -> Result<String, Failed> {
    let stress = Arc::new(Stress {
        cache: cache.clone(),
        end: Instant::now() + duration,
        writes: AtomicU64::new(0),
        reads: AtomicU64::new(0),
        hits: AtomicU64::new(0),
        stale: AtomicU64::new(0),
        slowest: AtomicU64::new(0),
    });
    let mut tasks = Vec::new();
    for key in 0..8 {
        let key = format!("stress:{key}");
        let acknowledged = Arc::new(AtomicU64::new(0));
        let writer = write(Arc::clone(&stress), key.clone(), Arc::clone(&acknowledged));
        tasks.push(tokio::spawn(writer));
        for _ in 0..4 {
            let reader = read(Arc::clone(&stress), key.clone(), Arc::clone(&acknowledged));
            tasks.push(tokio::spawn(reader));
        }
    }
    for task in tasks {
        task.await?;
    }
    let [writes, reads, hits, stale, slowest] = [
        &stress.writes,
        &stress.reads,
        &stress.hits,
        &stress.stale,
        &stress.slowest,
    ]
    .map(|count| count.load(SeqCst));
    Ok(format!(
        "writes {writes} reads {reads} hits {hits} stale {stale} slowest {slowest}"
    ))
}

async fn write(stress: Arc<Stress>, key: String, acknowledged: Arc<AtomicU64>) {
    let mut value = 0_u64;
    while Instant::now() < stress.end {
        value += 1;
        let begun = Instant::now();
        if value.is_multiple_of(3) {
            stress.cache.delete(&key).await;
        } else if value % 3 == 1 {
            stress.cache.set(&key, &value, KEPT).await.ok();
        } else {
            let keep = Keep::from(KEPT).tagged(["stress"]);
            stress.cache.set(&key, &value, keep).await.ok();
        }
        stress.took(begun);
        if value % 30 == 2 {
            stress.cache.invalidate_tag("stress").await;
        }
        acknowledged.store(value, SeqCst);
        stress.writes.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(value % 5)).await;
    }
}

async fn read(stress: Arc<Stress>, key: String, acknowledged: Arc<AtomicU64>) {
    while Instant::now() < stress.end {
        let before = acknowledged.load(SeqCst);
        let begun = Instant::now();
        let value = stress.cache.get::<u64>(&key).await;
        stress.took(begun);
        stress.reads.fetch_add(1, SeqCst);
        if let Some(value) = value {
            stress.hits.fetch_add(1, SeqCst);
            if value < before {
                stress.stale.fetch_add(1, SeqCst);
                eprintln!("stale: {key} is {value}, {before} was acknowledged");
            }
        }
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
}

impl Stress {
    fn took(&self, begun: Instant) {
        let millis = begun.elapsed().as_millis() as u64;
        self.slowest.fetch_max(millis, SeqCst);
    }
}
