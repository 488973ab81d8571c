//! A real PostgreSQL that a test stops and starts. It ends with the value that stands for it.

use std::{
    fs,
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::common::{
    generated::run,
    redis::{PATIENCE, port},
};

/// A server on a port of its own, in a folder of its own.
pub struct Server {
    /// Where it listens, on the loopback interface.
    pub port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Prepares a server that does not run yet.
    pub fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        if let Some((user, group)) = owner() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
            std::os::unix::fs::chown(&data, Some(user), Some(group)).unwrap();
        }
        let mut initdb = program("initdb", folder.path());
        initdb.args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "-D",
        ]);
        run(initdb.arg(&data));
        Self {
            port: port(),
            folder,
            process: None,
        }
    }

    /// Starts a new server.
    pub fn start() -> Self {
        let mut server = Self::prepare();
        server.run();
        server
    }

    /// Starts the server, and waits until it answers.
    pub fn run(&mut self) {
        let begun = Instant::now();
        // After a kill the processes that served clients are still there for a moment.
        while !self.launch() {
            assert!(begun.elapsed() < PATIENCE, "the server starts");
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn launch(&mut self) -> bool {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut postgres = program("postgres", self.folder.path());
        postgres.arg("-D").arg(self.folder.path().join("data"));
        postgres.args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
        ] {
            postgres.args(["-c", setting]);
        }
        postgres
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut process = postgres.spawn().unwrap();
        let begun = Instant::now();
        let ready = || {
            let mut ready = program("pg_isready", self.folder.path());
            ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            ready.status().unwrap().success()
        };
        while process.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
            if ready() {
                self.process = Some(process);
                return true;
            }
            thread::sleep(Duration::from_millis(50));
        }
        process.kill().ok();
        process.wait().unwrap();
        false
    }

    /// What `DATABASE_URL` says.
    pub fn url(&self) -> String {
        format!(
            "postgres://postgres:hunter2@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// Ends the server in an orderly way, whoever is connected.
    pub fn end(&mut self) {
        self.signal(Signal::INT);
        self.process.take().unwrap().wait().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_child(self.process.as_ref().unwrap());
        kill_process(process, signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            kill_process(Pid::from_child(process), Signal::QUIT).ok();
            process.wait().ok();
        }
    }
}

/// A program of the newest version that is installed, started as a user that it accepts.
fn program(name: &str, folder: &Path) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("postgresql is installed");
    let number = |path: &PathBuf| -> u32 {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    let newest = versions
        .map(|entry| entry.unwrap().path())
        .max_by_key(number);
    let mut command = Command::new(newest.unwrap().join("bin").join(name));
    command.current_dir(folder);
    if let Some((user, group)) = owner() {
        command.uid(user).gid(group);
    }
    command
}

/// The user `postgres`, for root: the server refuses to run as root.
fn owner() -> Option<(u32, u32)> {
    let id = |flag: &str, user: &[&str]| -> u32 {
        let output = Command::new("id").arg(flag).args(user).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    };
    (id("-u", &[]) == 0).then(|| (id("-u", &["postgres"]), id("-g", &["postgres"])))
}
