//! Jobs in this process, for development and tests: they end with it.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::backend::{self, Claim, Claimed, Counts, Entry, Outcome};
use super::job::{JobStatus, State};

#[derive(Default)]
pub(super) struct Memory(Mutex<Jobs>);

/// Times are milliseconds since 1970.
#[derive(Default)]
struct Jobs {
    known: HashMap<String, Known>,
    /// By state, then by [`Known::at`].
    order: BTreeSet<(State, u64, String)>,
}

struct Known {
    entry: Entry,
    attempt: u32,
    last: u32,
    state: State,
    /// When it is due, its lease ends, its result expires, or it died, by its state.
    at: u64,
    since: u64,
    error: Option<String>,
    output: Option<Vec<u8>>,
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl Memory {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        for id in jobs.until(State::Done, now, backend::EXPIRED) {
            jobs.forget(&id);
        }
        jobs
    }

    pub(super) fn enqueue(&self, entries: &[Entry]) -> Vec<bool> {
        let mut jobs = self.jobs();
        entries.iter().map(|entry| jobs.take_in(entry)).collect()
    }

    pub(super) fn claim(&self, limit: usize, lease: Duration) -> Claim {
        let (mut jobs, now) = (self.jobs(), now());
        for id in jobs.until(State::Running, now, backend::EXPIRED) {
            let state = match jobs.known.get_mut(&id) {
                Some(known) if known.attempt >= known.last => State::Dead,
                _ => State::Waiting,
            };
            jobs.shift(&id, state, now, Some(super::LOST.to_owned()));
        }
        let mut claim = Claim::default();
        for id in jobs.until(State::Waiting, now, limit) {
            jobs.shift(&id, State::Running, now + millis(lease), None);
            if let Some(known) = jobs.known.get_mut(&id) {
                known.attempt += 1;
                claim.jobs.push(Claimed {
                    id,
                    name: known.entry.name.clone(),
                    payload: known.entry.payload.clone(),
                    headers: known.entry.headers.clone(),
                    attempt: known.attempt,
                    last: known.last,
                });
            }
        }
        let next = [State::Waiting, State::Running];
        let next = next.iter().filter_map(|state| jobs.first(*state)).min();
        claim.next = next.map(|at| Duration::from_millis(at.saturating_sub(now)));
        claim
    }

    pub(super) fn beat(&self, runs: &[(String, u32)], lease: Duration) -> Vec<String> {
        let (mut jobs, until) = (self.jobs(), now() + millis(lease));
        let mut lost = Vec::new();
        for (id, attempt) in runs {
            if jobs.runs(id, *attempt) {
                jobs.place(id, State::Running, until);
            } else {
                lost.push(id.clone());
            }
        }
        lost
    }

    pub(super) fn finish(&self, id: &str, attempt: u32, outcome: &Outcome) -> bool {
        let (mut jobs, now) = (self.jobs(), now());
        if !jobs.runs(id, attempt) {
            return false;
        }
        match outcome {
            Outcome::Done { keep, .. } if keep.is_zero() => jobs.forget(id),
            Outcome::Done { output, keep } => {
                jobs.shift(id, State::Done, now + millis(*keep), None);
                if let Some(known) = jobs.known.get_mut(id) {
                    known.entry.payload = Vec::new();
                    known.error = None;
                    known.output = Some(output.clone());
                }
            }
            Outcome::Retry { error, delay } => {
                let due = now + millis(*delay);
                jobs.shift(id, State::Waiting, due, Some(error.clone()));
            }
            Outcome::Dead { error } => jobs.shift(id, State::Dead, now, Some(error.clone())),
            Outcome::GivenBack => {
                jobs.shift(id, State::Waiting, now, None);
                if let Some(known) = jobs.known.get_mut(id) {
                    known.last += 1;
                }
            }
        }
        true
    }

    pub(super) fn status(&self, id: &str) -> Option<JobStatus> {
        self.jobs().status(id)
    }

    pub(super) fn dead_letters(&self, limit: usize) -> Vec<JobStatus> {
        let jobs = self.jobs();
        let ids = jobs.until(State::Dead, u64::MAX, limit);
        ids.iter().filter_map(|id| jobs.status(id)).collect()
    }

    pub(super) fn replay(&self, id: &str, attempts: u32) -> bool {
        let mut jobs = self.jobs();
        match jobs.known.get_mut(id) {
            Some(known) if known.state == State::Dead => known.last = known.attempt + attempts,
            _ => return false,
        }
        jobs.shift(id, State::Waiting, now(), None);
        true
    }

    pub(super) fn remove(&self, id: &str) -> bool {
        let mut jobs = self.jobs();
        let known = jobs.known.get(id);
        let goes = known.is_some_and(|known| known.state != State::Running);
        if goes {
            jobs.forget(id);
        }
        goes
    }

    pub(super) fn counts(&self) -> Counts {
        let jobs = self.jobs();
        let count = |state| jobs.known.values().filter(|job| job.state == state).count() as u64;
        Counts {
            waiting: count(State::Waiting),
            running: count(State::Running),
            dead: count(State::Dead),
        }
    }

    #[allow(clippy::unused_self, reason = "servers look at themselves")]
    pub(super) fn complaint(&self) -> Option<String> {
        None
    }
}

impl Jobs {
    /// The ids of the jobs in this state whose time has come, the first first.
    fn until(&self, state: State, time: u64, limit: usize) -> Vec<String> {
        let range = (state, 0, String::new())..(state, time.saturating_add(1), String::new());
        let ids = self.order.range(range).map(|(_, _, id)| id.clone());
        ids.take(limit).collect()
    }

    fn first(&self, state: State) -> Option<u64> {
        let mut range = self.order.range((state, 0, String::new())..);
        let (found, at, _) = range.next()?;
        (*found == state).then_some(*at)
    }

    fn take_in(&mut self, entry: &Entry) -> bool {
        if self.known.contains_key(&entry.id) {
            return false;
        }
        let now = now();
        let at = now + millis(entry.delay);
        self.order.insert((State::Waiting, at, entry.id.clone()));
        let known = Known {
            entry: entry.clone(),
            attempt: 0,
            last: entry.attempts,
            state: State::Waiting,
            at,
            since: now,
            error: None,
            output: None,
        };
        self.known.insert(entry.id.clone(), known);
        true
    }

    fn runs(&self, id: &str, attempt: u32) -> bool {
        let known = self.known.get(id);
        known.is_some_and(|known| known.state == State::Running && known.attempt == attempt)
    }

    fn place(&mut self, id: &str, state: State, at: u64) {
        if let Some(known) = self.known.get_mut(id) {
            self.order.remove(&(known.state, known.at, id.to_owned()));
            self.order.insert((state, at, id.to_owned()));
            (known.state, known.at) = (state, at);
        }
    }

    /// Brings a job into another state. Without an error, the one of its last attempt stays.
    fn shift(&mut self, id: &str, state: State, at: u64, error: Option<String>) {
        self.place(id, state, at);
        if let Some(known) = self.known.get_mut(id) {
            known.since = now();
            known.error = error.or(known.error.take());
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some(known) = self.known.remove(id) {
            self.order.remove(&(known.state, known.at, id.to_owned()));
        }
    }

    fn status(&self, id: &str) -> Option<JobStatus> {
        let known = self.known.get(id)?;
        Some(JobStatus {
            id: id.to_owned(),
            name: known.entry.name.clone(),
            state: known.state,
            attempt: known.attempt,
            since: UNIX_EPOCH + Duration::from_millis(known.since),
            error: known.error.clone(),
            output: known.output.clone(),
        })
    }
}
