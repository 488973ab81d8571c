//% if framework == "actix-web"
//! Where the database meets actix-web: the transaction of a request, the extractors, and answers to
//! errors.

use std::future::{self, Future, Ready};
use std::pin::Pin;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::middleware::{self, Next};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::{Postgres, PostgresError, Tx, UnitOfWork};

/// Gives every request a transaction, which begins when a handler takes [`Tx`].
///
/// It is committed before the answer leaves if that is no error (1xx, 2xx, 3xx), and rolled back
/// otherwise. A commit that fails turns the answer into an error.
pub fn transactions<S, B>(
    postgres: &Postgres,
) -> impl Transform<
    S,
    ServiceRequest,
    Response = ServiceResponse<EitherBody<B>>,
    Error = Error,
    InitError = (),
//% if edition < 2024
>
//% else
> + use<S, B>
//% endif
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let postgres = postgres.clone();
    middleware::from_fn(move |request, next| end(UnitOfWork::new(&postgres), request, next))
}

async fn end<B>(
    work: UnitOfWork,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    B: MessageBody + 'static,
{
    request.extensions_mut().insert(work.clone());
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => {
            work.rollback().await;
            return Err(error);
        }
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        work.rollback().await;
        return Ok(response.map_into_left_body());
    }
    match work.commit().await {
        Ok(()) => Ok(response.map_into_left_body()),
        Err(error) => {
            tracing::error!("a request was a success, but its transaction was not committed");
            Ok(response.error_response(error).map_into_right_body())
        }
    }
}

fn work(request: &HttpRequest) -> Result<UnitOfWork, PostgresError> {
    let extensions = request.extensions();
    let work = extensions.get::<UnitOfWork>();
    work.cloned().ok_or(PostgresError::NotWired)
}

/// The transaction of the request: 503 if there is no database, or none that is available.
impl FromRequest for Tx {
    type Error = PostgresError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PostgresError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let work = work(request);
        Box::pin(async { work?.tx().await })
    }
}

/// The pool: 503 if there is no database.
impl FromRequest for Postgres {
    type Error = PostgresError;
    type Future = Ready<Result<Self, PostgresError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        future::ready(work(request).and_then(|work| {
            let postgres = work.postgres().clone();
            postgres.pool()?;
            Ok(postgres)
        }))
    }
}

impl ResponseError for PostgresError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header(("content-type", "application/problem+json"));
        if self.may_pass() {
            response.insert_header(("retry-after", "1"));
        }
        response.body(self.problem())
    }
}
//% endif
