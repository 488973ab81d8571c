//! Throughput of a route that says hello, over loopback, with the layer of the metrics and without it.
//!
//! An example of a generated package `shop` with metrics, in release mode and without LTO:
//!
//!     cargo run --release --example metrics_overhead
//!
//! Two servers of one process take turns, so that a busy machine disturbs both; what counts is the
//! median of the ratios of neighbours. `wire` also brings what handlers find the infrastructure by, so
//! the reference has that too.

mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shop::infra::metrics::Metrics;
use shop::infra::settings::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CLIENTS: usize = 32;
const REQUESTS: usize = 500;
const ROUNDS: usize = 61;
const GOAL: f64 = 0.98;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let settings = Settings::default();
    let metrics = Arc::new(Metrics::start(&settings.metrics, &settings.stage).await?);
    let bare = server::serve(None)?;
    let counted = server::serve(Some(Arc::clone(&metrics)))?;
    // The first rounds warm both up.
    for address in [bare, counted] {
        rate(address).await?;
    }
    let mut ratios = Vec::new();
    let mut rates = Vec::new();
    let mut spent = [0.0, 0.0];
    for round in 0..ROUNDS {
        // Whoever comes first may have the better half of a disturbance.
        let mut pair = [(0, bare), (1, counted)];
        pair.rotate_left(round % 2);
        let mut reached = [0.0, 0.0];
        for (index, address) in pair {
            let begun = processor();
            reached[index] = rate(address).await?;
            spent[index] += processor() - begun;
        }
        ratios.push(reached[1] / reached[0]);
        rates.push(reached[0]);
    }
    let ratio = quartiles(ratios);
    let verdict = if ratio[1] >= GOAL { "ok" } else { "MISSED" };
    println!(
        "layer: throughput {:.3} of the bare route (quartiles {:.3} to {:.3}), goal {GOAL} {verdict}; {:.0} requests a second without it",
        ratio[1],
        ratio[0],
        ratio[2],
        quartiles(rates)[1]
    );
    println!(
        "layer: {:.3} of the bare route's processor time, which a busy machine disturbs less",
        spent[1] / spent[0]
    );
    cost(&metrics).await?;
    Ok(())
}

/// The processor time of this process in seconds, clients included.
fn processor() -> f64 {
    let figures = metrics_process::collector::collect();
    figures.cpu_seconds_total.unwrap_or_default()
}

/// What the layer alone costs, without a network: nanoseconds a request, by the fastest of rounds.
async fn cost(metrics: &Metrics) -> Result<(), Failed> {
    const CALLS: u32 = 20_000;

    let bare = server::App::new(None).await;
    let counted = server::App::new(Some(metrics)).await;
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..ROUNDS {
        for (app, fastest) in [&bare, &counted].into_iter().zip(&mut fastest) {
            let begun = Instant::now();
            for _ in 0..CALLS {
                app.ask("/hello/you").await?;
            }
            *fastest = begun.elapsed().min(*fastest);
        }
    }
    let [bare, counted] = fastest.map(|fastest| (fastest / CALLS).as_nanos());
    println!("layer alone: {counted} ns a request, the bare route {bare} ns");
    Ok(())
}

/// Requests a second of all clients together.
async fn rate(address: SocketAddr) -> Result<f64, Failed> {
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(address)))
        .collect();
    for client in clients {
        client.await??;
    }
    let requests = u32::try_from(CLIENTS * REQUESTS)?;
    Ok(f64::from(requests) / begun.elapsed().as_secs_f64())
}

async fn client(address: SocketAddr) -> Result<(), Failed> {
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let mut answer = Vec::with_capacity(512);
    for _ in 0..REQUESTS {
        connection
            .write_all(b"GET /hello/you HTTP/1.1\r\nhost: shop\r\n\r\n")
            .await?;
        answer.clear();
        while !answer.ends_with(b"\r\n\r\nhello") {
            if connection.read_buf(&mut answer).await? == 0 {
                return Err("the server has hung up".into());
            }
        }
    }
    Ok(())
}

fn quartiles(values: impl IntoIterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}
