//! A collector of traces: OTLP over HTTP on the port of the first argument, over gRPC on the second.
//!
//! It prints `listening` when it is, and then a line a span: the protocol, the ids of the trace, of the
//! span and of its parent (`-` without one), the kind as a number, and the name.

use std::{env, future::Future};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut ports = env::args().skip(1);
    let mut address = || format!("127.0.0.1:{}", ports.next().unwrap_or_default());
    let listener = TcpListener::bind(address()).await?;
    let grpc = Server::builder()
        .add_service(TraceServiceServer::new(Grpc))
        .serve(address().parse()?);
    let router = axum::Router::new().route("/v1/traces", post(take));
    println!("listening");
    tokio::select! {
        ended = axum::serve(listener, router) => ended?,
        ended = grpc => ended?,
    }
    Ok(())
}

async fn take(body: Bytes) -> StatusCode {
    match ExportTraceServiceRequest::decode(body) {
        Ok(request) => print("http", request),
        Err(_) => return StatusCode::BAD_REQUEST,
    }
    StatusCode::OK
}

struct Grpc;

impl TraceService for Grpc {
    fn export<'a, 'b>(
        &'a self,
        request: Request<ExportTraceServiceRequest>,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<Response<ExportTraceServiceResponse>, Status>> + Send + 'b>,
    >
    where
        'a: 'b,
        Self: 'b,
    {
        print("grpc", request.into_inner());
        Box::pin(async { Ok(Response::new(ExportTraceServiceResponse::default())) })
    }
}

fn print(protocol: &str, request: ExportTraceServiceRequest) {
    let scopes = request.resource_spans.into_iter();
    for span in scopes
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
    {
        let (trace, id) = (hex(&span.trace_id), hex(&span.span_id));
        let (parent, kind, name) = (hex(&span.parent_span_id), span.kind, span.name);
        println!("{protocol} {trace} {id} {parent} {kind} {name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
