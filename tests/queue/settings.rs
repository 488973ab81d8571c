//! What the app says of its settings and of its server.

use std::time::{Duration, Instant};

use crate::{
    DURABLE, SLACK,
    common::redis::{PATIENCE, Server},
    process::{self, App},
};

#[test]
#[ignore = "needs redis-server"]
fn health_says_whether_redis_keeps_jobs() {
    let server = Server::start(&DURABLE);
    let mut app = App::start(&server);
    app.expect("health", "Healthy");
    server.ask(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    let health = app.ask("health");
    assert!(
        health.contains("noeviction") && health.starts_with("Degraded"),
        "{health}"
    );
    server.ask(&["config", "set", "maxmemory-policy", "noeviction"]);
    server.ask(&["config", "set", "appendonly", "no"]);
    let health = app.ask("health");
    assert!(
        health.contains("appendonly") && health.starts_with("Degraded"),
        "{health}"
    );
    server.ask(&["config", "set", "save", "60 1"]);
    app.expect("health", "Healthy");
    server.stop();
    let begun = Instant::now();
    let health = app.ask("health");
    assert!(health.starts_with("Unhealthy"), "{health}");
    assert!(begun.elapsed() < Duration::from_secs(2) + SLACK);
    server.resume();
    app.wait_for("health", PATIENCE, |health| health == "Healthy");
}

#[test]
#[ignore = "needs a build of the generated package"]
fn wrong_settings_are_all_named_at_once_and_production_wants_a_server() {
    let output = process::run(&[
        ("ENVIRONMENT", "development"),
        ("QUEUE_URL", "redis://root:hunter2@localhost:port"),
        ("QUEUE_NAME", "a b"),
        ("QUEUE_LEASE", "soon"),
        ("QUEUE_MAX_JOBS", "0"),
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    for name in ["QUEUE_URL", "QUEUE_NAME", "QUEUE_LEASE", "QUEUE_MAX_JOBS"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");

    let output = process::run(&[("ENVIRONMENT", "production")]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    assert!(
        text.contains("QUEUE_URL: must be set in production"),
        "{text}"
    );

    let output = process::run(&[("ENVIRONMENT", "production"), ("QUEUE_URL", "memory")]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("QUEUE_URL"), "{text}");
}
