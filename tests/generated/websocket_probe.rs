//! A server with rooms, or many clients of one, for tests with whole processes.
//!
//! It reads one command a line from stdin and answers each with one line on stdout; the end of stdin ends
//! the program. `websocket_probe server` serves the generated package `shop` on a free port and begins with
//! `listening PORT`. Whoever connects to `/ws/NAME` is in the room `all`; what a client says goes to the
//! others in the room NAME, which it is in too. Settings come from the environment (`WS_REDIS_URL`, ..).
//!
//! | command | answer |
//! |---|---|
//! | `count` | how many are connected |
//! | `rss` | the memory of this process that is resident, in KiB |
//! | `send ROOM TIMES SIZE` | `ok`, after so many messages of so many bytes |
//! | `text ROOM TEXT` | `ok` |
//! | `members ROOM` | the names, with commas, in order |
//! | `health` | as `Debug` shows it |
//!
//! `websocket_probe clients` connects clients and counts what each of them hears.
//!
//! | command | answer |
//! |---|---|
//! | `connect PORT NAME N` | `ok`, once so many more are connected |
//! | `mute PORT NAME` | `ok`; this one never reads |
//! | `heard N` | `slowest MS`, once every client that reads has heard so many messages in all |
//! | `say TEXT` | `ok`, said by the last that was connected |
//! | `last` | the last text that the last of them has heard |

use std::{
    error::Error,
    io::Write,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, extract::Path, response::Response, routing::any};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use rustix::process::{Resource, getrlimit, setrlimit};
use shop::infra::Infra;
use shop::infra::websocket::{Client, Rooms, Upgrade};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let (sender, mut commands) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    match std::env::args().nth(1).as_deref() {
        Some("server") => serve(&mut commands).await,
        Some("clients") => connect(&mut commands).await,
        _ => Err("`server` or `clients`".into()),
    }
}

fn answer(text: impl std::fmt::Display) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{text}")?;
    output.flush()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

async fn serve(commands: &mut mpsc::UnboundedReceiver<String>) -> Result<(), Failed> {
    let infra = Infra::start().await?;
    let app: Router = infra.wire(Router::new().route("/ws/{name}", any(welcome)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    answer(format!("listening {}", listener.local_addr()?.port()))?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    let rooms = &infra.websocket;
    while let Some(line) = commands.recv().await {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        match words[..] {
            ["count"] => answer(rooms.count())?,
            ["rss"] => answer(resident()?)?,
            ["send", room, rest] => {
                let (times, size) = rest.split_once(' ').ok_or("no size")?;
                send(rooms, room, times.parse()?, size.parse()?).await;
                answer("ok")?;
            }
            ["text", room, text] => {
                rooms.send_to_room(room, text);
                answer("ok")?;
            }
            ["members", room] => {
                let mut names: Vec<_> = rooms.members(room).into_iter().map(|m| m.name).collect();
                names.sort();
                answer(names.join(","))?;
            }
            ["health"] => answer(format!("{:?}", rooms.health().await))?,
            _ => answer("unknown command")?,
        }
    }
    infra.shutdown().await;
    Ok(())
}

async fn welcome(Path(name): Path<String>, upgrade: Upgrade) -> Response {
    upgrade.accept(name, talk)
}

async fn talk(mut client: Client) {
    let name = client.name().to_owned();
    if client.join("all").is_err() || client.join(&name).is_err() {
        return;
    }
    while let Some(message) = client.next().await {
        client.send_to_others(&name, message);
    }
}

/// Each message begins with the microseconds at which it is sent.
async fn send(rooms: &Rooms, room: &str, times: usize, size: usize) {
    for _ in 0..times {
        let text = format!("{} ", now());
        let rest = "x".repeat(size.saturating_sub(text.len()));
        rooms.send_to_room(room, text + &rest);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Resident memory in KiB.
fn resident() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmRSS")?.parse()?)
}

type Line = WebSocketStream<TcpStream>;

/// What all clients share.
#[derive(Default)]
struct Heard {
    messages: AtomicU64,
    slowest: AtomicU64,
    last: Mutex<String>,
}

async fn connect(commands: &mut mpsc::UnboundedReceiver<String>) -> Result<(), Failed> {
    let heard = Arc::new(Heard::default());
    let mut clients: Vec<SplitSink<Line, Message>> = Vec::new();
    let mut mute = Vec::new();
    while let Some(line) = commands.recv().await {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["connect", port, name, count] => {
                for _ in 0..count.parse()? {
                    let (sink, stream) = open(port, name).await?.split();
                    let heard = Arc::clone(&heard);
                    tokio::spawn(stream.for_each(move |message| {
                        hear(&heard, message.ok());
                        std::future::ready(())
                    }));
                    clients.push(sink);
                }
                answer("ok")?;
            }
            ["mute", port, name] => {
                mute.push(open(port, name).await?);
                answer("ok")?;
            }
            ["heard", count] => {
                let all = count.parse::<u64>()?;
                while heard.messages.load(SeqCst) < all {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                let slowest = heard.slowest.swap(0, SeqCst) / 1_000;
                heard.messages.store(0, SeqCst);
                answer(format!("slowest {slowest}"))?;
            }
            ["say", ..] => {
                let client = clients.last_mut().ok_or("nobody is connected")?;
                let (_, text) = line.split_once(' ').unwrap_or_default();
                client.send(Message::text(text)).await?;
                answer("ok")?;
            }
            ["last"] => answer(heard.last.lock().map_err(|_| "poisoned")?)?,
            _ => answer("unknown command")?,
        }
    }
    Ok(())
}

async fn open(port: &str, name: &str) -> Result<Line, Failed> {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    let config = WebSocketConfig::default().read_buffer_size(4_096);
    let address = format!("ws://127.0.0.1:{port}/ws/{name}");
    let (line, _) = client_async_with_config(address, stream, Some(config)).await?;
    Ok(line)
}

fn hear(heard: &Heard, message: Option<Message>) {
    let Some(Message::Text(text)) = message else {
        return;
    };
    let sent = text.split(' ').next().and_then(|text| text.parse().ok());
    if let Some(sent) = sent {
        heard.slowest.fetch_max(now().saturating_sub(sent), SeqCst);
    } else if let Ok(mut last) = heard.last.lock() {
        *last = text.as_str().to_owned();
    }
    heard.messages.fetch_add(1, SeqCst);
}
