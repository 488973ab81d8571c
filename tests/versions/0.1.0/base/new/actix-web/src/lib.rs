//! The web application `/*= name =*/`.
#![forbid(unsafe_code)]

use actix_web::web;

/// The routes of the app.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(hello));
}

async fn hello() -> &'static str {
    "hello from /*= name =*/\n"
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App,
        test::{TestRequest, call_and_read_body, init_service},
    };

    use super::*;

    #[actix_web::test]
    async fn the_root_says_hello() {
        let app = init_service(App::new().configure(routes)).await;
        let body = call_and_read_body(&app, TestRequest::get().to_request()).await;
        assert_eq!(body, "hello from /*= name =*/\n");
    }
}
