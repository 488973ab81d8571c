//% if framework == "axum"
//! An app of axum, for the tests that hold with any framework.

use std::{future, net::SocketAddr, sync::Arc};

use ::axum::body::{self, Body};
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::routing::{any, get};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceExt;

use super::{Answer, Infra};

/// How a route writes its parameter.
//% if version_at_least(versions.axum, "0.8")
pub const PARAMETER: &str = "{id}";
//% else
pub const PARAMETER: &str = ":id";
//% endif

/// A wired app whose routes answer, fail, wait or panic; names keep the tests apart.
pub async fn app(infra: &Arc<Infra>, name: &str) -> ::axum::Router {
    let path = |rest: &str| format!("/{name}/{rest}");
    let router = ::axum::Router::new()
        .route(&path("fail"), get(|| async { StatusCode::BAD_GATEWAY }))
        .route(&path("wait"), any(future::pending::<()>))
        .route(&path("panic"), any(panics))
        //% if options.otel
        .route(&path("onward"), any(onward))
        //% endif
        .route(&path(PARAMETER), any(|| async { "answer" }));
    infra.wire(router)
}

async fn panics() {
    panic!("this handler panics")
}
//% if options.otel

async fn onward() -> [(&'static str, String); 1] {
    [("traceparent", super::traces::carry().await)]
}
//% endif

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What the app answers to a request.
pub async fn send(
    app: &::axum::Router,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    let answer = Answer {
        status: response.status().as_u16(),
        headers: headers.collect(),
    };
    body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    answer
}

/// The app on a port, until [`stop`].
pub async fn serve(infra: &Arc<Infra>, name: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let app = app(infra, name).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async move { ::axum::serve(listener, app).await.unwrap() };
    (address, tokio::spawn(server))
}

pub async fn stop(server: JoinHandle<()>) {
    server.abort();
}
//% endif
