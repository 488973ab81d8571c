//% if framework == "axum"
//! Where the database meets axum: the transaction of a request, the extractors, and answers to errors.

use std::{future::Future, pin::Pin};

use ::axum::extract::{FromRequestParts, Request, State};
use ::axum::http::{self, StatusCode};
use ::axum::middleware::{self, FromFnLayer, Next};
use ::axum::response::{IntoResponse, Response};

use super::{Postgres, PostgresError, Tx, UnitOfWork};

/// The layer that ends the transaction of a request.
pub type Transactions = FromFnLayer<Handler, Postgres, (State<Postgres>, Request)>;

type Handler = fn(State<Postgres>, Request, Next) -> Answer;
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Gives every request a transaction, which begins when a handler takes [`Tx`].
///
/// It is committed before the answer leaves if that is no error (1xx, 2xx, 3xx), and rolled back
/// otherwise. A commit that fails turns the answer into an error.
pub fn transactions(postgres: &Postgres) -> Transactions {
    middleware::from_fn_with_state(postgres.clone(), |State(postgres), request, next| {
        Box::pin(end(UnitOfWork::new(&postgres), request, next))
    })
}

async fn end(work: UnitOfWork, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(work.clone());
    let response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        work.rollback().await;
        return response;
    }
    match work.commit().await {
        Ok(()) => response,
        Err(error) => {
            tracing::error!("a request was a success, but its transaction was not committed");
            error.into_response()
        }
    }
}

fn work(parts: &http::request::Parts) -> Result<UnitOfWork, PostgresError> {
    let work = parts.extensions.get::<UnitOfWork>();
    work.cloned().ok_or(PostgresError::NotWired)
}

/// The transaction of the request: 503 if there is no database, or none that is available.
//% if not version_at_least(versions.axum, "0.8")
#[::axum::async_trait]
//% endif
impl<S: Send + Sync> FromRequestParts<S> for Tx {
    type Rejection = PostgresError;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, PostgresError> {
        work(parts)?.tx().await
    }
}

/// The pool: 503 if there is no database.
//% if not version_at_least(versions.axum, "0.8")
#[::axum::async_trait]
//% endif
impl<S: Send + Sync> FromRequestParts<S> for Postgres {
    type Rejection = PostgresError;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        _: &S,
    ) -> Result<Self, PostgresError> {
        let postgres = work(parts)?.postgres().clone();
        postgres.pool()?;
        Ok(postgres)
    }
}

impl IntoResponse for PostgresError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status().0);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = ("content-type", "application/problem+json");
        if self.may_pass() {
            return (status, [kind, ("retry-after", "1")], self.problem()).into_response();
        }
        (status, [kind], self.problem()).into_response()
    }
}
//% endif
