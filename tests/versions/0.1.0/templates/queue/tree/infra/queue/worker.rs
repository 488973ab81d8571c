//! The worker: claims jobs, keeps their leases alive and ends them in good order.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::Future,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::{task::AbortHandle, time};

use super::attempt::{self, Handler};
use super::backend::{Claim, Claimed, Outcome};
use super::job::Job;
//% if options.cron
use super::job::NewJob;
use super::schedule::Schedule;
//% endif
use super::{Queue, QueueError};
use crate::/*= module =*/::Infra;

/// The longest that an idle worker sleeps: so soon it notices also what nobody has told it.
const IDLE: Duration = Duration::from_millis(500);
const SHORTEST: Duration = Duration::from_millis(1);
/// The pause after an error of the server; it doubles up to [`IDLE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Jobs that one claim or heartbeat names.
const BATCH: usize = 500;

/// Runs the jobs of the types that it is told of.
///
/// Jobs run in this process, up to `QUEUE_MAX_JOBS` at once, until
/// [`Infra::shutdown`](crate::/*= module =*/::Infra::shutdown). Any number of workers in any number of
/// processes share the work.
#[must_use = "a worker does nothing until it is started"]
pub struct Worker {
    infra: Arc<Infra>,
    handlers: HashMap<&'static str, Handler>,
    //% if options.cron
    schedules: Vec<Schedule>,
    //% endif
    problems: Vec<String>,
}

impl Worker {
    /// A worker for the queue of these components, which its jobs may use.
    pub fn new(infra: &Arc<Infra>) -> Self {
        Self {
            infra: Arc::clone(infra),
            handlers: HashMap::new(),
            //% if options.cron
            schedules: Vec::new(),
            //% endif
            problems: Vec::new(),
        }
    }

    /// Lets it run jobs of this type. A job that no worker knows fails, and is tried again like any
    /// other: while versions change, one that knows it may take it next time.
    pub fn job<J: Job>(mut self) -> Self {
        let known = self.handlers.insert(J::NAME, Handler::of::<J>());
        if known.is_some() {
            let problem = format!("two types of jobs are called `{}`", J::NAME);
            self.problems.push(problem);
        }
        self
    }
    //% if options.cron

    /// Enqueues a job whenever the pattern says so, in UTC: `0 3 * * *` is every night at three,
    /// a sixth field in front is of seconds.
    ///
    /// Every instance of the app may have the schedule; each tick is enqueued by the first that
    /// comes to it, under an id made of this name and the time. Ticks that no instance lives through
    /// are not made up for.
    pub fn cron<J: Job>(mut self, name: &'static str, pattern: &str, job: &J) -> Self {
        if self.schedules.iter().any(|known| known.name == name) {
            let problem = format!("two schedules are called `{name}`");
            self.problems.push(problem);
        }
        match Schedule::new(name, pattern, NewJob::from(job)) {
            Ok(schedule) => self.schedules.push(schedule),
            Err(problem) => self.problems.push(problem),
        }
        self
    }
    //% endif

    /// Starts it in the background.
    ///
    /// # Errors
    ///
    //% if options.cron
    /// [`WorkerError`] lists the names that are used twice and the patterns that are none.
    //% else
    /// [`WorkerError`] lists the names that are used twice.
    //% endif
    pub fn start(self) -> Result<(), WorkerError> {
        if !self.problems.is_empty() {
            return Err(WorkerError(self.problems));
        }
        let queue = self.infra.queue.clone();
        let crew = Arc::new(Crew {
            queue: queue.clone(),
            infra: self.infra,
            handlers: self.handlers,
            running: Mutex::default(),
        });
        let stop = queue.shared.stop.subscribe();
        //% if options.cron
        let work = crew.work(self.schedules, stop);
        //% else
        let work = crew.work(stop);
        //% endif
        queue.workers().push(tokio::spawn(work));
        Ok(())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = self.handlers.keys();
        f.debug_set().entries(jobs).finish()
    }
}

/// What is wrong with a worker: everything, not only the first.
#[derive(Clone, Debug)]
pub struct WorkerError(Vec<String>);

impl fmt::Display for WorkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the worker cannot start: {}", self.0.join(", "))
    }
}

impl Error for WorkerError {}

/// What the tasks of a worker share.
pub(super) struct Crew {
    pub(super) queue: Queue,
    pub(super) infra: Arc<Infra>,
    pub(super) handlers: HashMap<&'static str, Handler>,
    running: Mutex<HashMap<String, Run>>,
}

/// An attempt that this worker has.
struct Run {
    attempt: u32,
    task: AbortHandle,
    /// Whether it is over here, and only the server has yet to know.
    is_over: bool,
}

impl Crew {
    //% if options.cron
    async fn work(self: Arc<Self>, schedules: Vec<Schedule>, mut stop: Receiver<bool>) {
    //% else
    async fn work(self: Arc<Self>, mut stop: Receiver<bool>) {
    //% endif
        let settings = &self.queue.shared.settings;
        let jobs = usize::from(settings.max_jobs);
        let permits = Arc::new(Semaphore::new(jobs));
        let heart = tokio::spawn(Arc::clone(&self).beat());
        let ear = tokio::spawn(Arc::clone(&self).listen());
        //% if options.cron
        let clocks = schedules.into_iter().map(|schedule| {
            let queue = self.queue.clone();
            tokio::spawn(schedule.run(queue)).abort_handle()
        });
        let clocks: Vec<AbortHandle> = clocks.collect();
        //% endif
        self.claim_all(&permits, &mut stop).await;
        ear.abort();
        //% if options.cron
        clocks.iter().for_each(AbortHandle::abort);
        //% endif
        let all = u32::try_from(jobs).unwrap_or(u32::MAX);
        let finished = time::timeout(settings.shutdown_limit, permits.acquire_many(all));
        if finished.await.is_err() {
            self.give_back().await;
        }
        heart.abort();
    }

    /// Claims and starts jobs until it shall stop. A claim is never given up half-way: its jobs
    /// would wait for the end of their lease.
    async fn claim_all(self: &Arc<Self>, permits: &Arc<Semaphore>, stop: &mut Receiver<bool>) {
        let shared = &self.queue.shared;
        let mut pause = FIRST_PAUSE;
        loop {
            let free = Arc::clone(permits).acquire_owned();
            let Some(Ok(mut places)) = unless_stopped(stop, free).await else {
                return;
            };
            while places.num_permits() < BATCH {
                match Arc::clone(permits).try_acquire_owned() {
                    Ok(more) => places.merge(more),
                    Err(_) => break,
                }
            }
            let limit = places.num_permits();
            match shared.backend.claim(limit, shared.settings.lease).await {
                Ok(Claim { jobs, next }) if jobs.is_empty() => {
                    drop(places);
                    pause = FIRST_PAUSE;
                    let sleep = next.map_or(IDLE, |next| next.clamp(SHORTEST, IDLE));
                    let news = time::timeout(sleep, shared.wake.notified());
                    unless_stopped(stop, news).await;
                }
                Ok(claim) => {
                    for job in claim.jobs {
                        self.start(job, places.split(1));
                    }
                }
                Err(error) => {
                    drop(places);
                    let error = error.chain();
                    tracing::warn!(error, "the worker gets no jobs");
                    unless_stopped(stop, time::sleep(pause)).await;
                    pause = (pause * 2).min(IDLE);
                    // Leases may have run out meanwhile; what still runs here should keep its own.
                    self.beat_once().await.ok();
                }
            }
        }
    }

    fn start(self: &Arc<Self>, job: Claimed, permit: Option<OwnedSemaphorePermit>) {
        let (id, attempt) = (job.id.clone(), job.attempt);
        let mut running = self.running();
        let place = Place {
            crew: Arc::clone(self),
            id: id.clone(),
            attempt,
            _permit: permit,
        };
        let run = attempt::run(Arc::clone(self), job, place);
        let run = Run {
            attempt,
            task: tokio::spawn(run).abort_handle(),
            is_over: false,
        };
        // An earlier attempt that is still here has lost its lease, or there would be no second.
        if let Some(stale) = running.insert(id, run) {
            stale.task.abort();
        }
    }

    /// Extends the leases of all that runs, whether or not there is a place for more.
    async fn beat(self: Arc<Self>) {
        let mut interval = time::interval(self.queue.shared.settings.lease / 3);
        interval.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(error) = self.beat_once().await {
                let error = error.chain();
                tracing::warn!(error, "leases could not be extended");
            }
        }
    }

    async fn beat_once(&self) -> Result<(), QueueError> {
        let shared = &self.queue.shared;
        let runs: Vec<(String, u32)> = self
            .running()
            .iter()
            .map(|(id, run)| (id.clone(), run.attempt))
            .collect();
        for runs in runs.chunks(BATCH) {
            for id in shared.backend.beat(runs, shared.settings.lease).await? {
                self.stop(runs, &id);
            }
        }
        Ok(())
    }

    /// Stops an attempt whose lease has gone to another worker.
    fn stop(&self, runs: &[(String, u32)], id: &str) {
        let asked = runs.iter().find(|(known, _)| known == id);
        let running = self.running();
        if let (Some((_, attempt)), Some(run)) = (asked, running.get(id)) {
            // It may have ended by itself since, and even begun again.
            if *attempt == run.attempt && !run.is_over {
                tracing::warn!(job = id, attempt, "an attempt without a lease is stopped");
                run.task.abort();
            }
        }
    }

    async fn listen(self: Arc<Self>) {
        let shared = &self.queue.shared;
        loop {
            // Without news the worker asks twice a second, so there is nothing to warn of.
            if let Err(error) = shared.backend.listen(&shared.wake).await {
                tracing::debug!(error = error.chain(), "no news of jobs");
            }
            time::sleep(IDLE).await;
        }
    }

    /// Stops what still runs and lets others have it.
    async fn give_back(&self) {
        let running = mem::take(&mut *self.running());
        tracing::warn!(
            jobs = running.len(),
            "jobs did not finish in time and are given back"
        );
        for run in running.values() {
            run.task.abort();
        }
        let backend = &self.queue.shared.backend;
        let given = running.iter().map(|(id, run)| async move {
            let back = backend.finish(id, run.attempt, &Outcome::GivenBack);
            if let Err(error) = back.await {
                let error = error.chain();
                tracing::warn!(job = id, error, "a job comes back only when its lease ends");
            }
        });
        join_all(given).await;
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Run>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a future yields, unless the worker shall stop before.
async fn unless_stopped<T>(
    stop: &mut Receiver<bool>,
    future: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => None,
        value = future => Some(value),
    }
}

/// The place of an attempt among those that run, left however it ends.
pub(super) struct Place {
    crew: Arc<Crew>,
    id: String,
    attempt: u32,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// Says that nothing runs any more. The lease is kept until the server knows.
    pub(super) fn is_over(&self) {
        let mut running = self.crew.running();
        let run = running.get_mut(&self.id);
        if let Some(run) = run.filter(|run| run.attempt == self.attempt) {
            run.is_over = true;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.crew.running();
        let run = running.get(&self.id);
        if run.is_some_and(|run| run.attempt == self.attempt) {
            running.remove(&self.id);
        }
    }
}
