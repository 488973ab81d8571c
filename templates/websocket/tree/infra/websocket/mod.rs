//! WebSocket: [`Rooms`] that messages are sent to, and the [`Client`]s that are in them.
//!
//% if options.redis
//! Without `WS_REDIS_URL` the rooms are those of this process. With it, all instances of the app share
//! them: messages and who is where travel over Redis, and nobody waits for it. A Redis that is away
//! parts the instances; each goes on by itself, and they find together again when it is back.
//% else
//! The rooms are those of this process.
//% endif
//!
//! Sending never waits: every client has a bounded queue, and one that does not keep up loses messages
//! or its connection (`WS_SLOW_CLIENT`), while nobody else notices.
//% if framework == "axum"
//!
//! A route accepts connections. What it takes as arguments comes before the upgrade, so that is the
//! place for authentication:
//!
//! ```
//! use axum::{http::StatusCode, response::Response, routing::any, Router};
//! use /*= crate =*/::/*= module =*/::websocket::{Client, Upgrade};
//!
//! async fn chat(user: User, upgrade: Upgrade) -> Response {
//!     upgrade.accept(user.name, talk)
//! }
//!
//! async fn talk(mut client: Client) {
//!     if client.join("lobby").is_err() {
//!         return;
//!     }
//!     while let Some(message) = client.next().await {
//!         client.send_to_others("lobby", message);
//!     }
//! }
//!
//! let app: Router = Router::new().route("/chat", any(chat));
//! # struct User { name: String }
//! # impl<S: Sync> axum::extract::FromRequestParts<S> for User {
//! #     type Rejection = StatusCode;
//! #     async fn from_request_parts(
//! #         _: &mut axum::http::request::Parts,
//! #         _: &S,
//! #     ) -> Result<Self, StatusCode> {
//! #         Err(StatusCode::UNAUTHORIZED)
//! #     }
//! # }
//! ```
//!
//! Everywhere else [`Rooms`] is an argument of the handler:
//!
//! ```
//! use /*= crate =*/::/*= module =*/::websocket::{Message, Rooms};
//!
//! async fn sold(rooms: Rooms) -> Result<(), serde_json::Error> {
//!     rooms.send_to_room("lobby", Message::json(&("sold", 3))?);
//!     Ok(())
//! }
//! ```
//% endif

//% if framework == "axum"
mod axum;
//% endif
mod client;
//% if options.demo and framework == "axum"
mod demo;
//% endif
//% if options.redis
mod link;
//% endif
mod message;
mod origin;
mod outbox;
//% if options.redis
mod peers;
//% endif
mod registry;
mod rooms;
#[cfg(test)]
mod tests;

//% if framework == "axum"
pub use self::axum::Upgrade;
//% if options.demo
pub(super) use self::demo::routes;
//% endif
//% endif
pub use self::{
    client::Client,
    message::{ClientId, Member, Message, NoClientId},
    rooms::{Refused, RoomError, Rooms, StartError},
};

//% if framework == "axum"
use self::axum::Text;

//% else
/// A text that is shared by all queues that it waits in.
type Text = std::sync::Arc<str>;

//% endif
//% if options.redis
/// What is wrong with `WS_REDIS_URL`; it shows no password.
pub(super) fn check_url(url: &str) -> Result<(), ::redis::RedisError> {
    link::client(url).map(drop)
}

//% endif
/// What is wrong with `WS_ORIGINS`.
pub(super) fn check_origins(text: &str) -> Result<(), String> {
    origin::Origins::parse(text).map(drop)
}

/// What is wrong with `WS_SLOW_CLIENT`.
pub(super) fn check_policy(text: &str) -> Result<(), &'static str> {
    text.parse().map(|_: outbox::SlowClient| ())
}
