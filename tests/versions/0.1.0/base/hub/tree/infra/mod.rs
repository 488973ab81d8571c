//! The infrastructure of this app: [`Infra`] starts it, hands it to the handlers and stops it.
//!
//! ```no_run
//! use /*= crate =*/::/*= module =*/::{Infra, StartError};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), StartError> {
//! let infra = Infra::start().await?;
//% if framework == "axum"
//! let app: axum::Router = infra.wire(axum::Router::new());
//! // .. serve the app until `shutdown_signal()`, then:
//% elif framework == "actix-web"
//! let wired = infra.clone();
//! let app = move || wired.wire(actix_web::App::new());
//! // .. serve the app by `HttpServer::new(app)`, and when that has stopped:
//% else
//! // .. do the work of the app until `shutdown_signal()`, then:
//% endif
//! infra.shutdown().await;
//% if framework != "none"
//! # drop(app);
//% endif
//! # Ok(())
//! # }
//! ```
//!
//% if framework == "axum"
//! Handlers take what they need as an argument, whatever the state of their router is. A test needs
//! neither a server nor an environment: `Infra::for_tests().await?.wire(app)`.
//% elif framework == "actix-web"
//! Handlers take what they need as an argument. A test needs neither a server nor an environment:
//! `Infra::for_tests().await?.wire(app)`.
//% else
//! A test needs neither a server nor an environment: `Infra::for_tests().await?`.
//% endif

//% set asked = components|selectattr("wire.health")
//% if edition < 2021
#![cfg_attr(
    test,
    allow(
        non_fmt_panics,
        unused_variables,
        reason = "before edition 2021 the tests say less about what they find"
    )
)]
//% if crate_kind != "bin"

//% endif
//% endif
//% if crate_kind == "bin"
#![allow(
    dead_code,
    unused_imports,
    reason = "an app seldom uses all that its infrastructure offers"
)]

//% endif
//% for module in modules
pub mod /*= module =*/;
//% endfor

//% if components
use std::{
    collections::BTreeMap, error::Error, fmt, future::Future, io, sync::Arc, time::Duration,
};
//% else
use std::{collections::BTreeMap, error::Error, fmt, io, sync::Arc, time::Duration};
//% endif

use self::settings::Settings;

/// The longest that [`Infra::shutdown`] takes.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);

/// The running components, one field each.
#[derive(Debug)]
//% if components
pub struct Infra {
    //% for c in components
    /// /*= c.wire.doc =*/
    pub /*= c.wire.field =*/: /*= c.wire.type =*/,
    //% endfor
}
//% else
pub struct Infra {}
//% endif

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
        //% for c in components
        //% if c.wire.start|length <= 79
        let start = /*= c.wire.start =*/;
        //% else
        let start =
            /*= c.wire.start =*/;
        //% endif
        let /*= c.wire.field =*/ = started("/*= c.id =*/", start).await?;
        //% endfor
        //% if not components
        Ok(Arc::new(Self {}))
        //% elif fields|length <= 18
        Ok(Arc::new(Self { /*= fields =*/ }))
        //% else
        Ok(Arc::new(Self {
            //% for c in components
            /*= c.wire.field =*/,
            //% endfor
        }))
        //% endif
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
        //% if asked
        let mut health = BTreeMap::new();
        //% for c in asked
        //% if c.id|length + c.wire.health|length <= 50
        health.insert("/*= c.id =*/", /*= c.wire.health =*/.await);
        //% else
        health.insert(
            "/*= c.id =*/",
            /*= c.wire.health =*/.await,
        );
        //% endif
        //% endfor
        health
        //% else
        BTreeMap::new()
        //% endif
    }

    /// Stops the components in the reverse order of their start, within half a minute.
    ///
    /// Call it when the server has stopped: requests may need every component to their end.
    pub async fn shutdown(&self) {
        let stop = async {
            tracing::info!("the infrastructure is stopping");
            //% for c in components|selectattr("wire.shutdown")|reverse
            /*= c.wire.shutdown =*/.await;
            //% endfor
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
//% if framework == "axum"
///
/// For `axum::serve(..).with_graceful_shutdown(/*= module =*/::shutdown_signal())`.
//% elif framework == "actix-web"
///
/// A server of actix-web stops on these by itself.
//% endif
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

//% if components
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

//% endif
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
