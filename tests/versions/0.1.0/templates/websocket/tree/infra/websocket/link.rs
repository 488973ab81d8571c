//% if options.redis
//! The line to the other instances, over publish and subscribe of Redis.
//!
//! All instances publish on one channel and listen to it. Each also hears itself: when its own sign of
//! life does not come back, the line is dead, whatever the sockets say, and is opened anew.

use std::{
    future::Future,
    io,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, RedisResult};
use futures_util::StreamExt;
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{self, Instant},
};

use super::message::{ClientId, Member, Message, Target};
use super::outbox::Close;
use super::peers::{Happened, Letter, News, Peers};
use super::registry::{Change, Registry};

/// The longest that Redis may take for anything.
const LIMIT: Duration = Duration::from_secs(1);
/// The pause between two signs of life.
const BEAT: Duration = Duration::from_secs(1);
/// How long a line may be silent, which carries a sign of life of its own every second.
const DEAD: Duration = Duration::from_secs(4);
/// The pause between two attempts to open the line; it doubles up to [`BEAT`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Letters that wait for Redis. Beyond them the newest is dropped: nobody waits for other instances.
const QUEUE: usize = 1_024;
/// Letters that travel together.
const BATCH: usize = 64;

/// The line to the other instances. It ends with this value.
pub(super) struct Link {
    writer: Writer,
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// What the line and its task share.
struct Shared {
    peers: Mutex<Peers>,
    /// Why the line is down, and since when. It is at the beginning.
    outage: watch::Sender<Option<(Instant, String)>>,
    /// Whether somebody wants to hear who is where.
    asked: AtomicBool,
}

/// Writes letters, as long as the line is up.
#[derive(Clone)]
struct Writer {
    from: u64,
    queue: mpsc::Sender<Vec<u8>>,
    outage: watch::Receiver<Option<(Instant, String)>>,
}

impl Link {
    /// Opens the line in the background. The registry tells its changes through it.
    pub(super) fn start(url: &str, prefix: &str, from: u64) -> RedisResult<(Arc<Registry>, Self)> {
        let client = client(url)?;
        let (queue, letters) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            peers: Mutex::default(),
            outage: watch::Sender::new(Some((Instant::now(), "not connected yet".to_owned()))),
            asked: AtomicBool::new(false),
        });
        let outage = shared.outage.subscribe();
        let writer = Writer {
            from,
            queue,
            outage,
        };
        let teller = writer.clone();
        let registry = Registry::telling(Box::new(move |number, change| {
            let change = match change {
                Change::Joined(room, member) => Happened::Joined(room.to_owned(), member),
                Change::Left(room, id) => Happened::Left(room.to_owned(), id),
                Change::Gone(id) => Happened::Gone(id),
            };
            teller.write(News::Changed { number, change }, None);
        }));
        let registry = Arc::new(registry);
        let line = Line {
            client,
            // The number changes with the form of the letters.
            channel: format!("{prefix}:websocket:1"),
            registry: Arc::clone(&registry),
            shared: Arc::clone(&shared),
            writer: writer.clone(),
        };
        let task = tokio::spawn(line.run(letters)).abort_handle();
        let link = Self {
            writer,
            shared,
            task,
        };
        Ok((registry, link))
    }

    /// Waits for the line to be open, within the time limit.
    pub(super) async fn established(&self) {
        let mut outage = self.shared.outage.subscribe();
        let open = outage.wait_for(Option::is_none);
        if time::timeout(LIMIT, open).await.is_err() {
            tracing::warn!("redis is away, the rooms are those of this instance");
        }
    }

    /// Sends a message to the clients of the other instances.
    pub(super) fn send(&self, target: &Target<'_>, message: &Message) {
        let text = Some(message.as_str());
        if !self.writer.write(News::Send(target.clone()), text) {
            ::metrics::counter!("websocket_unshared_total").increment(1);
        }
    }

    /// Ends the connection of a client of another instance.
    pub(super) fn disconnect(&self, client: ClientId, reason: &str) {
        let reason = reason.to_owned();
        self.writer.write(News::Disconnect { client, reason }, None);
    }

    /// Adds those who are in a room on another instance.
    pub(super) fn members(&self, room: &str, members: &mut Vec<Member>) {
        self.shared.peers().members(room, members);
    }

    /// What is wrong with the line.
    pub(super) fn complaint(&self) -> Option<String> {
        let outage = self.shared.outage.borrow();
        let (since, reason) = outage.as_ref()?;
        let age = since.elapsed();
        Some(format!("redis has been away for {age:.0?}: {reason}"))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Writer {
    /// Whether the letter is on its way.
    fn write(&self, news: News<'_>, text: Option<&str>) -> bool {
        if self.outage.borrow().is_some() {
            return false;
        }
        let from = self.from;
        let Ok(mut letter) = serde_json::to_vec(&Letter { from, news }) else {
            return false;
        };
        letter.push(b'\n');
        letter.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.queue.try_send(letter).is_ok()
    }
}

impl Shared {
    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that keeps the line open.
struct Line {
    client: Client,
    channel: String,
    registry: Arc<Registry>,
    shared: Arc<Shared>,
    writer: Writer,
}

impl Line {
    async fn run(self, mut letters: mpsc::Receiver<Vec<u8>>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let begun = Instant::now();
            let Err(error) = self.carry(&mut letters).await;
            let was_up = self.shared.outage.send_if_modified(|outage| {
                let reason = error.to_string();
                let was_up = outage.is_none();
                let since = outage.take().map_or_else(Instant::now, |(since, _)| since);
                *outage = Some((since, reason));
                was_up
            });
            if was_up {
                tracing::warn!(%error, "redis is away, the rooms are those of this instance");
            }
            // Who hears it later would take it for new.
            while letters.try_recv().is_ok() {}
            if begun.elapsed() > DEAD {
                pause = FIRST_PAUSE;
            }
            time::sleep(pause).await;
            pause = BEAT.min(pause * 2);
        }
    }

    /// Carries letters both ways until the line is lost.
    async fn carry(&self, letters: &mut mpsc::Receiver<Vec<u8>>) -> RedisResult<Never> {
        let mut listener = within(self.client.get_async_pubsub()).await?;
        within(listener.subscribe(&self.channel)).await?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LIMIT))
            .set_response_timeout(Some(LIMIT));
        let client = &self.client;
        let connect = client.get_multiplexed_async_connection_with_config(&config);
        let mut redis = within(connect).await?;
        tokio::select! {
            lost = self.speak(&mut redis, letters) => lost,
            lost = self.listen(listener.into_on_message()) => lost,
        }
    }

    async fn speak(
        &self,
        redis: &mut MultiplexedConnection,
        letters: &mut mpsc::Receiver<Vec<u8>>,
    ) -> RedisResult<Never> {
        // What happens from now on is told; what happened before, the others ask for.
        if self.shared.outage.send_replace(None).is_some() {
            tracing::info!("the rooms are shared over redis");
        }
        self.writer.write(News::Ask, None);
        let mut beat = time::interval(BEAT);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                _ = letters.recv_many(&mut batch, BATCH) => {}
                _ = beat.tick() => batch.extend(self.sign_of_life()),
            }
            let mut publish = ::redis::pipe();
            for letter in batch.drain(..) {
                publish.publish(&self.channel, letter).ignore();
            }
            within(publish.query_async::<()>(redis)).await?;
        }
    }

    fn sign_of_life(&self) -> Option<Vec<u8>> {
        let news = if self.shared.asked.swap(false, Ordering::Relaxed) {
            let (number, rooms) = self.registry.snapshot();
            News::Present { number, rooms }
        } else {
            News::Alive(self.registry.revision())
        };
        let from = self.writer.from;
        serde_json::to_vec(&Letter { from, news }).ok()
    }

    async fn listen(
        &self,
        mut messages: impl futures_util::Stream<Item = ::redis::Msg> + Unpin,
    ) -> RedisResult<Never> {
        loop {
            match time::timeout(DEAD, messages.next()).await {
                Ok(Some(message)) => self.receive(message.get_payload_bytes()),
                Ok(None) => return Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
                Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        }
    }

    fn receive(&self, letter: &[u8]) {
        let end = letter.iter().position(|byte| *byte == b'\n');
        let (head, text) = letter.split_at(end.unwrap_or(letter.len()));
        let Ok(Letter { from, news }) = serde_json::from_slice(head) else {
            tracing::warn!("a letter that is not ours is skipped");
            return;
        };
        if from == self.writer.from {
            return;
        }
        match news {
            News::Send(target) => {
                let text = String::from_utf8_lossy(text.get(1..).unwrap_or_default());
                self.registry.deliver(&target, &text.as_ref().into());
            }
            News::Disconnect { client, reason } => {
                self.registry.end(client, Close::by_the_app(&reason));
            }
            News::Changed { number, change } => self.shared.peers().change(from, number, change),
            News::Alive(number) => {
                if !self.shared.peers().alive(from, number) {
                    self.writer.write(News::Ask, None);
                }
            }
            News::Ask => self.shared.asked.store(true, Ordering::Relaxed),
            News::Present { number, rooms } => self.shared.peers().present(from, number, rooms),
        }
    }
}

/// A line has no other end than an error.
enum Never {}

/// A client for a URL; nothing is opened.
pub(super) fn client(url: &str) -> RedisResult<Client> {
    if url.starts_with("rediss:") || url.starts_with("valkeys:") {
        //% if options.tls
        // Redis picks no provider itself. An error means that the app has installed one.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().ok();
        //% else
        let hint = "`rediss://` needs the option `tls`: add websocket again with `--set websocket.tls=true`";
        let kind = ::redis::ErrorKind::InvalidClientConfig;
        return Err((kind, "the Redis URL is not valid", hint.to_owned()).into());
        //% endif
    }
    Client::open(url)
}

async fn within<T>(work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let limited = time::timeout(LIMIT, work).await;
    limited.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}
//% endif
