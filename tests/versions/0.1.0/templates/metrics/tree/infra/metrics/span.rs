//% if framework != "none" and options.otel
//! The span of a request, by the semantic conventions of OpenTelemetry for HTTP servers (1.23, stable).

use std::thread;

use opentelemetry::propagation::Extractor;
use tracing::field::Empty;

use super::{propagation, requests};

/// How many characters of a text from outside a span keeps.
const LONGEST: usize = 1_024;

/// What a request asks for, whatever the types of the framework are.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// The template that it matches.
    pub(super) route: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) scheme: Option<&'a str>,
    /// The version of HTTP, such as `1.1`.
    pub(super) version: Option<&'static str>,
    pub(super) headers: &'a dyn Extractor,
}

/// The span of a request, not yet entered; a part of the trace that its headers name.
///
/// The query is left out: it may hold secrets.
pub(super) fn of_request(asked: &Asked<'_>) -> tracing::Span {
    let method = requests::label(asked.method);
    let known = method == asked.method;
    let verb = if known { method } else { "HTTP" };
    let name = asked.route.map(|route| format!("{verb} {route}"));
    let span = tracing::info_span!(
        "request",
        otel.name = name.as_deref().unwrap_or(verb),
        otel.kind = "server",
        otel.status_code = Empty,
        "error.type" = Empty,
        http.request.method = method,
        http.request.method_original = (!known).then(|| shortened(asked.method)),
        http.response.status_code = Empty,
        http.route = asked.route,
        network.protocol.version = asked.version,
        url.path = shortened(asked.path),
        url.scheme = asked.scheme.unwrap_or("http"),
        user_agent.original = asked.headers.get("user-agent").map(shortened),
    );
    propagation::continue_from(&span, asked.headers);
    span
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
