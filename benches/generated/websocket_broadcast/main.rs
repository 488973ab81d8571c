//! A broadcast of 1 KiB to many clients: the generated rooms against a bare loop over tokio-tungstenite.
//!
//! An example of a generated package `shop` with websocket, in release mode and without LTO:
//!
//!     cargo run --release --example websocket_broadcast -- 10000
//!
//! Each server is a process of its own, and so are the clients of each. The servers take turns, so that a
//! busy machine disturbs both; what counts is the median of the ratios of neighbours.

mod server;

use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, getrlimit, setrlimit};
use shop::infra::Infra;
use shop::infra::websocket::Client;
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["rooms"] => rooms().await,
        ["bare"] => bare().await,
        ["clients", port, count] => clients(port, count.parse()?).await,
        [count] => compare(count.parse()?),
        _ => compare(10_000),
    }
}

fn compare(count: usize) -> Result<(), Failed> {
    let mut rooms = Pair::start("rooms", count)?;
    let mut bare = Pair::start("bare", count)?;
    let (ours, raw) = (rooms.memory()?, bare.memory()?);
    println!("memory a client: {ours:.1} KiB, bare {raw:.1} KiB");
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let pair = (rooms.round()?, bare.round()?);
        // The first warms up.
        if round > 0 {
            rounds.push(pair);
        }
    }
    let ratio = quartiles(rounds.iter().map(|(ours, bare)| ours / bare));
    let ours = quartiles(rounds.iter().map(|(ours, _)| *ours));
    let raw = quartiles(rounds.iter().map(|(_, bare)| *bare));
    println!(
        "p99 of a broadcast to {count}: {:.1} ms, bare {:.1} ms, ratio {:.2} (quartiles {:.2} and {:.2})",
        ours[1], raw[1], ratio[1], ratio[0], ratio[2]
    );
    let (ours, raw) = (rooms.memory()?, bare.memory()?);
    println!("memory a client afterwards: {ours:.1} KiB, bare {raw:.1} KiB");
    Ok(())
}

fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

/// A server and its clients, each in a process of its own.
struct Pair {
    server: Process,
    clients: Process,
    count: usize,
    before: f64,
}

impl Pair {
    fn start(kind: &str, count: usize) -> Result<Self, Failed> {
        let mut server = Process::start(&[kind])?;
        let port = server.line()?;
        let before = server.ask("rss")?.parse()?;
        let mut clients = Process::start(&["clients", &port, &count.to_string()])?;
        clients.line()?;
        Ok(Self {
            server,
            clients,
            count,
            before,
        })
    }

    /// KiB that each client costs the server.
    fn memory(&mut self) -> Result<f64, Failed> {
        let now: f64 = self.server.ask("rss")?.parse()?;
        Ok((now - self.before) / self.count as f64)
    }

    /// The milliseconds within which 99 of 100 clients have a message.
    fn round(&mut self) -> Result<f64, Failed> {
        self.server.ask("send")?;
        Ok(self.clients.ask("p99")?.parse()?)
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(arguments: &[&str]) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no stdin")?;
        let output = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Self {
            child,
            input,
            output,
        })
    }

    fn line(&mut self) -> Result<String, Failed> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn ask(&mut self, command: &str) -> Result<String, Failed> {
        writeln!(self.input, "{command}")?;
        self.line()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Connects clients, and tells for each message how long 99 of 100 of them waited for it.
async fn clients(port: &str, count: usize) -> Result<(), Failed> {
    let (sender, mut arrived) = mpsc::unbounded_channel();
    for _ in 0..count {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
        let config = WebSocketConfig::default().read_buffer_size(4_096);
        let address = format!("ws://127.0.0.1:{port}/ws");
        let (line, _) = client_async_with_config(address, stream, Some(config)).await?;
        let sender = sender.clone();
        tokio::spawn(line.for_each(move |message| {
            if let Ok(Message::Text(text)) = message {
                let sent = text.split(' ').next().and_then(|text| text.parse().ok());
                sender.send(now().saturating_sub(sent.unwrap_or(0))).ok();
            }
            std::future::ready(())
        }));
    }
    println!("connected");
    let mut lines = lines();
    while lines.recv().await.is_some() {
        let mut micros: Vec<u64> = Vec::with_capacity(count);
        while micros.len() < count {
            micros.push(arrived.recv().await.ok_or("nobody is left")?);
        }
        micros.sort_unstable();
        println!("{}", micros[count * 99 / 100] as f64 / 1_000.0);
    }
    Ok(())
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
    println!("{}", server::serve(&infra)?.port());
    obey(|| infra.websocket.send_to_room("all", message())).await
}

/// Stays in the room until it is closed.
async fn talk(mut client: Client) {
    if client.join("all").is_ok() {
        while client.next().await.is_some() {}
    }
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
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        if line == "rss" {
            let status = std::fs::read_to_string("/proc/self/status")?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.split_whitespace().next());
            println!("{}", number.ok_or("no VmRSS")?);
        } else {
            send();
            println!("sent");
        }
    }
    Ok(())
}

fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    lines
}
