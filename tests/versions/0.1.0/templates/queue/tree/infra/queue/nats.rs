//% if options.nats
//! Jobs in NATS JetStream, for those who outgrow one Redis. Needs NATS 2.11 or later.
//!
//! A stream holds each job that is not ended as one message under a subject of its own, which makes
//! ids unique; a consumer shares them out, and its time to acknowledge is the lease. A second stream
//! holds what is known of each job that was ever begun. Every write to it names the one before, so
//! an attempt that another has followed can write nothing.

mod record;
mod server;

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    collections::HashMap,
    future::Future,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::jetstream::AckKind;
use async_nats::{ServerAddr, Subject};
use futures_util::StreamExt;
use tokio::sync::{Notify, OnceCell};
use tokio::time;

use self::record::Record;
use self::server::{Failed, Server};
use super::backend::{Claim, Claimed, Counts, Entry, Outcome};
use super::job::JobStatus;
use crate::/*= module =*/::settings::QueueSettings;

/// How soon an idle worker asks again: the server tells nobody of a lease that has run out.
const PAUSE: Duration = Duration::from_millis(200);
/// The pause before an acknowledgement is looked for again.
const ACKNOWLEDGED: Duration = Duration::from_millis(10);

pub(super) struct Nats {
    addresses: Vec<ServerAddr>,
    /// What every subject begins with.
    prefix: String,
    lease: Duration,
    limit: Duration,
    server: OnceCell<Server>,
    /// The attempts of this process by id and number.
    held: Mutex<HashMap<(String, u32), Held>>,
}

/// What it takes to end an attempt.
#[derive(Clone)]
struct Held {
    /// Where its message is acknowledged.
    reply: Option<Subject>,
    /// The number of the write that began it.
    sequence: u64,
    record: Record,
}

impl Nats {
    /// Opens nothing yet.
    pub(super) fn new(addresses: Vec<ServerAddr>, settings: &QueueSettings) -> Self {
        Self {
            addresses,
            prefix: format!("queue-{}", settings.name),
            lease: settings.lease,
            limit: settings.timeout,
            server: OnceCell::new(),
            held: Mutex::default(),
        }
    }

    async fn server(&self) -> Result<&Server, Failed> {
        let connect = || Server::connect(&self.addresses, &self.prefix, self.lease, self.limit);
        self.server.get_or_try_init(connect).await
    }

    async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        let limited = time::timeout(self.limit, operation).await;
        limited.unwrap_or_else(late)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<(String, u32), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn enqueue(&self, entries: &[Entry]) -> Result<Vec<bool>, Failed> {
        self.within(async {
            let server = self.server().await?;
            // An ended job has no message any more. One that ends right now is found by the worker.
            let known = entries.iter().map(|entry| server.record(&entry.id));
            let known = futures_util::future::try_join_all(known).await?;
            // Sent in this order, and waited for only then.
            let mut sent = Vec::with_capacity(entries.len());
            for (entry, known) in entries.iter().zip(known) {
                let message = record::Message::new(entry)?;
                sent.push(match known {
                    Some(_) => None,
                    None => Some(server.send(&message).await?),
                });
            }
            let mut new = Vec::with_capacity(entries.len());
            for sent in sent {
                new.push(match sent {
                    Some(sent) => server::written(sent.await)?.is_some(),
                    None => false,
                });
            }
            server.wake().await?;
            Ok(new)
        })
        .await
    }

    pub(super) async fn claim(&self, limit: usize, _: Duration) -> Result<Claim, Failed> {
        self.within(async {
            let server = self.server().await?;
            let fetch = server.consumer.fetch().max_messages(limit);
            let messages = fetch.messages().await?.collect::<Vec<_>>().await;
            let all = messages
                .into_iter()
                .map(|message| async { self.take(server, message?).await });
            let jobs = futures_util::future::join_all(all).await;
            let jobs: Result<Vec<_>, Failed> = jobs.into_iter().collect();
            Ok(Claim {
                jobs: jobs?.into_iter().flatten().collect(),
                next: Some(PAUSE),
            })
        })
        .await
    }

    /// Begins an attempt of a job whose message has come; `None` if it is not to be run now.
    async fn take(
        &self,
        server: &Server,
        delivered: async_nats::jetstream::Message,
    ) -> Result<Option<Claimed>, Failed> {
        let reply = delivered.message.reply.clone();
        let Ok(message) = serde_json::from_slice::<record::Message>(&delivered.payload) else {
            tracing::error!("a message that is no job is thrown away");
            server.answer(reply.as_ref(), AckKind::Term).await?;
            return Ok(None);
        };
        let known = server.record(&message.id).await?;
        let before = known.as_ref().map_or(0, |(_, sequence)| *sequence);
        let known = known.map(|(record, _)| record);
        if known.as_ref().is_some_and(|known| known.is_over(&message)) {
            if known.is_some_and(|known| known.is_dead()) {
                server.list(&message.id).await?;
            }
            server.answer(reply.as_ref(), AckKind::Ack).await?;
            return Ok(None);
        }
        let mut record = Record::next(known, &message);
        let wait = record::span(record.due.saturating_sub(record::now()));
        if !wait.is_zero() {
            server
                .answer(reply.as_ref(), AckKind::Nak(Some(wait)))
                .await?;
            return Ok(None);
        }
        if record.attempt == record.last {
            record.die(super::LOST.to_owned());
            if server.note(&record, before, None).await?.is_some() {
                server.list(&message.id).await?;
                server.answer(reply.as_ref(), AckKind::Ack).await?;
            }
            return Ok(None);
        }
        record.begin();
        let Some(sequence) = server.note(&record, before, None).await? else {
            return Ok(None);
        };
        let claimed = record.claimed();
        let key = (claimed.id.clone(), claimed.attempt);
        let held = Held {
            reply,
            sequence,
            record,
        };
        self.held().insert(key, held);
        Ok(Some(claimed))
    }

    pub(super) async fn beat(
        &self,
        runs: &[(String, u32)],
        _: Duration,
    ) -> Result<Vec<String>, Failed> {
        self.within(async {
            let server = self.server().await?;
            let all = runs.iter().map(|run| async move {
                let held = self.held().get(run).cloned();
                let known = server.record(&run.0).await?;
                match (held, known) {
                    (Some(held), Some((_, sequence))) if held.sequence == sequence => {
                        if let Some(reply) = held.reply {
                            let progress = AckKind::Progress.into();
                            server.client.publish(reply, progress).await?;
                        }
                        Ok::<_, Failed>(None)
                    }
                    _ => {
                        self.held().remove(run);
                        Ok(Some(run.0.clone()))
                    }
                }
            });
            let lost = futures_util::future::try_join_all(all).await?;
            Ok(lost.into_iter().flatten().collect())
        })
        .await
    }

    pub(super) async fn finish(
        &self,
        id: &str,
        attempt: u32,
        outcome: &Outcome,
    ) -> Result<bool, Failed> {
        let run = (id.to_owned(), attempt);
        let Some(mut held) = self.held().get(&run).cloned() else {
            return Ok(false);
        };
        let (keep, kind) = match outcome {
            // An acknowledgement that gets lost brings the message back once the lease ends: it must
            // find that the job is done.
            Outcome::Done { keep, .. } => (Some((*keep).max(self.lease * 2)), AckKind::Ack),
            Outcome::Retry { delay, .. } => (None, AckKind::Nak(Some(*delay))),
            Outcome::Dead { .. } => (None, AckKind::Ack),
            Outcome::GivenBack => (None, AckKind::Nak(None)),
        };
        held.record.apply(outcome)?;
        let ours = self
            .within(async {
                let server = self.server().await?;
                let written = server.note(&held.record, held.sequence, keep).await?;
                if written.is_none() {
                    return Ok(false);
                }
                if held.record.is_dead() {
                    server.list(id).await?;
                }
                server.answer(held.reply.as_ref(), kind).await?;
                Ok(true)
            })
            .await?;
        self.held().remove(&run);
        Ok(ours)
    }

    pub(super) async fn status(&self, id: &str) -> Result<Option<JobStatus>, Failed> {
        self.within(async {
            let server = self.server().await?;
            if let Some((record, _)) = server.record(id).await? {
                return Ok(Some(record.status()));
            }
            let message = server.message(id).await?;
            Ok(message.map(|message| Record::next(None, &message).status()))
        })
        .await
    }

    pub(super) async fn dead_letters(&self, limit: usize) -> Result<Vec<JobStatus>, Failed> {
        self.within(async {
            let server = self.server().await?;
            let (mut from, mut dead) = (1, Vec::new());
            while dead.len() < limit {
                let Some((id, sequence)) = server.dead_from(from).await? else {
                    break;
                };
                from = sequence + 1;
                let known = server.record(&id).await?.map(|(record, _)| record);
                dead.extend(known.filter(Record::is_dead).map(Record::status));
            }
            Ok(dead)
        })
        .await
    }

    pub(super) async fn replay(&self, id: &str, attempts: u32) -> Result<bool, Failed> {
        self.within(async {
            let server = self.server().await?;
            loop {
                let known = server.record(id).await?;
                let Some((dead, sequence)) = known.filter(|(record, _)| record.is_dead()) else {
                    return Ok(false);
                };
                // Stored first: what is waiting is found by workers whatever becomes of the rest.
                let Some(message) = dead.again(attempts) else {
                    return Ok(false);
                };
                if server::written(server.send(&message).await?.await)?.is_some() {
                    let record = Record::next(Some(dead), &message);
                    server.note(&record, sequence, None).await?;
                    break;
                }
                // The message of the last attempt goes a moment after its end is on record.
                time::sleep(ACKNOWLEDGED).await;
            }
            let dead = server.subject("dead", id);
            server.states.purge().filter(dead).await?;
            server.wake().await?;
            Ok(true)
        })
        .await
    }

    pub(super) async fn remove(&self, id: &str) -> Result<bool, Failed> {
        self.within(async {
            let server = self.server().await?;
            let known = server.record(id).await?;
            if known.is_some_and(|(record, _)| record.is_running()) {
                return Ok(false);
            }
            let job = server.subject("job", id);
            let mut removed = server.jobs.purge().filter(job).await?.purged;
            for kind in ["state", "dead"] {
                let subject = server.subject(kind, id);
                removed += server.states.purge().filter(subject).await?.purged;
            }
            Ok(removed > 0)
        })
        .await
    }

    /// A job that a worker has looked at and put back for later counts as running: the server does
    /// not tell them apart.
    pub(super) async fn counts(&self) -> Result<Counts, Failed> {
        self.within(async {
            let server = self.server().await?;
            let seen = server.consumer.get_info().await?;
            let dead = server.states.info_with_subjects(server.dead()).await?;
            Ok(Counts {
                waiting: seen.num_pending,
                running: u64::try_from(seen.num_ack_pending).unwrap_or(u64::MAX),
                dead: u64::try_from(dead.count().await).unwrap_or(u64::MAX),
            })
        })
        .await
    }

    pub(super) async fn complaint(&self) -> Result<Option<String>, Failed> {
        self.within(async {
            let server = self.server().await?;
            server.jobs.get_info().await?;
            Ok(None)
        })
        .await
    }

    pub(super) async fn listen(&self, wake: &Notify) -> Result<(), Failed> {
        let server = self.server().await?;
        let mut news = server.client.subscribe(server.news()).await?;
        // What came before is not told again.
        wake.notify_one();
        while news.next().await.is_some() {
            wake.notify_one();
        }
        Ok(())
    }
}
//% endif
