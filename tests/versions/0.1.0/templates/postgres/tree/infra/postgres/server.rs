//! The way to a server that is ready: reading its URL, waiting for it, applying the migrations.

use std::{io, path::Path, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::{self, Instant};

use super::super::settings::Stage;

/// The longest single attempt to connect, so that a silent server is asked more than once.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// `DATABASE_URL` does not name a server that can be used.
    #[error("{0}")]
    Url(String),
    /// The server did not answer within `DATABASE_CONNECT_TIMEOUT`.
    #[error("no database at {address} within {waited:?}")]
    Away {
        /// Host and port.
        address: String,
        /// How long the start has waited.
        waited: Duration,
        /// What happened last.
        source: sqlx::Error,
    },
    /// The server is there and refuses: a wrong password, no such database.
    #[error("the database at {address} refuses the connection")]
    Refused {
        /// Host and port.
        address: String,
        /// What it says.
        source: sqlx::Error,
    },
    /// A migration failed, was changed after it ran, or waited too long for a lock.
    #[error("the migrations could not be applied")]
    Migration(#[from] MigrateError),
}

/// Reads a URL. What is wrong with it is told without showing it.
pub(super) fn parse(url: &SecretString) -> Result<PgConnectOptions, StartError> {
    let url = url.expose_secret();
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("postgres" | "postgresql")) {
        let why = "must be a URL that begins with `postgres://`";
        return Err(StartError::Url(why.to_owned()));
    }
    let invalid = |_| StartError::Url("is not a valid URL of a database".to_owned());
    let options = PgConnectOptions::from_str(url).map_err(invalid)?;
    //% if options.tls
    // Without one, rustls would have to guess. An error means that the app has installed another.
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().ok();
    //% else
    use sqlx::postgres::PgSslMode::{Allow, Disable, Prefer};
    if !matches!(options.get_ssl_mode(), Disable | Allow | Prefer) {
        let why = "asks for TLS, which needs the option `tls`: add postgres again with `--set postgres.tls=true`";
        return Err(StartError::Url(why.to_owned()));
    }
    //% endif
    Ok(options)
}

/// Connects. While the server is away or still starting it is asked again, until `limit` has passed.
pub(super) async fn reach(
    options: &PgConnectOptions,
    limit: Duration,
) -> Result<PgConnection, StartError> {
    use sqlx::ConnectOptions;

    let address = format!("{}:{}", options.get_host(), options.get_port());
    let begun = Instant::now();
    let mut told = false;
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        let silence = || sqlx::Error::Io(io::ErrorKind::TimedOut.into());
        let attempt = time::timeout(left.min(ATTEMPT), options.connect()).await;
        let source = match attempt.unwrap_or_else(|_| Err(silence())) {
            Ok(connection) => {
                if told {
                    tracing::info!(address, waited = ?begun.elapsed(), "the database is there");
                }
                return Ok(connection);
            }
            Err(source) if may_pass(&source) => source,
            Err(source) => return Err(StartError::Refused { address, source }),
        };
        let waited = begun.elapsed();
        if waited + PAUSE >= limit {
            return Err(StartError::Away {
                address,
                waited: limit,
                source,
            });
        }
        if !told {
            tracing::warn!(address, error = %source, ?limit, "waiting for the database");
            told = true;
        }
        time::sleep(PAUSE).await;
    }
}

/// Whether it may work later: nobody answers, or the server is starting, stopping or full.
fn may_pass(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        // A certificate that is not trusted will not be later.
        return error.kind() != io::ErrorKind::InvalidData;
    }
    let code = error.as_database_error().and_then(|error| error.code());
    let passing = ["53300", "57P01", "57P02", "57P03"];
    code.is_some_and(|code| passing.contains(&code.as_ref()))
}

/// Applies the migrations that the database does not have. Other processes wait meanwhile.
///
/// Those that it has and this app does not know are left alone: an older release must be able to
/// start beside a newer one.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    limit: Duration,
    stage: &Stage,
) -> Result<(), StartError> {
    // A lock that somebody holds for long must not stop the start for ever, nor everybody behind it.
    let limit = format!("SET lock_timeout = {}", limit.as_millis());
    super::set(connection, limit)
        .await
        .map_err(MigrateError::Execute)?;
    let mut migrator = migrations(stage).await?;
    migrator.set_ignore_missing(true);
    migrator.run(connection).await?;
    Ok(())
}

/// The migrations that were built in, or in development those of the folder: cargo does not notice
/// when a file is added to it.
async fn migrations(stage: &Stage) -> Result<Migrator, MigrateError> {
    let folder = Path::new(FOLDER);
    if stage.is_development() && folder.is_dir() {
        return Migrator::new(folder).await;
    }
    Ok(sqlx::migrate!())
}

/// Where the migrations were when the app was built.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let error = parse(&url.to_owned().into()).err();
        error.map_or_else(|| panic!("{url} is accepted"), |error| error.to_string())
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused_without_naming_its_password() {
        for url in [
            "localhost",
            "mysql://root:hunter2@host/app",
            "postgres://root:hunter2@host:port/app",
            "postgres://root:hunter2@host/app?sslmode=hunter2",
            "postgres://root:hunter2@host/app?port=hunter2",
        ] {
            assert!(!refusal(url).contains("hunter2"), "{url}");
        }
        assert!(parse(&"postgresql:///app".to_owned().into()).is_ok());
    }
    //% if not options.tls

    #[test]
    fn tls_is_refused_with_the_option_that_brings_it() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://root:hunter2@host/app?sslmode={mode}");
            assert!(refusal(&url).contains("--set postgres.tls=true"));
        }
    }
    //% endif

    #[tokio::test]
    async fn what_is_built_in_is_what_the_folder_holds() {
        let versions = |migrator: &Migrator| -> Vec<i64> {
            migrator.iter().map(|migration| migration.version).collect()
        };
        let folder = Migrator::new(Path::new(FOLDER)).await.unwrap();
        assert_eq!(
            versions(&sqlx::migrate!()),
            versions(&folder),
            "a migration was added after the last build: `touch` this file"
        );
    }
}
