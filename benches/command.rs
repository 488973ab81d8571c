//! What the commands cost, each beside a reference that is measured in turns with it.
//!
//! CPU time is what counts on a busy machine: the kernel's own count for each process, in
//! nanoseconds. Figures are medians.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark makes its own world, and stops where that fails"
)]

#[path = "command/measure.rs"]
mod measure;
#[path = "command/project.rs"]
mod project;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use measure::{Sample, medians, run, show};
use project::Project;

/// Names the folder to copy from when this program is its own reference.
const FROM: &str = "INFRA_BENCH_FROM";
const TO: &str = "INFRA_BENCH_TO";

fn main() {
    if let (Some(from), Some(to)) = (env::var_os(FROM), env::var_os(TO)) {
        return project::write(Path::new(&from), Path::new(&to));
    }
    println!("measuring {}", infra().display());
    size();
    list();
    let _kept = [
        add(),
        growth("members", "a workspace of", Project::of_members),
        growth("services", "a compose file of", Project::of_services),
    ];
}

/// The tool as it is shipped: what `cargo bench` builds has the features of the tests, too.
fn infra() -> PathBuf {
    let built = env::var_os("INFRA_BENCH_BINARY");
    PathBuf::from(built.expect("scripts/bench names the binary"))
}

fn size() {
    let mebibytes = fs::metadata(infra()).unwrap().len() as f64 / (1024.0 * 1024.0);
    show(
        "size of the binary",
        &format!("{mebibytes:.2} MiB"),
        mebibytes < 6.0,
        "under 6 MiB",
    );
}

/// Against a program that does nothing, built in the same way.
fn list() {
    let folder = project::folder();
    let empty = folder.path().join("empty");
    let mut compiler = Command::new("rustc");
    compiler.args([
        "--crate-name",
        "empty",
        "--edition",
        "2024",
        "-C",
        "opt-level=3",
        "-C",
        "lto",
    ]);
    compiler.args([
        "-C",
        "codegen-units=1",
        "-C",
        "panic=abort",
        "-C",
        "strip=symbols",
    ]);
    let source = folder.path().join("empty.rs");
    fs::write(&source, "fn main() {}\n").unwrap();
    assert!(
        compiler
            .arg("-o")
            .arg(&empty)
            .arg(&source)
            .status()
            .unwrap()
            .success()
    );
    let rounds = (0..101).map(|_| {
        let ours = run(Command::new(infra()).arg("list").current_dir(folder.path()));
        (ours, run(&mut Command::new(&empty)))
    });
    let (ours, reference, ratio) = medians(rounds);
    show(
        "infra list",
        &format!(
            "{ours}; an empty program {reference}: {:.2} times its CPU",
            ratio.cpu
        ),
        ratio.cpu <= 2.0,
        "at most 2 times the CPU",
    );
}

/// Against writing, syncing and renaming the same files, and nothing else. Gives what must not be
/// deleted yet.
fn add() -> Vec<Project> {
    let project = Project::small();
    let added = Project::small();
    run(&mut adding(&added));
    let changed = added.changed();
    let itself = env::current_exe().unwrap();
    let rounds = (0..41).map(|_| {
        let ours = run(&mut adding(&project));
        project.restore();
        let mut reference = Command::new(&itself);
        reference.env(FROM, changed.path()).env(TO, project.path());
        let reference = run(&mut reference);
        project.restore();
        (ours, reference)
    });
    let (ours, reference, ratio) = medians(rounds);
    let files = project::count(changed.path());
    show(
        "infra add redis, CPU",
        &format!("{ours}; {files} files written, synced and renamed {reference}"),
        ours.cpu <= 8.0,
        "at most 8 ms",
    );
    show(
        "infra add redis, wall",
        &format!("{:.2} times the same", ratio.wall),
        ratio.wall <= 1.5,
        "at most 1.5 times",
    );
    vec![project, added]
}

/// Twice the size may cost twice the time. Gives what must not be deleted yet.
fn growth(what: &str, name: &str, make: fn(usize) -> Project) -> Vec<Project> {
    let sizes = [250, 500, 1_000];
    let projects = sizes.map(make);
    let rounds: Vec<[Sample; 3]> = (0..15)
        .map(|_| {
            projects.each_ref().map(|project| {
                let sample = run(&mut adding(project));
                project.restore();
                sample
            })
        })
        .collect();
    let [small, half, full] =
        [0, 1, 2].map(|at| measure::median(rounds.iter().map(|round| round[at])));
    let goal = if what == "members" { 500 } else { 1_000 };
    for (size, sample) in sizes.into_iter().zip([small, half, full]) {
        let good = size != goal || sample.cpu < 50.0;
        let wanted = if size == goal {
            "under 50 ms of CPU"
        } else {
            "none of its own"
        };
        show(
            &format!("add in {name} {size}"),
            &sample.to_string(),
            good,
            wanted,
        );
    }
    let (first, second) = (half.cpu / small.cpu, full.cpu / half.cpu);
    show(
        &format!("growth with the {what}"),
        &format!("{first:.2} from 250 to 500, {second:.2} from 500 to 1000"),
        first < 2.3 && second < 2.3,
        "no more than the size",
    );
    projects.into()
}

fn adding(project: &Project) -> Command {
    let mut command = Command::new(infra());
    command
        .args(["-q", "add", "redis"])
        .current_dir(project.path());
    command.stdin(Stdio::null());
    command
}
