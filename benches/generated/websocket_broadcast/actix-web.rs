//! The rooms on actix-web.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use shop::infra::Infra;
use shop::infra::websocket::Upgrade;

use super::{Failed, talk};

/// Serves the rooms at `/ws` until the process ends.
pub fn serve(infra: &Arc<Infra>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let infra = Arc::clone(infra);
    let app = move || infra.wire(App::new().route("/ws", web::get().to(welcome)));
    let server = HttpServer::new(app).listen(listener)?;
    tokio::spawn(server.run());
    Ok(address)
}

async fn welcome(upgrade: Upgrade) -> HttpResponse {
    upgrade.accept("client", talk)
}
