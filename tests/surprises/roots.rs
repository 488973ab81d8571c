//! Crate roots: where the module goes, and where routers and servers are found.

use super::life::{Life, MAIN, MANIFEST, Project};

/// A root whose `main` has this body after the router and the listener.
fn serving(head: &str, signature: &str, body: &str) -> String {
    format!(
        r#"{head}use axum::{{routing::get, Router}};

{signature} {{
    let app = Router::new().route("/", get(|| async {{ "hello" }}));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
{body}}}
"#
    )
}

const BOXED: &str = "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>>";
const SERVE: &str = r#"    axum::serve(listener, app).await?;
    Ok(())
"#;

#[track_caller]
fn wired(life: &Life, path: &str) {
    life.holds(path, "infra::Infra::start()");
    life.holds(path, "infra.wire(app)");
    life.holds(path, "infra.shutdown().await;");
}

#[test]
fn a_module_of_a_binary_below_src_bin_is_no_binary() {
    for file in ["src/bin/app.rs", "src/bin/main.rs"] {
        let project = Project::new(&[("Cargo.toml", MANIFEST), (file, MAIN)]);
        let life = project.lives("add redis", 0);
        wired(&life, file);
        life.holds(
            file,
            r#"
mod infra;
"#,
        );
        assert!(life.has("src/bin/infra/mod.rs"));
        assert!(!life.has("src/bin/infra.rs") && !life.has("src/bin/infra/main.rs"));
    }
}

#[test]
fn a_binary_in_a_folder_below_src_bin_gets_the_module_there() {
    let project = Project::new(&[("Cargo.toml", MANIFEST), ("src/bin/server/main.rs", MAIN)]);
    let life = project.lives("add redis", 0);
    wired(&life, "src/bin/server/main.rs");
    assert!(life.has("src/bin/server/infra/mod.rs"));
}

#[test]
fn of_several_binaries_the_one_that_serves_gets_the_module() {
    let project = Project::new(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", "fn main() {}\n"),
        ("src/bin/seed.rs", "fn main() {}\n"),
        ("src/bin/server.rs", MAIN),
    ]);
    let life = project.lives("add redis", 0);
    wired(&life, "src/bin/server.rs");
    life.holds(
        "src/bin/server.rs",
        r#"
mod infra;
"#,
    );
    life.lacks("src/main.rs", "infra");
    assert!(life.has("src/bin/infra/mod.rs"));
}

#[test]
fn a_binary_below_src_bin_uses_the_module_of_the_library() {
    let project = Project::new(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "pub fn greeting() {}\n"),
        ("src/bin/server.rs", MAIN),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("src/lib.rs", "pub mod infra;\n");
    life.holds("src/bin/server.rs", "kiosk::infra::Infra::start()");
    assert!(life.has("src/infra/mod.rs") && !life.has("src/bin/infra/mod.rs"));
}

#[test]
fn a_library_that_is_a_mod_rs_beside_the_manifest_has_the_module_there() {
    let manifest = format!(
        r#"{MANIFEST}
[lib]
path = "mod.rs"

[[bin]]
name = "kiosk"
path = "main.rs"
"#
    );
    let project = Project::new(&[
        ("Cargo.toml", &manifest),
        ("mod.rs", "pub fn greeting() {}\n"),
        ("main.rs", MAIN),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("mod.rs", "pub mod infra;\n");
    life.holds("main.rs", "kiosk::infra::Infra::start()");
    assert!(life.has("infra/mod.rs"));
}

#[test]
fn a_binary_of_another_folder_is_followed() {
    let manifest = format!(
        r#"{MANIFEST}
[[bin]]
name = "kiosk"
path = "server/start.rs"
"#
    );
    let project = Project::new(&[("Cargo.toml", &manifest), ("server/start.rs", MAIN)]);
    let life = project.lives("add redis", 0);
    wired(&life, "server/start.rs");
    assert!(life.has("server/infra/mod.rs"));
}

#[test]
fn a_package_of_a_library_only_is_wired_where_it_serves() {
    let library = serving(
        "",
        "pub async fn run() -> Result<(), Box<dyn std::error::Error>>",
        SERVE,
    );
    let project = Project::new(&[("Cargo.toml", MANIFEST), ("src/lib.rs", &library)]);
    let life = project.lives("add redis", 0);
    wired(&life, "src/lib.rs");
    life.holds("src/lib.rs", "pub mod infra;\n");
}

#[test]
fn a_router_that_another_file_builds_is_wired_where_it_is_served() {
    let main = r#"mod routes;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = routes::router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
"#;
    let routes = r#"use axum::{routing::get, Router};

pub fn router() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}
"#;
    let life =
        Project::plain(&[("src/main.rs", main), ("src/routes.rs", routes)]).lives("add redis", 0);
    wired(&life, "src/main.rs");
    life.lacks("src/routes.rs", "infra");
}

#[test]
fn a_router_that_another_crate_builds_is_printed() {
    let main = r#"#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = routes::router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
"#;
    let life = Project::plain(&[("src/main.rs", main)]).lives("add redis", 3);
    life.tells("`routes::router` is not known to return a `Router`");
    life.tells("let app = infra.wire(app);");
}

#[test]
fn serving_in_another_file_is_wired_there() {
    let main = r#"mod server;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    server::run().await
}
"#;
    let server = r#"use axum::Router;

pub async fn run() -> std::io::Result<()> {
    let app = Router::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
"#;
    for (file, module) in [("src/server.rs", "server"), ("src/server/mod.rs", "server")] {
        let life = Project::plain(&[("src/main.rs", main), (file, server)]).lives("add redis", 0);
        life.holds(file, "crate::infra::Infra::start()");
        life.holds("src/main.rs", &format!("mod {module};"));
    }
}

#[test]
fn what_stands_above_the_modules_stays_above_them() {
    let licence = r#"// Copyright of somebody.
// All of it.

#![allow(clippy::all)]

"#;
    let allocator = r#"#[global_allocator]
static GLOBAL: std::alloc::System = std::alloc::System;

"#;
    let external = r#"extern crate core;
#[macro_use]
extern crate tracing;

"#;
    let inline = r#"pub mod util {
    pub fn one() -> u8 {
        1
    }
}

"#;
    let docs = r#"//! A kiosk.
//!
//! It sells.
#![forbid(unsafe_code)]
"#;
    for (head, module) in [
        (
            licence,
            r#"use axum::{routing::get, Router};

mod infra;
"#,
        ),
        (
            allocator,
            r#"use axum::{routing::get, Router};

mod infra;
"#,
        ),
        (
            external,
            r#"use axum::{routing::get, Router};

mod infra;
"#,
        ),
        (
            inline,
            r#"use axum::{routing::get, Router};

mod infra;
"#,
        ),
        (
            docs,
            r#"use axum::{routing::get, Router};

mod infra;
"#,
        ),
    ] {
        let main = serving(head, BOXED, SERVE);
        let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 0);
        assert!(life.text("src/main.rs").starts_with(head), "{head}");
        life.holds("src/main.rs", module);
        wired(&life, "src/main.rs");
    }
}

#[test]
fn macros_of_the_user_stay_above_the_module() {
    let head = r#"#[macro_use]
mod macros;
mod zebra;

"#;
    let main = serving(head, BOXED, SERVE);
    let life = Project::plain(&[
        ("src/main.rs", &main),
        (
            "src/macros.rs",
            r#"macro_rules! info {
    () => {};
}
"#,
        ),
        ("src/zebra.rs", ""),
    ])
    .lives("add redis", 0);
    life.holds(
        "src/main.rs",
        r#"#[macro_use]
mod macros;
mod infra;
mod zebra;
"#,
    );
}
