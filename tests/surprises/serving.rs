//! How an app is served: what `main` returns, who runs the runtime, which forms are certain.

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

#[track_caller]
fn wired(life: &Life, path: &str) {
    life.holds(path, "infra::Infra::start()");
    life.holds(path, "infra.wire(app)");
    life.holds(path, "infra.shutdown().await;");
}

#[test]
fn serve_calls_in_comments_and_strings_are_none() {
    let main = MAIN.replace(
        "    axum::serve",
        r#"    // axum::serve(listener, old).await?;
    /* axum::serve(listener, older).await?; */
    println!("axum::serve(listener, app)");
    axum::serve"#,
    );
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 0);
    wired(&life, "src/main.rs");
    life.holds("src/main.rs", "    // axum::serve(listener, old).await?;\n");
}

#[test]
fn a_main_for_each_configuration_is_left_to_the_user() {
    let one = |cfg: &str| {
        format!(
            r#"#[cfg({cfg})]
#[tokio::main]
async fn main() -> std::io::Result<()> {{
    let app = axum::Router::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}}
"#
        )
    };
    let main = format!("{}\n{}", one("unix"), one("not(unix)"));
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 3);
    life.tells("at src/main.rs:8");
    life.tells("at src/main.rs:16");
    life.lacks("src/main.rs", "infra.wire");
}

#[test]
fn a_server_of_a_test_is_not_the_app() {
    let main = format!(
        r#"{MAIN}
#[cfg(test)]
mod tests {{
    #[tokio::test]
    async fn answers() {{
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        axum::serve(listener, axum::Router::new()).await.unwrap();
    }}
}}
"#
    );
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 0);
    wired(&life, "src/main.rs");
}

#[test]
fn a_second_server_for_a_port_of_metrics_is_not_chosen_between() {
    let main = MAIN.replace(
        "    axum::serve",
        r#"    let inner = tokio::net::TcpListener::bind("127.0.0.1:9100").await?;
    tokio::spawn(async move { axum::serve(inner, Router::new()).await });
    axum::serve"#,
    );
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 3);
    life.tells("served in several places");
    life.tells("at src/main.rs:10");
    life.tells("at src/main.rs:11");
}

#[test]
fn a_start_beside_a_main_that_returns_an_exit_code_is_wired() {
    let main = r#"use std::process::ExitCode;

use axum::Router;

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn start() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
"#;
    let life = Project::plain(&[("src/main.rs", main)]).lives("add redis", 0);
    life.holds(
        "src/main.rs",
        "    let infra = infra::Infra::start().await?;\n",
    );
}

#[test]
fn a_main_may_return_anything() {
    let body = "    axum::serve(listener, app).await.unwrap();\n";
    for (signature, tail, failure) in [
        (
            "async fn main()",
            "",
            ".expect(\"the infrastructure starts\")",
        ),
        (
            "async fn main() -> anyhow::Result<()>",
            "    Ok(())\n",
            "?;",
        ),
        ("async fn main() -> eyre::Result<()>", "    Ok(())\n", "?;"),
        (
            "async fn main() -> std::io::Result<()>",
            "    Ok(())\n",
            "?;",
        ),
        (
            "async fn main() -> Result<(), Box<dyn std::error::Error>>",
            "    Ok(())\n",
            "?;",
        ),
        (
            "async fn main() -> Result<(), Mine>",
            "    Ok(())\n",
            ".expect(",
        ),
        (
            "async fn main() -> std::process::ExitCode",
            "    std::process::ExitCode::SUCCESS\n",
            ".expect(",
        ),
    ] {
        let main = serving(
            "",
            &format!("#[tokio::main]\n{signature}"),
            &format!("{body}{tail}"),
        );
        let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 0);
        life.holds("src/main.rs", "infra.wire(app)");
        life.holds("src/main.rs", failure);
    }
}

#[test]
fn lints_that_forbid_expect_and_panic_are_kept() {
    let lints = r#"
[lints.clippy]
unwrap_used = "deny"
expect_used = "deny"
panic = "forbid"
"#;
    let main = serving(
        "",
        "#[tokio::main]\nasync fn main()",
        "    let _ = axum::serve(listener, app).await;\n",
    );
    let project = Project::plain(&[
        ("Cargo.toml", &format!("{MANIFEST}{lints}")),
        ("src/main.rs", &main),
    ]);
    let life = project.lives("add redis", 3);
    life.tells("lints deny `expect` and `panic`");
}

#[test]
fn a_runtime_of_its_own_is_followed_into_its_block_or_left_to_the_user() {
    let built = r#"use axum::Router;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = Router::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
        axum::serve(listener, app).await
    })
}
"#;
    let life = Project::plain(&[("src/main.rs", built)]).lives("add redis", 0);
    wired(&life, "src/main.rs");
    let spawned = r#"use axum::Router;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(async {
        let app = Router::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
        axum::serve(listener, app).await.unwrap();
    });
    std::thread::park();
}
"#;
    let life = Project::plain(&[("src/main.rs", spawned)]).lives("add redis", 3);
    life.tells("src/main.rs:10: it is inside an async block");
}

#[test]
fn forms_of_serving_are_wired_or_printed_with_the_reason() {
    for (body, code, told) in [
        (
            "    axum::serve(listener, app.into_make_service()).await.unwrap();\n",
            0,
            "",
        ),
        (
            "    axum::serve(listener, app.into_make_service_with_connect_info::<std::net::SocketAddr>()).await.unwrap();\n",
            0,
            "",
        ),
        (
            "    axum::serve(listener, app).with_graceful_shutdown(stop()).await.unwrap();\n",
            0,
            "",
        ),
        ("    Ok(axum::serve(listener, app).await?)\n", 0, ""),
        (
            "    axum::serve(listener, app).await.context(\"serves\")\n",
            0,
            "",
        ),
        (
            r#"    tokio::select! {
        done = axum::serve(listener, app) => done.unwrap(),
        () = stop() => {}
    }
"#,
            3,
            "it is inside a macro",
        ),
        (
            r#"    match 1 {
        1 => axum::serve(listener, app).await.unwrap(),
        _ => {}
    }
"#,
            3,
            "it is inside a `match`",
        ),
        (
            "    axum_server::from_tcp(listener.into_std().unwrap()).serve(app.into_make_service()).await.unwrap();\n",
            3,
            "no call of `axum::serve` was found",
        ),
    ] {
        let main = serving(
            "",
            "#[tokio::main]\nasync fn main() -> anyhow::Result<()>",
            body,
        );
        let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", code);
        match code {
            0 => life.holds("src/main.rs", "infra.wire(app)"),
            _ => life.tells(told),
        }
    }
}

#[test]
fn a_listener_in_a_struct_is_no_hindrance() {
    let main = r#"use axum::Router;

struct Server {
    listener: tokio::net::TcpListener,
    app: Router,
}

impl Server {
    async fn run(self) -> std::io::Result<()> {
        let app = self.app;
        axum::serve(self.listener, app).await
    }
}

#[tokio::main]
async fn main() {}
"#;
    let project = Project::plain(&[("src/main.rs", main)]);
    let run = project.infra("add redis -n");
    assert_eq!(run.code, 3, "{}", run.said);
    let life = project.lives("add redis", 3);
    life.tells("at src/main.rs:13");
}

#[test]
fn an_app_that_is_a_tower_service_is_not_taken_for_a_router() {
    let main = r#"use axum::{routing::get, Router, ServiceExt};
use tower::Layer;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let router = Router::new().route("/", get(|| async { "hello" }));
    let app = tower_http::normalize_path::NormalizePathLayer::trim_trailing_slash().layer(router);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, ServiceExt::<axum::extract::Request>::into_make_service(app)).await
}
"#;
    let life = Project::plain(&[("src/main.rs", main)]).lives("add redis", 3);
    life.tells("at src/main.rs:11");
    let plain = main.replace(
        "ServiceExt::<axum::extract::Request>::into_make_service(app)",
        "app",
    );
    let life = Project::plain(&[("src/main.rs", &plain)]).lives("add redis", 3);
    life.tells("is not known to return a `Router`");
}

#[test]
fn a_fallback_that_catches_all_and_a_layer_around_all_leave_the_app_wired() {
    let main = MAIN.replace(
        ".route(\"/\", get(|| async { \"hello\" }));",
        r#"
        .route("/", get(|| async { "hello" }))
        .fallback(get(|| async { "not here" }))
        .layer(axum::middleware::from_fn(authorise));"#,
    );
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add metrics", 0);
    let text = life.text("src/main.rs");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place("from_fn(authorise)") < place("infra.wire(app)"));
}

#[test]
fn state_extensions_and_tabs_are_kept() {
    for state in [".with_state(7u8)", ".layer(axum::Extension(7u8))"] {
        let main = MAIN
            .replace(
                "get(|| async { \"hello\" }))",
                &format!("get(|| async {{ \"hello\" }})){state}"),
            )
            .replace("    ", "\t");
        let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 0);
        life.holds("src/main.rs", "\n\tlet app = infra.wire(app);\n");
        life.holds("src/main.rs", state);
    }
}

#[test]
fn a_metrics_server_of_actix_and_one_of_a_test_are_not_wired_by_guess() {
    let manifest = MANIFEST.replace("axum = \"0.8\"", "actix-web = \"4\"");
    let one = "HttpServer::new(move || App::new()).bind((\"127.0.0.1\", 3000))?.run()";
    let main = format!(
        r#"use actix_web::{{App, HttpServer}};

#[actix_web::main]
async fn main() -> std::io::Result<()> {{
    let inner = {one};
    let outer = {one};
    futures::try_join!(inner, outer)?;
    Ok(())
}}
"#
    );
    let project = Project::plain(&[("Cargo.toml", &manifest), ("src/main.rs", &main)]);
    let life = project.lives("add redis", 3);
    life.tells("infra.clone()");
    life.lacks("src/main.rs", "wire(");
    let tested = format!(
        r#"fn main() {{}}

#[cfg(test)]
mod tests {{
    use actix_web::{{App, HttpServer}};

    #[actix_web::test]
    async fn answers() -> std::io::Result<()> {{
        {one}.await
    }}
}}
"#
    );
    let project = Project::plain(&[("Cargo.toml", &manifest), ("src/main.rs", &tested)]);
    let life = project.lives("add redis", 3);
    life.lacks("src/main.rs", "wire(");
}

#[test]
fn a_function_that_returns_the_server_of_actix_is_told_who_starts_the_infrastructure() {
    let manifest = MANIFEST.replace("axum = \"0.8\"", "actix-web = \"4\"");
    let main = r#"use actix_web::{App, HttpServer, dev::Server};

fn run() -> std::io::Result<Server> {
    let server = HttpServer::new(create_app).bind(("127.0.0.1", 3000))?.run();
    Ok(server)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    run()?.await
}
"#;
    let project = Project::plain(&[("Cargo.toml", &manifest), ("src/main.rs", main)]);
    let life = project.lives("add redis", 3);
    life.tells("// in async code; hand it to `run`");
    life.tells("infra.shutdown().await;  // in async code, when the server has stopped");
    life.lacks("src/main.rs", "wire(");
    let main = main
        .replace("fn run", "async fn run")
        .replace("run()?", "run().await?");
    let project = Project::plain(&[("Cargo.toml", &manifest), ("src/main.rs", &main)]);
    let life = project.lives("add redis", 3);
    life.tells("when the server has stopped; if `run` returns it, return `infra` too");
}

#[test]
fn the_lines_to_paste_have_the_name_of_what_is_served() {
    let main = MAIN
        .replace(
            "Router::new().route(\"/\", get(|| async { \"hello\" }))",
            "kiosk().mk_service()",
        )
        .replace("let app", "let service")
        .replace("listener, app", "listener, service");
    let life = Project::plain(&[("src/main.rs", &main)]).lives("add redis", 3);
    life.tells("`service` is made by `.mk_service(..)`");
    life.tells("let service = infra.wire(service);");
    life.tells("axum::serve(listener, service)");
}
