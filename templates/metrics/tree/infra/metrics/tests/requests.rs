//% if framework == "axum"
//! Requests are counted, timed and forgotten, however they end.

use std::sync::Arc;

use ::axum::body::{self, Body};
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::routing::{any, get};
use tokio::io::AsyncWriteExt;
use tokio::{net::TcpListener, net::TcpStream, task::JoinHandle};
use tower::ServiceExt;

use super::{super::requests, *};

/// A wired app whose route `name` answers, fails, waits or panics; names keep the tests apart.
async fn app(name: &str) -> (Arc<Infra>, ::axum::Router) {
    let infra = Infra::for_tests().await.unwrap();
    let path = |rest: &str| format!("/{name}/{rest}");
    let router = ::axum::Router::new()
        .route(&path("{id}"), any(|| async { "answer" }))
        .route(&path("fail"), get(|| async { StatusCode::BAD_GATEWAY }))
        .route(&path("wait"), any(std::future::pending::<()>))
        .route(&path("panic"), any(panics));
    let wired = infra.wire(router);
    (infra, wired)
}

async fn panics() {
    panic!("this handler panics")
}

fn send(app: &::axum::Router, method: &str, path: &str) -> JoinHandle<StatusCode> {
    let request = Request::builder().method(method).uri(path);
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap());
    tokio::spawn(async move { response.await.unwrap().status() })
}

fn in_progress(infra: &Infra, path: &str) -> f64 {
    let reading = Reading::of(infra);
    let value = reading.number(requests::IN_PROGRESS, &[("path", path)]);
    value.unwrap_or(0.0)
}

async fn wait_until_in_progress(infra: &Infra, path: &str, wanted: f64) {
    let reached = async {
        while (in_progress(infra, path) - wanted).abs() > 0.5 {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limit = Duration::from_secs(10);
    assert!(time::timeout(limit, reached).await.is_ok(), "{path}");
}

#[tokio::test]
async fn requests_are_counted_and_timed_by_route() {
    let (infra, app) = app("counted").await;
    for path in ["/counted/1", "/counted/2", "/counted/fail"] {
        send(&app, "GET", path).await.unwrap();
    }
    let reading = Reading::of(&infra);
    let route = ("path", "/counted/{id}");
    let answered = [("method", "GET"), route, ("status", "200")];
    assert_eq!(reading.number(requests::TOTAL, &answered), Some(2.0));
    let failed = [("path", "/counted/fail"), ("status", "502")];
    assert_eq!(reading.number(requests::TOTAL, &failed), Some(1.0));
    let timed = reading.buckets(requests::DURATION, &[route]);
    assert!(timed.len() > 10, "{timed:?}");
    assert!(
        timed.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
        "{timed:?}"
    );
    assert_eq!(timed.last(), Some(&(f64::INFINITY, 2.0)));
    assert_eq!(in_progress(&infra, "/counted/{id}"), 0.0);
}

#[tokio::test]
async fn a_request_in_progress_ends_also_without_a_response() {
    let (infra, app) = app("aborted").await;
    let waiting = send(&app, "PATCH", "/aborted/wait");
    wait_until_in_progress(&infra, "/aborted/wait", 1.0).await;
    waiting.abort();
    assert!(waiting.await.is_err());
    assert!(send(&app, "PATCH", "/aborted/panic").await.is_err());
    let reading = Reading::of(&infra);
    for path in ["/aborted/wait", "/aborted/panic"] {
        let labels = [("path", path), ("status", "aborted")];
        assert_eq!(reading.number(requests::TOTAL, &labels), Some(1.0));
        let labels = [("method", "PATCH"), ("path", path)];
        assert_eq!(reading.number(requests::IN_PROGRESS, &labels), Some(0.0));
    }
}

#[tokio::test]
async fn a_request_in_progress_ends_with_its_connection() {
    const CLIENTS: usize = 50;

    let (infra, app) = app("dropped").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { ::axum::serve(listener, app).await });
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = b"GET /dropped/wait HTTP/1.1\r\nhost: shop\r\n\r\n";
        client.write_all(request).await.unwrap();
        clients.push(client);
    }
    wait_until_in_progress(&infra, "/dropped/wait", 50.0).await;
    drop(clients);
    wait_until_in_progress(&infra, "/dropped/wait", 0.0).await;
    server.abort();
}

#[tokio::test]
async fn random_paths_and_methods_leave_few_series() {
    const REQUESTS: u32 = 100_000;

    let (infra, app) = app("random").await;
    let (mut chance, mut matching) = (0x5eed_u32, 0);
    for _ in 0..REQUESTS {
        // Knuth's linear congruential generator (Numerical Recipes).
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let path = match chance % 3 {
            0 => {
                matching += 1;
                format!("/random/{chance}")
            }
            1 => format!("/nowhere/{chance}"),
            _ => format!("/{chance}?{chance}"),
        };
        let method = format!("M{chance}");
        let request = Request::builder().method(&*method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        body::to_bytes(response.into_body(), 1_024).await.unwrap();
    }
    let reading = Reading::of(&infra);
    let of_clients = reading
        .samples(requests::TOTAL)
        .filter(|sample| label_of(sample, "method") == "_OTHER");
    let mut series: Vec<_> = of_clients
        .map(|sample| (label_of(sample, "path"), label_of(sample, "status")))
        .collect();
    series.sort_unstable();
    let pair = |path: &str, status: &str| (path.to_owned(), status.to_owned());
    let random = pair("/random/{id}", "200");
    assert_eq!(series, [random, pair(requests::UNMATCHED, "404")]);
    let count = |path: &str| {
        let labels = [("method", "_OTHER"), ("path", path)];
        reading.number(requests::TOTAL, &labels).unwrap()
    };
    assert_eq!(count("/random/{id}"), f64::from(matching));
    // Other tests send some too.
    assert!(count(requests::UNMATCHED) >= f64::from(REQUESTS - matching));
}
//% endif
