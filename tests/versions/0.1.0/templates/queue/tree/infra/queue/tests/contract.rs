//! What every backend keeps to, without a worker.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use super::super::backend::{Claimed, Outcome};
use super::*;

const KEEP: Duration = Duration::from_secs(60);

async fn open(settings: QueueSettings) -> Queue {
    let queue = Queue::start(&settings).await.unwrap();
    let health = queue.health().await;
    assert!(!matches!(health, Health::Unhealthy(_)), "{health:?}");
    queue
}

fn job(id: &str) -> NewJob {
    NewJob::named("job", &id).unique(id)
}

async fn claim(queue: &Queue, limit: usize) -> Vec<Claimed> {
    queue.shared.backend.claim(limit, LEASE).await.unwrap().jobs
}

/// Claims a job that is due now or will be.
async fn claim_one(queue: &Queue) -> Claimed {
    let begun = Instant::now();
    loop {
        if let Some(job) = claim(queue, 1).await.pop() {
            return job;
        }
        assert!(begun.elapsed() < LEASE * 10, "there is no job");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn finish(queue: &Queue, job: &Claimed, outcome: Outcome) -> bool {
    let finished = queue.shared.backend.finish(&job.id, job.attempt, &outcome);
    finished.await.unwrap()
}

fn done() -> Outcome {
    Outcome::Done {
        output: b"1".to_vec(),
        keep: KEEP,
    }
}

async fn beat(queue: &Queue, job: &Claimed) -> Vec<String> {
    let runs = [(job.id.clone(), job.attempt)];
    queue.shared.backend.beat(&runs, LEASE).await.unwrap()
}

async fn state(queue: &Queue, id: &str) -> Option<State> {
    let status = queue.status(id).await.unwrap();
    status.map(|status| status.state)
}

pub(super) async fn a_job_is_known_from_its_enqueuing_to_its_removal(settings: QueueSettings) {
    let queue = open(settings).await;
    assert!(queue.enqueue(job("a")).await.unwrap().is_new);
    assert_eq!(state(&queue, "a").await, Some(State::Waiting));
    assert_eq!(queue.counts().await.unwrap().waiting, 1);

    let claimed = claim_one(&queue).await;
    assert_eq!((claimed.id.as_str(), claimed.name.as_str()), ("a", "job"));
    assert_eq!(claimed.payload, b"\"a\"");
    assert_eq!((claimed.attempt, claimed.last), (1, 3));
    assert_eq!(state(&queue, "a").await, Some(State::Running));
    assert_eq!(queue.counts().await.unwrap().running, 1);
    assert!(!queue.remove("a").await.unwrap(), "it is running");

    assert!(finish(&queue, &claimed, done()).await);
    assert!(!finish(&queue, &claimed, done()).await, "it ends once");
    let status = queue.status("a").await.unwrap().unwrap();
    assert_eq!((status.state, status.attempt), (State::Done, 1));
    assert_eq!(status.output.as_deref(), Some(b"1".as_slice()));
    assert_eq!(queue.counts().await.unwrap(), Counts::default());
    assert!(!queue.enqueue(job("a")).await.unwrap().is_new);

    assert!(queue.remove("a").await.unwrap());
    assert!(!queue.remove("a").await.unwrap());
    assert_eq!(state(&queue, "a").await, None);
    assert!(queue.enqueue(job("a")).await.unwrap().is_new);
    assert!(queue.remove("a").await.unwrap(), "it waits");
    assert!(claim(&queue, 1).await.is_empty());
}

pub(super) async fn a_job_carries_the_trace_it_was_enqueued_in(settings: QueueSettings) {
    let queue = open(settings).await;
    let headers = r#"{"traceparent":"00-1-2-01"}"#;
    let entries = [job("a").entry(0, headers).unwrap()];
    let new = queue.shared.backend.enqueue(&entries).await.unwrap();
    assert_eq!(new, [true]);
    for outcome in [Outcome::GivenBack, done()] {
        let ours = claim_one(&queue).await;
        assert_eq!(ours.headers, headers);
        assert!(finish(&queue, &ours, outcome).await);
    }
}

pub(super) async fn many_jobs_come_out_in_the_order_they_went_in(settings: QueueSettings) {
    const JOBS: usize = 1_200;
    let queue = open(settings).await;
    let jobs = (0..JOBS).map(|n| NewJob::named("job", &n));
    let enqueued = queue.enqueue_many(jobs).await.unwrap();
    assert!(enqueued.iter().all(|enqueued| enqueued.is_new));
    let mut claimed = Vec::new();
    while claimed.len() < JOBS {
        let jobs = claim(&queue, 100).await;
        assert!(!jobs.is_empty() && jobs.len() <= 100, "{}", jobs.len());
        let ends = jobs.iter().map(|job| finish(&queue, job, done()));
        assert!(join_all(ends).await.into_iter().all(|ours| ours));
        claimed.extend(jobs.into_iter().map(|job| job.id));
    }
    let ids: Vec<String> = enqueued.into_iter().map(|enqueued| enqueued.id).collect();
    assert!(claimed == ids, "the order changed");
}

pub(super) async fn a_job_waits_for_its_time(settings: QueueSettings) {
    let queue = open(settings).await;
    let delay = Duration::from_millis(600);
    let begun = Instant::now();
    queue.enqueue_in(delay, job("in")).await.unwrap();
    let at = SystemTime::now() + delay;
    queue.enqueue_at(at, job("at")).await.unwrap();
    queue.enqueue_at(at - delay * 2, job("past")).await.unwrap();
    let first = claim_one(&queue).await;
    assert!(first.id == "past" && begun.elapsed() < delay, "{first:?}");
    let later = [claim_one(&queue).await, claim_one(&queue).await];
    // A server may count in whole milliseconds.
    assert!(begun.elapsed() + Duration::from_millis(2) >= delay);
    assert!(begun.elapsed() < delay + SLACK);
    assert!(later.iter().all(|job| job.attempt == 1), "{later:?}");
}

pub(super) async fn one_of_a_hundred_callers_enqueues_a_unique_id(settings: QueueSettings) {
    let queue = open(settings).await;
    let callers = (0..100).map(|_| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.enqueue(job("unique")).await.unwrap().is_new })
    });
    let new = join_all(callers).await;
    let new = new.into_iter().filter(|new| *new.as_ref().unwrap()).count();
    assert_eq!(new, 1);
    assert_eq!(claim(&queue, 100).await.len(), 1);
}

pub(super) async fn an_attempt_that_another_has_followed_can_change_nothing(
    settings: QueueSettings,
) {
    let queue = open(settings).await;
    queue.enqueue(job("a")).await.unwrap();
    let begun = Instant::now();
    let stale = claim_one(&queue).await;
    let ours = claim_one(&queue).await;
    let took = begun.elapsed();
    assert!(
        took >= LEASE - Duration::from_millis(50) && took < LEASE + SLACK,
        "{took:?}"
    );
    assert_eq!((stale.attempt, ours.attempt), (1, 2));
    assert_eq!(beat(&queue, &stale).await, ["a"]);
    assert!(!finish(&queue, &stale, done()).await);
    assert!(!finish(&queue, &stale, Outcome::GivenBack).await);
    assert_eq!(state(&queue, "a").await, Some(State::Running));
    assert!(beat(&queue, &ours).await.is_empty());
    assert!(finish(&queue, &ours, done()).await);
    assert_eq!(beat(&queue, &ours).await, ["a"]);
}

pub(super) async fn a_lease_that_is_extended_stays(settings: QueueSettings) {
    let queue = open(settings).await;
    queue.enqueue(job("a")).await.unwrap();
    let ours = claim_one(&queue).await;
    let begun = Instant::now();
    while begun.elapsed() < LEASE * 2 {
        assert!(beat(&queue, &ours).await.is_empty());
        assert!(claim(&queue, 1).await.is_empty());
        sleep(LEASE / 5).await;
    }
    assert!(finish(&queue, &ours, done()).await);
}

pub(super) async fn whose_workers_are_always_lost_is_dead(mut settings: QueueSettings) {
    settings.max_retries = 1;
    let queue = open(settings).await;
    queue.enqueue(job("a")).await.unwrap();
    for attempt in 1..=2 {
        assert_eq!(claim_one(&queue).await.attempt, attempt);
    }
    let begun = Instant::now();
    while state(&queue, "a").await != Some(State::Dead) {
        assert!(begun.elapsed() < LEASE + SLACK);
        assert!(claim(&queue, 1).await.is_empty());
        sleep(Duration::from_millis(10)).await;
    }
    let dead = queue.dead_letters(10).await.unwrap();
    assert_eq!(dead[0].error.as_deref(), Some(LOST));
}

pub(super) async fn a_job_that_is_given_back_has_lost_no_attempt(settings: QueueSettings) {
    let queue = open(settings).await;
    queue.enqueue(job("a")).await.unwrap();
    for attempt in 1..=5 {
        let ours = claim_one(&queue).await;
        assert_eq!((ours.attempt, ours.last), (attempt, attempt + 2));
        assert!(finish(&queue, &ours, Outcome::GivenBack).await);
        assert_eq!(state(&queue, "a").await, Some(State::Waiting));
    }
}

pub(super) async fn a_dead_job_is_listed_and_replayed(settings: QueueSettings) {
    let queue = open(settings).await;
    for id in ["a", "b", "c"] {
        queue.enqueue(job(id)).await.unwrap();
        let ours = claim_one(&queue).await;
        let error = format!("no {id}");
        assert!(finish(&queue, &ours, Outcome::Dead { error }).await);
    }
    let dead = queue.dead_letters(2).await.unwrap();
    let shown = dead
        .iter()
        .map(|dead| (dead.id.as_str(), dead.error.as_deref()));
    assert!(
        shown.eq([("a", Some("no a")), ("b", Some("no b"))]),
        "{dead:?}"
    );
    assert!(dead[0].since.elapsed().unwrap_or_default() < Duration::from_secs(60));
    assert_eq!(queue.counts().await.unwrap().dead, 3);
    assert!(!queue.enqueue(job("a")).await.unwrap().is_new);

    assert!(queue.remove("b").await.unwrap());
    assert!(queue.replay("c").await.unwrap());
    assert!(!queue.replay("c").await.unwrap(), "it waits");
    assert!(!queue.replay("b").await.unwrap(), "it is gone");
    let again = claim_one(&queue).await;
    assert_eq!((again.id.as_str(), again.attempt, again.last), ("c", 2, 4));
    assert_eq!(again.payload, b"\"c\"");
    assert!(finish(&queue, &again, done()).await);
    let dead = queue.dead_letters(10).await.unwrap();
    assert!(dead.len() == 1 && dead[0].id == "a", "{dead:?}");
    assert!(claim(&queue, 10).await.is_empty());
}

pub(super) async fn a_retried_job_comes_back_after_its_pause(settings: QueueSettings) {
    let queue = open(settings).await;
    queue.enqueue(job("a")).await.unwrap();
    let ours = claim_one(&queue).await;
    let (error, delay) = ("not now".to_owned(), Duration::from_millis(600));
    assert!(finish(&queue, &ours, Outcome::Retry { error, delay }).await);
    let begun = Instant::now();
    let status = queue.status("a").await.unwrap().unwrap();
    assert_eq!((status.state, status.attempt), (State::Waiting, 1));
    assert_eq!(status.error.as_deref(), Some("not now"));
    let again = claim_one(&queue).await;
    assert_eq!(again.attempt, 2);
    let took = begun.elapsed();
    assert!(
        took + Duration::from_millis(50) >= delay && took < delay + SLACK,
        "{took:?}"
    );
}
