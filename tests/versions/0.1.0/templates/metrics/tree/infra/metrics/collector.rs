//% if options.otel
//! Sends spans to a collector, by OTLP over HTTP or gRPC.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::sync::atomic::{AtomicBool, Ordering};
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{Request, Response};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter as Otlp, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Handle;

/// `OTEL_EXPORTER_OTLP_PROTOCOL` for gRPC.
pub(super) const GRPC: &str = "grpc";
/// The longest that the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prepares to send to a collector. Nothing is opened before there are spans.
pub(super) fn exporter(endpoint: &str, protocol: &str) -> Result<Exporter, ExporterBuildError> {
    let otlp = if protocol == GRPC {
        let grpc = Otlp::builder().with_tonic().with_timeout(PATIENCE);
        grpc.with_endpoint(endpoint).build()?
    } else {
        let http = Otlp::builder().with_http().with_timeout(PATIENCE);
        let client = OnRuntime {
            client: HyperClient::with_default_connector(PATIENCE, None),
            runtime: Handle::current(),
        };
        http.with_protocol(Protocol::HttpBinary)
            .with_endpoint([endpoint.trim_end_matches('/'), "/v1/traces"].concat())
            .with_http_client(client)
            .build()?
    };
    Ok(Exporter {
        otlp,
        lost: Arc::default(),
    })
}

/// An exporter that says once when the collector goes away, and once when it is back.
#[derive(Debug)]
pub(super) struct Exporter {
    otlp: Otlp,
    /// Whether the last spans were lost.
    pub(super) lost: Arc<AtomicBool>,
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let result = self.otlp.export(batch).await;
        match &result {
            Ok(()) => {
                ::metrics::counter!("otel_spans_sent_total").increment(spans);
                if self.lost.swap(false, Ordering::Relaxed) {
                    tracing::info!("the collector takes spans again");
                }
            }
            Err(error) => {
                ::metrics::counter!("otel_spans_lost_total").increment(spans);
                if !self.lost.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the collector takes no spans: they are lost until it does");
                }
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, limit: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(limit)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.otlp.force_flush()
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        self.otlp.set_resource(resource);
    }
}

/// Sends on the runtime of the app: the thread that exports has none, and hyper needs one.
#[derive(Debug)]
struct OnRuntime {
    client: HyperClient,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = async move { client.send_bytes(request).await };
        self.runtime.spawn(sending).await?
    }
}
//% endif
