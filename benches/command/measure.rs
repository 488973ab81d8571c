//! Time of processes.

use std::{
    fmt, fs,
    process::{Command, Stdio},
    time::Instant,
};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// What a process took, in milliseconds.
#[derive(Clone, Copy)]
pub struct Sample {
    pub cpu: f64,
    pub wall: f64,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ms CPU, {:.2} ms wall", self.cpu, self.wall)
    }
}

/// Runs a program that must succeed.
pub fn run(command: &mut Command) -> Sample {
    command.stdout(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let id = WaitId::Pid(Pid::from_child(&child));
    // An ended process that nobody has waited for still shows its count.
    waitid(id, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    let wall = begun.elapsed().as_secs_f64() * 1e3;
    let count = fs::read_to_string(format!("/proc/{}/schedstat", child.id()));
    let count = count.expect("Linux counts the CPU time of processes");
    let nanoseconds: f64 = count.split(' ').next().unwrap().parse().unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
    Sample {
        cpu: nanoseconds / 1e6,
        wall,
    }
}

/// The median of both figures, each for itself.
pub fn median(samples: impl Iterator<Item = Sample>) -> Sample {
    let (mut cpu, mut wall): (Vec<f64>, Vec<f64>) =
        samples.map(|sample| (sample.cpu, sample.wall)).unzip();
    cpu.sort_by(f64::total_cmp);
    wall.sort_by(f64::total_cmp);
    Sample {
        cpu: cpu[cpu.len() / 2],
        wall: wall[wall.len() / 2],
    }
}

/// The medians of rounds in each of which both had their turn, and that of the ratios of neighbours:
/// what disturbs a machine disturbs both.
pub fn medians(rounds: impl Iterator<Item = (Sample, Sample)>) -> (Sample, Sample, Sample) {
    let rounds: Vec<(Sample, Sample)> = rounds.collect();
    let ratios = rounds.iter().map(|(ours, reference)| Sample {
        cpu: ours.cpu / reference.cpu,
        wall: ours.wall / reference.wall,
    });
    (
        median(rounds.iter().map(|(ours, _)| *ours)),
        median(rounds.iter().map(|(_, reference)| *reference)),
        median(ratios),
    )
}

/// Prints a figure and whether it is what it should be.
pub fn show(name: &str, figure: &str, good: bool, goal: &str) {
    let verdict = if good { "ok" } else { "MISSED" };
    println!("{name}: {figure} (goal: {goal}) {verdict}");
}
