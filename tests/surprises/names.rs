//! Names that are taken: modules, crates, routes, variables.

use super::life::{MAIN, MANIFEST, Project};

/// The plainest root with these routes more.
fn with_routes(routes: &str) -> String {
    MAIN.replace(
        ".route(\"/\", get(|| async { \"hello\" }))",
        &format!("\n        .route(\"/\", get(|| async {{ \"hello\" }}))\n        {routes}"),
    )
}

#[test]
fn modules_called_as_crates_and_components_shadow_nothing() {
    let taken = [
        "cache",
        "config",
        "core",
        "health",
        "infrastructure",
        "metrics",
        "queue",
        "redis",
        "settings",
        "storage",
        "telemetry",
        "tokio",
        "tracing",
        "web",
        "worker",
    ];
    let declared: String = taken.iter().map(|name| format!("mod {name};\n")).collect();
    let main = format!("{declared}\n{MAIN}");
    let files: Vec<(String, &str)> = taken
        .iter()
        .map(|name| (format!("src/{name}.rs"), ""))
        .collect();
    let mut all = vec![("src/main.rs", main.as_str())];
    all.extend(files.iter().map(|(path, text)| (path.as_str(), *text)));
    let project = Project::plain(&all);
    let life = project.lives("add redis", 0);
    life.holds(
        "src/main.rs",
        "mod health;\nmod infra;\nmod infrastructure;\n",
    );
    let life = project.lives("add metrics", 0);
    // From the module of the hub, a bare name can only be a module beside it or a crate.
    life.lacks("src/infra/mod.rs", "crate::");
}

#[test]
fn a_module_a_file_or_a_crate_called_infra_names_the_option() {
    let main = format!("mod infra;\n\n{MAIN}");
    let module = Project::plain(&[
        ("src/main.rs", &main),
        ("src/infra.rs", "pub fn init() {}\n"),
    ]);
    let said = module.refuses("add redis", 4);
    assert!(said.contains("--module infrastructure"), "{said}");
    let life = module.lives("add redis --module platform", 0);
    life.holds("src/main.rs", "mod infra;\nmod platform;\n");
    life.holds("src/main.rs", "platform::Infra::start()");
    life.holds("src/infra.rs", "pub fn init() {}\n");

    let manifest = format!("{MANIFEST}infra = {{ path = \"infra\" }}\n");
    let dependency = Project::plain(&[
        ("Cargo.toml", &manifest),
        (
            "infra/Cargo.toml",
            "[package]\nname = \"infra\"\nversion = \"0.1.0\"\n",
        ),
        ("infra/src/lib.rs", "pub fn init() {}\n"),
    ]);
    let said = dependency.refuses("add redis", 4);
    assert!(said.contains("a dependency is called `infra`"), "{said}");
    dependency.lives("add redis --module platform", 0);
}

#[test]
fn an_unrelated_member_called_infra_is_no_hindrance() {
    let project = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"kiosk\", \"infra\"]\n",
        ),
        ("kiosk/Cargo.toml", MANIFEST),
        ("kiosk/src/main.rs", MAIN),
        (
            "infra/Cargo.toml",
            "[package]\nname = \"infra\"\nversion = \"0.1.0\"\n",
        ),
        ("infra/src/lib.rs", ""),
    ]);
    project.lives("add redis", 0);
}

#[test]
fn a_route_that_a_component_serves_too_is_told_with_what_moves_it() {
    for routes in [
        ".route(\"/metrics\", get(|| async { \"mine\" }))",
        ".route(\n            \"/metrics\",\n            get(|| async { \"mine\" }),\n        )",
        ".nest(\"/metrics\", Router::new())",
        ".nest_service(\"/metrics\", tower::service_fn(mine))",
        ".merge(Router::new().route(\"/metrics\", get(mine)))",
    ] {
        let main = with_routes(routes);
        let project = Project::plain(&[("src/main.rs", &main)]);
        let life = project.lives("add metrics", 0);
        life.tells("`/metrics` of metrics is a route of yours already, at src/main.rs:");
        life.tells("`METRICS_PATH`");
    }
}

#[test]
fn a_route_in_another_file_is_seen_and_one_in_a_test_or_comment_is_none() {
    let routes = "use axum::{routing::get, Router};\n\npub fn router() -> Router {\n    Router::new().route(\"/metrics\", get(|| async { \"mine\" }))\n}\n";
    let main = "mod routes;\n\n#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n    let app = routes::router();\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await\n}\n";
    let life =
        Project::plain(&[("src/main.rs", main), ("src/routes.rs", routes)]).lives("add metrics", 0);
    life.tells("at src/routes.rs:4");
    let innocent = format!(
        "{}\n// .route(\"/metrics\", get(mine))\n\n#[cfg(test)]\nmod tests {{\n    fn app() {{\n        axum::Router::new().route(\"/metrics\", mine);\n    }}\n}}\n",
        with_routes(".route(\"/metrics-of-mine\", get(|| async { \"mine\" }))")
    );
    let life = Project::plain(&[("src/main.rs", &innocent)]).lives("add metrics", 0);
    assert!(!life.said.contains("a route of yours"), "{}", life.said);
}

#[test]
fn a_path_that_was_moved_in_the_env_file_is_the_one_that_counts() {
    let main = with_routes(".route(\"/metrics\", get(|| async { \"mine\" }))");
    let project = Project::plain(&[
        ("src/main.rs", &main),
        (".env", "METRICS_PATH=/internal/metrics\n"),
    ]);
    let life = project.lives("add metrics", 0);
    assert!(!life.said.contains("a route of yours"), "{}", life.said);
}

#[test]
fn a_route_below_another_path_is_another_route() {
    for routes in [
        ".nest(\"/api\", Router::new().route(\"/metrics\", get(|| async { \"mine\" })))",
        ".route(\"/{tenant}/metrics\", get(|| async { \"mine\" }))",
    ] {
        let project = Project::plain(&[("src/main.rs", &with_routes(routes))]);
        let life = project.lives("add metrics", 0);
        assert!(!life.said.contains("a route of yours"), "{}", life.said);
    }
}

#[test]
fn a_route_without_a_variable_names_the_option_that_leaves_it_out() {
    let main = with_routes(".route(\"/ws/demo\", get(|| async { \"mine\" }))");
    let project = Project::plain(&[("src/main.rs", &main)]);
    let life = project.lives("add websocket", 0);
    life.tells("`/ws/demo` of websocket is a route of yours already");
    life.tells("--set websocket.demo=false");
    let life = project.lives("add websocket --set websocket.demo=false", 0);
    assert!(!life.said.contains("a route of yours"), "{}", life.said);
}
