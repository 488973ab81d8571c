//! What a job is, how it is asked for, and how it may fail.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;

use super::backend::Entry;
use crate::/*= module =*/::Infra;

/// The largest job and the largest output, in bytes of JSON. What is larger belongs into a store of
/// its own, and its key into the job.
pub(super) const MAX_BYTES: usize = 512 * 1_024;
/// The longest id and the longest name, in bytes.
const MAX_NAME: usize = 200;
/// The furthest future: ten years.
const MAX_DELAY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Work that is described by a value and done later, by whichever worker is free.
///
/// Delivery is at least once: a worker that dies half-way, or loses the server for longer than a
/// lease, leaves a job that another one begins anew. So `run` must bear being repeated.
pub trait Job: serde::Serialize + DeserializeOwned + Send + 'static {
    /// What jobs of this type are called on the server. A new name makes a new type of job; jobs
    /// that wait under the old one then find no worker.
    const NAME: &'static str;
    /// How often a failed job is tried again; `None` for `QUEUE_MAX_RETRIES`.
    const MAX_RETRIES: Option<u16> = None;
    /// The longest that an attempt may take; `None` for `QUEUE_JOB_TIMEOUT`.
    const TIME_LIMIT: Option<Duration> = None;
    /// What it yields, for those who ask for its status; `()` for most.
    type Output: serde::Serialize + DeserializeOwned + Send;

    /// Does the work, in an impl written as `async fn run(self, context: Context) -> ..`.
    ///
    /// # Errors
    ///
    /// A [`Failure`], which `?` makes of any error, is tried again later. So are a panic and an
    /// attempt that takes too long.
    fn run(self, context: Context) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// What a job knows besides itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// The components of this app.
    pub infra: Arc<Infra>,
    /// The id of the job.
    pub id: String,
    /// Which attempt this is, from 1. It never repeats, so it tells a late attempt from its
    /// successor wherever the job writes to.
    pub attempt: u32,
    /// Whether a failure would be final.
    pub is_last: bool,
}

/// Why an attempt failed. Any error turns into one by `?`.
pub struct Failure {
    source: Box<dyn Error + Send + Sync>,
    pub(super) retry: Retry,
}

/// When a failed job is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Retry {
    Backoff,
    After(Duration),
    Never,
}

impl Failure {
    /// Another attempt would fail alike: the job goes to the dead letters at once.
    pub fn permanent(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            retry: Retry::Never,
            ..Self::from(error)
        }
    }

    /// The next attempt, if there is one, comes after this time instead of the usual pause.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry = Retry::After(pause.min(MAX_DELAY));
        self
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            source: error.into(),
            retry: Retry::Backoff,
        }
    }
}

// Not an `Error` itself, or `?` could not turn every error into one.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A job to be enqueued: which, when, and under which id.
///
/// `&job` turns into one that is due now, under an id of its own.
#[derive(Clone, Debug)]
pub struct NewJob {
    id: Option<String>,
    name: Cow<'static, str>,
    payload: Result<Vec<u8>, String>,
    max_retries: Option<u16>,
    due: Due,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    In(Duration),
    At(SystemTime),
}

impl<J: Job> From<&J> for NewJob {
    fn from(job: &J) -> Self {
        Self {
            max_retries: J::MAX_RETRIES,
            ..Self::named(J::NAME, job)
        }
    }
}

impl NewJob {
    /// A job whose type this program does not know, by its name and its value as JSON.
    pub fn named(name: impl Into<Cow<'static, str>>, value: &impl serde::Serialize) -> Self {
        Self {
            id: None,
            name: name.into(),
            payload: serde_json::to_vec(value).map_err(|error| error.to_string()),
            max_retries: None,
            due: Due::In(Duration::ZERO),
        }
    }

    /// Gives the job an id of your own, of up to 200 bytes. As long as the queue knows a job of this
    /// id (waiting, running, dead, or done and its result not yet expired), another is not taken in.
    #[must_use]
    pub fn unique(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Lets the job wait; ten years at most.
    #[must_use]
    pub fn due_in(mut self, delay: Duration) -> Self {
        self.due = Due::In(delay);
        self
    }

    /// Lets the job wait until then; what is past is due now.
    #[must_use]
    pub fn due_at(mut self, time: SystemTime) -> Self {
        self.due = Due::At(time);
        self
    }

    /// What backends store.
    pub(super) fn entry(self, max_retries: u16, headers: &str) -> Result<Entry, super::QueueError> {
        let delay = match self.due {
            Due::In(delay) => delay,
            Due::At(time) => time.duration_since(SystemTime::now()).unwrap_or_default(),
        };
        let payload = self.payload.map_err(super::QueueError::Encode)?;
        if payload.len() > MAX_BYTES {
            return Err(super::QueueError::TooLarge(payload.len()));
        }
        // Version 7 begins with the time: jobs that are due in the same millisecond keep their order.
        let id = self.id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        for text in [&id, self.name.as_ref()] {
            if text.is_empty() || text.len() > MAX_NAME || text.chars().any(char::is_control) {
                return Err(super::QueueError::Name);
            }
        }
        Ok(Entry {
            id,
            name: self.name.into_owned(),
            payload,
            headers: headers.to_owned(),
            attempts: u32::from(self.max_retries.unwrap_or(max_retries)) + 1,
            delay: delay.min(MAX_DELAY),
        })
    }
}

/// What became of a request to enqueue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// The id, for [`Queue::status`](super::Queue::status).
    pub id: String,
    /// Whether the job was taken in; `false` if the queue knows a job of this id already.
    pub is_new: bool,
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It waits for its time, for a worker, or for its next attempt.
    Waiting,
    /// A worker has it.
    Running,
    /// It has succeeded.
    Done,
    /// It has failed for good and waits among the dead letters for somebody to look at it.
    Dead,
}

/// What the queue knows of a job.
#[derive(Clone, Debug)]
pub struct JobStatus {
    /// Its id.
    pub id: String,
    /// The name of its type.
    pub name: String,
    /// Where it is in its life.
    pub state: State,
    /// How many attempts have begun.
    pub attempt: u32,
    /// Since when it has been in this state.
    pub since: SystemTime,
    /// Why its last attempt failed, if it did.
    pub error: Option<String>,
    pub(super) output: Option<Vec<u8>>,
}

impl JobStatus {
    /// What the job has yielded; `None` unless it is done.
    ///
    /// # Errors
    ///
    /// The output is not one of a `J`.
    pub fn output<J: Job>(&self) -> Result<Option<J::Output>, serde_json::Error> {
        let output = self.output.as_deref().map(serde_json::from_slice);
        output.transpose()
    }
}
