//! A command line over a generated package `shop` with metrics, for tests that look from outside.
//!
//! It serves itself on a free port, reads one command a line from stdin and answers each with one line
//! on stdout: the answer, a space and the milliseconds that it took. The first line of output,
//! `started MS`, comes before any command; at the end of stdin the last, `stopped MS`.
//! `PROBE_SUBSCRIBER` installs a subscriber before the infrastructure starts: one with the layer
//! (`whole`) or without it (`bare`); `PROBE_RECORDER` a recorder.
//!
//! | command | answer |
//! |---|---|
//! | `call` | the id of the trace of a call to itself, whose handler hands a job on |
//! | `burst N` | the slowest of so many requests, in microseconds |
//! | `health` | the health of metrics as `Debug` shows it |
//! | `scrape FILE` | `ours`, once what Prometheus reads is in the file; `theirs` if the recorder is the probe's |

use std::env;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use shop::infra::metrics::{self, Timer};
use shop::infra::{Infra, trace};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tracing::Instrument;
use tracing_subscriber::prelude::*;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match env::var("PROBE_SUBSCRIBER").as_deref() {
        Ok("whole") => tracing_subscriber::registry()
            .with(log)
            .with(metrics::layer())
            .init(),
        Ok("bare") => tracing_subscriber::registry().with(log).init(),
        _ => {}
    }
    let theirs = match env::var("PROBE_RECORDER") {
        Ok(_) => Some(PrometheusBuilder::new().install_recorder()?),
        Err(_) => None,
    };
    let begun = Instant::now();
    let infra = Infra::start().await?;
    println!("started {}", begun.elapsed().as_millis());
    let app = Router::new().route("/orders/{id}", get(order));
    let app: Router = infra.wire(app);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let begun = Instant::now();
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["call"] => call(address).await?,
            ["burst", requests] => burst(address, requests.parse()?).await?,
            ["health"] => format!("{:?}", infra.metrics.health().await),
            ["scrape", file] => scrape(&infra, theirs.as_ref(), file)?,
            _ => "unknown".to_owned(),
        };
        println!("{answer} {}", begun.elapsed().as_millis());
    }
    let begun = Instant::now();
    infra.shutdown().await;
    println!("stopped {}", begun.elapsed().as_millis());
    Ok(())
}

/// Hands a job on, as a queue would to another process, and waits for it.
async fn order() -> &'static str {
    let _timer = Timer::start(::metrics::histogram!("order_seconds"));
    let carried = trace::inject();
    let job = tokio::spawn(async move {
        let span = tracing::info_span!("job", otel.kind = "consumer");
        trace::continue_in(&span, &carried);
        async { tokio::time::sleep(Duration::from_millis(1)).await }
            .instrument(span)
            .await;
    });
    // A caller that looks at the trace shall find the job in it.
    job.await.ok();
    "done"
}

async fn call(address: SocketAddr) -> Result<String, Failed> {
    let span = tracing::info_span!("call", otel.kind = "client");
    let call = async {
        let mut headers = HeaderMap::new();
        metrics::inject(&mut headers);
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let parent = value("traceparent").unwrap_or("none-none").to_owned();
        let mut client = TcpStream::connect(address).await?;
        send(&mut client, &format!("traceparent: {parent}\r\n")).await?;
        Ok(parent.split('-').nth(1).unwrap_or_default().to_owned())
    };
    call.instrument(span).await
}

async fn burst(address: SocketAddr, requests: u32) -> Result<String, Failed> {
    let mut client = TcpStream::connect(address).await?;
    let mut slowest = Duration::ZERO;
    for _ in 0..requests {
        let begun = Instant::now();
        send(&mut client, "").await?;
        slowest = slowest.max(begun.elapsed());
    }
    Ok(slowest.as_micros().to_string())
}

/// Sends a request and reads its answer, whose body is short and known.
async fn send(client: &mut TcpStream, headers: &str) -> Result<(), Failed> {
    let request = format!("GET /orders/7 HTTP/1.1\r\nhost: shop\r\n{headers}\r\n");
    client.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"done") {
        if client.read_buf(&mut answer).await? == 0 {
            return Err("the server has hung up".into());
        }
    }
    Ok(())
}

fn scrape(
    infra: &Arc<Infra>,
    theirs: Option<&PrometheusHandle>,
    file: &str,
) -> Result<String, Failed> {
    let (whose, text) = match (infra.metrics.render(), theirs) {
        (Some(text), _) => ("ours", text),
        (None, Some(theirs)) => ("theirs", theirs.render()),
        (None, None) => return Err("nobody counts".into()),
    };
    std::fs::write(file, text)?;
    Ok(whose.to_owned())
}
