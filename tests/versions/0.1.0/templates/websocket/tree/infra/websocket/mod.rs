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
//% if framework != "none"
//!
//! A route accepts connections. What it takes as arguments comes before the upgrade, so that is the
//! place for authentication:
//!
//! ```
//% if framework == "actix-web"
//! use actix_web::{web, App, HttpResponse};
//% else
//! use axum::{http::StatusCode, response::Response, routing::any, Router};
//% endif
//! use /*= crate =*/::/*= module =*/::websocket::{Client, Upgrade};
//!
//% if framework == "actix-web"
//! async fn chat(user: User, upgrade: Upgrade) -> HttpResponse {
//% else
//! async fn chat(user: User, upgrade: Upgrade) -> Response {
//% endif
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
//% if framework == "actix-web"
//! let app = App::new().route("/chat", web::get().to(chat));
//! # struct User { name: String }
//! # impl actix_web::FromRequest for User {
//! #     type Error = actix_web::Error;
//! #     type Future = std::future::Ready<Result<Self, Self::Error>>;
//! #     fn from_request(
//! #         _: &actix_web::HttpRequest,
//! #         _: &mut actix_web::dev::Payload,
//! #     ) -> Self::Future {
//! #         std::future::ready(Err(actix_web::error::ErrorUnauthorized("who are you?")))
//! #     }
//! # }
//% else
//! let app: Router = Router::new().route("/chat", any(chat));
//! # struct User { name: String }
//% if not version_at_least(versions.axum, "0.8")
//! # #[axum::async_trait]
//% endif
//! # impl<S: Sync> axum::extract::FromRequestParts<S> for User {
//! #     type Rejection = StatusCode;
//! #     async fn from_request_parts(
//! #         _: &mut axum::http::request::Parts,
//! #         _: &S,
//! #     ) -> Result<Self, StatusCode> {
//! #         Err(StatusCode::UNAUTHORIZED)
//! #     }
//! # }
//% endif
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

//% if framework == "actix-web"
mod actix;
//% elif framework == "axum"
mod axum;
//% endif
mod client;
//% if options.demo and framework != "none"
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

//% if framework == "actix-web"
pub use self::actix::Upgrade;
//% elif framework == "axum"
pub use self::axum::Upgrade;
//% endif
//% if options.demo and framework != "none"
pub(super) use self::demo::routes;
//% endif
pub use self::{
    client::Client,
    message::{ClientId, Member, Message, NoClientId},
    rooms::{Refused, RoomError, Rooms, StartError},
};

//% if framework == "actix-web"
use self::actix::{Incoming, Text};

//% elif framework == "axum"
use self::axum::{Incoming, Text};

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
