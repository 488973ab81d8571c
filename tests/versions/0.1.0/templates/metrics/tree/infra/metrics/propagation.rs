//% if options.otel
//! Carries traces in and out of this process in the headers of W3C Trace Context: `traceparent` and
//! `tracestate`.

use std::collections::HashMap;

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::super::trace::{Headers, Propagator};

/// Writes where the current span is in its trace into the headers of a request to somebody else.
///
/// Call it within a span of the kind `client`, so that the time of the call shows in the trace:
///
/// ```
/// # use http::HeaderMap;
/// use tracing::Instrument;
///
/// # async fn send(_: HeaderMap) {}
/// # async fn call() {
/// let span = tracing::info_span!("GET", otel.kind = "client", server.address = "example.org");
/// let request = async {
///     let mut headers = HeaderMap::new();
///     /*= crate =*/::/*= module =*/::metrics::inject(&mut headers);
///     send(headers).await;
/// };
/// request.instrument(span).await;
/// # }
/// ```
pub fn inject(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
}

/// Makes a span, not yet entered, the child of the one that the headers name, if they name any.
pub(super) fn continue_from(span: &Span, headers: &dyn Extractor) {
    let nowhere = opentelemetry::Context::new();
    let remote = TraceContextPropagator::new().extract_with_context(&nowhere, headers);
    if remote.span().span_context().is_valid() {
        // An error means that no layer makes spans for OpenTelemetry, so there is nothing to continue.
        span.set_parent(remote).ok();
    }
}

/// Lets other components carry traces, in jobs and messages.
pub(super) struct TraceContext;

impl Propagator for TraceContext {
    fn inject(&self, headers: &mut Headers) {
        let mut carrier = HashMap::new();
        let context = Span::current().context();
        TraceContextPropagator::new().inject_context(&context, &mut carrier);
        headers.extend(carrier);
    }

    fn continue_in(&self, span: &Span, headers: &Headers) {
        let carrier: HashMap<_, _> = headers.clone().into_iter().collect();
        continue_from(span, &carrier);
    }
}
//% endif
