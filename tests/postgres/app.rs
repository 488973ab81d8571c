//! The generated package as a running web app, asked over HTTP.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{OnceLock, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::common::{generated, process, redis::PATIENCE};

/// A running probe.
pub struct App {
    port: u16,
    process: Child,
    /// Its end ends the app.
    input: Option<ChildStdin>,
    /// What it says.
    pub output: Receiver<String>,
    /// No settings file of whoever runs the tests is found from here.
    _folder: TempDir,
}

impl App {
    /// Starts the app, which does not wait until it listens.
    pub fn launch(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(environment, folder.path());
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take();
        let output = process::lines(process.stdout.take().unwrap());
        Self {
            port: 0,
            process,
            input,
            output,
            _folder: folder,
        }
    }

    /// Waits until the app listens.
    pub fn listens(mut self) -> Self {
        let line = self.output.recv_timeout(PATIENCE).expect("it starts");
        let port = line.strip_prefix("listening ").expect("the first line");
        self.port = port.parse().unwrap();
        self
    }

    /// Starts the app and waits until it listens.
    pub fn start(environment: &[(&str, &str)]) -> Self {
        Self::launch(environment).listens()
    }

    /// Begins a request. Dropping the stream is a client that leaves.
    pub fn send(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// The status and the body of an answer; status 0 if the app hangs up.
    pub fn ask(&self, path: &str) -> (u16, String) {
        answer(self.send(path)).unwrap_or_default()
    }

    /// Expects an answer.
    #[track_caller]
    pub fn expect(&self, path: &str, status: u16, body: &str) {
        assert_eq!(self.ask(path), (status, body.to_owned()), "{path}");
    }

    /// Waits for an answer.
    #[track_caller]
    pub fn wait_for(&self, path: &str, body: &str) -> Duration {
        let begun = Instant::now();
        let mut last = self.ask(path);
        while last.1 != body {
            assert!(begun.elapsed() < PATIENCE, "{path} answers {last:?}");
            thread::sleep(Duration::from_millis(20));
            last = self.ask(path);
        }
        begun.elapsed()
    }

    /// Ends the app in an orderly way and says how long that took.
    pub fn end(mut self) -> Duration {
        let begun = Instant::now();
        self.input.take();
        assert!(self.process.wait().unwrap().success());
        begun.elapsed()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn answer(mut stream: TcpStream) -> io::Result<(u16, String)> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap_or("0");
    Ok((status.parse().unwrap(), body.to_owned()))
}

/// Runs the app to its end, and says how long that took.
pub fn run(environment: &[(&str, &str)]) -> (Output, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let command = command(environment, folder.path());
    let begun = Instant::now();
    let output = process::run(command, PATIENCE);
    (output, begun.elapsed())
}

fn command(environment: &[(&str, &str)], folder: &Path) -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| generated::AXUM.example("postgres_probe", "dev"));
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    command.envs(environment.iter().copied());
    command.stdout(Stdio::piped());
    command
}
