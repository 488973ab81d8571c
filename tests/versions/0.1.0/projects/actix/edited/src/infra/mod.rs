//! The infrastructure of this app: [`Infra`] starts it, hands it to the handlers and stops it.
//!
//! ```no_run
//! use ferry::infra::{Infra, StartError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StartError> {
//! let infra = Infra::start().await?;
//! let wired = infra.clone();
//! let app = move || wired.wire(actix_web::App::new());
//! // .. serve the app by `HttpServer::new(app)`, and when that has stopped:
//! infra.shutdown().await;
//! # drop(app);
//! # Ok(())
//! # }
//! ```
//!
//! Handlers take what they need as an argument. A test needs neither a server nor an environment:
//! `Infra::for_tests().await?.wire(app)`.

#![allow(
    dead_code,
    unused_imports,
    reason = "an app seldom uses all that its infrastructure offers"
)]

pub mod metrics;
pub mod postgis;
pub mod postgres;
pub mod queue;
pub mod redis;
pub mod settings;
pub mod storage;
pub mod trace;
pub mod web;
pub mod websocket;

use std::{
    collections::BTreeMap, error::Error, fmt, future::Future, io, sync::Arc, time::Duration,
};

use self::settings::Settings;

/// The longest that [`Infra::shutdown`] takes.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(45);

/// The running components, one field each.
#[derive(Debug)]
pub struct Infra {
    /// What this process counts, and who may read it.
    pub metrics: metrics::Metrics,
    /// The database: a pool of connections, and one transaction a request.
    pub postgres: postgres::Postgres,
    /// Places on the earth, in the database.
    pub postgis: postgis::Postgis,
    /// Cache, publish/subscribe and the raw Redis client.
    pub redis: redis::Redis,
    /// Objects and files.
    pub storage: storage::Storage,
    /// Everybody who is connected by WebSocket, and the rooms they are in.
    pub websocket: websocket::Rooms,
    /// Background jobs.
    pub queue: queue::Queue,
}

impl Infra {
    /// Reads the settings and starts every component.
    ///
    /// # Errors
    ///
    /// [`StartError`] says which component could not start and why, or which settings are wrong.
    pub async fn start() -> Result<Arc<Self>, StartError> {
        let settings = Settings::load().map_err(|error| StartError::new("settings", error))?;
        Self::start_with(settings).await
    }

    /// Starts every component with these settings.
    ///
    /// # Errors
    ///
    /// [`StartError`] says which component could not start and why.
    pub async fn start_with(settings: Settings) -> Result<Arc<Self>, StartError> {
        tracing::info!(stage = %settings.stage, "the infrastructure is starting");
        let start = metrics::Metrics::start(&settings.metrics);
        let metrics = started("metrics", start).await?;
        let start = postgres::Postgres::start(&settings.postgres, &settings.stage);
        let postgres = started("postgres", start).await?;
        let start = postgis::Postgis::start(&postgres);
        let postgis = started("postgis", start).await?;
        let start = redis::Redis::start(&settings.redis);
        let redis = started("redis", start).await?;
        let start = storage::Storage::start(&settings.storage);
        let storage = started("storage", start).await?;
        let start = websocket::Rooms::start(&settings.websocket, &settings.stage);
        let websocket = started("websocket", start).await?;
        let start = queue::Queue::start(&settings.queue);
        let queue = started("queue", start).await?;
        Ok(Arc::new(Self {
            metrics,
            postgres,
            postgis,
            redis,
            storage,
            websocket,
            queue,
        }))
    }

    /// Starts every component on its embedded default: no server, no environment.
    ///
    /// # Errors
    ///
    /// As [`start_with`](Self::start_with), which the embedded defaults give no reason for.
    pub async fn for_tests() -> Result<Arc<Self>, StartError> {
        Self::start_with(Settings::default()).await
    }

    /// Asks every component how it is.
    pub async fn health(&self) -> BTreeMap<&'static str, Health> {
        let mut health = BTreeMap::new();
        health.insert("metrics", self.metrics.health().await);
        health.insert("postgres", self.postgres.health().await);
        health.insert("redis", self.redis.health().await);
        health.insert("storage", self.storage.health().await);
        health.insert("websocket", self.websocket.health().await);
        health.insert("queue", self.queue.health().await);
        health
    }

    /// Stops the components in the reverse order of their start, within half a minute.
    ///
    /// Call it when the server has stopped: requests may need every component to their end.
    pub async fn shutdown(&self) {
        let stop = async {
            tracing::info!("the infrastructure is stopping");
            self.queue.shutdown().await;
            self.websocket.shutdown().await;
            self.postgres.shutdown().await;
            self.metrics.shutdown().await;
        };
        if tokio::time::timeout(SHUTDOWN_LIMIT, stop).await.is_err() {
            tracing::error!("the infrastructure did not stop in time");
        }
    }
}

/// How a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does all that it should.
    Healthy,
    /// It does its work in a poorer way, for this reason.
    Degraded(String),
    /// It does not do its work, for this reason.
    Unhealthy(String),
}

/// Completes on Ctrl-C, and on the SIGTERM of a service manager.
///
/// A server of actix-web stops on these by itself.
pub async fn shutdown_signal() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "cannot listen for Ctrl-C");
        std::future::pending().await
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix;

    match unix::signal(unix::SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::error!(%error, "cannot listen for SIGTERM");
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// A component could not start.
///
/// `Display` and `Debug` are the same complete message, so that it reads well also where `main`
/// returns it; `?` turns it into `anyhow::Error`, `Box<dyn Error>` and [`io::Error`].
pub struct StartError {
    component: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl StartError {
    fn new(component: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            component,
            source: source.into(),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start {}: {}", self.component, self.source)?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// No `source`: the message holds the whole chain already, and a report would print it twice.
impl Error for StartError {}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        Self::other(error)
    }
}

async fn started<T, E>(
    component: &'static str,
    start: impl Future<Output = Result<T, E>>,
) -> Result<T, StartError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    start
        .await
        .map_err(|error| StartError::new(component, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn embedded_components_are_healthy_and_stop() {
        let infra = Infra::for_tests().await.unwrap();
        let health = infra.health().await;
        assert!(health.values().all(|health| *health == Health::Healthy));
        infra.shutdown().await;
    }

    #[test]
    fn a_start_error_fits_what_main_returns() {
        fn boxed() -> Result<(), Box<dyn Error>> {
            Err(StartError::new("shop", "no tea"))?
        }
        fn io() -> io::Result<()> {
            Err(StartError::new("shop", io::Error::other("no tea")))?
        }
        let message = "cannot start shop: no tea";
        assert_eq!(format!("{:?}", boxed().unwrap_err()), message);
        assert_eq!(io().unwrap_err().to_string(), message);
    }
}
