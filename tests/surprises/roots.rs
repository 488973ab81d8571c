//! Crate roots: where the module goes, and where routers and servers are found.

use super::life::{Life, MAIN, MANIFEST, Project};

/// A root whose `main` has this body after the router and the listener.
fn serving(head: &str, signature: &str, body: &str) -> String {
    format!(
        "{head}use axum::{{routing::get, Router}};\n\n{signature} {{\n    let app = Router::new().route(\"/\", get(|| async {{ \"hello\" }}));\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await.unwrap();\n{body}}}\n"
    )
}

const BOXED: &str = "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>>";
const SERVE: &str = "    axum::serve(listener, app).await?;\n    Ok(())\n";

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
        life.holds(file, "\nmod infra;\n");
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
    life.holds("src/bin/server.rs", "\nmod infra;\n");
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
        "{MANIFEST}\n[lib]\npath = \"mod.rs\"\n\n[[bin]]\nname = \"kiosk\"\npath = \"main.rs\"\n"
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
    let manifest = format!("{MANIFEST}\n[[bin]]\nname = \"kiosk\"\npath = \"server/start.rs\"\n");
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
    let main = "mod routes;\n\n#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n    let app = routes::router();\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await\n}\n";
    let routes = "use axum::{routing::get, Router};\n\npub fn router() -> Router {\n    Router::new().route(\"/\", get(|| async { \"hello\" }))\n}\n";
    let life =
        Project::plain(&[("src/main.rs", main), ("src/routes.rs", routes)]).lives("add redis", 0);
    wired(&life, "src/main.rs");
    life.lacks("src/routes.rs", "infra");
}

#[test]
fn a_router_that_another_crate_builds_is_printed() {
    let main = "#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n    let app = routes::router();\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await\n}\n";
    let life = Project::plain(&[("src/main.rs", main)]).lives("add redis", 3);
    life.tells("`routes::router` is not known to return a `Router`");
    life.tells("let app = infra.wire(app);");
}

#[test]
fn serving_in_another_file_is_wired_there() {
    let main = "mod server;\n\n#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n    server::run().await\n}\n";
    let server = "use axum::Router;\n\npub async fn run() -> std::io::Result<()> {\n    let app = Router::new();\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await\n}\n";
    for (file, module) in [("src/server.rs", "server"), ("src/server/mod.rs", "server")] {
        let life = Project::plain(&[("src/main.rs", main), (file, server)]).lives("add redis", 0);
        life.holds(file, "crate::infra::Infra::start()");
        life.holds("src/main.rs", &format!("mod {module};"));
    }
}

#[test]
fn what_stands_above_the_modules_stays_above_them() {
    let licence = "// Copyright of somebody.\n// All of it.\n\n#![allow(clippy::all)]\n\n";
    let allocator =
        "#[global_allocator]\nstatic GLOBAL: std::alloc::System = std::alloc::System;\n\n";
    let external = "extern crate core;\n#[macro_use]\nextern crate tracing;\n\n";
    let inline = "pub mod util {\n    pub fn one() -> u8 {\n        1\n    }\n}\n\n";
    let docs = "//! A kiosk.\n//!\n//! It sells.\n#![forbid(unsafe_code)]\n";
    for (head, module) in [
        (licence, "use axum::{routing::get, Router};\n\nmod infra;\n"),
        (
            allocator,
            "use axum::{routing::get, Router};\n\nmod infra;\n",
        ),
        (
            external,
            "use axum::{routing::get, Router};\n\nmod infra;\n",
        ),
        (inline, "use axum::{routing::get, Router};\n\nmod infra;\n"),
        (docs, "use axum::{routing::get, Router};\n\nmod infra;\n"),
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
    let head = "#[macro_use]\nmod macros;\nmod zebra;\n\n";
    let main = serving(head, BOXED, SERVE);
    let life = Project::plain(&[
        ("src/main.rs", &main),
        ("src/macros.rs", "macro_rules! info {\n    () => {};\n}\n"),
        ("src/zebra.rs", ""),
    ])
    .lives("add redis", 0);
    life.holds(
        "src/main.rs",
        "#[macro_use]\nmod macros;\nmod infra;\nmod zebra;\n",
    );
}
