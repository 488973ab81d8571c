//% if options.pubsub
//! Publish and subscribe: typed messages to everybody who listens now, in any process.

use std::{
    collections::HashSet,
    fmt, io,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use ::redis::aio::PubSubSink;
use ::redis::{AsyncCommands, RedisError, RedisResult};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time;

use super::connection::{Connection, Server};
use super::pattern;
use super::topics::{Payload, Topic, Topics};

/// Topics that one command names.
const BATCH: usize = 1_000;
/// How often the connection is asked for a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The pause before a lost connection is opened again; it doubles up to [`LAST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Typed publish and subscribe, over Redis or in this process if there is no Redis.
///
/// A message reaches whoever is subscribed at that moment, at most once; it is JSON, so other
/// programs can take part. All subscriptions of a process share one connection, which comes back
/// with all of them after it was lost. Channels are not prefixed.
///
/// ```
/// # use /*= crate =*/::/*= module =*/::Infra;
/// use futures_util::StreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let infra = Infra::for_tests().await?;
/// # let pubsub = &infra.redis.pubsub;
/// let mut orders = pubsub.subscribe_pattern::<u64>("orders.*").await;
/// pubsub.publish("orders.paid", &17_u64).await?;
///
/// let message = orders.next().await.ok_or("closed")?;
/// assert_eq!((message.channel.as_str(), message.value), ("orders.paid", 17));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PubSub(Arc<Inner>);

struct Inner {
    topics: Arc<Topics>,
    remote: Option<Remote>,
}

struct Remote {
    connection: Connection,
    limit: Duration,
    /// The revision of the topics that Redis knows.
    known: watch::Receiver<u64>,
    listener: AbortHandle,
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// A message could not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The value's `Serialize` failed.
    #[error("the message cannot be serialized")]
    Serialize(#[from] serde_json::Error),
    /// Redis is away, or refused the message.
    #[error("the message was not published")]
    Redis(#[from] RedisError),
}

/// A message and where it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<T> {
    /// The channel, also where a pattern was subscribed to.
    pub channel: String,
    /// What was published.
    pub value: T,
}

impl PubSub {
    pub(super) fn in_memory() -> Self {
        let (topics, remote) = (Arc::default(), None);
        Self(Arc::new(Inner { topics, remote }))
    }

    pub(super) fn in_redis(server: Server, connection: Connection, limit: Duration) -> Self {
        let topics = Arc::<Topics>::default();
        let (tell, known) = watch::channel(0);
        let listener = Listener {
            topics: Arc::clone(&topics),
            server,
            limit,
            tell,
        };
        let remote = Some(Remote {
            connection,
            limit,
            known,
            listener: tokio::spawn(listener.run()).abort_handle(),
        });
        Self(Arc::new(Inner { topics, remote }))
    }

    /// Sends a message to everybody who is subscribed to the channel.
    ///
    /// # Errors
    ///
    /// [`PublishError`]: the message reached nobody, or (after a time-out) perhaps somebody.
    pub async fn publish<T>(&self, channel: &str, value: &T) -> Result<(), PublishError>
    where
        T: serde::Serialize + ?Sized,
    {
        let payload = serde_json::to_vec(value)?;
        match &self.0.remote {
            None => self.0.topics.deliver_to_all(channel, &payload),
            Some(remote) => {
                let mut redis = remote.connection.clone();
                super::within(remote.limit, redis.publish::<_, _, ()>(channel, payload)).await?;
            }
        }
        Ok(())
    }

    /// Receives the messages of a channel from now on.
    ///
    /// While Redis is away this returns after the time limit, and messages arrive once it is back.
    pub async fn subscribe<T: DeserializeOwned>(&self, channel: &str) -> Subscription<T> {
        self.listen(Topic::Channel(channel.to_owned())).await
    }

    /// Receives the messages of all channels that match: `*` is any text, `?` any one byte.
    pub async fn subscribe_pattern<T: DeserializeOwned>(&self, pattern: &str) -> Subscription<T> {
        self.listen(Topic::Pattern(pattern::wildcard(pattern)))
            .await
    }

    async fn listen<T>(&self, topic: Topic) -> Subscription<T> {
        let (revision, receiver) = self.0.topics.join(topic.clone());
        let subscription = Subscription {
            receiver,
            topic,
            topics: Arc::downgrade(&self.0.topics),
            value: PhantomData,
        };
        if let Some(remote) = &self.0.remote {
            let mut known = remote.known.clone();
            let known = known.wait_for(|known| *known >= revision);
            if time::timeout(remote.limit, known).await.is_err() {
                tracing::warn!("redis is away, a subscription begins when it is back");
            }
        }
        subscription
    }
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PubSub").finish_non_exhaustive()
    }
}

/// A stream of messages; dropping it ends the subscription.
///
/// Messages that are not a `T` are skipped and logged. A subscriber that lags by more than 1,024
/// messages loses the newest, and delays nobody else.
pub struct Subscription<T> {
    receiver: mpsc::Receiver<Payload>,
    topic: Topic,
    topics: Weak<Topics>,
    value: PhantomData<fn() -> T>,
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.receiver.close();
        if let Some(topics) = self.topics.upgrade() {
            topics.leave(&self.topic);
        }
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.topic).finish()
    }
}

impl<T: DeserializeOwned> Stream for Subscription<T> {
    type Item = Message<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let received = std::task::ready!(self.receiver.poll_recv(context));
            let Some((channel, payload)) = received else {
                return Poll::Ready(None);
            };
            let channel = channel.as_ref().to_owned();
            if let Ok(value) = serde_json::from_slice(&payload) {
                return Poll::Ready(Some(Message { channel, value }));
            }
            // The error would quote the message, which may hold a secret.
            let wanted = std::any::type_name::<T>();
            tracing::warn!(channel, wanted, "a message of another type is skipped");
        }
    }
}

/// Keeps one connection subscribed to all that is wanted in this process.
struct Listener {
    topics: Arc<Topics>,
    server: Server,
    limit: Duration,
    tell: watch::Sender<u64>,
}

impl Listener {
    async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            // No connection is held while nobody listens.
            while self.topics.wanted().1.is_empty() {
                self.topics.changed.notified().await;
            }
            let begun = time::Instant::now();
            let Err(error) = self.listen().await else {
                continue;
            };
            tracing::warn!(%error, "subscriptions are interrupted");
            if begun.elapsed() > LAST_PAUSE {
                pause = FIRST_PAUSE;
            }
            time::sleep(pause).await;
            pause = LAST_PAUSE.min(pause * 2);
        }
    }

    /// Delivers messages until nobody listens or the connection is lost.
    async fn listen(&self) -> RedisResult<()> {
        let subscriber = super::within(self.limit, self.server.subscriber()).await?;
        let (mut sink, mut messages) = subscriber.split();
        let mut heartbeat = time::interval(HEARTBEAT);
        let mut active = HashSet::new();
        loop {
            let (revision, wanted) = self.topics.wanted();
            self.follow(&mut sink, &active, &wanted).await?;
            self.tell.send_replace(revision);
            active = wanted;
            if active.is_empty() {
                return Ok(());
            }
            loop {
                tokio::select! {
                    () = self.topics.changed.notified() => break,
                    message = messages.next() => match message {
                        Some(message) => self.topics.deliver(&message),
                        None => return Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
                    },
                    _ = heartbeat.tick() => {
                        super::within(self.limit, sink.ping::<()>()).await?;
                        break;
                    }
                }
            }
        }
    }

    /// Subscribes to what is newly wanted, and unsubscribes from what no longer is.
    async fn follow(
        &self,
        sink: &mut PubSubSink,
        active: &HashSet<Topic>,
        wanted: &HashSet<Topic>,
    ) -> RedisResult<()> {
        let (channels, patterns) = names(wanted.difference(active));
        for batch in channels.chunks(BATCH) {
            super::within(self.limit, sink.subscribe(batch)).await?;
        }
        for batch in patterns.chunks(BATCH) {
            super::within(self.limit, sink.psubscribe(batch)).await?;
        }
        let (channels, patterns) = names(active.difference(wanted));
        for batch in channels.chunks(BATCH) {
            super::within(self.limit, sink.unsubscribe(batch)).await?;
        }
        for batch in patterns.chunks(BATCH) {
            super::within(self.limit, sink.punsubscribe(batch)).await?;
        }
        Ok(())
    }
}

/// The names of the channels, and the patterns.
fn names<'a>(topics: impl Iterator<Item = &'a Topic>) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Channel(name) => channels.push(name.as_str()),
            Topic::Pattern(pattern) => patterns.push(pattern.as_str()),
        }
    }
    (channels, patterns)
}
//% endif
