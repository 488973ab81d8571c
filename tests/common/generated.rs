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
    let catalog = Catalog::embedded();
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
    let components = catalog.components().unwrap().into_iter();
    components.map(described).collect()
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
pub struct Shop {
    pub framework: &'static str,
    /// The workspace that it is a member of.
    pub workspace: &'static str,
}

pub const AXUM: Shop = Shop {
    framework: "axum",
    workspace: "axum-0.8",
};

pub const ACTIX_WEB: Shop = Shop {
    framework: "actix-web",
    workspace: "actix-web",
};

impl Shop {
    /// The one that `scripts/bench` asks for.
    pub fn asked_for() -> &'static Self {
        let named = env::var("INFRA_BENCH_FRAMEWORK").unwrap_or_else(|_| "axum".to_owned());
        let known = [&AXUM, &ACTIX_WEB].into_iter();
        let mut asked_for = known.filter(|shop| shop.framework == named);
        asked_for
            .next()
            .expect("no shop is made for that framework")
    }

    /// Writes it.
    pub fn render(&self, member: &Path) {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("shop");
        infra(
            folder.path(),
            &["new", "shop", "--framework", self.framework],
        );
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
        let manifest = project.join("Cargo.toml");
        let mut text: toml::Table = fs::read_to_string(&manifest).unwrap().parse().unwrap();
        let drivers = here().join("generated");
        for folder in [&drivers, &here().join("../benches/generated")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|end| end == "toml") {
                    extend(&mut text, &fs::read_to_string(&path).unwrap());
                } else if *folder != drivers || self.framework == AXUM.framework {
                    self.example_of(&path, &project.join("examples"));
                }
            }
        }
        fs::write(&manifest, text.to_string()).unwrap();
        settle(&project, member);
    }

    /// Copies a program. One that meets the framework is a folder, with a module `server` for each.
    fn example_of(&self, program: &Path, examples: &Path) {
        let target = examples.join(program.file_name().unwrap());
        if program.is_dir() {
            fs::create_dir_all(&target).unwrap();
            let server = program.join(self.framework).with_extension("rs");
            fs::copy(program.join("main.rs"), target.join("main.rs")).unwrap();
            fs::copy(server, target.join("server.rs")).unwrap();
        } else if program.extension().is_some_and(|end| end == "rs") {
            fs::create_dir_all(examples).unwrap();
            fs::copy(program, target).unwrap();
        }
    }

    /// Builds one of the programs and says where it is.
    pub fn example(&self, name: &str, profile: &str) -> PathBuf {
        let root = workspace(self.workspace);
        self.render(&root.join("shop"));
        run(cargo(&root)
            .args(["build", "-p", "shop", "--profile", profile])
            .args(["--example", name]));
        let folder = if profile == "dev" { "debug" } else { profile };
        let built = cache().join("target").join(folder);
        built.join("examples").join(name)
    }
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

/// Where a workspace is, with its manifest.
pub fn workspace(name: &str) -> PathBuf {
    let root = cache().join(name);
    let manifest = "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n\n[profile.dev]\ndebug = 0\n";
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    root
}

/// Cargo in the workspace of generated packages.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .env("CARGO_TARGET_DIR", cache().join("target"));
    cargo
}
