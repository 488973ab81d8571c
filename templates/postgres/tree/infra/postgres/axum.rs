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

/// A problem of RFC 9457 that tells a client what it can do about it, and the log what happened.
impl IntoResponse for PostgresError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotConfigured | Self::Unavailable(_) | Self::Conflict(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::NotWired | Self::InUse | Self::Query(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let cause = std::error::Error::source(&self).map(ToString::to_string);
        tracing::error!(cause, status = status.as_u16(), "{self}");
        let title = status.canonical_reason().unwrap_or_default();
        let body = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"detail":"{self}"}}"#,
            status.as_u16()
        );
        let kind = ("content-type", "application/problem+json");
        match self {
            Self::Unavailable(_) | Self::Conflict(_) => {
                (status, [kind, ("retry-after", "1")], body).into_response()
            }
            _ => (status, [kind], body).into_response(),
        }
    }
}
//% endif
