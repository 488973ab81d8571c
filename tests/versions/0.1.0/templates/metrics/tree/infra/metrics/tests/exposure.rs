//! Who can read the metrics, and where.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

//% if framework != "none"
use super::web;
//% endif
use super::*;

//% if framework != "none"
async fn get(infra: &std::sync::Arc<Infra>, path: &str) -> Answer {
    let app = web::app(infra, "exposure").await;
    web::send(&app, "GET", path, &[]).await
}

//% endif
/// An address that nobody listens on.
async fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// What a listener answers to a request.
async fn read(address: SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}
//% if framework != "none"

#[tokio::test]
async fn the_route_is_where_the_settings_say() {
    let mut settings = defaults();
    settings.metrics.path = "/internal/metrics".to_owned();
    let infra = Infra::start_with(settings).await.unwrap();
    let answer = get(&infra, "/internal/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4");
    assert_eq!(get(&infra, "/metrics").await.status, 404);
}
//% endif

#[tokio::test]
async fn a_listener_of_its_own_shows_the_metrics_in_place_of_the_app() {
    let address = free_address().await;
    let mut settings = defaults();
    settings.metrics.listen = Some(address.to_string());
    let infra = Infra::start_with(settings.clone()).await.unwrap();
    //% if framework != "none"
    assert_eq!(get(&infra, "/metrics").await.status, 404);
    //% endif

    let answer = read(address, "GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("\nprocess_cpu_seconds_total "), "{answer}");
    let answer = read(address, "GET /elsewhere").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    let answer = read(address, "POST /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nallow: get"), "{answer}");

    let error = Infra::start_with(settings).await.unwrap_err().to_string();
    assert!(error.contains("METRICS_LISTEN"), "{error}");
    infra.shutdown().await;
    time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err());
}
//% if framework != "none"

#[tokio::test]
async fn a_switch_turns_all_of_it_off() {
    let mut settings = defaults();
    settings.metrics.enabled = false;
    let infra = Infra::start_with(settings).await.unwrap();
    assert_eq!(get(&infra, "/metrics").await.status, 404);
}
//% endif
