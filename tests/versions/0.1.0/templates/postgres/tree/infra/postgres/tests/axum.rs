//% if framework == "axum"
//! Requests of axum, for the tests that hold with any framework.

use ::axum::body::{self, Body};
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::routing::{self, MethodRouter};
use tower::ServiceExt;

use super::Postgres;

pub use routing::get as on_get;

/// What a handler returns to answer with a status alone.
pub fn reply(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

/// What an app with one route, wired to a database or to none, answers: status, kind and text.
pub async fn answer(postgres: Option<&Postgres>, route: MethodRouter) -> (u16, String, String) {
    let mut app = ::axum::Router::new().route("/", route);
    if let Some(postgres) = postgres {
        app = app.layer(super::super::axum::transactions(postgres));
    }
    let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let text = body::to_bytes(response.into_body(), 1_000).await.unwrap();
    (status, kind, String::from_utf8(text.to_vec()).unwrap())
}
//% endif
