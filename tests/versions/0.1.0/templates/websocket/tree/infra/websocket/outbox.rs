//! What waits to be sent to one client: a bounded queue that nobody waits for.
//!
//! Whoever sends only puts a message down; the connection's own writer carries it to the socket. So a
//! client that reads slowly, or not at all, delays nobody: when its queue is full, the policy decides.

use std::{
    borrow::Cow,
    collections::VecDeque,
    future, mem,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use futures_util::{Sink, SinkExt};
use tokio::sync::Notify;

use super::Text;

/// The longest that a client may take for what is sent before the end, and for its own farewell.
pub(super) const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// What is done with a client whose queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlowClient {
    /// The connection ends with code 1013, so that the client comes back and starts afresh.
    Disconnect,
    /// The oldest message that waits is dropped.
    DropOldest,
}

impl FromStr for SlowClient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "disconnect" => Ok(Self::Disconnect),
            "drop-oldest" => Ok(Self::DropOldest),
            _ => Err("must be `disconnect` or `drop-oldest`"),
        }
    }
}

/// Why a connection ends, as the close frame says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: Cow<'static, str>,
}

impl Close {
    pub(super) const DONE: Self = Self::new(1000, "");
    pub(super) const SHUTDOWN: Self = Self::new(1001, "the server stops");
    pub(super) const PROTOCOL: Self = Self::new(1002, "not a valid frame");
    pub(super) const NOT_TEXT: Self = Self::new(1003, "only text is understood");
    pub(super) const NOT_UTF8: Self = Self::new(1007, "not UTF-8");
    pub(super) const TOO_LARGE: Self = Self::new(1009, "the message is too large");
    pub(super) const FAILED: Self = Self::new(1011, "the server failed");
    pub(super) const SILENT: Self = Self::new(1011, "no answer to a ping");
    pub(super) const TOO_SLOW: Self = Self::new(1013, "too slow");

    const fn new(code: u16, reason: &'static str) -> Self {
        let reason = Cow::Borrowed(reason);
        Self { code, reason }
    }

    /// The app wants it; the reason is cut to what a close frame can hold.
    pub(super) fn by_the_app(reason: &str) -> Self {
        let mut end = reason.len().min(123);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            code: 1008,
            reason: reason[..end].to_owned().into(),
        }
    }
}

/// How a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a close frame, after what still waits.
    Farewell(Close),
    /// With a close frame, and what waits is thrown away.
    Cut(Close),
    /// The client has gone.
    Lost,
}

/// What the writer hands to the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    Text(Text),
    Ping,
    Close(Close),
}

/// What the writer does next.
#[derive(Debug)]
enum Next {
    Write(Outgoing),
    End(End),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Queued,
    /// In place of an older one.
    Replaced,
    /// The connection ends, or is ended by this.
    Refused,
}

/// The queue of one client.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    limit: usize,
    policy: SlowClient,
    writer: AtomicWaker,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Text>,
    ping: bool,
    end: Option<End>,
}

impl Outbox {
    /// Holds at most so many messages.
    pub(super) fn new(limit: usize, policy: SlowClient) -> Self {
        Self {
            state: Mutex::default(),
            limit,
            policy,
            writer: AtomicWaker::new(),
            ended: Notify::new(),
        }
    }

    /// Puts a message down. Never waits.
    pub(super) fn put(&self, text: &Text) -> Put {
        let mut state = self.state();
        if state.end.is_some() {
            return Put::Refused;
        }
        let full = state.waiting.len() >= self.limit;
        if full && self.policy == SlowClient::Disconnect {
            drop(state);
            self.end(End::Cut(Close::TOO_SLOW));
            return Put::Refused;
        }
        if full {
            state.waiting.pop_front();
        }
        // The writer waits for messages only where it has none.
        let first = state.waiting.is_empty();
        state.waiting.push_back(text.clone());
        drop(state);
        if first {
            self.writer.wake();
        }
        match full {
            true => Put::Replaced,
            false => Put::Queued,
        }
    }

    /// Sends a ping ahead of what waits.
    pub(super) fn ping(&self) {
        self.state().ping = true;
        self.writer.wake();
    }

    /// Ends the connection; the first reason counts.
    pub(super) fn end(&self, end: End) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        if !matches!(end, End::Farewell(_)) {
            state.waiting = VecDeque::new();
        }
        if let End::Farewell(close) | End::Cut(close) = &end {
            let code = close.code.to_string();
            ::metrics::counter!("websocket_closed_total", "code" => code).increment(1);
        }
        state.end = Some(end);
        drop(state);
        self.writer.wake();
        self.ended.notify_waiters();
    }

    /// Completes when the connection is to end.
    pub(super) async fn ended(&self) {
        let ended = self.ended.notified();
        if self.state().end.is_none() {
            ended.await;
        }
    }

    /// Whether more than half of the queue is taken.
    pub(super) fn is_crowded(&self) -> bool {
        self.state().waiting.len() > self.limit / 2
    }

    /// Has the task that polls [`carry`](Self::carry) woken once, by the next message or the end; so call
    /// this before each poll. Returns whether the connection is to end.
    pub(super) fn watch(&self, writer: &Context<'_>) -> bool {
        self.writer.register(writer.waker());
        self.state().end.is_some()
    }

    /// Carries messages to the socket until the connection ends, with the close frame as the last. It hears
    /// of messages only where [`watch`](Self::watch) is called.
    ///
    /// # Errors
    ///
    /// The socket takes no more.
    pub(super) async fn carry<W>(&self, socket: &mut W) -> Result<(), W::Error>
    where
        W: Sink<Outgoing> + Unpin,
    {
        loop {
            let next = match self.next() {
                Poll::Ready(next) => next,
                Poll::Pending => {
                    socket.flush().await?;
                    future::poll_fn(|_| self.next()).await
                }
            };
            match next {
                Next::Write(outgoing) => socket.feed(outgoing).await?,
                Next::End(End::Farewell(close) | End::Cut(close)) => {
                    return socket.send(Outgoing::Close(close)).await;
                }
                // The farewell of the client is answered.
                Next::End(End::Lost) => return socket.close().await,
            }
        }
    }

    fn next(&self) -> Poll<Next> {
        let mut state = self.state();
        if mem::take(&mut state.ping) {
            return Poll::Ready(Next::Write(Outgoing::Ping));
        }
        if let Some(text) = state.waiting.pop_front() {
            if state.waiting.is_empty() && state.waiting.capacity() > 8 {
                // Thousands of clients are idle at any time, and a burst should not cost them for good.
                state.waiting = VecDeque::new();
            }
            return Poll::Ready(Next::Write(Outgoing::Text(text)));
        }
        match &state.end {
            Some(end) => Poll::Ready(Next::End(end.clone())),
            None => Poll::Pending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::sink;

    use super::*;

    fn put(outbox: &Outbox, text: &str) -> Put {
        outbox.put(&text.into())
    }

    /// What a socket gets that takes everything at once.
    async fn sent(outbox: &Outbox) -> Vec<Outgoing> {
        let sent = Mutex::new(Vec::new());
        let mut socket = Box::pin(sink::unfold((), async |(), next| {
            sent.lock().unwrap().push(next);
            Ok::<_, Infallible>(())
        }));
        outbox.carry(&mut socket).await.unwrap();
        drop(socket);
        sent.into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest() {
        let outbox = Outbox::new(2, SlowClient::DropOldest);
        assert_eq!(put(&outbox, "1"), Put::Queued);
        assert_eq!(put(&outbox, "2"), Put::Queued);
        assert_eq!(put(&outbox, "3"), Put::Replaced);
        outbox.ping();
        outbox.end(End::Farewell(Close::DONE));
        assert_eq!(put(&outbox, "late"), Put::Refused);
        let expected = [
            Outgoing::Ping,
            Outgoing::Text("2".into()),
            Outgoing::Text("3".into()),
            Outgoing::Close(Close::DONE),
        ];
        assert_eq!(sent(&outbox).await, expected);
    }

    #[tokio::test]
    async fn a_full_queue_ends_the_connection() {
        let outbox = Outbox::new(2, SlowClient::Disconnect);
        assert_eq!(put(&outbox, "1"), Put::Queued);
        assert!(!outbox.is_crowded());
        assert_eq!(put(&outbox, "2"), Put::Queued);
        assert!(outbox.is_crowded());
        assert_eq!(put(&outbox, "3"), Put::Refused);
        outbox.ended().await;
        outbox.end(End::Farewell(Close::DONE));
        let close = Outgoing::Close(Close::TOO_SLOW);
        assert_eq!(sent(&outbox).await, [close]);
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        let close = Close::by_the_app(&"ü".repeat(100));
        assert_eq!((close.code, close.reason.len()), (1008, 122));
        assert_eq!(Close::by_the_app("spam").reason, "spam");
    }
}
