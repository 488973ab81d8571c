//! The rooms on axum.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::{Router, response::Response, routing::any};
use shop::infra::Infra;
use shop::infra::websocket::Upgrade;

use super::{Failed, talk};

/// Serves the rooms at `/ws` until the process ends.
pub fn serve(infra: &Arc<Infra>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let app: Router = infra.wire(Router::new().route("/ws", any(welcome)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn welcome(upgrade: Upgrade) -> Response {
    upgrade.accept("client", talk)
}
