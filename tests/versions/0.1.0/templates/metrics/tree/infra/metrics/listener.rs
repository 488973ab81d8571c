//% if framework != "axum"
//! Shows the metrics on a listener of their own, apart from what the app serves.

use std::convert::Infallible;
use std::{future, sync::Arc, time::Duration};

use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, time};

use super::recorder::Scrape;

/// The longest that a reader may take from its first to its last byte.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause after a connection that could not be taken: mostly too many files are open.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers whoever asks for `path`, for as long as it is polled; a connection a reading.
pub(super) async fn serve(listener: TcpListener, path: String, scrape: Scrape) {
    let path: Arc<str> = path.into();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "nobody can read the metrics for now");
                time::sleep(PAUSE).await;
                continue;
            }
        };
        let (path, scrape) = (Arc::clone(&path), scrape.clone());
        let answers = service::service_fn(move |request: Request<Incoming>| {
            future::ready(Ok::<_, Infallible>(answer(&request, &path, &scrape)))
        });
        let connection = http1::Builder::new()
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), answers);
        tokio::spawn(time::timeout(PATIENCE, connection));
    }
}

fn answer(request: &Request<Incoming>, path: &str, scrape: &Scrape) -> Response<String> {
    let mut response = Response::new(String::new());
    if request.uri().path() != path {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if request.method() != Method::GET {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allowed = HeaderValue::from_static("GET");
        response.headers_mut().insert(header::ALLOW, allowed);
    } else {
        let kind = HeaderValue::from_static("text/plain; version=0.0.4");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        *response.body_mut() = scrape.text();
    }
    response
}
//% endif
