//! Packages as the tool generates them, members of one workspace that stays in the cache between runs.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use infra::catalog::{Catalog, Component, manifest::OptionSpec};

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

/// Every embedded component, with the arguments that set each of its options to another value than
/// the default.
pub fn components() -> Vec<(String, Vec<String>)> {
    let catalog = Catalog::embedded().unwrap();
    let other = |spec: &OptionSpec| match &spec.default {
        toml::Value::Boolean(value) => (!value).to_string(),
        toml::Value::String(value) => {
            let other = spec.values.iter().rev().find(|known| *known != value);
            other.unwrap_or(value).clone()
        }
        value => value.to_string(),
    };
    let described = |component: &Component| {
        let id = &component.id;
        let options = component.manifest.options.iter();
        let options = options.map(|(name, spec)| format!("{id}.{name}={}", other(spec)));
        (id.clone(), options.collect())
    };
    catalog.components().map(described).collect()
}

/// Adds components, with these options and further arguments.
pub fn add(project: &Path, ids: &[String], options: &[String], more: &[String]) {
    let mut arguments = vec!["add"];
    arguments.extend(ids.iter().chain(more).map(String::as_str));
    for option in options {
        arguments.extend(["--set", option]);
    }
    infra(project, &arguments);
}

/// The shop that the tests of outages and the benchmarks drive: every component with all that it can
/// do, and their programs as examples.
pub fn shop(member: &Path) {
    let folder = tempfile::tempdir().unwrap();
    infra(folder.path(), &["new", "shop"]);
    let project = folder.path().join("shop");
    let components = components();
    let ids: Vec<String> = components.iter().map(|(id, _)| id.clone()).collect();
    let widest = |option: &&String| !option.ends_with("=false");
    let options: Vec<String> = components
        .iter()
        .flat_map(|(_, options)| options)
        .filter(widest)
        .cloned()
        .collect();
    add(&project, &ids, &options, &[]);
    fs::create_dir_all(project.join("examples")).unwrap();
    let manifest = project.join("Cargo.toml");
    let mut text: toml::Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
    for folder in [
        here().join("generated"),
        here().join("../benches/generated"),
    ] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            match path.extension().and_then(|end| end.to_str()) {
                Some("rs") => {
                    fs::copy(&path, project.join("examples").join(name)).unwrap();
                }
                Some("toml") => extend(&mut text, &fs::read_to_string(&path).unwrap()),
                _ => {}
            }
        }
    }
    fs::write(&manifest, text.to_string()).unwrap();
    settle(&project, member);
}

/// Adds the crates that the examples need beside those of the generated tests.
fn extend(manifest: &mut toml::Table, wanted: &str) {
    let wanted: toml::Table = wanted.parse().unwrap();
    let crates = manifest["dev-dependencies"].as_table_mut().unwrap();
    for (name, item) in wanted["dev-dependencies"].as_table().unwrap() {
        let known = crates.entry(name).or_insert_with(|| item.clone());
        let more = item.get("features").and_then(|more| more.as_array());
        let features = known
            .get_mut("features")
            .and_then(|known| known.as_array_mut());
        if let (Some(features), Some(more)) = (features, more) {
            features.extend(more.iter().cloned());
            let mut seen = BTreeSet::new();
            features.retain(|feature| seen.insert(feature.as_str().unwrap().to_owned()));
        }
    }
}

/// The workspace that has the shop.
pub const AXUM: &str = "axum-0.8";

/// Where a workspace is, with its manifest.
pub fn workspace(name: &str) -> PathBuf {
    let root = cache().join(name);
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n\n[profile.dev]\ndebug = 0\n";
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    root
}

/// Builds an example of the shop and says where it is.
pub fn example(name: &str, profile: &str) -> PathBuf {
    let root = workspace(AXUM);
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
