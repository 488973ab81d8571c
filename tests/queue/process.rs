//! The generated package as a running process that enqueues and works, driven line by line.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio},
    sync::{OnceLock, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::common::{
    generated, process,
    redis::{PATIENCE, Server},
};

/// The lease of all tests that do not say another.
pub const LEASE: Duration = Duration::from_secs(1);

/// What an app of a test is told, the server aside.
const SETTINGS: [(&str, &str); 4] = [
    ("QUEUE_LEASE", "1s"),
    ("QUEUE_MAX_JOBS", "20"),
    ("QUEUE_MAX_RETRIES", "100"),
    ("QUEUE_RETRY_DELAY", "20ms"),
];

/// A running probe.
pub struct App {
    process: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    /// No settings file of whoever runs the tests is found from here.
    _folder: TempDir,
}

impl App {
    /// Starts the app on this server.
    pub fn start(server: &Server) -> Self {
        Self::start_with(server, &[])
    }

    /// Starts the app on this server, with other settings.
    pub fn start_with(server: &Server, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = server.url();
        let mut all = BTreeMap::from(SETTINGS);
        all.insert("QUEUE_URL", &url);
        all.extend(settings.iter().copied());
        let all: Vec<_> = all.into_iter().collect();
        let mut command = command(&all, folder.path());
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let output = process::lines(process.stdout.take().unwrap());
        let app = Self {
            input: process.stdin.take(),
            process,
            output,
            _folder: folder,
        };
        assert_eq!(app.answer(), "started");
        app
    }

    /// Starts an app that works.
    pub fn working(server: &Server) -> Self {
        let mut app = Self::start(server);
        app.expect("work", "ok");
        app
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends a command and gives the answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> String {
        self.send(command);
        self.answer()
    }

    /// Sends a command whose answer is waited for later.
    pub fn send(&mut self, command: &str) {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
    }

    /// The next answer.
    #[track_caller]
    pub fn answer(&self) -> String {
        self.output.recv_timeout(PATIENCE).expect("no hang, no end")
    }

    /// Expects an answer.
    #[track_caller]
    pub fn expect(&mut self, command: &str, expected: &str) {
        assert_eq!(self.ask(command), expected, "{command}");
    }

    /// Asks until the answer is right, and gives it.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        command: &str,
        limit: Duration,
        right: impl Fn(&str) -> bool,
    ) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.ask(command);
            if right(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < limit, "{command} answers {answer}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the process as a power cut would.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lets the process hang.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`stop`](Self::stop).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends the process as a service manager does, and says how long it took.
    pub fn terminate(mut self) -> Duration {
        let begun = Instant::now();
        self.signal(Signal::TERM);
        assert_eq!(self.answer(), "stopped");
        assert!(self.ended().success());
        begun.elapsed()
    }

    /// Waits until the process has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the app does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What a job has left when it began or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The job.
    pub id: String,
    /// The attempt.
    pub attempt: u32,
    /// The process of the worker.
    pub process: u32,
    /// The milliseconds since 1970.
    pub time: u64,
}

/// What jobs have left in a list of the server: `begun` or `ended`.
pub fn traces(server: &Server, list: &str) -> Vec<Trace> {
    let mut traces = Vec::new();
    loop {
        // The server may hang up on a longer answer: see `Server::ask`.
        let from = traces.len();
        let (first, last) = (from.to_string(), (from + 499).to_string());
        let answer = server.ask(&["lrange", list, &first, &last]);
        let lines = answer.split("\r\n");
        traces.extend(lines.filter(|line| line.contains(' ')).map(trace));
        if traces.len() == from {
            return traces;
        }
    }
}

fn trace(line: &str) -> Trace {
    let words: Vec<&str> = line.split(' ').collect();
    Trace {
        id: words[0].to_owned(),
        attempt: words[1].parse().unwrap(),
        process: words[2].parse().unwrap(),
        time: words[3].parse().unwrap(),
    }
}

/// Runs the app to its end with no command at all.
pub fn run(environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let command = command(environment, folder.path());
    process::run(command, PATIENCE)
}

fn command(environment: &[(&str, &str)], folder: &Path) -> Command {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    let probe = PROBE.get_or_init(|| generated::AXUM.example("queue_probe", "dev"));
    let mut command = Command::new(probe);
    command.env_clear().envs(environment.iter().copied());
    command.current_dir(folder).stdout(Stdio::piped());
    command
}
