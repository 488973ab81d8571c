//! What workers do with the jobs of every backend.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::*;
use crate::/*= module =*/::Infra;

/// A job that follows a script.
#[derive(Serialize, Deserialize)]
enum Play {
    Well,
    Long(Duration),
    /// Fails in all attempts before this one.
    WellFrom(u32),
    Panic,
    Never,
}

/// What has run, by the name of the queue.
static LOG: Mutex<Vec<(String, Run)>> = Mutex::new(Vec::new());

#[derive(Clone, Debug)]
struct Run {
    id: String,
    begun: Instant,
    ended: Instant,
}

impl Job for Play {
    const NAME: &'static str = "play";
    const TIME_LIMIT: Option<Duration> = Some(Duration::from_secs(5));
    type Output = u32;

    async fn run(self, context: Context) -> Result<u32, Failure> {
        let begun = Instant::now();
        let result = match self {
            Self::Well => Ok(context.attempt),
            Self::Long(time) => {
                sleep(time).await;
                Ok(context.attempt)
            }
            Self::WellFrom(attempt) if attempt <= context.attempt => Ok(context.attempt),
            Self::WellFrom(_) => Err("not yet".into()),
            Self::Panic => panic!("stage fright"),
            Self::Never => Err(Failure::permanent("never")),
        };
        let queue = context.infra.queue.shared.settings.name.clone();
        let run = Run {
            id: context.id,
            begun,
            ended: Instant::now(),
        };
        LOG.lock().unwrap().push((queue, run));
        result
    }
}

/// Never ends.
#[derive(Serialize, Deserialize)]
struct Endless;

impl Job for Endless {
    const NAME: &'static str = "endless";
    const TIME_LIMIT: Option<Duration> = Some(Duration::from_millis(100));
    const MAX_RETRIES: Option<u16> = Some(0);
    type Output = ();

    async fn run(self, _: Context) -> Result<(), Failure> {
        std::future::pending().await
    }
}

/// What a process of the app is.
async fn instance(settings: &QueueSettings) -> Arc<Infra> {
    let settings = Settings {
        queue: settings.clone(),
        ..Settings::default()
    };
    Infra::start_with(settings).await.unwrap()
}

fn worker(infra: &Arc<Infra>) -> Worker {
    Worker::new(infra).job::<Play>().job::<Endless>()
}

async fn started(settings: &QueueSettings) -> Arc<Infra> {
    let infra = instance(settings).await;
    worker(&infra).start().unwrap();
    infra
}

async fn ended(queue: &Queue, id: &str) -> JobStatus {
    let begun = Instant::now();
    loop {
        let status = queue.status(id).await.unwrap().unwrap();
        if matches!(status.state, State::Done | State::Dead) {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{status:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn runs(settings: &QueueSettings) -> Vec<Run> {
    let log = LOG.lock().unwrap();
    let ours = log.iter().filter(|(queue, _)| *queue == settings.name);
    ours.map(|(_, run)| run.clone()).collect()
}

pub(super) async fn a_job_runs_and_leaves_its_output(settings: QueueSettings) {
    let infra = started(&settings).await;
    let well = infra.queue.enqueue(&Play::Well).await.unwrap();
    let status = ended(&infra.queue, &well.id).await;
    assert_eq!((status.name.as_str(), status.state), ("play", State::Done));
    assert_eq!(status.output::<Play>().unwrap(), Some(1));
    assert_eq!(status.error, None);
    infra.shutdown().await;
}

pub(super) async fn a_failure_is_tried_again_until_it_is_final(settings: QueueSettings) {
    let infra = started(&settings).await;
    let queue = &infra.queue;
    let third = queue.enqueue(&Play::WellFrom(3)).await.unwrap();
    let fifth = queue.enqueue(&Play::WellFrom(5)).await.unwrap();
    let never = queue.enqueue(&Play::Never).await.unwrap();
    let unknown = queue.enqueue(NewJob::named("unknown", &0)).await.unwrap();
    let other = queue
        .enqueue(NewJob::named("play", &"other"))
        .await
        .unwrap();

    let status = ended(queue, &third.id).await;
    assert_eq!((status.state, status.attempt), (State::Done, 3));
    let status = ended(queue, &fifth.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 3));
    assert_eq!(status.error.as_deref(), Some("not yet"));
    let status = ended(queue, &never.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 1));
    let status = ended(queue, &unknown.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 3));
    let status = ended(queue, &other.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 1));

    assert!(queue.replay(&fifth.id).await.unwrap());
    let status = ended(queue, &fifth.id).await;
    assert_eq!((status.state, status.attempt), (State::Done, 5));
    infra.shutdown().await;
}

pub(super) async fn a_panic_and_an_attempt_without_end_are_failures(settings: QueueSettings) {
    let infra = started(&settings).await;
    let panic = infra.queue.enqueue(&Play::Panic).await.unwrap();
    let endless = infra.queue.enqueue(&Endless).await.unwrap();
    let status = ended(&infra.queue, &panic.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 3));
    assert_eq!(status.error.as_deref(), Some("it panicked: stage fright"));
    let status = ended(&infra.queue, &endless.id).await;
    assert_eq!((status.state, status.attempt), (State::Dead, 1));
    assert_eq!(status.error.as_deref(), Some("it took longer than 100ms"));
    infra.shutdown().await;
}

pub(super) async fn an_idle_worker_starts_a_job_within_a_second(settings: QueueSettings) {
    let infra = started(&settings).await;
    // A process of its own where there is a server; in memory there is only one.
    let url = settings.url.as_ref();
    let other = match url.map_or("", |url| url.expose_secret()) {
        "memory" => infra.queue.clone(),
        _ => instance(&settings).await.queue.clone(),
    };
    for idle in [1_500, 300, 0] {
        sleep(Duration::from_millis(idle)).await;
        let begun = Instant::now();
        let well = other.enqueue(&Play::Well).await.unwrap();
        ended(&infra.queue, &well.id).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    infra.shutdown().await;
}

pub(super) async fn a_job_longer_than_its_lease_runs_once(mut settings: QueueSettings) {
    // All places are taken: the heart must beat all the same.
    settings.max_jobs = 1;
    let first = started(&settings).await;
    let long = Play::Long(LEASE * 5 / 2);
    let long = first.queue.enqueue(&long).await.unwrap();
    worker(&first).start().unwrap();
    let status = ended(&first.queue, &long.id).await;
    assert_eq!((status.state, status.attempt), (State::Done, 1));
    let runs = runs(&settings);
    assert!(runs.len() == 1 && runs[0].id == long.id, "{runs:?}");
    first.shutdown().await;
}

pub(super) async fn no_more_jobs_run_at_once_than_may(mut settings: QueueSettings) {
    settings.max_jobs = 3;
    let infra = instance(&settings).await;
    let jobs = [(); 12].map(|()| Play::Long(Duration::from_millis(50)));
    let jobs = infra.queue.enqueue_many(&jobs).await.unwrap();
    worker(&infra).start().unwrap();
    for job in jobs {
        ended(&infra.queue, &job.id).await;
    }
    let runs = runs(&settings);
    let at_once = |time| {
        let there = |run: &&Run| run.begun <= time && time < run.ended;
        runs.iter().filter(there).count()
    };
    let most = runs.iter().map(|run| at_once(run.begun)).max();
    assert_eq!((runs.len(), most), (12, Some(3)));
    infra.shutdown().await;
}

pub(super) async fn shutdown_finishes_what_it_can_and_gives_the_rest_back(
    mut settings: QueueSettings,
) {
    settings.shutdown_limit = Duration::from_millis(600);
    let infra = started(&settings).await;
    let short = Play::Long(Duration::from_millis(300));
    let long = Play::Long(Duration::from_secs(4));
    let short = infra.queue.enqueue(&short).await.unwrap();
    let long = infra.queue.enqueue(&long).await.unwrap();
    let begun = Instant::now();
    while infra.queue.counts().await.unwrap().running < 2 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    infra.shutdown().await;
    let took = begun.elapsed();
    assert!(took < settings.shutdown_limit + SLACK, "{took:?}");
    let status = infra.queue.status(&short.id).await.unwrap().unwrap();
    assert_eq!((status.state, status.attempt), (State::Done, 1));
    let status = infra.queue.status(&long.id).await.unwrap().unwrap();
    assert_eq!((status.state, status.attempt), (State::Waiting, 1));
    let late = infra.queue.enqueue(&Play::Well).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let status = infra.queue.status(&late.id).await.unwrap().unwrap();
    assert_eq!(status.state, State::Waiting, "nobody works any more");
}
//% if options.cron

pub(super) async fn a_tick_fires_once_over_three_instances(settings: QueueSettings) {
    let infra = instance(&settings).await;
    for _ in 0..3 {
        let worker = worker(&infra).cron("second", "* * * * * *", &Play::Well);
        worker.start().unwrap();
    }
    sleep(Duration::from_millis(3_300)).await;
    infra.shutdown().await;
    let runs = runs(&settings);
    let mut ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), runs.len(), "{runs:?}");
    assert!((3..=4).contains(&ids.len()), "{ids:?}");
    assert!(
        ids.iter().all(|id| id.starts_with("cron:second:")),
        "{ids:?}"
    );
}

#[tokio::test]
async fn a_worker_says_all_that_is_wrong_with_it() {
    let infra = Infra::for_tests().await.unwrap();
    let worker = worker(&infra)
        .job::<Play>()
        .cron("a", "every day", &Play::Well)
        .cron("b", "0 0 30 2 *", &Play::Well)
        .cron("c", "0 3 * * *", &Play::Well)
        .cron("c", "0 4 * * *", &Play::Well);
    let error = worker.start().unwrap_err().to_string();
    for wrong in ["`play`", "`every day` of `a`", "`0 0 30 2 *` of `b`", "`c`"] {
        assert!(error.contains(wrong), "{error}");
    }
}
//% endif
