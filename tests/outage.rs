//! Real Redis servers stopped, killed and restarted under the app that the tool generates.
//!
//! Every test starts servers of its own and drives a process (`tests/generated/redis_probe.rs`) over them.
//! The limits are in `tests/outage/app.rs`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

#[path = "outage/app.rs"]
mod app;
mod common;
#[path = "outage/topology.rs"]
mod topology;

use std::{
    thread,
    time::{Duration, Instant},
};

use app::{App, BACK, FAST, FIRST};
use common::redis::{self, PATIENCE, Server};

/// Saves when told to, and loads what was saved.
const SAVING: [&str; 4] = ["--save", "3600 1", "--appendonly", "no"];

#[test]
#[ignore = "needs redis-server"]
fn a_server_that_is_killed_and_returns_with_an_old_snapshot_shows_nothing_that_changed() {
    let mut server = Server::start(&SAVING);
    let mut app = App::start(&server.url());
    let mut other = App::start(&server.url());
    for command in ["set k old", "tag t old red", "set gone old", "set kept old"] {
        app.expect(command, "true");
    }
    app.expect("sub news.*", "ok");
    assert_eq!(server.ask(&["save"]), "+OK");
    server.kill();

    app.expect_within(FIRST, "get k", "None");
    app.expect_within(FAST, "set k new", "true");
    app.expect_within(FAST, "get k", "Some(\"new\")");
    app.expect_within(FAST, "del gone", "false");
    app.expect_within(FAST, "untag red", "()");
    app.expect_degraded("redis has been away for");
    let (refused, took) = app.ask("pub news.a lost");
    assert_eq!(refused, "the message was not published");
    assert!(took <= FIRST, "{took:?}");

    server.restart();
    assert_eq!(
        server.ask(&["exists", "shop:k", "shop:gone", "shop:t", "shop:kept"]),
        ":4"
    );
    app.expect_within(BACK, "healthy", "Healthy");
    app.expect("get k", "None");
    app.expect("get gone", "None");
    app.expect("get t", "None");
    app.expect("get kept", "Some(\"old\")");

    // The other process notices only now, which is an outage of a moment.
    other.ask("get kept");
    other.expect_within(BACK, "healthy", "Healthy");
    other.expect("set k other", "true");
    app.expect("get k", "Some(\"other\")");
    server.wait_for(&["pubsub", "numpat"], |count| count == ":1");
    other.expect("pub news.a back", "ok");
    app.expect("next", "Some(\"back\")");

    // A second outage begins with nothing of the first, and nothing of Redis.
    server.kill();
    app.expect_within(FIRST, "get k", "None");
    app.expect_within(FAST, "get kept", "None");
    server.restart();
    app.expect_within(BACK, "healthy", "Healthy");
    app.expect("get kept", "Some(\"old\")");
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_that_hangs_costs_one_time_limit() {
    let server = Server::start(&[]);
    let mut app = App::start(&server.url());
    app.expect("set h 1", "true");
    app.expect("set kept 1", "true");
    server.stop();
    app.expect_within(FIRST, "set h 2", "true");
    app.expect_within(FAST, "get h", "Some(\"2\")");
    for _ in 0..20 {
        app.expect_within(FAST, "get kept", "None");
    }
    app.expect_degraded("redis has been away for");
    server.resume();
    app.expect_within(BACK, "healthy", "Healthy");
    app.expect("get h", "None");
    app.expect("get kept", "Some(\"1\")");
    app.expect("set h 3", "true");
    // What the server had taken in before it hung does not undo it later.
    thread::sleep(Duration::from_millis(500));
    app.expect("get h", "Some(\"3\")");
}

#[test]
#[ignore = "needs redis-server"]
fn an_app_starts_without_its_server_and_finds_it_later() {
    let port = redis::port();
    let mut app = App::start(&format!("redis://127.0.0.1:{port}"));
    app.expect_within(FAST, "set z 1", "true");
    app.expect_within(FAST, "get z", "Some(\"1\")");
    app.expect_within(FIRST, "sub late", "ok");
    let server = Server::start_on(port, &[]).expect("the port is still free");
    app.expect_within(BACK, "healthy", "Healthy");
    app.expect("get z", "None");
    app.expect("set z 2", "true");
    assert_eq!(server.ask(&["exists", "shop:z"]), ":1");
    server.wait_for(&["pubsub", "numpat"], |count| count == ":1");
    app.expect("pub late hello", "ok");
    app.expect("next", "Some(\"hello\")");
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_without_memory_is_used_as_far_as_it_goes() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]);
    let mut app = App::start(&server.url());
    app.expect("set replaced old", "true");
    app.expect("set kept old", "true");
    assert_eq!(server.ask(&["config", "set", "maxmemory", "1"]), "+OK");
    app.ask("set replaced new");
    let connections = opened(&server);
    for turn in 0..100 {
        let (_, took) = app.ask(&format!("set full:{turn} x"));
        assert!(took <= FAST, "{took:?}");
        // Memory, were it asked, would hold the one and not the other.
        app.expect_within(FAST, &format!("get full:{turn}"), "None");
        app.expect_within(FAST, "get kept", "Some(\"old\")");
        app.expect_degraded("redis refused a command");
    }
    app.expect("get replaced", "None");
    // The one that asks, and none of the app.
    assert_eq!(opened(&server) - connections, 1);
    assert_eq!(server.ask(&["config", "set", "maxmemory", "0"]), "+OK");
    app.expect("set replaced new", "true");
    app.expect("get replaced", "Some(\"new\")");
}

/// How many connections the server has seen.
fn opened(server: &Server) -> u64 {
    let info = server.ask(&["info", "stats"]);
    let mut lines = info.lines();
    let count = lines.find_map(|line| line.strip_prefix("total_connections_received:"));
    count.unwrap().trim().parse().unwrap()
}

#[test]
#[ignore = "needs redis-server"]
fn a_thousand_callers_share_one_computation() {
    let server = Server::start(&[]);
    let mut app = App::start(&server.url());
    app.expect("herd a 1000", "computations 1 agree 1000");
    app.expect("herd a 1000", "computations 0 agree 1000");
    app.expect("herd b 1000", "computations 1 agree 1000");
    assert_eq!(server.ask(&["exists", "shop:a", "shop:b"]), ":2");
}

#[test]
#[ignore = "needs redis-server"]
fn nobody_reads_an_old_value_while_the_server_comes_and_goes() {
    const SECONDS: u64 = 10;
    let mut chance = Chance(0x5eed);
    let mut server = Server::start(&SAVING);
    let mut app = App::start(&server.url());
    app.send(&format!("stress {SECONDS}"));
    let end = Instant::now() + Duration::from_secs(SECONDS - 2);
    let (mut kills, mut stops) = (0, 0);
    while Instant::now() < end {
        chance.sleep(200..800);
        if chance.next(0..2) == 0 {
            server.ask(&["save"]);
            chance.sleep(0..100);
            server.kill();
            chance.sleep(0..600);
            server.restart();
            kills += 1;
        } else {
            server.stop();
            chance.sleep(100..1_200);
            server.resume();
            stops += 1;
        }
    }
    let (answer, _) = app.answer(Duration::from_secs(SECONDS) + PATIENCE);
    let words: Vec<&str> = answer.split(' ').collect();
    let number = |name: &str| {
        let at = words.iter().position(|&word| word == name).unwrap();
        words[at + 1].parse::<u64>().unwrap()
    };
    println!("{kills} kills, {stops} stops: {answer}");
    assert!(kills > 0 && stops > 0, "{kills} kills, {stops} stops");
    assert!(
        number("hits") > 1_000 && number("writes") > 1_000,
        "{answer}"
    );
    assert_eq!(number("stale"), 0, "{answer}");
    assert!(
        u128::from(number("slowest")) <= FIRST.as_millis(),
        "{answer}"
    );
}

/// Numbers that only look random, so that a failure comes again.
struct Chance(u64);

impl Chance {
    fn next(&mut self, range: std::ops::Range<u64>) -> u64 {
        // Knuth's linear congruential generator (MMIX).
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        range.start + (self.0 >> 33) % (range.end - range.start)
    }

    fn sleep(&mut self, millis: std::ops::Range<u64>) {
        thread::sleep(Duration::from_millis(self.next(millis)));
    }
}

#[test]
#[ignore = "needs a build of the generated package"]
fn wrong_settings_are_all_named_at_once() {
    let output = app::run(&[
        ("REDIS_URL", "redis://root:hunter2@localhost:port"),
        ("REDIS_TIMEOUT", "soon"),
        ("CACHE_TTL", "0"),
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    for name in ["REDIS_URL", "REDIS_TIMEOUT", "CACHE_TTL"] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    assert!(output.stdout.is_empty(), "{output:?}");
}
