//! The metrics and traces of a running app, seen from outside: by a collector of its own that comes and
//! goes, by the parser of a dashboard, and beside what the app brings itself.
//!
//! The app is `tests/generated/metrics_probe.rs`, the collector `metrics_receiver.rs`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;
#[path = "metrics/process.rs"]
mod process;

use std::{
    fs,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use common::generated;
use process::{Program, free_ports};

/// Start and requests must not wait for a collector. What a busy machine takes is far below its limits.
const FAST: Duration = Duration::from_millis(1_000);
/// The time to flush, as generated, and what a busy machine needs to notice.
const STOP: Duration = Duration::from_millis(5_000 + 1_500);

/// How the app and the collector speak, and what `OTEL_EXPORTER_OTLP_PROTOCOL` calls it.
const PROTOCOLS: [(&str, &str); 2] = [("http", "http/protobuf"), ("grpc", "grpc")];

/// A collector on these ports, for HTTP and for gRPC.
fn collector(ports: [u16; 2]) -> Program {
    let ports = ports.map(|port| port.to_string());
    let collector = Program::start("metrics_receiver", &[&ports[0], &ports[1]], &[]);
    assert_eq!(collector.line(), "listening");
    collector
}

/// An app that sends its traces there in this protocol, every 100 ms.
fn app(port: u16, protocol: &str, more: &[(&str, &str)]) -> Program {
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    variables.extend(more);
    let app = Program::start("metrics_probe", &[], &variables);
    let (answer, took) = app.answer();
    assert!(answer == "started" && took <= FAST, "{answer} {took:?}");
    app
}

/// The span of this name in a trace: its id, the id of its parent, and its kind.
fn span(lines: &[String], trace: &str, name: &str) -> [String; 3] {
    let found = lines.iter().find_map(|line| {
        let mut words = line.splitn(6, ' ').skip(1);
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (of, id, parent, kind) = (next(), next(), next(), next());
        (of == trace && next() == name).then_some([id, parent, kind])
    });
    found.unwrap_or_else(|| panic!("no `{name}` of {trace} in {lines:#?}"))
}

#[test]
#[ignore = "needs a build of the generated package"]
fn spans_arrive_with_their_parents_in_both_protocols_whoever_installs_the_subscriber() {
    for (index, (short, protocol)) in PROTOCOLS.into_iter().enumerate() {
        for subscriber in ["none", "whole"] {
            let ports = free_ports();
            let collector = collector(ports);
            let variables = [("PROBE_SUBSCRIBER", subscriber)];
            let mut app = app(ports[index], protocol, &variables);
            let (trace, _) = app.ask("call");
            assert_eq!(trace.len(), 32, "{trace}");
            app.end();
            let (answer, took) = app.answer();
            assert!(answer == "stopped" && took <= STOP, "{answer} {took:?}");
            let lines = collector.lines_until(|lines| lines.len() == 3);
            assert!(
                lines.iter().all(|line| line.starts_with(short)),
                "{lines:#?}"
            );
            // The numbers of the protocol: client, server, consumer.
            let [client, parent, kind] = span(&lines, &trace, "call");
            assert_eq!((parent.as_str(), kind.as_str()), ("-", "3"));
            let [server, parent, kind] = span(&lines, &trace, "GET /orders/{id}");
            assert_eq!((parent, kind.as_str()), (client, "2"));
            let [_, parent, kind] = span(&lines, &trace, "job");
            assert_eq!((parent, kind.as_str()), (server, "5"));
        }
    }
}

#[test]
#[ignore = "needs a build of the generated package"]
fn a_collector_that_comes_and_goes_costs_its_spans_and_nothing_else() {
    for (index, (_, protocol)) in PROTOCOLS.into_iter().enumerate() {
        let ports = free_ports();
        let mut app = app(ports[index], protocol, &[]);
        burst(&mut app);
        wait_for_health(&mut app, "Degraded");
        burst(&mut app);

        let collector = collector(ports);
        wait_for_health(&mut app, "Healthy");
        let (trace, _) = app.ask("call");
        let whole =
            |lines: &[String]| lines.iter().filter(|line| line.contains(&trace)).count() == 3;
        collector.lines_until(whole);

        drop(collector);
        burst(&mut app);
        wait_for_health(&mut app, "Degraded");
        app.end();
        let (answer, took) = app.answer();
        assert!(answer == "stopped" && took <= STOP, "{answer} {took:?}");
    }
}

#[test]
#[ignore = "needs a build of the generated package"]
fn a_collector_that_takes_and_never_answers_delays_no_request_and_the_end_no_longer_than_its_limit()
{
    for (_, protocol) in PROTOCOLS {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut app = app(silent.local_addr().unwrap().port(), protocol, &[]);
        burst(&mut app);
        thread::sleep(Duration::from_millis(500));
        burst(&mut app);
        app.end();
        let (answer, took) = app.answer();
        assert!(answer == "stopped" && took <= STOP, "{answer} {took:?}");
    }
}

/// Sends more requests than spans can wait, none of which may be slow.
fn burst(app: &mut Program) {
    let (slowest, _) = app.ask("burst 3000");
    let slowest = Duration::from_micros(slowest.parse().unwrap());
    assert!(slowest <= FAST, "{slowest:?}");
}

fn wait_for_health(app: &mut Program, wanted: &str) {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        // Health tells of the last spans, so there must be some.
        app.ask("burst 1");
        let (health, _) = app.ask("health");
        if health.starts_with(wanted) {
            return;
        }
        assert!(Instant::now() < limit, "{health}, not {wanted}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs a build of the generated package"]
fn what_the_app_has_installed_stays_and_is_joined_or_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scraped");
    let variables = [("PROBE_RECORDER", "1"), ("PROBE_SUBSCRIBER", "bare")];
    let mut app = app(free_ports()[0], "http/protobuf", &variables);
    app.ask("burst 3");
    let (whose, _) = app.ask(&format!("scrape {}", file.display()));
    assert_eq!(whose, "theirs");
    let scraped = fs::read_to_string(&file).unwrap();
    let total = r#"http_requests_total{method="GET",path="/orders/{id}",status="200"} 3"#;
    assert!(scraped.contains(total), "{scraped}");
    app.end();
    let log = app.log();
    assert_eq!(
        log.matches("the app has a recorder of metrics").count(),
        1,
        "{log}"
    );
    assert_eq!(log.matches("add `metrics::layer()`").count(), 1, "{log}");
}

#[test]
#[ignore = "needs a build of the generated package"]
fn the_dashboard_shows_what_the_app_exports_and_is_what_grafana_loads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scraped");
    let mut app = app(free_ports()[0], "http/protobuf", &[]);
    app.ask("burst 3");
    let (whose, _) = app.ask(&format!("scrape {}", file.display()));
    assert_eq!(whose, "ours");
    let dashboard = generated::workspace(generated::AXUM.workspace)
        .join("shop/observability/grafana/dashboards/requests.json");
    let arguments = [dashboard.to_str().unwrap(), file.to_str().unwrap()];
    let checked = Program::start("metrics_dashboard", &arguments, &[]);
    let summary = checked.line();
    println!("{summary}");
    assert!(summary.ends_with("expressions"), "{}", checked.log());
}
