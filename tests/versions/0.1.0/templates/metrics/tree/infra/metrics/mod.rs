//! What this process counts, on a route that Prometheus reads.
//!
//! | metric | labels |
//! |---|---|
//% if framework != "none"
//! | `http_requests_total` | `method`, `path`, `status` |
//! | `http_request_duration_seconds`, up to the head of the response | `method`, `path` |
//! | `http_requests_in_progress`, of those that have had to wait | `method`, `path` |
//% endif
//! | `process_*`: processor time, memory, files, threads | |
//! | `tokio_workers`, `tokio_busy_seconds_total`, `tokio_alive_tasks`, `tokio_global_queue_depth` | |
//!
//% if framework != "none"
//! The path is the template of the route (`/products/{id}`), so there are as many labels as routes.
//! What matches no route shares the path `unmatched`, an unknown method is `_OTHER`, and a request
//! that ends without a response (its client left, its handler panicked) has the status `aborted`.
//!
//% endif
//! Whatever the app and its crates count by the macros of the `metrics` crate is shown too, and
//! [`Timer`] and [`MemoryTracker`] are guards for them:
//!
//! ```
//! use /*= crate =*/::/*= module =*/::metrics::Timer;
//!
//! metrics::counter!("orders_total", "kind" => "paid").increment(1);
//! let timer = Timer::start(metrics::histogram!("report_seconds"));
//! // .. what the report takes
//! drop(timer);
//! ```
//% if framework == "none"
//!
//! Prometheus reads where `METRICS_LISTEN` says; [`Metrics::render`] gives the text to anybody else.
//% endif
//% if options.otel
//!
//% if framework == "none"
//! With `OTEL_EXPORTER_OTLP_ENDPOINT` the spans of `tracing` are sent as traces: see [`layer()`] and
//! [`inject`].
//% else
//! With `OTEL_EXPORTER_OTLP_ENDPOINT` every request is a span of a trace as well: see [`layer()`] and
//! [`inject`].
//% endif
//% endif

//% if framework == "actix-web"
mod actix;
//% elif framework == "axum"
mod axum;
//% endif
//% if options.otel
mod collector;
//% endif
//% if framework != "axum"
mod listener;
//% endif
//% if options.otel
mod propagation;
//% endif
mod recorder;
//% if framework != "none"
mod requests;
//% endif
//% if framework != "none" and options.otel
mod span;
//% endif
#[cfg(test)]
mod tests;
mod timer;
//% if options.otel
mod traces;
//% endif

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, task::AbortHandle, time};

//% if framework == "actix-web"
pub use self::actix::{RequestLayer, Requests, Tracked};
//% elif framework == "axum"
pub use self::axum::{RequestLayer, Requests, Tracked};
//% endif
//% if options.otel
pub use self::timer::{MemoryTracker, Timer};
pub use self::{propagation::inject, traces::layer};
use self::{recorder::Scrape, traces::Traces};
use super::settings::{MetricsSettings, Stage};
//% else
use self::recorder::Scrape;
pub use self::timer::{MemoryTracker, Timer};
use super::settings::MetricsSettings;
//% endif

/// How often the recorder tidies what nobody has read.
const UPKEEP: Duration = Duration::from_secs(5);

/// What this process counts, and who may read it.
#[derive(Debug)]
pub struct Metrics {
    /// None where nothing is counted, or a recorder of the app counts.
    scrape: Option<Scrape>,
    //% if framework != "none"
    enabled: bool,
    /// Where the app itself shows them.
    path: Option<String>,
    //% endif
    tasks: Vec<AbortHandle>,
    //% if options.otel
    traces: Option<Traces>,
    //% endif
}

impl Metrics {
    /// Installs a recorder, or joins the one that is there.
    ///
    /// A recorder that the app has installed stays, and so does the way in which it is read: nothing
    /// is shown here then.
    ///
    /// # Errors
    ///
    /// [`MetricsError`]: the settings ask for what cannot be had. A collector that is away is no error.
    //% if options.otel
    pub async fn start(settings: &MetricsSettings, stage: &Stage) -> Result<Self, MetricsError> {
        let traces = Traces::start(settings, stage)?;
    //% else
    pub async fn start(settings: &MetricsSettings) -> Result<Self, MetricsError> {
    //% endif
        let scrape = settings.enabled.then(recorder::install).transpose()?;
        let scrape = scrape.flatten();
        let mut tasks = Vec::new();
        if let Some(scrape) = scrape.clone() {
            let upkeep = async move {
                let mut ticks = time::interval(UPKEEP);
                loop {
                    ticks.tick().await;
                    scrape.tidy();
                }
            };
            tasks.push(tokio::spawn(upkeep).abort_handle());
        }
        //% if framework != "none"
        let mut path = Some(settings.path.clone());
        //% endif
        if let (Some(address), Some(scrape)) = (&settings.listen, &scrape) {
            let listener = listen(address).await?;
            //% if framework == "axum"
            let shown = axum::serve(listener, settings.path.clone(), scrape.clone());
            //% else
            let shown = listener::serve(listener, settings.path.clone(), scrape.clone());
            //% endif
            tasks.push(tokio::spawn(shown).abort_handle());
            //% if framework != "none"
            path = None;
            //% endif
        }
        //% if framework == "none" and not options.otel
        Ok(Self { scrape, tasks })
        //% else
        Ok(Self {
            scrape,
            //% if framework != "none"
            enabled: settings.enabled,
            path,
            //% endif
            tasks,
            //% if options.otel
            traces,
            //% endif
        })
        //% endif
    }

    /// What Prometheus reads, in its text format; none where nothing is counted here.
    #[must_use]
    pub fn render(&self) -> Option<String> {
        self.scrape.as_ref().map(Scrape::text)
    }

    //% if options.otel
    /// Degraded while the collector takes no spans: they are lost then, and nothing else is.
    pub async fn health(&self) -> super::Health {
        if self.traces.as_ref().is_some_and(Traces::are_lost) {
            return super::Health::Degraded("the collector of traces takes none".to_owned());
        }
        super::Health::Healthy
    }

    /// Sends the spans that wait, for a limited time, and ends what shows the metrics.
    pub async fn shutdown(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        if let Some(traces) = &self.traces {
            traces.shutdown().await;
        }
    }
    //% else
    /// Always healthy: there is nothing outside of this process.
    pub async fn health(&self) -> super::Health {
        super::Health::Healthy
    }

    /// Ends what shows the metrics; the recorder lives as long as the process.
    pub async fn shutdown(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
    //% endif
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// The settings ask for what cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The recorder does not take the buckets of the histograms.
    #[error("the recorder of metrics cannot be built")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
    /// Nobody can listen on `METRICS_LISTEN`.
    #[error("cannot listen on `{address}` (METRICS_LISTEN)")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: io::Error,
    },
    //% if options.otel
    /// No exporter can be built for the endpoint.
    #[error("cannot send traces to OTEL_EXPORTER_OTLP_ENDPOINT")]
    Endpoint(#[from] opentelemetry_otlp::ExporterBuildError),
    //% endif
}

async fn listen(address: &str) -> Result<TcpListener, MetricsError> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|source| MetricsError::Listen {
        address: address.to_owned(),
        source,
    })
}

/// Whether a path can be a route without parameters.
pub(super) fn check_path(path: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if path.len() > 1 && path.starts_with('/') && path.chars().all(plain) {
        return Ok(());
    }
    Err("must be a path such as `/metrics`, without parameters")
}

/// Whether there can be a listener on an address.
pub(super) fn check_address(address: &str) -> Result<(), &'static str> {
    match address.parse::<SocketAddr>() {
        Ok(_) => Ok(()),
        Err(_) => Err("must be an address and a port, such as `127.0.0.1:9100`"),
    }
}
//% if options.otel

/// Whether spans can be sent to an endpoint.
pub(super) fn check_url(endpoint: &str) -> Result<(), &'static str> {
    let rest = endpoint.strip_prefix("http://");
    let uri = endpoint.parse::<http::Uri>();
    if rest.is_some_and(|rest| !rest.contains('@')) && uri.is_ok_and(|uri| uri.host().is_some()) {
        return Ok(());
    }
    Err("must be `http://host:port`; for TLS and credentials send to a collector beside the app")
}

/// Whether spans can be sent in a protocol.
pub(super) fn check_otlp(protocol: &str) -> Result<(), &'static str> {
    match protocol {
        collector::GRPC | "http/protobuf" => Ok(()),
        _ => Err("must be `http/protobuf` or `grpc`"),
    }
}

/// Whether attributes are written as they should be.
pub(super) fn check_attributes(attributes: &str) -> Result<(), &'static str> {
    if traces::attributes(attributes).all(|attribute| attribute.is_some()) {
        return Ok(());
    }
    Err("must be `key=value,key=value`")
}
//% endif
