//! A real PostgreSQL stopped, killed and restarted under the app that the tool generates.
//!
//! Every test starts a server of its own and asks a process (`tests/generated/postgres_probe.rs`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

#[path = "postgres/app.rs"]
mod app;
mod common;
#[path = "postgres/server.rs"]
mod server;

use std::{
    thread,
    time::{Duration, Instant},
};

use app::App;
use server::Server;

/// Limits that are short enough to be waited for.
const LIMITS: [(&str, &str); 3] = [
    ("DATABASE_ACQUIRE_TIMEOUT", "1s"),
    ("DATABASE_STATEMENT_TIMEOUT", "2s"),
    ("DATABASE_MAX_CONNECTIONS", "4"),
];

fn start(server: &Server) -> App {
    let url = server.url();
    let mut environment = LIMITS.to_vec();
    environment.push(("DATABASE_URL", url.as_str()));
    App::start(&environment)
}

#[test]
#[ignore = "needs postgresql"]
fn a_server_that_is_restarted_or_killed_costs_errors_and_nothing_else() {
    let mut server = Server::start();
    let app = start(&server);
    app.expect("/insert/1", 200, "");
    server.end();
    let begun = Instant::now();
    assert_eq!(app.ask("/insert/2").0, 503);
    // One limit to find a connection, and what a busy machine needs.
    assert!(begun.elapsed() < Duration::from_millis(1_000 + 1_000));
    let (_, health) = app.ask("/health");
    assert!(health.starts_with("Unhealthy("), "{health}");
    server.run();
    assert!(app.wait_for("/health", "Healthy") < Duration::from_secs(3));
    app.expect("/insert/3", 200, "");

    // In the middle of four requests, which is all that the pool has.
    let hanging: Vec<_> = (10..14).map(|n| app.send(&format!("/query/{n}"))).collect();
    for _ in 10..14 {
        app.output.recv_timeout(common::redis::PATIENCE).unwrap();
    }
    server.kill();
    server.run();
    assert!(app.wait_for("/health", "Healthy") < Duration::from_secs(3));
    drop(hanging);
    app.expect("/insert/4", 200, "");
    app.expect("/numbers", 200, "[1, 3, 4]");
    assert!(app.end() < Duration::from_secs(5));
}

#[test]
#[ignore = "needs postgresql"]
fn a_server_that_is_away_at_start_is_waited_for_and_then_given_up() {
    let mut server = Server::prepare();
    let url = server.url();
    let waiting = |limit| {
        [
            ("DATABASE_URL", url.clone()),
            ("DATABASE_CONNECT_TIMEOUT", limit),
        ]
    };
    let environment = waiting("2s".to_owned());
    let environment = environment
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let (output, waited) = app::run(&environment);
    assert!(waited >= Duration::from_millis(1_500), "{waited:?}");
    assert!(waited < Duration::from_secs(4), "{waited:?}");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "cannot start postgres: no database at 127.0.0.1:{} within 2s",
        server.port
    );
    assert!(told.contains(&expected), "{told}");
    assert!(!told.contains("hunter2"), "{told}");

    let environment = waiting("20s".to_owned());
    let environment = environment
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let app = App::launch(&environment);
    thread::sleep(Duration::from_secs(1));
    server.run();
    app.listens().expect("/insert/1", 200, "");
}

#[test]
#[ignore = "needs postgresql"]
fn what_is_wrong_with_the_settings_is_told_at_once_and_without_the_password() {
    let (output, _) = app::run(&[
        ("ENVIRONMENT", "production"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("DATABASE_STATEMENT_TIMEOUT", "soon"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    for problem in [
        "DATABASE_URL: must be set in production",
        "DATABASE_MAX_CONNECTIONS: must be from 1 to 1000, got 0",
        "DATABASE_STATEMENT_TIMEOUT: must be a time",
    ] {
        assert!(told.contains(problem), "{told}");
    }
    for (url, why) in [
        (
            "mysql://root:hunter2@127.0.0.1/app",
            "begins with `postgres://`",
        ),
        ("postgres://root:hunter2@host:x/app", "is not a valid URL"),
    ] {
        let (output, _) = app::run(&[("DATABASE_URL", url)]);
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("DATABASE_URL: ") && told.contains(why),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
#[ignore = "needs postgresql"]
fn without_a_server_a_developers_app_answers_503() {
    let app = App::start(&[]);
    for path in ["/insert/1", "/numbers"] {
        let (status, body) = app.ask(path);
        assert_eq!(status, 503);
        assert!(body.contains("the database is not configured"), "{body}");
    }
    app.expect("/health", 200, "Healthy");
}

#[test]
#[ignore = "needs postgresql"]
fn failed_panicking_and_dropped_requests_leave_nothing_behind() {
    let server = Server::start();
    let url = server.url();
    // A query that nobody waits for has its connection until its time limit of two seconds.
    let app = App::start(&[
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_ACQUIRE_TIMEOUT", "10s"),
        ("DATABASE_STATEMENT_TIMEOUT", "2s"),
        ("DATABASE_MAX_CONNECTIONS", "4"),
    ]);
    app.expect("/fail/1", 418, "");
    assert_eq!(app.ask("/panic/2").0, 0);
    // More than the pool has, one after the other: each must give its connection back.
    for n in 100..120 {
        let path = if n % 2 == 0 { "hang" } else { "query" };
        let client = app.send(&format!("/{path}/{n}"));
        let inserted = format!("inserted {n}");
        while app.output.recv_timeout(common::redis::PATIENCE).unwrap() != inserted {}
        drop(client);
    }
    // What runs in the database ends with its time limit of two seconds.
    assert!(app.wait_for("/locks", "0") < Duration::from_secs(4));
    app.expect("/numbers", 200, "[]");
    app.expect("/insert/1", 200, "");
    app.expect("/numbers", 200, "[1]");
}

#[test]
#[ignore = "needs postgresql"]
fn a_statement_that_takes_too_long_is_ended() {
    let server = Server::start();
    let app = start(&server);
    let begun = Instant::now();
    let (status, body) = app.ask("/query/1");
    assert_eq!(status, 504, "{body}");
    assert!(begun.elapsed() >= Duration::from_secs(2));
    assert!(begun.elapsed() < Duration::from_secs(4));
    app.expect("/numbers", 200, "[]");
}
