//% if options.demo and framework == "axum"
use axum::extract::Path;
use axum::http::{self, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use axum::Router;

use super::super::{Rooms, Upgrade};

/// The routes of the page; none outside development.
pub(in crate::/*= module =*/) fn routes<S>(rooms: &Rooms) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    if !rooms.has_demo() {
        return Router::new();
    }
    //% if version_at_least(versions.axum, "0.8")
    let router = Router::new().route("/ws/demo/socket/{name}", any(connect));
    //% else
    let router = Router::new().route("/ws/demo/socket/:name", any(connect));
    //% endif
    super::FILES.iter().fold(router, |router, file| {
        let &(path, kind, text) = file;
        router.route(path, get(move || async move { answer(kind, text) }))
    })
}

fn answer(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, super::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text)
}

async fn connect(Path(name): Path<String>, upgrade: Upgrade) -> Response {
    match super::checked(&name) {
        Ok(name) => upgrade.accept(name, super::talk),
        Err(answer) => (http::StatusCode::BAD_REQUEST, answer).into_response(),
    }
}
//% endif
