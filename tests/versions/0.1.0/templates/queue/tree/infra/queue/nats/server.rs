//% if options.nats
//! The streams of a queue, and what is written to them and read from them.

use std::{error::Error, time::Duration};

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer};
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::stream::{Config, DirectGetErrorKind, RetentionPolicy, Stream};
use async_nats::jetstream::{AckKind, Context};
use async_nats::{Client, ConnectOptions, ServerAddr, Subject};

use super::record::{self, Message, Record};

pub(super) type Failed = Box<dyn Error + Send + Sync>;

/// A connection, which reconnects by itself, with the streams there are.
pub(super) struct Server {
    /// What every subject begins with.
    prefix: String,
    pub(super) client: Client,
    context: Context,
    pub(super) jobs: Stream,
    pub(super) states: Stream,
    pub(super) consumer: PullConsumer,
}

impl Server {
    /// Connects, and makes the streams unless they are there.
    pub(super) async fn connect(
        addresses: &[ServerAddr],
        prefix: &str,
        lease: Duration,
        limit: Duration,
    ) -> Result<Self, Failed> {
        //% if options.tls
        // Its own default may be ambiguous. An error means that the app has installed a provider.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().ok();
        //% endif
        let options = ConnectOptions::new()
            .connection_timeout(limit)
            .request_timeout(Some(limit));
        let client = options.connect(addresses).await?;
        let context = async_nats::jetstream::new(client.clone());
        let stream = |kind: &str, subjects: &[&str], retention| Config {
            name: format!("{prefix}-{kind}"),
            subjects: subjects
                .iter()
                .map(|kind| format!("{prefix}.{kind}.*"))
                .collect(),
            retention,
            max_messages_per_subject: 1,
            allow_direct: true,
            allow_message_ttl: true,
            ..Config::default()
        };
        let jobs = stream("jobs", &["job"], RetentionPolicy::WorkQueue);
        let states = stream("states", &["state", "dead"], RetentionPolicy::Limits);
        let jobs = context.get_or_create_stream(jobs).await?;
        let workers = pull::Config {
            durable_name: Some("workers".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: lease,
            max_ack_pending: -1,
            ..pull::Config::default()
        };
        Ok(Self {
            prefix: prefix.to_owned(),
            states: context.get_or_create_stream(states).await?,
            consumer: jobs.create_consumer(workers).await?,
            jobs,
            client,
            context,
        })
    }

    pub(super) fn subject(&self, kind: &str, id: &str) -> String {
        format!("{}.{kind}.{}", self.prefix, record::token(id))
    }

    /// All subjects of the list of dead jobs.
    pub(super) fn dead(&self) -> String {
        format!("{}.dead.*", self.prefix)
    }

    /// What is said to the workers of all processes.
    pub(super) fn news(&self) -> String {
        format!("{}.wake", self.prefix)
    }

    pub(super) async fn wake(&self) -> Result<(), Failed> {
        Ok(self.client.publish(self.news(), "".into()).await?)
    }

    /// Sends the message of a job, which is not written if there is one of this id.
    pub(super) async fn send(&self, message: &Message) -> Result<PublishAckFuture, Failed> {
        let publish = PublishMessage::build()
            .payload(serde_json::to_vec(message)?.into())
            .expected_last_subject_sequence(0);
        let subject = self.subject("job", &message.id);
        Ok(self.context.send_publish(subject, publish).await?)
    }

    /// What a job waits as; `None` unless it waits or runs.
    pub(super) async fn message(&self, id: &str) -> Result<Option<Message>, Failed> {
        let subject = self.subject("job", id);
        match self.jobs.direct_get_last_for_subject(subject).await {
            Ok(found) => Ok(serde_json::from_slice(&found.payload)?),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What is known of a job that was begun, with the number of its write.
    pub(super) async fn record(&self, id: &str) -> Result<Option<(Record, u64)>, Failed> {
        let subject = self.subject("state", id);
        match self.states.direct_get_last_for_subject(subject).await {
            Ok(found) => {
                let record = serde_json::from_slice(&found.payload)?;
                Ok(Some((record, found.sequence)))
            }
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what is known of a job, unless somebody has written since; returns its number.
    pub(super) async fn note(
        &self,
        record: &Record,
        before: u64,
        keep: Option<Duration>,
    ) -> Result<Option<u64>, Failed> {
        let subject = self.subject("state", &record.id);
        let bytes = serde_json::to_vec(record)?;
        self.write(subject, bytes, before, keep).await
    }

    /// Puts a dead job on the list, where it may be already.
    pub(super) async fn list(&self, id: &str) -> Result<(), Failed> {
        let subject = self.subject("dead", id);
        self.write(subject, id.into(), 0, None).await.map(drop)
    }

    /// The first of the list of dead jobs that was written from this number on, with its own.
    pub(super) async fn dead_from(&self, from: u64) -> Result<Option<(String, u64)>, Failed> {
        let next = self
            .states
            .direct_get_next_for_subject(self.dead(), Some(from));
        match next.await {
            Ok(found) => {
                let id = String::from_utf8_lossy(&found.payload).into_owned();
                Ok(Some((id, found.sequence)))
            }
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes to a subject whose last message is this one (0: there is none), and returns the number
    /// of the new one; `None` if another was written since.
    async fn write(
        &self,
        subject: String,
        bytes: Vec<u8>,
        before: u64,
        keep: Option<Duration>,
    ) -> Result<Option<u64>, Failed> {
        let mut message = PublishMessage::build()
            .payload(bytes.into())
            .expected_last_subject_sequence(before);
        if let Some(keep) = keep {
            // The server counts whole seconds, and at least one.
            message = message.ttl(Duration::from_secs(keep.as_secs().max(1)));
        }
        written(self.context.send_publish(subject, message).await?.await)
    }

    /// Answers a delivered message, and waits until the server knows.
    pub(super) async fn answer(
        &self,
        reply: Option<&Subject>,
        kind: AckKind,
    ) -> Result<(), Failed> {
        if let Some(reply) = reply {
            self.client.request(reply.clone(), kind.into()).await?;
        }
        Ok(())
    }
}

/// The number of a write; `None` if the last message of its subject was not the one that it named.
pub(super) fn written(answer: Result<PublishAck, PublishError>) -> Result<Option<u64>, Failed> {
    match answer {
        Ok(written) => Ok(Some(written.sequence)),
        Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
        Err(error) => Err(error.into()),
    }
}
//% endif
