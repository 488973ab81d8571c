//% if options.nats
//! What is written of a job in NATS: the message it waits as, and what is known of it once begun.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::/*= module =*/::queue::backend::{Claimed, Entry, Outcome};
use crate::/*= module =*/::queue::job::{JobStatus, State};

/// A job that is to be run.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    name: String,
    payload: Box<RawValue>,
    headers: String,
    attempts: u32,
    /// How often it has been replayed: a message of an earlier round than the record is a relic.
    round: u32,
    /// Milliseconds since 1970, as all times here, by the clock of whoever writes.
    due: u64,
    since: u64,
}

/// What is known of a job.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    name: String,
    payload: Option<Box<RawValue>>,
    headers: String,
    round: u32,
    state: Written,
    pub(super) attempt: u32,
    pub(super) last: u32,
    pub(super) due: u64,
    since: u64,
    error: Option<String>,
    output: Option<Box<RawValue>>,
}

#[derive(Clone, Copy, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Written {
    Waiting,
    Running,
    Done,
    Dead,
}

impl Message {
    pub(super) fn new(entry: &Entry) -> serde_json::Result<Self> {
        Ok(Self {
            id: entry.id.clone(),
            name: entry.name.clone(),
            payload: serde_json::from_slice(&entry.payload)?,
            headers: entry.headers.clone(),
            attempts: entry.attempts,
            round: 0,
            due: now() + millis(entry.delay),
            since: now(),
        })
    }
}

impl Record {
    /// What is known of a job when its message has come: that it waits.
    pub(super) fn next(known: Option<Self>, message: &Message) -> Self {
        let known = match known {
            Some(known) if known.round >= message.round => {
                // Whoever had it last has not ended it.
                let lost = known.state == Written::Running;
                let error = lost.then(|| super::super::LOST.to_owned());
                return Self {
                    state: Written::Waiting,
                    error: error.or(known.error),
                    ..known
                };
            }
            known => known,
        };
        let attempt = known.as_ref().map_or(0, |known| known.attempt);
        Self {
            id: message.id.clone(),
            name: message.name.clone(),
            payload: Some(message.payload.clone()),
            headers: message.headers.clone(),
            round: message.round,
            state: Written::Waiting,
            attempt,
            last: attempt + message.attempts,
            due: message.due,
            since: message.since,
            error: known.and_then(|known| known.error),
            output: None,
        }
    }

    /// Whether the job of this message has ended already.
    pub(super) fn is_over(&self, message: &Message) -> bool {
        let ended = matches!(self.state, Written::Done | Written::Dead);
        ended && self.round >= message.round
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state == Written::Dead
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == Written::Running
    }

    pub(super) fn begin(&mut self) {
        self.attempt += 1;
        self.enter(Written::Running);
    }

    pub(super) fn die(&mut self, error: String) {
        self.error = Some(error);
        self.enter(Written::Dead);
    }

    pub(super) fn apply(&mut self, outcome: &Outcome) -> serde_json::Result<()> {
        match outcome {
            Outcome::Done { output, .. } => {
                self.output = Some(serde_json::from_slice(output)?);
                (self.payload, self.error) = (None, None);
                self.enter(Written::Done);
            }
            Outcome::Retry { error, delay } => {
                self.due = now() + millis(*delay);
                self.error = Some(error.clone());
                self.enter(Written::Waiting);
            }
            Outcome::Dead { error } => self.die(error.clone()),
            Outcome::GivenBack => {
                self.last += 1;
                self.enter(Written::Waiting);
            }
        }
        Ok(())
    }

    fn enter(&mut self, state: Written) {
        (self.state, self.since) = (state, now());
    }

    pub(super) fn claimed(&self) -> Claimed {
        let payload = self
            .payload
            .as_ref()
            .map_or("null", |payload| payload.get());
        Claimed {
            id: self.id.clone(),
            name: self.name.clone(),
            payload: payload.as_bytes().to_vec(),
            headers: self.headers.clone(),
            attempt: self.attempt,
            last: self.last,
        }
    }

    /// The message that brings a dead job back; `None` if its payload is gone.
    pub(super) fn again(&self, attempts: u32) -> Option<Message> {
        Some(Message {
            id: self.id.clone(),
            name: self.name.clone(),
            payload: self.payload.clone()?,
            headers: self.headers.clone(),
            attempts,
            round: self.round + 1,
            due: now(),
            since: now(),
        })
    }

    pub(super) fn status(self) -> JobStatus {
        JobStatus {
            id: self.id,
            name: self.name,
            state: match self.state {
                Written::Waiting => State::Waiting,
                Written::Running => State::Running,
                Written::Done => State::Done,
                Written::Dead => State::Dead,
            },
            attempt: self.attempt,
            since: UNIX_EPOCH + span(self.since),
            error: self.error,
            output: self.output.map(|output| output.get().as_bytes().to_vec()),
        }
    }
}

/// An id as a part of a subject, which has no place for dots, blanks and wildcards.
pub(super) fn token(id: &str) -> String {
    let mut token = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("={byte:02x}"));
        }
    }
    token
}

pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    millis(now.unwrap_or_default())
}

pub(super) fn span(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
//% endif
