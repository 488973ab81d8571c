//% if framework != "none"
//! What holds for connections and rooms, over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::time;

use super::*;
use crate::/*= module =*/::settings::{Settings, WebsocketSettings};

type Infra = crate::/*= module =*/::Infra;

mod client;
mod frames;
mod heartbeat;
mod lifetime;
mod server;
//% if options.redis
mod shared;
//% endif

use client::{Browser, Frame};

/// The longest that anything here takes on whatever machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// An app that serves one instance of the rooms.
struct App {
    infra: Arc<Infra>,
    address: SocketAddr,
}

impl App {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut WebsocketSettings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings.websocket);
        let infra = Infra::start_with(settings).await.unwrap();
        let address = server::start(&infra);
        Self { infra, address }
    }

    fn rooms(&self) -> &Rooms {
        &self.infra.websocket
    }

    /// Connects somebody, who is registered when this returns.
    async fn connect(&self, name: &str) -> Browser {
        let mut browser = Browser::open(self.address, name, &[]).await.unwrap();
        browser.say("id").await;
        browser.id = Some(browser.hear().await.parse().unwrap());
        browser
    }

    async fn wait_for(&self, right: impl Fn(&Rooms) -> bool) {
        let wait = async {
            while !right(self.rooms()) {
                time::sleep(Duration::from_millis(5)).await;
            }
        };
        time::timeout(PATIENCE, wait).await.unwrap();
    }
}

/// Does what the client says: `id`, `join ROOM`, `leave ROOM`, `room ROOM TEXT`, `others ROOM TEXT`, `all TEXT`.
async fn talk(mut client: Client) {
    while let Some(message) = client.next().await {
        let mut words = message.as_str().splitn(3, ' ');
        let command = words.next().unwrap_or_default();
        let room = words.next().unwrap_or_default();
        let text = words.next().unwrap_or_default();
        match command {
            "id" => client.send(client.id().to_string()),
            "join" => match client.join(room) {
                Ok(()) => client.send("joined"),
                Err(error) => client.send(error.to_string()),
            },
            "leave" => {
                client.leave(room);
                client.send("left");
            }
            "room" => client.rooms().send_to_room(room, text),
            "others" => client.send_to_others(room, text),
            "all" => client.rooms().broadcast(room),
            "panic" => panic!("as it was told"),
            _ => return,
        }
    }
}

fn names(rooms: &Rooms, room: &str) -> Vec<String> {
    let members = rooms.members(room).into_iter();
    let mut names: Vec<String> = members.map(|member| member.name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn messages_reach_rooms_and_leave_out_who_is_excluded() {
    let app = App::start().await;
    let mut ann = app.connect("ann").await;
    let mut bob = app.connect("bob").await;
    let mut eve = app.connect("eve").await;
    for browser in [&mut ann, &mut bob] {
        assert_eq!(browser.ask("join tea").await, "joined");
        assert_eq!(browser.ask("join tea").await, "joined");
    }
    assert_eq!(eve.ask("join cake").await, "joined");
    assert_eq!(names(app.rooms(), "tea"), ["ann", "bob"]);
    assert_eq!(app.rooms().count(), 3);

    ann.say("room tea one").await;
    ann.say("others tea two").await;
    ann.say("all three").await;
    let without = [ann.id.unwrap(), eve.id.unwrap()];
    ann.hears(&["one", "three"]).await;
    bob.hears(&["one", "two", "three"]).await;
    eve.hears(&["three"]).await;
    let rooms = app.rooms();
    rooms.send_to_room_except("tea", &without, "four");
    rooms.send(bob.id.unwrap(), Message::json(&[5]).unwrap());
    rooms.broadcast("six");
    ann.hears(&["six"]).await;
    bob.hears(&["four", "[5]", "six"]).await;
    eve.hears(&["six"]).await;

    assert_eq!(bob.ask("leave tea").await, "left");
    assert_eq!(names(app.rooms(), "tea"), ["ann"]);
    app.rooms().send_to_room("tea", "seven");
    app.rooms().send_to_room("nowhere", "seven");
    app.rooms().broadcast("eight");
    bob.hears(&["eight"]).await;
    ann.hears(&["seven", "eight"]).await;
}

#[tokio::test]
async fn what_clients_may_ask_for_is_bounded() {
    let app = App::with(|settings| settings.max_connections = 2).await;
    let long = "x".repeat(257);
    let refused = Browser::open(app.address, &long, &[]).await;
    assert_eq!(refused.err(), Some(400));
    let mut ann = app.connect("ann").await;
    let bob = app.connect("bob").await;
    let refused = Browser::open(app.address, "eve", &[]).await;
    assert_eq!(refused.err(), Some(503));
    drop(bob);
    app.wait_for(|rooms| rooms.count() == 1).await;

    let answer = ann.ask(&format!("join {long}")).await;
    assert_eq!(answer, RoomError::NameTooLong.to_string());
    for room in 0..256 {
        assert_eq!(ann.ask(&format!("join {room}")).await, "joined");
    }
    assert_eq!(ann.ask("join 256").await, RoomError::TooMany.to_string());
    assert_eq!(ann.ask("leave 0").await, "left");
    assert_eq!(ann.ask("join 256").await, "joined");
}

#[tokio::test]
async fn nobody_is_connected_who_may_not_be() {
    let app = App::with(|settings| {
        settings.origins = Some("https://app.example".to_owned());
    })
    .await;
    let own = format!("http://{}", app.address);
    let evil = ("Origin", "https://evil.example");
    for (name, headers, status) in [
        ("nobody", vec![], 401),
        ("ann", vec![evil], 403),
        ("ann", vec![("Origin", "null")], 403),
        ("ann", vec![("Origin", &own), evil], 403),
    ] {
        let browser = Browser::open(app.address, name, &headers).await;
        assert_eq!(browser.err(), Some(status), "{headers:?}");
    }
    let version = [("Sec-WebSocket-Version", "12")];
    let browser = Browser::open(app.address, "ann", &version).await;
    assert!(matches!(browser.err(), Some(400 | 426)));
    assert_eq!(app.rooms().count(), 0);
    for origin in [own.as_str(), "https://app.example"] {
        let headers = [("Origin", origin), ("Sec-WebSocket-Protocol", "x, chat")];
        let browser = Browser::open(app.address, "ann", &headers).await.unwrap();
        assert!(browser.head.contains("sec-websocket-protocol: chat"));
    }
}

#[test]
fn wrong_settings_are_named() {
    assert!(check_policy("drop-oldest").is_ok());
    assert!(check_policy("ignore").is_err());
    assert!(check_origins("https://a, http://b:1").is_ok());
    assert!(check_origins("a").is_err());
    //% if options.redis
    assert!(check_url("redis://127.0.0.1").is_ok());
    for url in ["127.0.0.1", "http://:hunter2@a", "redis://:hunter2@a:port"] {
        let error = check_url(url).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    //% if not options.tls
    let error = check_url("rediss://:hunter2@a").unwrap_err();
    assert!(error.to_string().contains("--set websocket.tls=true"));
    //% endif
    //% endif
}
//% if options.demo

#[tokio::test]
async fn the_demo_lets_its_visitors_chat() {
    let app = App::start().await;
    for path in ["/ws/demo", "/ws/demo/chat.js", "/ws/demo/chat.css"] {
        let page = Browser::path(app.address, path, &[]).await;
        assert_eq!(page.err(), Some(200), "{path}");
    }
    let visitor = Browser::path(app.address, "/ws/demo/socket/%20", &[]).await;
    assert_eq!(visitor.err(), Some(400));
    let path = "/ws/demo/socket/%3Cb%3Eann";
    let mut ann = Browser::path(app.address, path, &[]).await.unwrap();
    ann.say("<i>hello").await;
    ann.hears(&[
        r#"{"present":["<b>ann"]}"#,
        r#"{"said":{"name":"<b>ann","text":"<i>hello"}}"#,
    ])
    .await;
}
//% endif
//% endif
