//! PostgreSQL: a pool of connections, migrations at start, and one transaction a request.
//!
//! The start waits for the server and applies the migrations of the folder `migrations/`. Without
//! `DATABASE_URL` a developer's app starts all the same, and whatever needs the database answers 503.
//!
//% if framework != "none"
//! Handlers take [`Tx`], the transaction of their request: it is committed when the answer is a
//! success, and rolled back when it is an error, when the handler panics and when the client leaves.
//! For anything else they take [`Postgres`], the pool.
//!
//! ```
//! use /*= crate =*/::/*= module =*/::postgres::{Postgres, PostgresError, Tx};
//!
//! async fn rename(mut tx: Tx, name: String) -> Result<(), PostgresError> {
//!     let shops = sqlx::query("UPDATE shops SET name = $1").bind(name);
//!     shops.execute(&mut *tx).await?;
//!     Ok(())
//! }
//!
//! async fn count(postgres: Postgres) -> Result<String, PostgresError> {
//!     let count = sqlx::query_scalar("SELECT count(*) FROM shops");
//!     let count: i64 = count.fetch_one(postgres.pool()?).await?;
//!     Ok(count.to_string())
//! }
//! ```
//% else
//! ```
//! use /*= crate =*/::/*= module =*/::postgres::{Postgres, PostgresError};
//!
//! async fn count(postgres: &Postgres) -> Result<i64, PostgresError> {
//!     let count = sqlx::query_scalar("SELECT count(*) FROM shops");
//!     Ok(count.fetch_one(postgres.pool()?).await?)
//! }
//! ```
//% endif

//% if framework == "actix-web"
pub mod actix;
//% elif framework == "axum"
pub mod axum;
//% endif
mod error;
mod server;
#[cfg(test)]
pub(super) mod tests;
mod transaction;

use std::{fmt, time::Duration};

use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor};
use tokio::time;

pub use self::{
    error::PostgresError,
    server::StartError,
    transaction::{Tx, UnitOfWork},
};
use super::settings::{PostgresSettings, Stage};

/// The longest that health waits for an answer.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);
/// The longest that closing waits for connections which are still in use.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
/// What an answer may take longer than the statement that it answers.
const TRAVEL: Duration = Duration::from_secs(1);

/// The pool of connections. Clones share it.
#[derive(Clone)]
pub struct Postgres {
    pool: Option<PgPool>,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

impl Postgres {
    /// Waits for the server, applies the migrations and prepares the pool.
    ///
    /// # Errors
    ///
    /// The server did not answer in time or refuses this user, or a migration failed.
    pub async fn start(settings: &PostgresSettings, stage: &Stage) -> Result<Self, StartError> {
        let mut postgres = Self {
            pool: None,
            acquire_timeout: settings.acquire_timeout,
            statement_timeout: settings.statement_timeout,
        };
        let Some(url) = &settings.url else {
            tracing::warn!("DATABASE_URL is not set: what needs the database will answer 503");
            return Ok(postgres);
        };
        let options = server::parse(url)?;
        let mut connection = server::reach(&options, settings.connect_timeout).await?;
        if settings.migrate {
            server::migrate(&mut connection, settings.connect_timeout, stage).await?;
        }
        connection.close().await.ok();
        // Not an option of the connection itself: poolers such as PgBouncer refuse those.
        let limit = settings.statement_timeout.as_millis();
        let limit = format!("SET statement_timeout = {limit}");
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections.into())
            .acquire_timeout(settings.acquire_timeout)
            .after_connect(move |connection, _| {
                let limit = limit.clone();
                Box::pin(async move { set(connection, limit).await })
            })
            .connect_lazy_with(options);
        postgres.pool = Some(pool);
        Ok(postgres)
    }

    /// The pool, an executor of `sqlx`.
    ///
    /// # Errors
    ///
    /// [`PostgresError::NotConfigured`] without `DATABASE_URL`.
    pub fn pool(&self) -> Result<&PgPool, PostgresError> {
        self.pool.as_ref().ok_or(PostgresError::NotConfigured)
    }

    /// Unhealthy while no connection can be had within two seconds. Without `DATABASE_URL` there is
    /// nothing that could be ill.
    pub async fn health(&self) -> super::Health {
        let Some(pool) = &self.pool else {
            return super::Health::Healthy;
        };
        let ping = async { pool.acquire().await?.ping().await };
        match time::timeout(HEALTH_LIMIT, ping).await {
            Ok(Ok(())) => super::Health::Healthy,
            Ok(Err(error)) => super::Health::Unhealthy(error.to_string()),
            Err(_) => {
                let (size, idle) = (pool.size(), pool.num_idle());
                super::Health::Unhealthy(format!(
                    "no answer within {HEALTH_LIMIT:?}; {idle} of {size} connections are free"
                ))
            }
        }
    }

    /// Closes the pool as soon as its connections are returned, after ten seconds in any case.
    pub async fn shutdown(&self) {
        let Some(pool) = &self.pool else {
            return;
        };
        if time::timeout(CLOSE_LIMIT, pool.close()).await.is_err() {
            tracing::warn!("connections to the database are still in use and are dropped");
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

/// Whether there can be a server at a URL. What is wrong with it is told without showing it.
pub(super) fn check_url(url: &str) -> Result<(), StartError> {
    server::parse(&url.to_owned().into()).map(drop)
}

/// Runs a `SET` of this module.
async fn set(connection: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    //% if version_at_least(versions.sqlx, "0.9")
    // Made of a number: nothing comes from outside.
    connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    //% else
    connection.execute(statement.as_str()).await?;
    //% endif
    Ok(())
}
