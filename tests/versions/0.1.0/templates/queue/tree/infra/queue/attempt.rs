//! One attempt of one job: run within its limits, then ended on the server.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::time::{self, Instant};
use tracing::Instrument;

use super::backend::{Claimed, Outcome};
use super::job::{self, Context, Failure, Job, Retry};
use super::worker::{Crew, Place};
use crate::/*= module =*/::trace;

/// The longest pause before a retry.
const MAX_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The most characters of an error that are kept.
const MAX_ERROR: usize = 2_000;
//% if options.cron
/// What ids of scheduled jobs begin with, and how long such a job is remembered at least: clocks of
/// instances may differ by that much before a tick fires twice.
pub(super) const CRON: &str = "cron:";
const CRON_KEPT: Duration = Duration::from_secs(60 * 60);
//% endif

type Running = Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send>>;

/// How jobs of one type are run.
pub(super) struct Handler {
    run: fn(Vec<u8>, Context) -> Running,
    max_retries: Option<u16>,
    time_limit: Option<Duration>,
}

impl Handler {
    pub(super) fn of<J: Job>() -> Self {
        Self {
            run: |payload, context| Box::pin(run_typed::<J>(payload, context)),
            max_retries: J::MAX_RETRIES,
            time_limit: J::TIME_LIMIT,
        }
    }
}

async fn run_typed<J: Job>(payload: Vec<u8>, context: Context) -> Result<Vec<u8>, Failure> {
    let job: J = serde_json::from_slice(&payload).map_err(Failure::permanent)?;
    let (id, attempt) = (context.id.clone(), context.attempt);
    let output = serde_json::to_vec(&job.run(context).await?).map_err(Failure::permanent)?;
    if output.len() > job::MAX_BYTES {
        // The work is done, and would not be done better once more.
        let bytes = output.len();
        tracing::warn!(
            job = id,
            attempt,
            bytes,
            "an output is too large to be kept"
        );
        return Ok(b"null".to_vec());
    }
    Ok(output)
}

/// Runs a job and ends the attempt. Holds its place until the server knows.
pub(super) async fn run(crew: Arc<Crew>, job: Claimed, place: Place) {
    let span = tracing::info_span!("job", name = job.name, id = job.id, attempt = job.attempt);
    let headers: trace::Headers = serde_json::from_str(&job.headers).unwrap_or_default();
    trace::continue_in(&span, &headers);
    async {
        let begun = Instant::now();
        let result = guarded(&crew, &job).await;
        let outcome = judge(&crew, &job, result);
        let label = match &outcome {
            Outcome::Done { .. } => "done",
            Outcome::Retry { .. } => "retry",
            Outcome::Dead { .. } => "dead",
            Outcome::GivenBack => "back",
        };
        // Names that no type here has come from elsewhere, any number of them.
        let known = crew.handlers.get_key_value(job.name.as_str());
        let name = known.map_or("unknown", |(name, _)| *name);
        ::metrics::counter!("queue_attempts_total", "job" => name, "result" => label).increment(1);
        ::metrics::histogram!("queue_attempt_seconds", "job" => name).record(begun.elapsed());
        place.is_over();
        end(&crew, &job, &outcome).await;
    }
    .instrument(span)
    .await;
    drop(place);
}

/// Runs a job; a panic or too much time is a failure like any other.
async fn guarded(crew: &Crew, job: &Claimed) -> Result<Vec<u8>, Failure> {
    let Some(handler) = crew.handlers.get(job.name.as_str()) else {
        return Err(format!("no worker here runs jobs called `{}`", job.name).into());
    };
    let context = Context {
        infra: Arc::clone(&crew.infra),
        id: job.id.clone(),
        attempt: job.attempt,
        is_last: job.attempt >= job.last,
    };
    let limit = handler
        .time_limit
        .unwrap_or(crew.queue.shared.settings.job_timeout);
    // What a panic leaves half-done is dropped with the job.
    let run = AssertUnwindSafe((handler.run)(job.payload.clone(), context));
    match time::timeout(limit, run.catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(format!("it panicked: {}", message(panic.as_ref())).into()),
        Err(_) => Err(format!("it took longer than {limit:?}").into()),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(owned).unwrap_or("without a message")
}

/// What becomes of a job after this attempt.
fn judge(crew: &Crew, job: &Claimed, result: Result<Vec<u8>, Failure>) -> Outcome {
    let settings = &crew.queue.shared.settings;
    let failure = match result {
        Ok(output) => {
            //% if options.cron
            let mut keep = settings.result_ttl;
            if job.id.starts_with(CRON) {
                keep = keep.max(CRON_KEPT);
            }
            //% else
            let keep = settings.result_ttl;
            //% endif
            return Outcome::Done { output, keep };
        }
        Err(failure) => failure,
    };
    let error: String = failure.to_string().chars().take(MAX_ERROR).collect();
    let delay = match failure.retry {
        _ if job.attempt >= job.last => None,
        Retry::Never => None,
        Retry::After(pause) => Some(pause),
        Retry::Backoff => {
            let handler = crew.handlers.get(job.name.as_str());
            let retries = handler.and_then(|handler| handler.max_retries);
            let retries = u32::from(retries.unwrap_or(settings.max_retries));
            let left = job.last.saturating_sub(job.attempt);
            Some(backoff(settings.retry_delay, retries.saturating_sub(left)))
        }
    };
    if let Some(delay) = delay {
        tracing::warn!(error, ?delay, "a job failed and will be tried again");
        Outcome::Retry { error, delay }
    } else {
        tracing::error!(error, "a job failed for good and is a dead letter now");
        Outcome::Dead { error }
    }
}

/// The pause after `before` earlier retries: doubled with each, and by up to a quarter longer or
/// shorter, so that jobs that failed together do not come back together.
fn backoff(first: Duration, before: u32) -> Duration {
    let pause = first
        .saturating_mul(2_u32.saturating_pow(before))
        .min(MAX_PAUSE);
    pause.mul_f64(0.75 + fastrand::f64() / 2.0)
}

/// Tells the server, for as long as that takes; the heart keeps the lease meanwhile.
async fn end(crew: &Crew, job: &Claimed, outcome: &Outcome) {
    let mut pause = Duration::from_millis(50);
    loop {
        let finished = crew
            .queue
            .shared
            .backend
            .finish(&job.id, job.attempt, outcome)
            .await;
        match finished {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!("the lease was lost, what became of the job here does not count");
                return;
            }
            Err(error) => tracing::warn!(
                error = error.chain(),
                "the end of a job is not recorded yet"
            ),
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}
