//% if framework == "actix-web"
//! How the app is served.

use ::actix_web::error::ErrorUnauthorized;
use ::actix_web::web::{self, Path};
use ::actix_web::{Error, HttpResponse, HttpServer};

use super::*;

/// Serves at a free port, until the runtime of the test ends.
pub(super) fn start(infra: &Arc<Infra>) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wired = Arc::clone(infra);
    let app = move || {
        let app = ::actix_web::App::new();
        wired.wire(app.route("/chat/{name}", web::get().to(chat)))
    };
    let server = HttpServer::new(app).workers(1).disable_signals();
    tokio::spawn(server.listen(listener).unwrap().run());
    address
}

/// Whoever is called `nobody` is not let in.
async fn chat(name: Path<String>, upgrade: Upgrade) -> Result<HttpResponse, Error> {
    if *name == "nobody" {
        return Err(ErrorUnauthorized("nobody"));
    }
    Ok(upgrade.protocols(&["chat"]).accept(name.into_inner(), talk))
}
//% elif framework == "axum"
//! How the app is served.

use ::axum::extract::Path;
use ::axum::http::StatusCode;
use ::axum::response::Response;
use ::axum::routing::any;

use super::*;

type Router = ::axum::Router;

/// Serves at a free port, until the runtime of the test ends.
pub(super) fn start(infra: &Arc<Infra>) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    //% if version_at_least(versions.axum, "0.8")
    let app = infra.wire(Router::new().route("/chat/{name}", any(chat)));
    //% else
    let app = infra.wire(Router::new().route("/chat/:name", any(chat)));
    //% endif
    tokio::spawn(async move { ::axum::serve(listener, app).await });
    address
}

/// Whoever is called `nobody` is not let in.
async fn chat(Path(name): Path<String>, upgrade: Upgrade) -> Result<Response, StatusCode> {
    if name == "nobody" {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(upgrade.protocols(&["chat"]).accept(name, talk))
}
//% endif
