//! The programs as running processes, driven line by line.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{OnceLock, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::common::{generated, process};

/// The longest that anything here may take, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program.
pub struct Probe {
    /// Where a server listens.
    pub port: u16,
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// No settings file of whoever runs the tests is found from here.
    _folder: TempDir,
}

impl Probe {
    /// Starts an instance of the app with these settings.
    pub fn server(environment: &[(&str, &str)]) -> Self {
        let mut server = Self::start("server", environment);
        let answer = server.answer();
        let port = answer.strip_prefix("listening ").unwrap();
        server.port = port.parse().unwrap();
        server
    }

    /// Starts a program that has no client yet.
    pub fn clients() -> Self {
        Self::start("clients", &[])
    }

    fn start(role: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(role, environment, folder.path());
        let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = process::lines(process.stdout.take().unwrap());
        Self {
            port: 0,
            process,
            input,
            output,
            _folder: folder,
        }
    }

    /// Sends a command and gives the answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").unwrap();
        self.answer()
    }

    #[track_caller]
    fn answer(&mut self) -> String {
        self.output.recv_timeout(PATIENCE).expect("no hang, no end")
    }

    /// Asks for a number.
    #[track_caller]
    pub fn number(&mut self, command: &str) -> u64 {
        self.ask(command).parse().unwrap()
    }

    /// Expects an answer.
    #[track_caller]
    pub fn expect(&mut self, command: &str, expected: &str) {
        assert_eq!(self.ask(command), expected, "{command}");
    }

    /// Asks until the answer is right.
    #[track_caller]
    pub fn wait_for(&mut self, command: &str, expected: &str) {
        eventually(|| self.ask(command) == expected);
    }

    /// Ends the program as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Waits until something holds, at most half a minute.
#[track_caller]
pub fn eventually(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a server to its end with no command at all.
pub fn run(environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command("server", environment, folder.path());
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
    child.unwrap().wait_with_output().unwrap()
}

fn command(role: &str, environment: &[(&str, &str)], folder: &Path) -> Command {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    let probe = PROBE.get_or_init(|| generated::AXUM.example("websocket_probe", "dev"));
    let mut command = Command::new(probe);
    command.arg(role).env_clear();
    command.envs(environment.iter().copied());
    command.current_dir(folder).stdout(Stdio::piped());
    command
}
