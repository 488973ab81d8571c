//! What the tool generates, compiled and tested: for each framework a workspace, in which every
//! component is alone in packages of several shapes, with each option both ways, and all are together;
//! clippy and rustfmt clean, their own tests run against real servers.
//!
//! Needs the `TEST_*` variables of all servers, as `scripts/with-servers all` sets them. The workspaces
//! stay in the cache between runs, and share what is compiled.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use common::{
    World,
    generated::{self, Shop, add, cargo, components, infra, run, settle, workspace},
};
use infra::catalog::Catalog;

/// Only one of the frameworks compiles at a time.
static TURN: Mutex<()> = Mutex::new(());

/// What strict projects say of themselves.
const STRICT: &str = "#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)
)]
#![deny(missing_docs, clippy::allow_attributes_without_reason)]
";

/// A framework as somebody's project has it.
struct Framework {
    /// The name on the command line.
    name: &'static str,
    /// Its line in `Cargo.toml`.
    dependency: &'static str,
    /// Crates that the package uses itself, in older series that the code follows.
    older: &'static str,
    /// The edition of a package that is only a program.
    edition: &'static str,
    /// That program.
    main: &'static str,
}

const AXUM_08: Framework = Framework {
    name: "axum",
    dependency: "axum = \"0.8.9\"",
    older: "",
    edition: "2021",
    main: "
use axum::{routing::get, Router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route(\"/\", get(|| async { \"hello\" }));
    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
",
};

const AXUM_07: Framework = Framework {
    dependency: "axum = \"0.7.9\"",
    older: "secrecy = \"0.8\"\nsqlx = { version = \"0.8.1\", default-features = false }\nthiserror = \"1.0.30\"",
    edition: "2018",
    ..AXUM_08
};

const ACTIX_WEB: Framework = Framework {
    name: "actix-web",
    dependency: "actix-web = { version = \"4.9\", default-features = false, features = [\"macros\"] }",
    older: "",
    edition: "2021",
    main: "
use actix_web::{middleware::NormalizePath, web, App, HttpServer};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| {
        App::new()
            .wrap(NormalizePath::trim())
            .route(\"/\", web::get().to(|| async { \"hello\" }))
    })
    .bind((\"127.0.0.1\", 3000))?
    .run()
    .await
}
",
};

const NONE: Framework = Framework {
    name: "none",
    dependency: "",
    older: "",
    edition: "2021",
    main: "
pub mod infra;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let infra = infra::Infra::start().await?;
    infra.shutdown().await;
    Ok(())
}
",
};

impl Framework {
    /// The components that there is code for, with the arguments that set their options the other way.
    fn components(&self) -> Vec<(String, Vec<String>)> {
        let catalog = Catalog::embedded();
        let mut all = components();
        all.retain(|(id, _)| {
            let frameworks = &catalog.get(id).unwrap().manifest.frameworks;
            frameworks.is_empty() || frameworks.iter().any(|name| name == self.name)
        });
        all
    }

    fn add(&self, project: &Path, ids: &[String], options: &[String]) {
        if self.name == "none" {
            let more = ["--framework", "none", "--no-wire"].map(str::to_owned);
            return add(project, ids, options, &more);
        }
        add(project, ids, options, &[]);
    }

    /// A package with a library and a program, as `infra new` makes it where it can.
    fn with_library(&self, name: &str, id: &str, member: &Path) {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join(name);
        if self.name == "none" {
            self.package(&project, name, "2024", &[id]);
            fs::write(project.join("src/lib.rs"), "pub mod infra;\n").unwrap();
        } else {
            infra(folder.path(), &["new", name, "--framework", self.name]);
            let manifest = project.join("Cargo.toml");
            let text = fs::read_to_string(&manifest).unwrap();
            fs::write(
                manifest,
                text.replace(AXUM_08.dependency, &self.dependencies(&[id])),
            )
            .unwrap();
        }
        for file in ["src/lib.rs", "src/main.rs"] {
            let path = project.join(file);
            let text = fs::read_to_string(&path).unwrap_or_else(|_| "fn main() {}\n".to_owned());
            let text = text.replace("#![forbid(unsafe_code)]\n", "");
            let at = text
                .rfind("//! ")
                .map_or(0, |at| at + text[at..].find('\n').unwrap() + 1);
            let doc = if at == 0 {
                "//! The app.\n"
            } else {
                &text[..at]
            };
            fs::write(path, format!("{doc}{STRICT}{}", &text[at..])).unwrap();
        }
        self.add(&project, &[id.to_owned()], &[]);
        settle(&project, member);
    }

    /// A package of a program alone, written by somebody else.
    fn main_only(&self, name: &str, ids: &[String], options: &[String], member: &Path) {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.package(project, name, self.edition, &names);
        let main = format!("//! A kiosk.\n{STRICT}{}", self.main);
        fs::write(project.join("src/main.rs"), main).unwrap();
        self.add(project, ids, options);
        settle(project, member);
    }

    /// The lines of the framework and of older series, of which `metrics` follows fewer.
    fn dependencies(&self, ids: &[&str]) -> String {
        let lines = [self.dependency, self.older];
        let mut lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        if !self.older.is_empty() && !ids.contains(&"metrics") {
            lines.push("metrics = \"0.23\"");
        }
        lines.join("\n")
    }

    fn package(&self, project: &Path, name: &str, edition: &str, ids: &[&str]) {
        let dependency = self.dependencies(ids);
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\npublish = false\n\n[dependencies]\n{dependency}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
        );
        fs::create_dir_all(project.join("src")).unwrap();
        fs::write(project.join("Cargo.toml"), manifest).unwrap();
    }
}

/// Every component there is, the test components too, in one project.
fn everything(member: &Path) {
    let mut world = World::new("main_only");
    let ids: Vec<String> = world.catalog.ids().map(str::to_owned).collect();
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

/// The packages of a workspace while they are rendered.
struct Members {
    root: PathBuf,
    rendered: BTreeSet<String>,
}

impl Members {
    fn of(name: &str) -> Self {
        Self {
            root: workspace(name),
            rendered: BTreeSet::new(),
        }
    }

    fn member(&mut self, name: &str) -> PathBuf {
        self.rendered.insert(name.to_owned());
        self.root.join(name)
    }

    /// Removes what is no longer rendered, and judges the rest. The tests of `untested` are as those of
    /// other members.
    fn check(&self, untested: &[&str]) {
        for entry in fs::read_dir(&self.root).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_dir() && !self.rendered.contains(&name) {
                fs::remove_dir_all(entry.path()).unwrap();
            }
        }
        for name in &self.rendered {
            let module = self.root.join(name).join("src/infra/mod.rs");
            for style in ["2021", "2024"] {
                run(Command::new("rustfmt")
                    .args(["--check", "--edition", "2024", "--style-edition", style])
                    .arg(&module));
            }
        }
        let clippy = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        run(cargo(&self.root).args(clippy));
        // `--no-fail-fast` would hide which of many runs failed first.
        let excluded = untested.iter().flat_map(|name| ["--exclude", *name]);
        run(cargo(&self.root)
            .args(["test", "--workspace"])
            .args(excluded)
            .args(["--", "--include-ignored"]));
        run(cargo(&self.root)
            .args(["doc", "--workspace", "--no-deps", "--lib"])
            .env("RUSTDOCFLAGS", "-D warnings"));
    }
}

/// Each component alone on its defaults, and all together with every option the other way. The programs
/// of a shop are only compiled and linted.
fn alone_and_together(workspace: &str, framework: &Framework, shop: Option<&Shop>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut members = Members::of(workspace);
    let components = framework.components();
    for (id, _) in &components {
        let name = format!("{id}-library");
        framework.with_library(&name, id, &members.member(&name));
    }
    let (ids, options): (Vec<_>, Vec<_>) = components.into_iter().unzip();
    let member = members.member("everything");
    framework.main_only("everything", &ids, &options.concat(), &member);
    if let Some(shop) = shop {
        shop.render(&members.member("shop"));
    }
    members.check(&["shop"]);
    // In a workspace one member's features serve the others too, so what a component forgets to ask
    // for shows only here.
    run(cargo(&members.root).args(["check", "-p", "everything"]));
}

#[test]
#[ignore = "needs the servers of scripts/with-servers"]
fn what_is_generated_for_axum_is_clean_and_passes_its_tests() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut members = Members::of(generated::AXUM.workspace);
    for (id, options) in AXUM_08.components() {
        let name = format!("{id}-library");
        AXUM_08.with_library(&name, &id, &members.member(&name));
        let name = format!("{id}-main");
        let member = members.member(&name);
        AXUM_08.main_only(&name, &[id], &options, &member);
    }
    everything(&members.member("everything"));
    generated::AXUM.render(&members.member("shop"));
    members.check(&[]);
}

#[test]
#[ignore = "needs the servers of scripts/with-servers"]
fn what_is_generated_for_axum_0_7_is_clean_and_passes_its_tests() {
    alone_and_together("axum-0.7", &AXUM_07, None);
}

#[test]
#[ignore = "needs the servers of scripts/with-servers"]
fn what_is_generated_for_actix_web_is_clean_and_passes_its_tests() {
    alone_and_together(
        generated::ACTIX_WEB.workspace,
        &ACTIX_WEB,
        Some(&generated::ACTIX_WEB),
    );
}

#[test]
#[ignore = "needs the servers of scripts/with-servers"]
fn what_is_generated_without_a_framework_is_clean_and_passes_its_tests() {
    alone_and_together("none", &NONE, None);
}
