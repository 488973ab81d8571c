//! Jobs of the shop.
//!
//! A job is a value that is stored now and run later by whichever worker is free, in this process or
//! in another. Without `QUEUE_URL` (or with `memory`) jobs stay in this process and end with it.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use post_office::infra::queue::{Context, Failure, Job, Queue, QueueError, Worker, WorkerError};
//! use post_office::infra::Infra;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Welcome {
//!     user: u64,
//! }
//!
//! impl Job for Welcome {
//!     const NAME: &'static str = "welcome";
//!     type Output = ();
//!
//!     async fn run(self, _context: Context) -> Result<(), Failure> {
//!         println!("welcome, user {}", self.user);
//!         Ok(())
//!     }
//! }
//!
//! /// A handler takes the queue as an argument.
//! async fn register(queue: Queue) -> Result<(), QueueError> {
//!     let job = queue.enqueue(&Welcome { user: 7 }).await?;
//!     println!("{} will greet", job.id);
//!     Ok(())
//! }
//!
//! /// Before the server starts, or in a process of its own; `Infra::shutdown` ends it.
//! fn work(infra: &std::sync::Arc<Infra>) -> Result<(), WorkerError> {
//!     Worker::new(infra).job::<Welcome>().start()
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let infra = Infra::for_tests().await.unwrap();
//! # work(&infra).unwrap();
//! # register(infra.queue.clone()).await.unwrap();
//! # infra.shutdown().await;
//! # }
//! ```

mod attempt;
mod backend;
mod job;
mod memory;
mod redis;
mod schedule;
mod scripts;
#[cfg(test)]
mod tests;
mod worker;

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures_util::future::join_all;
use secrecy::ExposeSecret;
use tokio::sync::watch::Sender;
use tokio::{sync::Notify, task::JoinHandle};

pub use self::{
    backend::Counts,
    job::{Context, Enqueued, Failure, Job, JobStatus, NewJob, State},
    worker::{Worker, WorkerError},
};
use self::{
    backend::{Backend, Entry, Server},
    job::MAX_BYTES,
};
use super::Health;
use super::{settings::QueueSettings, trace};

/// The error of an attempt whose worker fell silent.
const LOST: &str = "its worker was lost";
/// Jobs that go to the server at once, and the bytes after which fewer do.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 * 1_024 * 1_024;

/// The jobs of this app. Clones share everything.
#[derive(Clone)]
pub struct Queue {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    settings: QueueSettings,
    /// Told of every job that is enqueued here or, as far as the server says so, elsewhere.
    wake: Notify,
    stop: Sender<bool>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Queue {
    /// Starts on the server that `QUEUE_URL` names, whether it answers or not, or in memory.
    ///
    /// # Errors
    ///
    /// `QUEUE_URL` names no server that jobs can be kept on, or of a kind that was not generated.
    pub async fn start(settings: &QueueSettings) -> Result<Self, QueueError> {
        let url = settings.url.as_ref();
        if url.is_none() {
            tracing::info!("QUEUE_URL is not set: jobs stay in this process and end with it");
        }
        let queue = Self {
            shared: Arc::new(Shared {
                backend: Server::parse(url.map_or("memory", |url| url.expose_secret()))?
                    .open(settings)?,
                settings: settings.clone(),
                wake: Notify::new(),
                stop: Sender::new(false),
                workers: Mutex::default(),
            }),
        };
        match queue.health().await {
            Health::Healthy => {}
            Health::Degraded(reason) => tracing::warn!(reason, "jobs are not safe on this server"),
            Health::Unhealthy(reason) => tracing::warn!(reason, "the queue is away"),
        }
        Ok(queue)
    }

    /// Enqueues a job: `&job` for one that is due now, a [`NewJob`] for more.
    ///
    /// # Errors
    ///
    /// The job was not stored; or, if the server is too slow to say so, it may have been. A job with
    /// an id of its own ([`NewJob::unique`]) can be enqueued again without harm.
    pub async fn enqueue(&self, job: impl Into<NewJob>) -> Result<Enqueued, QueueError> {
        let mut enqueued = self.enqueue_many([job]).await?;
        enqueued
            .pop()
            .ok_or_else(|| QueueError::server("an answer is missing"))
    }

    /// Enqueues a job that waits for this long.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue).
    pub async fn enqueue_in(
        &self,
        delay: Duration,
        job: impl Into<NewJob>,
    ) -> Result<Enqueued, QueueError> {
        self.enqueue(job.into().due_in(delay)).await
    }

    /// Enqueues a job that waits until then.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue).
    pub async fn enqueue_at(
        &self,
        time: SystemTime,
        job: impl Into<NewJob>,
    ) -> Result<Enqueued, QueueError> {
        self.enqueue(job.into().due_at(time)).await
    }

    /// Enqueues many jobs, up to 500 with each call of the server.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue); jobs of earlier calls are stored then.
    pub async fn enqueue_many<J: Into<NewJob>>(
        &self,
        jobs: impl IntoIterator<Item = J>,
    ) -> Result<Vec<Enqueued>, QueueError> {
        let headers = encode_headers()?;
        let retries = self.shared.settings.max_retries;
        let (mut enqueued, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
        let entries: Result<Vec<_>, _> = jobs
            .into_iter()
            .map(|job| job.into().entry(retries, &headers))
            .collect();
        for entry in entries? {
            bytes += entry.payload.len();
            batch.push(entry);
            if batch.len() == BATCH || bytes > BATCH_BYTES {
                self.send(&mut batch, &mut enqueued).await?;
                bytes = 0;
            }
        }
        self.send(&mut batch, &mut enqueued).await?;
        Ok(enqueued)
    }

    /// Sends a batch, which is empty afterwards.
    async fn send(
        &self,
        batch: &mut Vec<Entry>,
        enqueued: &mut Vec<Enqueued>,
    ) -> Result<(), QueueError> {
        if batch.is_empty() {
            return Ok(());
        }
        let new = self.shared.backend.enqueue(batch).await?;
        self.shared.wake.notify_one();
        for (entry, is_new) in batch.drain(..).zip(new) {
            if is_new {
                ::metrics::counter!("queue_enqueued_total", "job" => entry.name).increment(1);
            }
            let id = entry.id;
            enqueued.push(Enqueued { id, is_new });
        }
        Ok(())
    }

    /// What the queue knows of a job; `None` once it is forgotten.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn status(&self, id: &str) -> Result<Option<JobStatus>, QueueError> {
        self.shared.backend.status(id).await
    }

    /// How many jobs there are.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn counts(&self) -> Result<Counts, QueueError> {
        self.shared.backend.counts().await
    }

    /// Jobs that have failed for good, those that died first coming first.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn dead_letters(&self, limit: u16) -> Result<Vec<JobStatus>, QueueError> {
        self.shared.backend.dead_letters(limit.into()).await
    }

    /// Lets a dead job begin anew, with `QUEUE_MAX_RETRIES`; `false` if no dead job has this id.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn replay(&self, id: &str) -> Result<bool, QueueError> {
        let attempts = u32::from(self.shared.settings.max_retries) + 1;
        let replayed = self.shared.backend.replay(id, attempts).await?;
        self.shared.wake.notify_one();
        Ok(replayed)
    }

    /// Forgets a job that waits, is done or is dead; `false` if there is none or it is running.
    ///
    /// # Errors
    ///
    /// The server does not answer.
    pub async fn remove(&self, id: &str) -> Result<bool, QueueError> {
        self.shared.backend.remove(id).await
    }

    /// Unhealthy while the server does not answer, degraded where it does not keep jobs safely.
    pub async fn health(&self) -> Health {
        match self.shared.backend.complaint().await {
            Ok(None) => Health::Healthy,
            Ok(Some(reason)) => Health::Degraded(reason),
            Err(error) => Health::Unhealthy(error.chain()),
        }
    }

    /// Ends the workers of this process. Jobs that do not finish within `QUEUE_SHUTDOWN_LIMIT` are
    /// stopped and given back: another worker begins them anew, and this attempt does not count.
    pub async fn shutdown(&self) {
        self.shared.stop.send_replace(true);
        let workers = std::mem::take(&mut *self.workers());
        join_all(workers).await;
    }

    fn workers(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        let workers = self.shared.workers.lock();
        workers.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.shared.settings.name;
        f.debug_struct("Queue")
            .field("name", name)
            .finish_non_exhaustive()
    }
}

/// The trace that the current span belongs to; empty if nobody traces.
fn encode_headers() -> Result<String, QueueError> {
    let headers = trace::inject();
    if headers.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(&headers).map_err(|error| QueueError::Encode(error.to_string()))
}

/// A job could not be enqueued, or a question not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The job's `Serialize` failed.
    #[error("the job cannot be written as JSON: {0}")]
    Encode(String),
    /// The job has this many bytes.
    #[error("the job has {0} bytes, more than {MAX_BYTES}")]
    TooLarge(usize),
    /// An id or a name is empty, too long, or contains a control character.
    #[error("an id or a name of a job must have 1 to 200 bytes and no control character")]
    Name,
    /// `QUEUE_URL` cannot be used. Shows nothing of it.
    #[error("the URL {0}")]
    Url(&'static str),
    /// The server does not answer, or not as it should.
    #[error("the server of the queue does not do its part")]
    Server(#[source] Box<dyn Error + Send + Sync>),
}

impl QueueError {
    fn server(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Server(error.into())
    }

    /// The message with its causes, for the log.
    fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

/// Whether jobs can be kept at a URL. What is wrong with it is told without showing it.
pub(super) fn check_url(url: &str) -> Result<(), QueueError> {
    Server::parse(url).map(drop)
}

/// Whether a text can begin the keys and subjects of every server.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.len() > 64 || !name.chars().all(fits) {
        return Err("must have at most 64 letters, digits, `-` and `_`");
    }
    Ok(())
}
