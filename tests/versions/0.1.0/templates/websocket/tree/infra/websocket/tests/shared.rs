//% if options.redis and framework != "none"
//! What holds for instances that share their rooms.

use std::hash::{BuildHasher, RandomState};

use tokio::net::{TcpListener, TcpStream};
use tokio::{io::copy_bidirectional, sync::watch};

use super::*;
use crate::/*= module =*/::Health;

/// A line to the test server that can be cut.
struct Line {
    url: String,
    open: watch::Sender<bool>,
}

impl Line {
    async fn new() -> Self {
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set");
        let client = ::redis::Client::open(url.as_str()).unwrap();
        let server = client.get_connection_info().addr().to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = url.replace(&server, &listener.local_addr().unwrap().to_string());
        let open = watch::Sender::new(true);
        let state = open.subscribe();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut state, server) = (state.clone(), server.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { url, open }
    }
}

/// A prefix that no other test has.
fn prefix() -> String {
    format!("test {:x}", RandomState::new().hash_one(0))
}

async fn instance(url: &str, prefix: &str) -> App {
    let app = App::with(|settings| {
        settings.redis_url = Some(url.to_owned().into());
        settings.redis_prefix = prefix.to_owned();
    })
    .await;
    assert_eq!(app.rooms().health().await, Health::Healthy);
    app
}

async fn both_have(apps: [&App; 2], expected: &[&str]) {
    for app in apps {
        app.wait_for(|rooms| names(rooms, "tea") == expected).await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn instances_share_rooms_and_find_together_after_an_outage() {
    let (line, prefix) = (Line::new().await, prefix());
    let here = instance(&line.url, &prefix).await;
    let mut ann = here.connect("ann").await;
    assert_eq!(ann.ask("join tea").await, "joined");
    // The second comes later, and is told who is there; its own line is never cut.
    let there = instance(&std::env::var("TEST_REDIS_URL").unwrap(), &prefix).await;
    let mut bob = there.connect("bob").await;
    assert_eq!(bob.ask("join tea").await, "joined");
    both_have([&here, &there], &["ann", "bob"]).await;
    ann.say("room tea one").await;
    ann.hears(&["one"]).await;
    bob.hears(&["one"]).await;
    bob.say("others tea two\nlines").await;
    ann.hears(&["two\nlines"]).await;
    let rooms = here.rooms();
    rooms.send(bob.id.unwrap(), "three");
    rooms.send_to_room_except("tea", &[bob.id.unwrap()], "four");
    ann.hears(&["four"]).await;
    bob.hears(&["three"]).await;
    there.rooms().broadcast("five");
    ann.hears(&["five"]).await;
    bob.hears(&["five"]).await;

    line.open.send_replace(false);
    let cut = async {
        while here.rooms().health().await == Health::Healthy {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(PATIENCE, cut).await.unwrap();
    ann.say("room tea alone").await;
    ann.hears(&["alone"]).await;
    let mut eve = here.connect("eve").await;
    assert_eq!(eve.ask("join tea").await, "joined");
    assert_eq!(bob.ask("leave tea").await, "left");
    let empty = |rooms: &Rooms| rooms.members("tea").is_empty();
    there.wait_for(empty).await;

    line.open.send_replace(true);
    both_have([&here, &there], &["ann", "eve"]).await;
    assert_eq!(here.rooms().health().await, Health::Healthy);
    there.rooms().send_to_room("tea", "together");
    ann.hears(&["together"]).await;
    eve.hears(&["together"]).await;
    there.rooms().disconnect(eve.id.unwrap(), "late");
    assert_eq!(eve.next().await, Frame::Close(1008));
    both_have([&here, &there], &["ann"]).await;
}

#[tokio::test]
#[ignore = "needs TEST_REDIS_URL"]
async fn apps_with_another_prefix_hear_nothing() {
    let url = std::env::var("TEST_REDIS_URL").unwrap();
    let here = instance(&url, &prefix()).await;
    let there = instance(&url, &prefix()).await;
    let mut ann = there.connect("ann").await;
    assert_eq!(ann.ask("join tea").await, "joined");
    here.rooms().broadcast("not for ann");
    time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(here.rooms().members("tea"), []);
    there.rooms().broadcast("for ann");
    ann.hears(&["for ann"]).await;
}

#[tokio::test]
async fn a_redis_that_is_away_stops_nothing() {
    let url = "redis://127.0.0.1:1".to_owned();
    let app = App::with(|settings| settings.redis_url = Some(url.into())).await;
    let Health::Degraded(reason) = app.rooms().health().await else {
        panic!("nobody listens on port 1");
    };
    assert!(reason.starts_with("redis has been away for"), "{reason}");
    let mut ann = app.connect("ann").await;
    assert_eq!(ann.ask("join tea").await, "joined");
    app.rooms().send_to_room("tea", "one");
    ann.hears(&["one"]).await;
    app.infra.shutdown().await;
}
//% endif
