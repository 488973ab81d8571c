//% if options.demo and framework == "axum"
//! A page to try the rooms in: open `/ws/demo` in two windows. It exists in development only.

use axum::extract::Path;
use axum::http::{self, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde::Serialize;

use axum::Router;

use super::{Client, Message, Rooms, Upgrade};

const ROOM: &str = "demo";
/// Nothing from elsewhere is loaded or run, and nobody else shows the page in a frame.
const POLICY: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The routes of the page; none outside development.
pub(crate) fn routes<S>(rooms: &Rooms) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    if !rooms.has_demo() {
        return Router::new();
    }
    let page = || async { file("text/html; charset=utf-8", include_str!("demo/page.html")) };
    let script = || async { file("text/javascript", include_str!("demo/chat.js")) };
    let style = || async { file("text/css", include_str!("demo/chat.css")) };
    Router::new()
        .route("/ws/demo", get(page))
        .route("/ws/demo/chat.js", get(script))
        .route("/ws/demo/chat.css", get(style))
        .route("/ws/demo/socket/{name}", any(connect))
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text)
}

/// What the page shows.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Shown<'a> {
    Said { name: &'a str, text: &'a str },
    Present(Vec<String>),
}

async fn connect(Path(name): Path<String>, upgrade: Upgrade) -> Response {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 30 {
        let answer = "a name has 1 to 30 letters\n";
        return (http::StatusCode::BAD_REQUEST, answer).into_response();
    }
    upgrade.accept(name, talk)
}

async fn talk(mut client: Client) {
    if client.join(ROOM).is_err() {
        return;
    }
    let rooms = client.rooms().clone();
    show_present(&rooms);
    while let Some(message) = client.next().await {
        let (name, text) = (client.name(), message.as_str());
        show(&rooms, &Shown::Said { name, text });
    }
    drop(client);
    show_present(&rooms);
}

fn show_present(rooms: &Rooms) {
    let members = rooms.members(ROOM).into_iter();
    let names = members.map(|member| member.name).collect();
    show(rooms, &Shown::Present(names));
}

fn show(rooms: &Rooms, shown: &Shown<'_>) {
    match Message::json(shown) {
        Ok(message) => rooms.send_to_room(ROOM, message),
        Err(error) => tracing::error!(%error, "the demo has nothing to show"),
    }
}
//% endif
