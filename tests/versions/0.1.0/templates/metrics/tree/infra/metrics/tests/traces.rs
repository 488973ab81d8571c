//% if framework != "none" and options.otel
//! Traces go through servers, clients and jobs, and arrive at a collector.
//!
//! A process has one tracer at a time, so these tests wait for each other.

use std::sync::{Arc, PoisonError};

use http::HeaderMap;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{self as common, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tracing::Instrument;

use super::super::super::trace;
use super::{web, *};

static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A collector that keeps what it is sent.
#[derive(Clone, Debug, Default)]
struct Collector {
    spans: Arc<std::sync::Mutex<Vec<Span>>>,
    resource: Arc<std::sync::Mutex<Vec<KeyValue>>>,
}

impl Collector {
    /// Starts it, and says where it is.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taking = collector.clone();
        tokio::spawn(async move {
            while let Ok((sender, _)) = listener.accept().await {
                let taking = taking.clone();
                tokio::spawn(async move { taking.take_from(sender).await });
            }
        });
        (collector, format!("http://{address}"))
    }

    /// Answers the requests of a connection, as much of HTTP as the exporter needs.
    async fn take_from(&self, sender: TcpStream) -> std::io::Result<()> {
        let mut sender = BufReader::new(sender);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if sender.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                match line.trim_end().split_once(": ") {
                    Some(("content-length", value)) => length = value.parse().unwrap(),
                    None if line == "\r\n" => break,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            sender.read_exact(&mut body).await?;
            self.take(&body);
            let taken = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            sender.write_all(taken).await?;
        }
    }

    fn take(&self, body: &[u8]) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        for part in request.resource_spans {
            *self.resource.lock().unwrap() = part.resource.unwrap().attributes;
            let spans = part.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans.lock().unwrap().extend(spans);
        }
    }

    /// The span of a name in a trace.
    fn find(&self, trace: &str, name: &str) -> Option<Span> {
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let found = |span: &&Span| hex(&span.trace_id) == trace && span.name == name;
        spans.iter().find(found).cloned()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        common::any_value::Value::StringValue(text) => Some(text.clone()),
        common::any_value::Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The infrastructure with traces for a collector.
async fn start(endpoint: &str, sampled: f64) -> Arc<Infra> {
    let mut settings = defaults();
    settings.metrics.endpoint = Some(endpoint.to_owned());
    settings.metrics.sampled = sampled;
    settings.metrics.attributes = "team=books".to_owned();
    Infra::start_with(settings).await.unwrap()
}

/// Works through a job, as a queue would later, and gives the header of a call elsewhere.
pub async fn carry() -> String {
    let carried = trace::inject();
    let job = tokio::spawn(async move {
        let span = tracing::info_span!("job", otel.kind = "consumer");
        trace::continue_in(&span, &carried);
        span.in_scope(|| tracing::info!("working"));
    });
    job.await.unwrap();
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers["traceparent"].to_str().unwrap().to_owned()
}

/// Headers from a caller of this trace.
fn from_outside(flags: &str) -> [(&'static str, String); 1] {
    let value = format!("00-{TRACE}-b7ad6b7169203331-{flags}");
    [("traceparent", value)]
}

#[tokio::test]
async fn a_trace_goes_from_a_caller_through_server_and_job_to_the_next_server() {
    let _alone = ALONE.lock().await;
    let (collector, endpoint) = Collector::start().await;
    let infra = start(&endpoint, 1.0).await;
    let app = web::app(&infra, "orders").await;
    let path = "/orders/onward?secret=1";
    let onward = web::send(&app, "POST", path, &from_outside("01")).await;
    web::send(&app, "GET", "/orders/7", &from_outside("01")).await;
    infra.shutdown().await;

    let template = format!("/orders/{}", web::PARAMETER);
    let read = collector.find(TRACE, &format!("GET {template}")).unwrap();
    let route = attribute(&read.attributes, "http.route");
    assert_eq!(route, Some(template));
    let server = collector.find(TRACE, "POST /orders/onward").unwrap();
    assert_eq!(hex(&server.parent_span_id), "b7ad6b7169203331");
    // The numbers of the protocol: a server, a consumer.
    assert_eq!(server.kind, 2);
    let is = |key, value: &str| {
        assert_eq!(attribute(&server.attributes, key).as_deref(), Some(value));
    };
    is("http.request.method", "POST");
    is("http.route", "/orders/onward");
    is("url.path", "/orders/onward");
    is("network.protocol.version", "1.1");
    is("http.response.status_code", "200");
    let job = collector.find(TRACE, "job").unwrap();
    assert_eq!((job.kind, &job.parent_span_id), (5, &server.span_id));
    let expected = format!("00-{TRACE}-{}-01", hex(&server.span_id));
    assert_eq!(onward.headers["traceparent"], expected);

    let resource = collector.resource.lock().unwrap();
    let described = |key| attribute(&resource, key).unwrap_or_default();
    assert_eq!(described("service.name"), "/*= crate =*/");
    assert_eq!(described("team"), "books");
    assert_eq!(described("deployment.environment.name"), "development");
}

#[tokio::test]
async fn a_call_of_our_own_is_the_parent_of_the_server_that_it_reaches() {
    let _alone = ALONE.lock().await;
    let (collector, endpoint) = Collector::start().await;
    let infra = start(&endpoint, 1.0).await;
    let app = web::app(&infra, "orders").await;
    let span = tracing::info_span!("call", otel.kind = "client");
    let call = async {
        let mut headers = HeaderMap::new();
        inject(&mut headers);
        let carried = headers["traceparent"].to_str().unwrap().to_owned();
        let headers = [("traceparent", carried)];
        web::send(&app, "POST", "/orders/onward", &headers).await
    };
    let onward = call.instrument(span.clone()).await;
    drop(span);
    infra.shutdown().await;

    let traceparent = &onward.headers["traceparent"];
    let trace = traceparent.split('-').nth(1).unwrap();
    let client = collector.find(trace, "call").unwrap();
    let server = collector.find(trace, "POST /orders/onward").unwrap();
    assert_eq!((client.kind, client.parent_span_id.len()), (3, 0));
    assert_eq!(server.parent_span_id, client.span_id);
}

#[tokio::test]
async fn failures_of_the_server_are_errors_and_unknown_paths_are_not() {
    let _alone = ALONE.lock().await;
    let (collector, endpoint) = Collector::start().await;
    let infra = start(&endpoint, 1.0).await;
    let app = web::app(&infra, "failures").await;
    for (method, path) in [
        ("GET", "/failures/fail"),
        ("GET", "/failures/panic"),
        ("BREW", "/x"),
        ("GET", "/metrics"),
    ] {
        let headers = from_outside("01");
        unless_it_panics(web::send(&app, method, path, &headers)).await;
    }
    infra.shutdown().await;

    let outcome = |name: &str| {
        let span = collector.find(TRACE, name).unwrap();
        let code = span.status.map_or(0, |status| status.code);
        (code, attribute(&span.attributes, "error.type"))
    };
    // The number of the protocol: an error.
    assert_eq!(outcome("GET /failures/fail"), (2, Some("502".to_owned())));
    let panicked = outcome("GET /failures/panic");
    assert_eq!(panicked, (2, Some("panic".to_owned())));
    assert_eq!(outcome("HTTP"), (0, None));
    assert_eq!(collector.find(TRACE, "GET /metrics"), None);
}

#[tokio::test]
async fn a_share_of_none_keeps_only_what_callers_keep() {
    let _alone = ALONE.lock().await;
    let (collector, endpoint) = Collector::start().await;
    let infra = start(&endpoint, 0.0).await;
    let app = web::app(&infra, "orders").await;
    web::send(&app, "GET", "/nowhere", &[]).await;
    web::send(&app, "GET", "/orders/fail", &from_outside("00")).await;
    web::send(&app, "POST", "/orders/onward", &from_outside("01")).await;
    infra.shutdown().await;

    let spans = collector.spans.lock().unwrap();
    let mut names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["POST /orders/onward", "job"]);
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nothing_and_shows_in_health() {
    let _alone = ALONE.lock().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let begun = time::Instant::now();
    let infra = start(&endpoint, 1.0).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(infra.metrics.health().await, crate::/*= module =*/::Health::Healthy);
    let app = web::app(&infra, "orders").await;
    let begun = time::Instant::now();
    for _ in 0..100 {
        web::send(&app, "POST", "/orders/onward", &[]).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    let begun = time::Instant::now();
    infra.shutdown().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(7), "{took:?}");
    let health = infra.metrics.health().await;
    assert!(
        matches!(health, crate::/*= module =*/::Health::Degraded(_)),
        "{health:?}"
    );
    let reading = Reading::of(&infra);
    assert!(reading.number("otel_spans_lost_total", &[]) >= Some(200.0));
}
//% endif
