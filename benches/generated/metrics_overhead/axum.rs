//! A route that says hello, on axum.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use axum::{Extension, Router};
use shop::infra::metrics::Metrics;
use tower::ServiceExt;

use super::Failed;

fn router(metrics: Option<&Metrics>) -> Router {
    let hello = Router::new().route("/hello/{name}", get(|| async { "hello" }));
    match metrics {
        Some(metrics) => hello.layer((Extension(()), metrics.layer())),
        None => hello.layer(Extension(())),
    }
}

/// Serves the route until the process ends.
pub fn serve(metrics: Option<Arc<Metrics>>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router(metrics.as_deref())).await });
    Ok(address)
}

/// The app without a network, as a server has it for each connection.
pub struct App(Router);

impl App {
    pub async fn new(metrics: Option<&Metrics>) -> Self {
        Self(router(metrics).with_state(()))
    }

    pub async fn ask(&self, path: &str) -> Result<(), Failed> {
        let request = Request::builder().uri(path).body(Body::empty())?;
        self.0.clone().oneshot(request).await?;
        Ok(())
    }
}
