//% if options.cron
//! Schedules: a job for every tick of a cron pattern, once over all instances.
//!
//! There is no leader that could die. Every instance enqueues every tick, under an id made of the
//! schedule's name and the time, and the queue takes in the first.

use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use croner::Cron;
use tokio::time;

use super::attempt::CRON;
use super::job::NewJob;
use super::{Queue, QueueError};

/// The longest sleep, after which the clock is looked at anew: it may have been set meanwhile.
const NAP: Duration = Duration::from_secs(20);
/// The pause before a tick that could not be enqueued is tried again.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Schedule {
    pub(super) name: &'static str,
    pattern: Cron,
    job: NewJob,
}

impl Schedule {
    /// # Errors
    ///
    /// The pattern is none, or never comes true.
    pub(super) fn new(name: &'static str, pattern: &str, job: NewJob) -> Result<Self, String> {
        let wrong = |error| format!("the pattern `{pattern}` of `{name}` is not valid: {error}");
        let schedule = Self {
            name,
            pattern: Cron::from_str(pattern).map_err(|error| wrong(error.to_string()))?,
            job,
        };
        let first = schedule.tick_after(now());
        first.map_or_else(|| Err(wrong("it never comes".to_owned())), |_| Ok(schedule))
    }

    fn tick_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pattern.find_next_occurrence(&time, false).ok()
    }

    /// Enqueues every tick from now on.
    pub(super) async fn run(self, queue: Queue) {
        let mut next = self.tick_after(now());
        while let Some(tick) = next {
            while let Ok(left) = (tick - now()).to_std() {
                time::sleep(left.min(NAP)).await;
            }
            while let Err(error) = self.fire(&queue, tick).await {
                let error = error.chain();
                tracing::warn!(schedule = self.name, error, "a tick is not enqueued yet");
                time::sleep(PAUSE).await;
            }
            // What lies between, a suspended machine or an outage, is not made up for.
            next = self.tick_after(tick.max(now()));
        }
    }

    async fn fire(&self, queue: &Queue, tick: DateTime<Utc>) -> Result<(), QueueError> {
        let id = format!("{CRON}{}:{}", self.name, tick.timestamp());
        let fired = queue.enqueue(self.job.clone().unique(id)).await?;
        tracing::debug!(
            schedule = self.name,
            id = fired.id,
            first = fired.is_new,
            "a tick"
        );
        Ok(())
    }
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
//% endif
