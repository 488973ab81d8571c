//! A broadcast of 1 KiB to many clients: the generated rooms against a bare loop over tokio-tungstenite.
//!
//! An example of a generated package `shop` with websocket, in release mode and without LTO:
//!
//!     cargo run --release --example websocket_broadcast -- 10000
//!
//! Each server is a process of its own; all clients of both are in this one. The servers take turns, so that
//! a busy machine disturbs both; what counts is the median of the ratios of neighbours.

use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, response::Response, routing::any};
use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, getrlimit, setrlimit};
use shop::infra::Infra;
use shop::infra::websocket::{Client, Upgrade};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig};
use tokio_tungstenite::{accept_async_with_config, client_async_with_config};

const ROUNDS: usize = 31;
const SIZE: usize = 1_024;

type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    match std::env::args().nth(1).as_deref() {
        Some("rooms") => rooms().await,
        Some("bare") => bare().await,
        count => compare(count.unwrap_or("10000").parse()?).await,
    }
}

async fn compare(clients: usize) -> Result<(), Failed> {
    let mut rooms = Server::start("rooms", clients).await?;
    let mut bare = Server::start("bare", clients).await?;
    println!(
        "memory a client: {:.1} KiB, bare {:.1} KiB",
        rooms.memory(clients)?,
        bare.memory(clients)?
    );
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let pair = (rooms.round(clients).await?, bare.round(clients).await?);
        // The first warms up.
        if round > 0 {
            rounds.push(pair);
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (
            values[values.len() / 4],
            values[values.len() / 2],
            values[values.len() * 3 / 4],
        )
    };
    let ratio = median(rounds.iter().map(|(ours, bare)| ours / bare).collect());
    let ours = median(rounds.iter().map(|(ours, _)| *ours).collect());
    let raw = median(rounds.iter().map(|(_, bare)| *bare).collect());
    println!(
        "p99 of a broadcast to {clients}: {:.1} ms, bare {:.1} ms, ratio {:.2} (quartiles {:.2} and {:.2})",
        ours.1, raw.1, ratio.1, ratio.0, ratio.2
    );
    println!(
        "memory a client afterwards: {:.1} KiB, bare {:.1} KiB",
        rooms.memory(clients)?,
        bare.memory(clients)?
    );
    Ok(())
}

/// A server in a process of its own, and its clients in this one.
struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    before: f64,
    arrived: Arc<Arrived>,
}

#[derive(Default)]
struct Arrived {
    count: AtomicUsize,
    micros: Vec<AtomicU64>,
}

impl Server {
    async fn start(kind: &str, clients: usize) -> Result<Self, Failed> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no stdin")?;
        let output = BufReader::new(process.stdout.take().ok_or("no stdout")?);
        let arrived = Arc::new(Arrived {
            count: AtomicUsize::new(0),
            micros: (0..clients).map(|_| AtomicU64::new(0)).collect(),
        });
        let mut server = Self {
            process,
            input,
            output,
            before: 0.0,
            arrived,
        };
        let port = server.line()?;
        server.before = server.resident()?;
        for _ in 0..clients {
            let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
            let config = WebSocketConfig::default().read_buffer_size(4_096);
            let address = format!("ws://127.0.0.1:{port}/ws");
            let (line, _) = client_async_with_config(address, stream, Some(config)).await?;
            let arrived = Arc::clone(&server.arrived);
            tokio::spawn(line.for_each(move |message| {
                if let Ok(Message::Text(text)) = message {
                    let sent = text.split(' ').next().and_then(|text| text.parse().ok());
                    let index = arrived.count.fetch_add(1, SeqCst);
                    arrived.micros[index].store(now() - sent.unwrap_or(0), SeqCst);
                }
                std::future::ready(())
            }));
        }
        Ok(server)
    }

    fn line(&mut self) -> Result<String, Failed> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn resident(&mut self) -> Result<f64, Failed> {
        writeln!(self.input, "rss")?;
        Ok(self.line()?.parse()?)
    }

    /// KiB that each client costs the server.
    fn memory(&mut self, clients: usize) -> Result<f64, Failed> {
        Ok((self.resident()? - self.before) / clients as f64)
    }

    /// The milliseconds within which 99 of 100 clients have a message.
    async fn round(&mut self, clients: usize) -> Result<f64, Failed> {
        self.arrived.count.store(0, SeqCst);
        writeln!(self.input, "send")?;
        while self.arrived.count.load(SeqCst) < clients {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The last may not have noted its time yet.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let micros = self.arrived.micros.iter();
        let mut micros: Vec<u64> = micros.map(|micros| micros.load(SeqCst)).collect();
        micros.sort_unstable();
        Ok(micros[clients * 99 / 100] as f64 / 1_000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as u64)
}

/// A message that begins with the microseconds at which it is sent.
fn message() -> String {
    let text = format!("{} ", now());
    let rest = "x".repeat(SIZE - text.len());
    text + &rest
}

async fn rooms() -> Result<(), Failed> {
    let infra = Infra::for_tests().await?;
    let app: Router = infra.wire(Router::new().route("/ws", any(welcome)));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(async move { axum::serve(listener, app).await });
    obey(|| infra.websocket.send_to_room("all", message())).await
}

async fn welcome(upgrade: Upgrade) -> Response {
    upgrade.accept("client", |mut client: Client| async move {
        if client.join("all").is_ok() {
            while client.next().await.is_some() {}
        }
    })
}

/// What one would write without any of it: a writer with a bounded queue for each client, and a list.
async fn bare() -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let clients = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::clone(&clients);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let known = Arc::clone(&known);
            tokio::spawn(async move {
                let config = WebSocketConfig::default().read_buffer_size(4_096);
                let line = accept_async_with_config(stream, Some(config)).await.ok()?;
                let (mut sink, mut stream) = line.split();
                let (sender, mut queue) = mpsc::channel::<Utf8Bytes>(256);
                known.lock().ok()?.push(sender);
                tokio::spawn(async move {
                    while let Some(text) = queue.recv().await {
                        sink.send(Message::Text(text)).await.ok()?;
                    }
                    Some(())
                });
                while stream.next().await?.is_ok() {}
                Some(())
            });
        }
    });
    obey(|| {
        let text = Utf8Bytes::from(message());
        for sender in clients.lock().iter().flat_map(|clients| clients.iter()) {
            sender.try_send(text.clone()).ok();
        }
    })
    .await
}

/// Does what the lines of stdin say, on a task as a handler would.
async fn obey(send: impl Fn()) -> Result<(), Failed> {
    let (sender, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    while let Some(line) = lines.recv().await {
        if line == "rss" {
            let status = std::fs::read_to_string("/proc/self/status")?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.split_whitespace().next());
            println!("{}", number.ok_or("no VmRSS")?);
        } else {
            send();
        }
    }
    Ok(())
}
