//% if framework == "axum"
//! Who can read the metrics, and where.

use std::net::SocketAddr;

use ::axum::http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::*;

async fn get(infra: &std::sync::Arc<Infra>, path: &str) -> (StatusCode, String) {
    let app: ::axum::Router = infra.wire(::axum::Router::new());
    let request = ::axum::extract::Request::builder().uri(path);
    let request = request.body(::axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap());
    (status, kind.to_owned())
}

/// An address that nobody listens on.
async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn the_route_is_where_the_settings_say() {
    let mut settings = defaults();
    settings.metrics.path = "/internal/metrics".to_owned();
    let infra = Infra::start_with(settings).await.unwrap();
    let (status, kind) = get(&infra, "/internal/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(kind, "text/plain; version=0.0.4");
    assert_eq!(get(&infra, "/metrics").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_listener_of_its_own_takes_the_route_from_the_app() {
    let address = free_address().await;
    let mut settings = defaults();
    settings.metrics.listen = Some(address.to_string());
    let infra = Infra::start_with(settings.clone()).await.unwrap();
    assert_eq!(get(&infra, "/metrics").await.0, StatusCode::NOT_FOUND);

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\nprocess_cpu_seconds_total "), "{answer}");

    let error = Infra::start_with(settings).await.unwrap_err().to_string();
    assert!(error.contains("METRICS_LISTEN"), "{error}");
    infra.shutdown().await;
    time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_switch_turns_all_of_it_off() {
    let mut settings = defaults();
    settings.metrics.enabled = false;
    let infra = Infra::start_with(settings).await.unwrap();
    assert_eq!(get(&infra, "/metrics").await.0, StatusCode::NOT_FOUND);
}
//% endif
