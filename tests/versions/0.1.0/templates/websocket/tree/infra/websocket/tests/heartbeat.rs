//% if framework != "none"
//! What holds for clients that are silent. Time is paused: it jumps to whatever is waited for.

use futures_util::sink;
use futures_util::stream::{self, StreamExt};
use tokio::task::{self, JoinHandle, LocalSet};
use tokio::{sync::mpsc, time::Instant};

use super::super::client::{self, Received};
use super::super::outbox::{Close, Outgoing};
use super::*;

/// A connection without a socket.
struct Line {
    up: mpsc::Sender<Received>,
    down: mpsc::Receiver<Outgoing>,
    over: JoinHandle<((), ())>,
}

/// The futures of a connection are not `Send` in every framework, so it runs in a `LocalSet`.
async fn line(rooms: &Rooms) -> Line {
    let (up, incoming) = mpsc::channel(1);
    let incoming = stream::unfold(incoming, async |mut incoming| {
        Some((incoming.recv().await?, incoming))
    });
    let (socket, down) = mpsc::channel(1);
    let socket = Box::pin(sink::unfold(socket, async |socket, next| {
        socket.send(next).await.map(|()| socket)
    }));
    let place = Arc::new(rooms.admit("ann".to_owned()).unwrap());
    let (client, writer) = client::connect(place, incoming.boxed(), socket);
    let over = task::spawn_local(async { tokio::join!(talk(client), writer) });
    Line { up, down, over }
}

async fn rooms() -> Rooms {
    let mut settings = Settings::default();
    settings.websocket.heartbeat_interval = Duration::from_secs(30);
    settings.websocket.send_queue = 4;
    let infra = Infra::start_with(settings).await.unwrap();
    infra.websocket.clone()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_stays_and_one_that_does_not_is_gone() {
    LocalSet::new().run_until(answers_and_does_not()).await;
}

async fn answers_and_does_not() {
    let rooms = rooms().await;
    let mut line = line(&rooms).await;
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(line.down.recv().await, Some(Outgoing::Ping));
        line.up.send(Received::Life).await.unwrap();
    }
    assert_eq!(begun.elapsed().as_secs(), 90);
    // Any word is a sign of life, also without a pong.
    assert_eq!(line.down.recv().await, Some(Outgoing::Ping));
    time::sleep(Duration::from_secs(29)).await;
    line.up.send(Received::Text("id".into())).await.unwrap();
    assert!(matches!(line.down.recv().await, Some(Outgoing::Text(_))));
    assert_eq!(begun.elapsed().as_secs(), 149);

    assert_eq!(line.down.recv().await, Some(Outgoing::Ping));
    assert_eq!(line.down.recv().await, Some(Outgoing::Close(Close::SILENT)));
    assert_eq!(begun.elapsed().as_secs(), 209);
    line.over.await.unwrap();
    assert_eq!(rooms.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_takes_nothing_is_given_up() {
    LocalSet::new().run_until(takes_nothing()).await;
}

async fn takes_nothing() {
    let rooms = rooms().await;
    let line = line(&rooms).await;
    tokio::task::yield_now().await;
    assert_eq!(rooms.count(), 1);
    let begun = Instant::now();
    for n in 0..10 {
        rooms.broadcast(n.to_string());
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    assert_eq!(rooms.count(), 0, "nothing waits for it to be sent");
    line.over.await.unwrap();
    assert!(begun.elapsed() <= Duration::from_secs(10));
}
//% endif
