#![forbid(unsafe_code)]

use std::{env, error::Error};

use axum::Router;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Serves the app on `HOST` (127.0.0.1) and `PORT` (3000).
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let app: Router = /*= crate =*/::app();
    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind((host, port)).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
