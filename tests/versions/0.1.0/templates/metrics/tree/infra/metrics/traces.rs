//% if options.otel
//! Traces: the spans of `tracing`, sent to a collector.
//!
//! An app without a subscriber of its own gets one at start, which also logs to stderr by `RUST_LOG`.
//! One that installs its own adds [`layer()`] to it, before or after the infrastructure starts:
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! tracing_subscriber::registry()
//!     .with(tracing_subscriber::fmt::layer())
//!     .with(/*= crate =*/::/*= module =*/::metrics::layer())
//!     .init();
//! ```

use std::{
    env,
    io::{self, IsTerminal},
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use opentelemetry::trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use percent_encoding::percent_decode_str;
use tokio::{task, time};
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{filter::Targets, fmt, registry::LookupSpan};

use super::{
    super::{
        settings::{MetricsSettings, Stage},
        trace,
    },
    collector,
    propagation::TraceContext,
};

/// How long the spans that wait may take to leave at the end.
const FLUSH: Duration = Duration::from_secs(5);
/// Those that send spans themselves: a trace of that would never end.
const SENDERS: [&str; 5] = ["h2", "hyper", "hyper_util", "tonic", "tower"];

/// The tracer of this process while its infrastructure runs.
static TRACER: RwLock<Option<SdkTracer>> = RwLock::new(None);

/// The traces of this process, on their way to a collector.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
    lost: Arc<AtomicBool>,
}

impl Traces {
    /// Begins to send spans if there is an endpoint, whether anybody answers there or not.
    pub(super) fn start(
        settings: &MetricsSettings,
        stage: &Stage,
    ) -> Result<Option<Self>, ExporterBuildError> {
        trace::set_propagator(TraceContext);
        let Some(endpoint) = &settings.endpoint else {
            return Ok(None);
        };
        let exporter = collector::exporter(endpoint, &settings.protocol)?;
        let lost = Arc::clone(&exporter.lost);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler(settings.sampled))
            .with_resource(resource(settings, stage))
            .build();
        join();
        set(Some(provider.tracer(env!("CARGO_PKG_NAME"))));
        Ok(Some(Self { provider, lost }))
    }

    /// Whether the collector took none of the last spans.
    pub(super) fn are_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Sends what waits, on a thread that may block.
    pub(super) async fn shutdown(&self) {
        set(None);
        let provider = self.provider.clone();
        let flush = task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH));
        match time::timeout(FLUSH, flush).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last spans were not sent"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the last spans were not sent in time"),
        }
    }
}

fn set(tracer: Option<SdkTracer>) {
    *TRACER.write().unwrap_or_else(PoisonError::into_inner) = tracer;
}

/// Keeps a share of the traces that begin here, and of the others those that their beginner keeps.
pub(super) fn sampler(share: f64) -> Sampler {
    Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)))
}

pub(super) fn resource(settings: &MetricsSettings, stage: &Stage) -> opentelemetry_sdk::Resource {
    let stage = KeyValue::new("deployment.environment.name", stage.to_string());
    opentelemetry_sdk::Resource::builder()
        .with_attribute(stage)
        .with_attributes(attributes(&settings.attributes).flatten())
        .with_service_name(settings.service_name.clone())
        .build()
}

/// The attributes in a text; none for a part that is not one.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = Option<KeyValue>> + '_ {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=')?;
        let key = key.trim();
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        (!key.is_empty()).then(|| KeyValue::new(key.to_owned(), value.into_owned()))
    })
}

/// The layer that makes spans of `tracing` parts of traces, from the level info on, with the
/// statements of sqlx as events. It does nothing while the infrastructure does not run.
pub fn layer<S>() -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let traced = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("sqlx::query", LevelFilter::DEBUG)
        .with_targets(SENDERS.map(|sender| (sender, LevelFilter::OFF)));
    let idle = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff);
    let tracer = Current {
        idle: idle.build().tracer("idle"),
    };
    tracing_opentelemetry::layer()
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_tracer(tracer)
        .with_filter(traced)
}

/// The tracer that runs at the moment, so that a layer can be older than it.
struct Current {
    idle: SdkTracer,
}

impl Tracer for Current {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Span {
        let tracer = TRACER.read().unwrap_or_else(PoisonError::into_inner);
        let tracer = tracer.as_ref().unwrap_or(&self.idle);
        tracer.build_with_context(builder, parent)
    }
}

/// Installs a subscriber if the app has none, and else says what its own lacks.
fn join() {
    if !tracing::dispatcher::has_been_set() {
        let shown = env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
        let shown = shown.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
        let log = fmt::layer().with_ansi(io::stderr().is_terminal());
        let log = log.with_writer(io::stderr).with_filter(shown);
        let subscriber = tracing_subscriber::registry().with(log).with(layer());
        // Should somebody have been faster, the test below says what is missing.
        tracing::subscriber::set_global_default(subscriber).ok();
    }
    let test = tracing::info_span!("is anybody there");
    if !test.context().span().span_context().is_valid() {
        tracing::warn!(
            "no traces are made: add `metrics::layer()` to the subscriber of the app, and let it see spans of the level info"
        );
    }
}
//% endif
