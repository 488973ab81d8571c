//% if options.demo and framework != "none"
//! A page to try the rooms in: open `/ws/demo` in two windows. It exists in development only.

use serde::Serialize;

use super::{Client, Message, Rooms};

//% if framework == "actix-web"
mod actix;
//% else
mod axum;
//% endif

//% if framework == "actix-web"
pub(in crate::/*= module =*/) use self::actix::routes;
//% else
pub(in crate::/*= module =*/) use self::axum::routes;
//% endif

const ROOM: &str = "demo";
/// Path, kind and text of what the page is made of.
const FILES: [(&str, &str, &str); 3] = [
    (
        "/ws/demo",
        "text/html; charset=utf-8",
        include_str!("demo/page.html"),
    ),
    (
        "/ws/demo/chat.js",
        "text/javascript",
        include_str!("demo/chat.js"),
    ),
    (
        "/ws/demo/chat.css",
        "text/css",
        include_str!("demo/chat.css"),
    ),
];
/// Nothing from elsewhere is loaded or run, and nobody else shows the page in a frame.
const POLICY: &str = concat!(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What the page shows.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Shown<'a> {
    Said { name: &'a str, text: &'a str },
    Present(Vec<String>),
}

/// The name of a visitor. The error says what is wrong with it.
fn checked(name: &str) -> Result<&str, &'static str> {
    let name = name.trim();
    match name.chars().count() {
        1..=30 => Ok(name),
        _ => Err("a name has 1 to 30 letters\n"),
    }
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
