//! The shop.

mod shelf;

use axum::{Router, routing::get};

/// The routes.
pub fn router() -> Router {
    Router::new().route("/", get(shelf::list))
}
