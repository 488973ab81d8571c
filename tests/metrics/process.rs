//! A program of the generated package as a running process, driven line by line.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, mpsc},
    time::Duration,
};

use tempfile::TempDir;

use crate::common::{generated, process};

/// The longest that anything here may take, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program. It ends with the value that stands for it.
pub struct Program {
    process: Child,
    input: Option<ChildStdin>,
    output: mpsc::Receiver<String>,
    /// Its log; and no settings file of whoever runs the tests is found from here.
    folder: TempDir,
}

impl Program {
    /// Starts a program with no environment but these variables.
    pub fn start(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut process = Command::new(built(name))
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let output = process::lines(process.stdout.take().unwrap());
        Self {
            process,
            input,
            output,
            folder,
        }
    }

    /// The next line of output.
    #[track_caller]
    pub fn line(&self) -> String {
        let line = self.output.recv_timeout(PATIENCE);
        line.unwrap_or_else(|_| panic!("no line, but a log: {}", self.log()))
    }

    /// The lines of output that nobody has asked for yet, once they are enough.
    #[track_caller]
    pub fn lines_until(&self, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        while !enough(&lines) {
            lines.push(self.line());
        }
        lines
    }

    /// The next answer, and how long the program took for it.
    #[track_caller]
    pub fn answer(&self) -> (String, Duration) {
        let line = self.line();
        let (answer, millis) = line.rsplit_once(' ').unwrap();
        let took = Duration::from_millis(millis.parse().unwrap());
        (answer.to_owned(), took)
    }

    /// Sends a command and gives the answer.
    #[track_caller]
    pub fn ask(&mut self, command: &str) -> (String, Duration) {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        self.answer()
    }

    /// Ends the input, and with it a program that reads it.
    pub fn end(&mut self) {
        self.input = None;
    }

    /// What it has written to stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Where a program is, built by the first test that asks.
fn built(name: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    let path = built.entry(name.to_owned());
    path.or_insert_with(|| generated::AXUM.example(name, "dev"))
        .clone()
}

/// Two ports that nobody listens on.
pub fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
