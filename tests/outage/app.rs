//! The generated package as a running process, driven line by line.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{OnceLock, mpsc::Receiver},
    time::Duration,
};

use tempfile::TempDir;

use crate::common::{generated, process, redis::PATIENCE};

/// The time limit of an operation, as generated, and half a second for a busy machine to notice.
pub const FIRST: Duration = Duration::from_millis(500 + 500);
/// What is served from memory. It takes no time at all; a busy machine does, but far less than the limit.
pub const FAST: Duration = Duration::from_millis(250);
/// An attempt to return every second, each within twice the limit, and half a second as above.
pub const BACK: Duration = Duration::from_millis(1_000 + 2 * 500 + 500);

/// A running probe.
pub struct App {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// No settings file of whoever runs the tests is found from here.
    _folder: TempDir,
}

impl App {
    /// Starts the app with this `REDIS_URL`, which must not take longer than one time limit.
    pub fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(&[("REDIS_URL", url)], folder.path());
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = process::lines(process.stdout.take().unwrap());
        let mut app = Self {
            process,
            input,
            output,
            _folder: folder,
        };
        let (answer, took) = app.answer(PATIENCE);
        assert!(answer == "started" && took <= FIRST, "{answer} {took:?}");
        app
    }

    /// Sends a command and gives the answer, and how long the app took.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> (String, Duration) {
        self.send(command);
        self.answer(PATIENCE)
    }

    /// Sends a command whose answer is waited for later.
    pub fn send(&mut self, command: &str) {
        writeln!(self.input, "{command}").unwrap();
    }

    /// The next answer.
    #[track_caller]
    pub fn answer(&mut self, patience: Duration) -> (String, Duration) {
        let line = self.output.recv_timeout(patience).expect("no hang, no end");
        let (answer, millis) = line.rsplit_once(' ').unwrap();
        let took = Duration::from_millis(millis.parse().unwrap());
        (answer.to_owned(), took)
    }

    /// Expects an answer, however long it takes.
    #[track_caller]
    pub fn expect(&mut self, command: &str, expected: &str) {
        self.expect_within(PATIENCE, command, expected);
    }

    /// Expects an answer in time.
    #[track_caller]
    pub fn expect_within(&mut self, limit: Duration, command: &str, expected: &str) {
        let (answer, took) = self.ask(command);
        assert_eq!(answer, expected, "{command}");
        assert!(took <= limit, "{command} took {took:?} of {limit:?}");
    }

    /// Expects that Redis is away, or refuses, as health words it.
    #[track_caller]
    pub fn expect_degraded(&mut self, reason: &str) {
        let (health, took) = self.ask("health");
        let degraded = format!("Degraded(\"{reason}");
        assert!(health.starts_with(&degraded), "{health}");
        assert!(took <= FAST, "health took {took:?}");
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
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
    let probe = PROBE.get_or_init(|| generated::AXUM.example("redis_probe", "dev"));
    let mut command = Command::new(probe);
    command.env_clear().envs(environment.iter().copied());
    command.current_dir(folder).stdout(Stdio::piped());
    command
}
