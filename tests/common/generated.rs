//! Packages as the tool generates them, members of one workspace that stays in the cache between runs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::disk::{files, here};

/// Where generated packages are kept and built between runs.
pub fn cache() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let home = || PathBuf::from(env::var_os("HOME").unwrap()).join(".cache/infra/target");
    let target = target.unwrap_or_else(home);
    fs::create_dir_all(&target).unwrap();
    fs::canonicalize(target).unwrap().join("generated")
}

/// Runs a program that must succeed.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs the tool.
pub fn infra(folder: &Path, arguments: &[&str]) {
    run(Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(arguments)
        .current_dir(folder));
}

/// Brings a member of the workspace to the state of a folder. What did not change keeps its time,
/// so that cargo does not build it again.
pub fn settle(from: &Path, member: &Path) {
    let new = files(from);
    if member.exists() {
        for path in files(member).keys().filter(|path| !new.contains_key(*path)) {
            fs::remove_file(member.join(path)).unwrap();
        }
    }
    for (path, bytes) in new.iter().filter(|(path, _)| !path.starts_with(".git/")) {
        let target = member.join(path);
        if fs::read(&target).ok().as_ref() != Some(bytes) {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, bytes).unwrap();
        }
    }
}

/// Adds redis.
pub fn add(project: &Path, options: &[&str]) {
    let mut arguments = vec!["add", "redis"];
    for option in options {
        arguments.extend(["--set", option]);
    }
    infra(project, &arguments);
}

/// The shop that the tests of outages drive, and the benchmark.
pub fn shop(member: &Path) {
    let folder = tempfile::tempdir().unwrap();
    infra(folder.path(), &["new", "shop"]);
    let project = folder.path().join("shop");
    add(&project, &["redis.topology=any"]);
    let manifest = project.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text = text.replace(
        "[dev-dependencies]",
        "[dev-dependencies]\nfutures-util = { version = \"0.3.34\", features = [\"async-await\"] }",
    );
    fs::write(&manifest, text).unwrap();
    fs::create_dir_all(project.join("examples")).unwrap();
    fs::copy(
        here().join("generated/probe.rs"),
        project.join("examples/probe.rs"),
    )
    .unwrap();
    let bench = here().join("../benches/generated/cache_overhead.rs");
    fs::copy(bench, project.join("examples/cache_overhead.rs")).unwrap();
    settle(&project, member);
}

/// Where the workspace is, with its manifest.
pub fn workspace() -> PathBuf {
    let root = cache().join("workspace");
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\nexclude = [\"target\"]\n\n[profile.dev]\ndebug = 0\n";
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    root
}

/// Builds an example of the shop and says where it is.
pub fn example(name: &str, profile: &str) -> PathBuf {
    let root = workspace();
    shop(&root.join("shop"));
    run(cargo(&root)
        .args(["build", "-p", "shop", "--profile", profile])
        .args(["--example", name]));
    let folder = if profile == "dev" { "debug" } else { profile };
    let built = cache().join("target").join(folder);
    built.join("examples").join(name)
}

/// Cargo in the workspace of generated packages.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .env("CARGO_TARGET_DIR", cache().join("target"));
    cargo
}
