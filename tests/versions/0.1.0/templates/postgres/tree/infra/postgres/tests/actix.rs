//% if framework == "actix-web"
//! Requests of actix-web, for the tests that hold with any framework.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::error;
use actix_web::http::StatusCode;
use actix_web::middleware::{self, Next};
use actix_web::test::{self, TestRequest};
use actix_web::web;
use actix_web::{App, Error, FromRequest, Handler, HttpResponse, Responder, Route};

use super::*;

/// The route of a handler.
pub fn on_get<F, Args>(handler: F) -> Route
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::get().to(handler)
}

/// What a handler returns to answer with a status alone.
pub fn reply(status: u16) -> HttpResponse {
    HttpResponse::new(StatusCode::from_u16(status).unwrap())
}

/// What an app with one route, wired to a database or to none, answers: status, kind and text.
pub async fn answer(postgres: Option<&Postgres>, route: Route) -> (u16, String, String) {
    let app = App::new().route("/", route);
    let request = TestRequest::get().to_request();
    match postgres {
        Some(postgres) => {
            let app = app.wrap(super::super::actix::transactions(postgres));
            send(test::init_service(app).await, request).await
        }
        None => send(test::init_service(app).await, request).await,
    }
}

async fn send<R, B: MessageBody>(
    app: impl Service<R, Response = ServiceResponse<B>, Error = Error>,
    request: R,
) -> (u16, String, String) {
    let response = test::call_service(&app, request).await;
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let text = test::read_body(response).await;
    (status, kind, String::from_utf8(text.to_vec()).unwrap())
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_error_of_a_middleware_rolls_back() {
    let (database, postgres) = prepared(|_| ()).await;
    let handler = |mut tx: Tx| async move {
        insert(&mut tx, 1).await?;
        Ok::<_, PostgresError>("done")
    };
    let refuse = |request: ServiceRequest, next: Next<BoxBody>| async move {
        next.call(request).await?;
        Err::<ServiceResponse, _>(error::ErrorTooManyRequests("too many"))
    };
    let app = App::new()
        .route("/", on_get(handler))
        .wrap(middleware::from_fn(refuse))
        .wrap(super::super::actix::transactions(&postgres));
    let app = test::init_service(app).await;
    let request = TestRequest::get().to_request();
    let error = test::try_call_service(&app, request).await.err().unwrap();
    let status = error.as_response_error().status_code();
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(numbers(&postgres).await.is_empty());
    database.drop().await;
}
//% endif
