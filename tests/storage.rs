//! The generated storage as whole processes: how much memory a stream takes, and what `kill -9` leaves.
//!
//! `tests/generated/storage_probe.rs` is the process; remote stores are those of the `TEST_` variables.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use common::generated;

/// What a stream may need at most, with everything else that the process needs.
const MOST_MEMORY: u64 = 64 * 1_024;

/// The probe, without any setting of whoever runs the tests.
fn probe(environment: &[(&str, String)], arguments: &[&str]) -> Command {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    let mut command =
        Command::new(PROBE.get_or_init(|| generated::AXUM.example("storage_probe", "dev")));
    command.env_clear().current_dir(env::temp_dir());
    let environment = environment.iter().map(|(name, value)| (name, value));
    command
        .envs(environment)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// The last line that the probe prints.
#[track_caller]
fn answer(environment: &[(&str, String)], arguments: &[&str]) -> String {
    let output = probe(environment, arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().next_back().unwrap_or_default().to_owned()
}

fn local(folder: &Path) -> [(&'static str, String); 2] {
    let folder = folder.to_str().unwrap().to_owned();
    [
        ("STORAGE_BACKEND", "local".to_owned()),
        ("STORAGE_LOCAL_PATH", folder),
    ]
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// Streams a GiB there and back.
#[track_caller]
fn a_gibibyte_takes_little_memory(environment: &[(&str, String)]) {
    let key = format!("probe-{}/gibibyte.bin", process::id());
    let answer = answer(environment, &["stream", &key, "1024"]);
    println!("{}: {answer} KiB", environment[0].1);
    let (_, peak) = answer.rsplit_once(' ').unwrap();
    assert!(peak.parse::<u64>().unwrap() < MOST_MEMORY, "{answer}");
}

#[test]
#[ignore = "needs a build of the generated package"]
fn a_gibibyte_through_a_folder_takes_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    a_gibibyte_takes_little_memory(&local(folder.path()));
}

#[test]
#[ignore = "needs TEST_S3_URL"]
fn a_gibibyte_through_s3_takes_little_memory() {
    let url = variable("TEST_S3_URL");
    let (credential, place) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('@')
        .unwrap();
    let (access, secret) = credential.split_once(':').unwrap();
    let (host, bucket) = place.split_once('/').unwrap();
    a_gibibyte_takes_little_memory(&[
        ("STORAGE_BACKEND", "s3".to_owned()),
        ("STORAGE_S3_BUCKET", bucket.to_owned()),
        ("STORAGE_S3_ENDPOINT_URL", format!("http://{host}")),
        ("STORAGE_S3_ACCESS_KEY", access.to_owned()),
        ("STORAGE_S3_SECRET_KEY", secret.to_owned()),
    ]);
}

#[test]
#[ignore = "needs TEST_AZURE_URL"]
fn a_gibibyte_through_azure_takes_little_memory() {
    a_gibibyte_takes_little_memory(&[
        ("STORAGE_BACKEND", "azure".to_owned()),
        ("AZURE_STORAGE_CONTAINER", "storage".to_owned()),
        (
            "AZURE_STORAGE_CONNECTION_STRING",
            variable("TEST_AZURE_URL"),
        ),
    ]);
}

#[test]
#[ignore = "needs TEST_GCS_URL"]
fn a_gibibyte_through_google_takes_little_memory() {
    let url = variable("TEST_GCS_URL");
    let (endpoint, bucket) = url.rsplit_once('/').unwrap();
    a_gibibyte_takes_little_memory(&[
        ("STORAGE_BACKEND", "gcs".to_owned()),
        ("STORAGE_GCS_BUCKET", bucket.to_owned()),
        ("STORAGE_GCS_ENDPOINT_URL", endpoint.to_owned()),
        // This emulator joins the parts in Python, and says nothing meanwhile.
        ("STORAGE_TIMEOUT", "300s".to_owned()),
    ]);
}

#[test]
#[ignore = "needs a build of the generated package"]
fn a_writer_that_is_killed_leaves_the_old_content_or_the_new() {
    const ROUNDS: u64 = 40;
    let folder = tempfile::tempdir().unwrap();
    let environment = local(folder.path());
    let (mut last, mut drafts) = (0, 0);
    for round in 0..ROUNDS {
        let mut writer = probe(&environment, &["count", "a/number.bin", "12000"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let acknowledged = thread::spawn(move || lines.map_while(Result::ok).last());
        // Spread over the steps of a few writes; the first ones also before any of them.
        thread::sleep(Duration::from_millis(30 + round * 37 % 400));
        writer.kill().unwrap();
        writer.wait().unwrap();
        if let Some(acknowledged) = acknowledged.join().unwrap() {
            last = acknowledged.parse::<u64>().unwrap();
        }
        let found = answer(&environment, &["number", "a/number.bin"]);
        let found = if found == "none" { "0" } else { &found };
        let found: u64 = found.parse().expect("nothing is mixed or cut");
        // What was on its way when the process was killed may have become the new content.
        assert!(
            found == last || found == last + 1,
            "{found} is there, {last} was acknowledged"
        );
        last = found;
        let names = std::fs::read_dir(folder.path().join("a"))
            .into_iter()
            .flatten();
        drafts = names
            .filter(|name| name.as_ref().unwrap().file_name() != "number.bin")
            .count();
    }
    println!("{last} writes, {ROUNDS} kills, {drafts} drafts were left");
    assert!(
        last > ROUNDS && drafts > 0,
        "{last} writes, {drafts} drafts"
    );
    assert_eq!(answer(&environment, &["names"]), "a/number.bin");
}

#[test]
#[ignore = "needs a build of the generated package"]
fn wrong_settings_are_named_and_no_secret_is_shown() {
    let run = |environment: &[(&str, &str)]| {
        let environment: Vec<_> = environment
            .iter()
            .map(|&(name, value)| (name, value.to_owned()))
            .collect();
        let output = probe(&environment, &["names"]).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let text = run(&[("ENVIRONMENT", "production")]);
    assert!(text.contains("STORAGE_BACKEND"), "{text}");
    let text = run(&[
        ("STORAGE_BACKEND", "tape"),
        ("STORAGE_TIMEOUT", "never"),
        ("STORAGE_S3_ENDPOINT_URL", "hunter2@host"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AccountKey=hunter2"),
    ]);
    for name in [
        "STORAGE_BACKEND",
        "STORAGE_TIMEOUT",
        "STORAGE_S3_ENDPOINT_URL",
        "AZURE_STORAGE_CONNECTION_STRING",
    ] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    let text = run(&[
        ("STORAGE_BACKEND", "s3"),
        ("STORAGE_S3_SECRET_KEY", "hunter2"),
    ]);
    for name in ["STORAGE_S3_BUCKET", "STORAGE_S3_ACCESS_KEY"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
