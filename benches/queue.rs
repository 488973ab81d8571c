//! The generated queue against Python's arq at its fastest settings, on the same server in one run.
//!
//! Builds `benches/generated/queue_throughput.rs` in release mode, and installs arq into a virtual
//! environment in a temporary folder. The two take turns, so that a busy machine disturbs both; what
//! counts is the median of the ratios of neighbours.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark makes its own world, and stops where that fails"
)]

#[path = "../tests/common/disk.rs"]
mod disk;
#[path = "../tests/common/generated.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod generated;
#[path = "../tests/common/redis.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod redis;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use redis::Server;

const ROUNDS: usize = 5;
/// What the ratio must reach.
const GOAL: f64 = 10.0;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let python = arq(folder.path());
    let script = disk::here().join("../benches/generated/queue_arq.py");
    let program = generated::Shop::asked_for().example("queue_throughput", "release");
    let server = Server::start(&[]);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let port = server.port.to_string();
        let mut arq = Command::new(&python);
        let arq = rates(arq.arg(&script).args(["127.0.0.1", &port]));
        let ours = rates(Command::new(&program).env("TEST_REDIS_URL", server.url()));
        server.ask(&["flushall"]);
        rounds.push((ours, arq));
    }
    let median = |of: &dyn Fn(&Round) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for name in rounds[0].0.keys() {
        println!(
            "queue {name}: {:.0} a second",
            median(&|(ours, _)| ours[name])
        );
    }
    for name in rounds[0].1.keys() {
        println!("arq {name}: {:.0} a second", median(&|(_, arq)| arq[name]));
    }
    let ratio = median(&|(ours, arq)| ours["work"] / arq["work"]);
    let verdict = if ratio >= GOAL { "ok" } else { "MISSED" };
    println!("queue: {ratio:.1} times the jobs a second of arq (goal: {GOAL:.0}) {verdict}");
}

type Round = (BTreeMap<String, f64>, BTreeMap<String, f64>);

/// Installs arq, and says which Python has it.
fn arq(folder: &Path) -> PathBuf {
    generated::run(Command::new("python3").args(["-m", "venv"]).arg(folder));
    let python = folder.join("bin/python");
    let mut install = Command::new(&python);
    generated::run(install.args(["-m", "pip", "install", "--quiet", "arq==0.28.0"]));
    python
}

/// Runs a program that prints lines of a name and a rate.
fn rates(command: &mut Command) -> BTreeMap<String, f64> {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.split_once(' ').unwrap());
    lines
        .map(|(name, rate)| (name.to_owned(), rate.parse().unwrap()))
        .collect()
}
