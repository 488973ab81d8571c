//! One connection, from the upgrade to the end.

use std::{
    fmt,
    future::{self, Future},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use futures_util::{Sink, StreamExt};
use tokio::{
    sync::oneshot,
    task,
    time::{self, Instant},
};

use super::message::{ClientId, Message};
use super::outbox::{self, Close, End, Outbox, Outgoing};
use super::rooms::{Place, RoomError, Rooms};

use super::{Incoming, Text};

/// The pause before a client is heard again whose answers do not get through.
const BREATH: Duration = Duration::from_millis(50);

/// What comes from the socket.
#[derive(Debug)]
pub(super) enum Received {
    Text(Text),
    /// A ping or a pong: a sign of life.
    Life,
    Binary,
    Close,
    Invalid(Close),
}

/// A connected client, in the hands of the function that it was accepted for.
///
/// The connection ends with this value. Signs of life are looked for in [`next`](Self::next), so call it
/// also where the client is only to listen.
pub struct Client {
    id: ClientId,
    name: Arc<str>,
    rooms: Rooms,
    outbox: Arc<Outbox>,
    /// Always there but in `drop`, which hands it over.
    incoming: Option<(Incoming, oneshot::Sender<Incoming>)>,
    heard: Instant,
    pinged: Option<Instant>,
}

impl Client {
    /// Which of all connections this is.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// The name that it was accepted under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everybody else.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The next message; `None` when the connection is over. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Message> {
        // A client that sends in a flood gives way to those who shall receive it, and is not heard
        // further while it does not take its own answers.
        task::coop::consume_budget().await;
        if self.outbox.is_crowded() {
            task::yield_now().await;
        }
        if self.outbox.is_crowded() {
            time::sleep(BREATH).await;
        }
        loop {
            let end = match self.receive().await? {
                Received::Text(text) => {
                    ::metrics::counter!("websocket_messages_received_total").increment(1);
                    return Some(Message(text));
                }
                Received::Life => continue,
                Received::Binary => End::Farewell(Close::NOT_TEXT),
                Received::Close => End::Lost,
                Received::Invalid(close) => End::Cut(close),
            };
            self.outbox.end(end);
        }
    }

    /// Waits for a frame, and asks for a sign of life when none has come for a while.
    async fn receive(&mut self) -> Option<Received> {
        let interval = self.rooms.limits().heartbeat;
        let (incoming, _) = self.incoming.as_mut()?;
        loop {
            let deadline = self.pinged.unwrap_or(self.heard) + interval;
            let received = tokio::select! {
                biased;
                () = self.outbox.ended() => return None,
                received = time::timeout_at(deadline, incoming.next()) => received,
            };
            match received {
                Ok(Some(received)) => {
                    self.heard = Instant::now();
                    self.pinged = None;
                    return Some(received);
                }
                Ok(None) => self.outbox.end(End::Lost),
                Err(_) if self.pinged.is_none() => {
                    self.pinged = Some(Instant::now());
                    self.outbox.ping();
                }
                Err(_) => self.outbox.end(End::Cut(Close::SILENT)),
            }
        }
    }

    /// Sends to this client.
    pub fn send(&self, message: impl Into<Message>) {
        self.rooms().send(self.id, message);
    }

    /// Sends to everybody in a room but this client.
    pub fn send_to_others(&self, room: &str, message: impl Into<Message>) {
        self.rooms().send_to_room_except(room, &[self.id], message);
    }

    /// Enters a room; nothing happens where it is in there already.
    ///
    /// # Errors
    ///
    /// The name has more than 256 bytes, or the client is in 256 rooms already.
    pub fn join(&self, room: &str) -> Result<(), RoomError> {
        self.rooms().registry().join(self.id, room)
    }

    /// Leaves a room, if it is in there.
    pub fn leave(&self, room: &str) {
        self.rooms().registry().leave(self.id, room);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let close = match std::thread::panicking() {
            true => Close::FAILED,
            false => Close::DONE,
        };
        self.outbox.end(End::Farewell(close));
        self.rooms().registry().remove(self.id);
        if let Some((incoming, hand_over)) = self.incoming.take() {
            // Nobody takes it where the connection is lost.
            hand_over.send(incoming).ok();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut client = f.debug_struct("Client");
        client.field("id", &self.id).field("name", &self.name());
        client.finish_non_exhaustive()
    }
}

/// Registers a client, and gives the future that writes to its socket.
///
/// Writing is a task of its own: reading and writing wait for each other nowhere, and a broadcast wakes
/// only those who have something to write.
pub(super) fn connect<W>(
    place: Arc<Place>,
    incoming: Incoming,
    socket: W,
) -> (Client, impl Future<Output = ()>)
where
    W: Sink<Outgoing> + Unpin,
{
    let (id, outbox) = place.take();
    let (hand_over, handed_over) = oneshot::channel();
    let client = Client {
        id,
        name: Arc::clone(&place.name),
        rooms: place.rooms.clone(),
        outbox: Arc::clone(&outbox),
        incoming: Some((incoming, hand_over)),
        heard: Instant::now(),
        pinged: None,
    };
    let connection = Connection { place, id, outbox };
    (client, write(connection, socket, handed_over))
}

/// A client that is gone when its writer stops, even where that is dropped.
struct Connection {
    place: Arc<Place>,
    id: ClientId,
    outbox: Arc<Outbox>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Only where it has not ended otherwise.
        self.outbox.end(End::Lost);
        self.place.rooms.registry().remove(self.id);
    }
}

/// Writes until the connection ends, and sees that it ends well.
async fn write<W>(connection: Connection, mut socket: W, handed_over: oneshot::Receiver<Incoming>)
where
    W: Sink<Outgoing> + Unpin,
{
    let outbox = Arc::clone(&connection.outbox);
    let mut carried = pin!(outbox.carry(&mut socket));
    let mut limit = None;
    let written = future::poll_fn(|context| {
        // After the end no message comes.
        if limit.is_none() && outbox.watch(context) {
            connection.place.rooms.registry().remove(connection.id);
            limit = Some(Box::pin(time::sleep(outbox::CLOSE_LIMIT)));
        }
        let carried = carried.as_mut().poll(context).map(|_| ());
        match (carried, &mut limit) {
            (Poll::Pending, Some(limit)) => limit.as_mut().poll(context),
            (carried, _) => carried,
        }
    });
    written.await;
    drop(connection);
    // Closed with bytes unread, the line would be reset, and the farewell lost with it.
    let farewell = async {
        if let Ok(mut incoming) = handed_over.await {
            while incoming.next().await.is_some() {}
        }
    };
    time::timeout(outbox::CLOSE_LIMIT, farewell).await.ok();
}
