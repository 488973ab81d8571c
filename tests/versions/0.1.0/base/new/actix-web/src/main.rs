#![forbid(unsafe_code)]

use std::{env, error::Error};

use actix_web::{App, HttpServer};
use tracing_subscriber::EnvFilter;

/// Serves the app on `HOST` (127.0.0.1) and `PORT` (8080).
#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse::<u16>())?;
    let server = HttpServer::new(|| App::new().configure(/*= crate =*/::routes));
    let server = server.bind((host, port))?;
    for address in server.addrs() {
        tracing::info!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
