//! Throughput and latency of the generated cache against the raw client on the same server, in one run.
//!
//! An example of a generated package `shop` with redis, in release mode and without LTO:
//!
//!     TEST_REDIS_URL=redis://127.0.0.1:6379 cargo run --release --example redis_cache
//!
//! Raw client and cache take turns, so that a busy machine disturbs both; what counts is the median
//! of the ratios of neighbours.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use shop::infra::redis::{Cache, Redis};
use shop::infra::settings::Settings;

const TASKS: usize = 64;
const OPERATIONS: usize = 1_000;
const ROUNDS: usize = 31;
const TTL: Duration = Duration::from_secs(60);

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let url = std::env::var("TEST_REDIS_URL")?;
    let mut settings = Settings::default().redis;
    settings.cache_prefix = format!("bench {}", std::process::id());
    settings.url = Some(url.clone().into());
    let cache = Redis::start(&settings).await?.cache;
    let raw = ConnectionManager::new(Client::open(url)?).await?;
    let value = "x".repeat(100);

    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let (r, v) = (raw.clone(), value.clone());
        let raw_set = run(move |key| set_raw(r.clone(), key, v.clone())).await?;
        let (c, v) = (cache.clone(), value.clone());
        let set = run(move |key| set(c.clone(), key, v.clone())).await?;
        let r = raw.clone();
        let raw_get = run(move |key| get_raw(r.clone(), key)).await?;
        let c = cache.clone();
        let get = run(move |key| get(c.clone(), key)).await?;
        rounds[0].push((set, raw_set));
        rounds[1].push((get, raw_get));
    }
    for (name, rounds) in ["set", "get"].into_iter().zip(rounds) {
        let throughput = quartiles(rounds.iter().map(|(ours, raw)| ours.rate / raw.rate));
        let p99 = quartiles(rounds.iter().map(|(ours, raw)| ours.p99 / raw.p99));
        let rate = quartiles(rounds.iter().map(|(ours, _)| ours.rate));
        println!(
            "{name}: throughput {:.3} of the raw client (lower quartile {:.3}), p99 {:.3} of it, {:.0} a second",
            throughput[1], throughput[0], p99[1], rate[1]
        );
    }
    cache.clear("*").await;
    Ok(())
}

/// The lower quartile and the median.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [values[values.len() / 4], values[values.len() / 2]]
}

struct Measured {
    /// Operations a second of all tasks together.
    rate: f64,
    /// The duration in seconds that one operation of a hundred exceeds.
    p99: f64,
}

async fn run<F>(
    operation: impl Fn(String) -> F + Clone + Send + 'static,
) -> Result<Measured, Failed>
where
    F: Future<Output = Result<(), Failed>> + Send,
{
    let begun = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let operation = operation.clone();
            tokio::spawn(async move {
                let mut durations = Vec::with_capacity(OPERATIONS);
                for n in 0..OPERATIONS {
                    let begun = Instant::now();
                    operation(format!("bench:{task}:{}", n % 100)).await?;
                    durations.push(begun.elapsed());
                }
                Ok::<_, Failed>(durations)
            })
        })
        .collect();
    let mut durations = Vec::with_capacity(TASKS * OPERATIONS);
    for task in tasks {
        durations.extend(task.await??);
    }
    let rate = durations.len() as f64 / begun.elapsed().as_secs_f64();
    durations.sort();
    let p99 = durations[durations.len() * 99 / 100].as_secs_f64();
    Ok(Measured { rate, p99 })
}

async fn set_raw(mut redis: ConnectionManager, key: String, value: String) -> Result<(), Failed> {
    Ok(redis.pset_ex(key, value, TTL.as_millis() as u64).await?)
}

async fn set(cache: Cache, key: String, value: String) -> Result<(), Failed> {
    Ok(cache.set(&key, &value, TTL).await?)
}

async fn get_raw(mut redis: ConnectionManager, key: String) -> Result<(), Failed> {
    let value: Option<String> = redis.get(key).await?;
    value.map(drop).ok_or_else(|| "a value is missing".into())
}

async fn get(cache: Cache, key: String) -> Result<(), Failed> {
    let value: Option<String> = cache.get(&key).await;
    value.map(drop).ok_or_else(|| "a value is missing".into())
}
