//! Real Redis servers for tests that stop and start them. A server ends with the value that stands for it.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The longest that anything here may take, on whatever machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a port of its own, in a folder of its own.
pub struct Server {
    /// Where it listens, on the loopback interface.
    pub port: u16,
    /// Its working folder.
    pub folder: TempDir,
    arguments: Vec<String>,
    process: Child,
}

impl Server {
    /// Starts a server with these arguments. It keeps nothing on disk unless they say so.
    pub fn start(arguments: &[&str]) -> Self {
        (0..20)
            .find_map(|_| Self::start_on(port(), arguments))
            .expect("a redis-server starts on a free port")
    }

    /// Starts a server on this port, unless the port is taken.
    pub fn start_on(port: u16, arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let process = launch(port, &folder, &arguments)?;
        Some(Self {
            port,
            folder,
            arguments,
            process,
        })
    }

    /// What `REDIS_URL` says for a server alone.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the server again after [`kill`](Self::kill), with what it has saved.
    pub fn restart(&mut self) {
        let process = launch(self.port, &self.folder, &self.arguments);
        self.process = process.expect("nobody has taken the port meanwhile");
    }

    /// Lets the server hang: it is there, but says nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`stop`](Self::stop).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.process);
        kill_process(process, signal).unwrap();
    }

    /// What the server answers to a command, in its protocol: `:1`, `+OK`.
    pub fn ask(&self, command: &[&str]) -> String {
        ask(self.port, command)
    }

    /// Waits until the answer to a command is right.
    #[track_caller]
    pub fn wait_for(&self, command: &[&str], right: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        let mut answer = self.ask(command);
        while !right(&answer) {
            assert!(begun.elapsed() < PATIENCE, "{command:?} answers {answer}");
            thread::sleep(Duration::from_millis(20));
            answer = self.ask(command);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A port that nobody listens on.
///
/// It is below those that the system gives to clients, or a client might get it while its server is
/// away; the process decides where the search begins, so that two test runs seldom meet.
pub fn port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let from = process::id().wrapping_mul(101);
    loop {
        let offset = from.wrapping_add(NEXT.fetch_add(1, Ordering::SeqCst)) % 12_000;
        let port = 20_000 + u16::try_from(offset).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Starts a server and waits until it answers; `None` if it ends before, the port being taken.
fn launch(port: u16, folder: &TempDir, arguments: &[String]) -> Option<Child> {
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let mut command = Command::new("redis-server");
    // A first argument without dashes is a file of settings, as sentinels need one.
    let (file, options) = match arguments.split_first() {
        Some((file, rest)) if !file.starts_with('-') => (Some(file), rest),
        _ => (None, arguments),
    };
    command.args(file).args(["--port", &port.to_string()]);
    command
        .args(["--bind", "127.0.0.1", "--dir"])
        .arg(folder.path());
    if file.is_none() && !options.iter().any(|option| option == "--save") {
        command.args(["--save", "", "--appendonly", "no"]);
    }
    command.args(options).stdin(Stdio::null());
    command.stdout(log.try_clone().unwrap()).stderr(log);
    let mut process = command.spawn().expect("redis-server is installed");
    let begun = Instant::now();
    while ask(port, &["ping"]) != "+PONG" {
        if process.try_wait().unwrap().is_some() || begun.elapsed() > PATIENCE {
            process.kill().ok();
            process.wait().unwrap();
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
    // Another server may have answered in its place.
    process.try_wait().unwrap().is_none().then_some(process)
}

/// Sends one command on a connection of its own, and gives the answer as it came; empty without a server.
fn ask(port: u16, command: &[&str]) -> String {
    let exchange = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        let mut request = format!("*{}\r\n", command.len());
        for word in command {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(request.as_bytes())?;
        // Then the server closes the connection, too, after its answer.
        stream.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok::<_, io::Error>(answer)
    };
    let answer = exchange().unwrap_or_default();
    String::from_utf8_lossy(&answer).trim().to_owned()
}
