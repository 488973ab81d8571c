//! What the tool generates, compiled and tested: every component alone, in two shapes of project
//! and with each option both ways, and all together, as members of one workspace; clippy and rustfmt
//! clean, their own tests run against real servers.
//!
//! Needs the `TEST_*` variables of all servers, as `scripts/with-servers all` sets them. The workspace
//! stays in the cache between runs.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{
    World,
    generated::{add, cargo, components, infra, run, settle, shop, workspace},
};

/// What strict projects say of themselves.
const STRICT: &str = "#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)
)]
#![deny(missing_docs, clippy::allow_attributes_without_reason)]
";

const MAIN: &str = "
use axum::{routing::get, Router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route(\"/\", get(|| async { \"hello\" }));
    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
";

/// A project from `infra new`: a library and a main.
fn with_library(name: &str, id: &str, member: &Path) {
    let folder = tempfile::tempdir().unwrap();
    infra(folder.path(), &["new", name]);
    let project = folder.path().join(name);
    for file in ["src/lib.rs", "src/main.rs"] {
        let doc = "//! The app.\n";
        let path = project.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("#![forbid(unsafe_code)]\n", STRICT);
        let text = if text.starts_with("//!") {
            text
        } else {
            format!("{doc}{text}")
        };
        fs::write(path, text).unwrap();
    }
    add(&project, &[id.to_owned()], &[]);
    settle(&project, member);
}

/// A project of a main alone, written by somebody else.
fn main_only(name: &str, id: &str, options: &[String], member: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\npublish = false\n\n[dependencies]\naxum = \"0.8.9\"\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
    );
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(project.join("src")).unwrap();
    fs::write(
        project.join("src/main.rs"),
        format!("//! A kiosk.\n{STRICT}{MAIN}"),
    )
    .unwrap();
    add(project, &[id.to_owned()], options);
    settle(project, member);
}

/// Every component there is, the test components too, in one project.
fn everything(member: &Path) {
    let mut world = World::new("main_only");
    let ids: Vec<String> = world
        .catalog
        .components()
        .map(|known| known.id.clone())
        .collect();
    for id in ids.iter().rev() {
        world = world.add(&[id]);
    }
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &world.tree {
        let path = folder.path().join(path.as_str());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    settle(folder.path(), member);
}

/// Renders the whole workspace and says where it is.
fn render() -> PathBuf {
    let root = workspace();
    let rendered = RefCell::new(BTreeSet::new());
    let member = |name: &str| {
        rendered.borrow_mut().insert(name.to_owned());
        root.join(name)
    };
    for (id, options) in components() {
        let name = format!("{id}-library");
        with_library(&name, &id, &member(&name));
        let name = format!("{id}-main");
        main_only(&name, &id, &options, &member(&name));
    }
    everything(&member("everything"));
    shop(&member("shop"));
    // The cache may hold members that are no longer rendered.
    for entry in fs::read_dir(&root).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() && name != "target" && !rendered.borrow().contains(&name) {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    root
}

#[test]
#[ignore = "needs the servers of scripts/with-servers"]
fn what_is_generated_compiles_is_clean_and_passes_its_tests() {
    let root = render();
    for entry in fs::read_dir(&root).unwrap() {
        let module = entry.unwrap().path().join("src/infra/mod.rs");
        for style in ["2021", "2024"] {
            if module.exists() {
                run(Command::new("rustfmt")
                    .args(["--check", "--edition", "2024", "--style-edition", style])
                    .arg(&module));
            }
        }
    }
    run(cargo(&root).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]));
    // `--no-fail-fast` would hide which of many runs failed first.
    run(cargo(&root).args(["test", "--workspace", "--", "--include-ignored"]));
    run(cargo(&root)
        .args(["doc", "--workspace", "--no-deps", "--lib"])
        .env("RUSTDOCFLAGS", "-D warnings"));
}
