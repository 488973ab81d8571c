//! Publish and subscribe: typed messages to everybody who listens now, in any process.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    io,
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
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time,
};

use super::{
    connection::Connection,
    pattern,
    topics::{Payload, Topic, Topics},
};

/// Messages that wait for one subscriber; beyond them the newest is dropped.
const BACKLOG: usize = 1_024;
/// How often a silent connection is asked for a sign of life.
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
    listener: AbortHandle,
    /// The revision of the topics that Redis knows of.
    active: watch::Receiver<u64>,
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
    #[error("the message cannot be serialized: {0}")]
    Serialize(#[from] serde_json::Error),
    /// Redis is away, or refused the message.
    #[error("the message was not published: {0}")]
    Redis(#[from] ::redis::RedisError),
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
        Self(Arc::new(Inner {
            topics: Arc::default(),
            remote: None,
        }))
    }

    pub(super) fn in_redis(connection: Connection, limit: Duration) -> Self {
        let topics = Arc::<Topics>::default();
        let (activate, active) = watch::channel(0);
        let listener = Listener {
            topics: Arc::clone(&topics),
            connection: connection.clone(),
            limit,
            activate,
        };
        let listener = tokio::spawn(listener.run()).abort_handle();
        let remote = Some(Remote {
            connection,
            limit,
            listener,
            active,
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
                within(remote.limit, redis.publish::<_, _, ()>(channel, payload)).await?;
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
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let id = self.0.topics.add(topic.clone(), sender);
        if let Some(remote) = &self.0.remote {
            let mut active = remote.active.clone();
            let known = active.wait_for(|active| *active >= id);
            if time::timeout(remote.limit, known).await.is_err() {
                tracing::warn!(
                    ?topic,
                    "redis is away, the subscription begins when it is back"
                );
            }
        }
        let topics = Arc::downgrade(&self.0.topics);
        Subscription {
            receiver,
            place: Place { topics, topic, id },
            value: PhantomData,
        }
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
    place: Place,
    value: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Stream for Subscription<T> {
    type Item = Message<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some((channel, payload)) = std::task::ready!(self.receiver.poll_recv(context))
            else {
                return Poll::Ready(None);
            };
            match serde_json::from_slice(&payload) {
                Ok(value) => {
                    let channel = channel.as_ref().to_owned();
                    return Poll::Ready(Some(Message { channel, value }));
                }
                Err(error) => {
                    let topic = &self.place.topic;
                    tracing::warn!(?topic, %error, "a message of another type is skipped");
                }
            }
        }
    }
}

/// Where a subscription is listed; takes it off the list when dropped.
struct Place {
    topics: Weak<Topics>,
    topic: Topic,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(topics) = self.topics.upgrade() {
            topics.remove(&self.topic, self.id);
        }
    }
}

/// Keeps one connection subscribed to all that is wanted in this process.
struct Listener {
    topics: Arc<Topics>,
    connection: Connection,
    limit: Duration,
    activate: watch::Sender<u64>,
}

impl Listener {
    async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            // No connection is held while nobody listens.
            while self.topics.wanted().1.is_empty() {
                self.topics.changed.notified().await;
            }
            let began = time::Instant::now();
            match self.listen().await {
                Ok(()) => continue,
                Err(error) => tracing::warn!(%error, "subscriptions are interrupted"),
            }
            if began.elapsed() > LAST_PAUSE {
                pause = FIRST_PAUSE;
            }
            time::sleep(pause).await;
            pause = LAST_PAUSE.min(pause * 2);
        }
    }

    /// Delivers messages until nobody listens or the connection is lost.
    async fn listen(&self) -> RedisResult<()> {
        let (mut sink, mut messages) = within(self.limit, self.connection.subscriber())
            .await?
            .split();
        let mut active = HashSet::new();
        let mut heartbeat = time::interval(HEARTBEAT);
        loop {
            let (revision, wanted) = self.topics.wanted();
            within(self.limit, follow(&mut sink, &active, &wanted)).await?;
            self.activate.send_replace(revision);
            if wanted.is_empty() {
                return Ok(());
            }
            active = wanted;
            loop {
                tokio::select! {
                    () = self.topics.changed.notified() => break,
                    message = messages.next() => match message {
                        Some(message) => self.topics.deliver(&message),
                        None => return Err(failed(io::ErrorKind::BrokenPipe)),
                    },
                    _ = heartbeat.tick() => {
                        within(self.limit, sink.ping::<::redis::Value>()).await?;
                    }
                }
            }
        }
    }
}

/// Subscribes to what is newly wanted, and unsubscribes from what no longer is.
async fn follow(
    sink: &mut PubSubSink,
    active: &HashSet<Topic>,
    wanted: &HashSet<Topic>,
) -> RedisResult<()> {
    let (channels, patterns) = names(wanted.difference(active));
    if !channels.is_empty() {
        sink.subscribe(channels).await?;
    }
    if !patterns.is_empty() {
        sink.psubscribe(patterns).await?;
    }
    let (channels, patterns) = names(active.difference(wanted));
    if !channels.is_empty() {
        sink.unsubscribe(channels).await?;
    }
    if !patterns.is_empty() {
        sink.punsubscribe(patterns).await?;
    }
    Ok(())
}

fn names<'a>(topics: impl Iterator<Item = &'a Topic>) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Channel(channel) => channels.push(channel.as_str()),
            Topic::Pattern(pattern) => patterns.push(pattern.as_str()),
        }
    }
    (channels, patterns)
}

async fn within<T>(limit: Duration, step: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| Err(failed(io::ErrorKind::TimedOut));
    time::timeout(limit, step).await.unwrap_or_else(late)
}

fn failed(kind: io::ErrorKind) -> RedisError {
    io::Error::from(kind).into()
}
