//! Throughput of the generated queue on a Redis, without and with a result that is kept.
//!
//! An example of a generated package `shop` with queue, in release mode and without LTO:
//!
//!     TEST_REDIS_URL=redis://127.0.0.1:6379 cargo run --release --example queue_throughput
//!
//! Prints lines `NAME RATE`: jobs a second. `cargo bench --bench queue` runs it beside Python's arq.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use shop::infra::Infra;
use shop::infra::queue::{Context, Failure, Job, Worker};
use shop::infra::settings::Settings;

const JOBS: u64 = 100_000;
const SINGLE: u64 = 20_000;
const TASKS: u64 = 50;

type Failed = Box<dyn std::error::Error + Send + Sync>;

static RAN: AtomicU64 = AtomicU64::new(0);

#[derive(Serialize, Deserialize)]
struct Nothing {
    number: u64,
}

impl Job for Nothing {
    const NAME: &'static str = "nothing";
    type Output = ();

    async fn run(self, _: Context) -> Result<(), Failure> {
        RAN.fetch_add(1, Relaxed);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let url = std::env::var("TEST_REDIS_URL")?;
    for (name, result_ttl) in [("work", 0), ("work_with_results", 60)] {
        let mut settings = Settings::default();
        settings.queue.name = format!("bench-{name}-{}", std::process::id());
        settings.queue.url = Some(url.clone().into());
        settings.queue.max_jobs = 50;
        settings.queue.result_ttl = Duration::from_secs(result_ttl);
        let infra = Infra::start_with(settings).await?;
        let jobs: Vec<Nothing> = (0..JOBS).map(|number| Nothing { number }).collect();

        let begun = Instant::now();
        infra.queue.enqueue_many(&jobs).await?;
        let enqueued = begun.elapsed();

        RAN.store(0, Relaxed);
        let begun = Instant::now();
        Worker::new(&infra).job::<Nothing>().start()?;
        while infra.queue.counts().await?.waiting > 0 || RAN.load(Relaxed) < JOBS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The last jobs are ended, too, not only run.
        while infra.queue.counts().await?.running > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        println!("{name} {:.0}", rate(JOBS, begun.elapsed()));
        infra.shutdown().await;
        if result_ttl == 0 {
            println!("enqueue_in_batches {:.0}", rate(JOBS, enqueued));
            println!("enqueue_one_by_one {:.0}", one_by_one(&infra).await?);
        }
    }
    Ok(())
}

/// Enqueues from many tasks, as the handlers of a server do.
async fn one_by_one(infra: &Infra) -> Result<f64, Failed> {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let queue = infra.queue.clone();
        tasks.spawn(async move {
            for number in 0..SINGLE / TASKS {
                queue.enqueue(&Nothing { number }).await?;
            }
            Ok::<_, Failed>(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(rate(SINGLE, begun.elapsed()))
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
