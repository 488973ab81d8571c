//! The web application `/*= name =*/`.
#![forbid(unsafe_code)]

use axum::{Router, routing::get};

/// The routes of the app.
pub fn app() -> Router {
    Router::new().route("/", get(hello))
}

async fn hello() -> &'static str {
    "hello from /*= name =*/\n"
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Request, StatusCode},
    };
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_root_says_hello() {
        let request = Request::new(Body::empty());
        let response = app().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body = to_bytes(response.into_body(), 1_024).await.unwrap();
        assert_eq!(body, "hello from /*= name =*/\n");
    }
}
