//% if framework == "axum" and options.otel
//! The span of a request, by the semantic conventions of OpenTelemetry for HTTP servers (1.23, stable).

use std::thread;

use http::header;
use opentelemetry_http::HeaderExtractor;
use tracing::field::Empty;

use super::{propagation, requests};

/// How many characters of a text from outside a span keeps.
const LONGEST: usize = 1_024;

/// The span of a request, not yet entered; a part of the trace that its headers name.
///
/// The query is left out: it may hold secrets.
pub(super) fn of_request<B>(route: Option<&str>, request: &http::Request<B>) -> tracing::Span {
    let original = request.method().as_str();
    let method = requests::label(original);
    let known = method == original;
    let verb = if known { method } else { "HTTP" };
    let name = route.map(|route| format!("{verb} {route}"));
    let agent = request.headers().get(header::USER_AGENT);
    let span = tracing::info_span!(
        "request",
        otel.name = name.as_deref().unwrap_or(verb),
        otel.kind = "server",
        otel.status_code = Empty,
        "error.type" = Empty,
        http.request.method = method,
        http.request.method_original = (!known).then(|| shortened(original)),
        http.response.status_code = Empty,
        http.route = route,
        network.protocol.version = version(request.version()),
        url.path = shortened(request.uri().path()),
        url.scheme = request.uri().scheme_str().unwrap_or("http"),
        user_agent.original = agent.and_then(|agent| agent.to_str().ok()).map(shortened),
    );
    propagation::continue_from(&span, &HeaderExtractor(request.headers()));
    span
}

fn version(version: http::Version) -> Option<&'static str> {
    match version {
        http::Version::HTTP_10 => Some("1.0"),
        http::Version::HTTP_11 => Some("1.1"),
        http::Version::HTTP_2 => Some("2"),
        http::Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

fn shortened(text: &str) -> &str {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The span of a request that has no response yet. Dropped so, it says why.
#[derive(Debug)]
pub(super) struct Unfinished(pub(super) tracing::Span);

impl Unfinished {
    /// Records the response. What is the client's fault is no error of the server.
    pub(super) fn finish(mut self, status: u16) {
        let span = std::mem::replace(&mut self.0, tracing::Span::none());
        span.record("http.response.status_code", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", status.to_string());
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.record("otel.status_code", "ERROR");
            self.0.record("error.type", "panic");
        } else {
            self.0.record("error.type", "aborted");
        }
    }
}
//% endif
