//! What holds for the database, with no server and on the one of `TEST_DATABASE_URL`, where every
//! test makes a database of its own.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    hash::{BuildHasher, RandomState},
    io,
    time::Duration,
};

use tokio::time::Instant;

use super::*;
use crate::/*= module =*/::settings::Settings;

type Health = crate::/*= module =*/::Health;
//% if framework == "actix-web"

mod actix;
mod requests;
//% elif framework == "axum"

mod axum;
mod requests;
//% endif

/// A database that a test has for itself.
pub struct Database {
    admin: PgConnection,
    name: String,
    pub settings: PostgresSettings,
}

impl Database {
    pub async fn create() -> Self {
        let url = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is not set");
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let name = format!("test_{:x}", RandomState::new().hash_one(0));
        let create = format!("CREATE DATABASE {name}");
        set(&mut admin, create).await.unwrap();
        let mut settings = Settings::default().postgres;
        settings.url = Some(with_database(&url, &name).into());
        settings.max_connections = 3;
        Self {
            admin,
            name,
            settings,
        }
    }

    pub async fn start(&self) -> Postgres {
        let postgres = Postgres::start(&self.settings, &stage()).await.unwrap();
        assert_eq!(postgres.health().await, Health::Healthy);
        postgres
    }

    /// Ends every connection of the database but that of the administrator.
    async fn disconnect(&mut self) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        let end = sqlx::query(end).bind(&self.name);
        end.execute(&mut self.admin).await.unwrap();
    }

    pub async fn drop(mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        set(&mut self.admin, drop).await.unwrap();
    }
}

/// The URL of another database on the same server.
fn with_database(url: &str, name: &str) -> String {
    let (server, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}?{parameters}")
}

fn stage() -> Stage {
    Settings::default().stage
}

/// A database with a table `t`, and the pool on it.
async fn prepared(change: impl FnOnce(&mut PostgresSettings)) -> (Database, Postgres) {
    let mut database = Database::create().await;
    change(&mut database.settings);
    let postgres = database.start().await;
    let table = sqlx::query("CREATE TABLE t (n integer UNIQUE DEFERRABLE)");
    table.execute(postgres.pool().unwrap()).await.unwrap();
    (database, postgres)
}

async fn insert(connection: &mut PgConnection, n: i32) -> Result<(), PostgresError> {
    let insert = sqlx::query("INSERT INTO t VALUES ($1)").bind(n);
    insert.execute(connection).await?;
    Ok(())
}

async fn numbers(postgres: &Postgres) -> Vec<i32> {
    let numbers = sqlx::query_scalar("SELECT n FROM t ORDER BY n");
    numbers.fetch_all(postgres.pool().unwrap()).await.unwrap()
}

#[tokio::test]
async fn without_a_url_everything_starts_and_says_so() {
    let settings = Settings::default();
    let postgres = Postgres::start(&settings.postgres, &settings.stage)
        .await
        .unwrap();
    assert_eq!(postgres.health().await, Health::Healthy);
    assert!(matches!(postgres.pool(), Err(PostgresError::NotConfigured)));
    let work = UnitOfWork::new(&postgres);
    assert!(matches!(work.tx().await, Err(PostgresError::NotConfigured)));
    assert!(work.commit().await.is_ok());
    postgres.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for_until_the_limit() {
    // Nobody listens there any more.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut settings = Settings::default().postgres;
    settings.url = Some(format!("postgres://root:hunter2@{address}/app").into());
    settings.connect_timeout = Duration::from_secs(1);
    let begun = Instant::now();
    let error = Postgres::start(&settings, &stage()).await.unwrap_err();
    assert!(begun.elapsed() >= Duration::from_millis(700));
    assert!(begun.elapsed() < Duration::from_secs(3));
    let message = error.to_string();
    assert_eq!(message, format!("no database at {address} within 1s"));
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_more_than_the_limit() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Settings::default().postgres;
    let address = listener.local_addr().unwrap();
    settings.url = Some(format!("postgres://root@{address}/app").into());
    settings.connect_timeout = Duration::from_secs(1);
    let begun = Instant::now();
    let error = Postgres::start(&settings, &stage()).await.unwrap_err();
    assert!(matches!(error, StartError::Away { .. }), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_server_that_refuses_is_not_waited_for() {
    let mut database = Database::create().await;
    let url = std::env::var("TEST_DATABASE_URL").unwrap();
    let url = with_database(&url, "missing");
    database.settings.url = Some(url.into());
    let error = Postgres::start(&database.settings, &stage())
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::Refused { .. }), "{error:?}");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn migrations_run_once_whoever_starts_and_whatever_a_newer_release_has_added() {
    let database = Database::create().await;
    let (a, b, c) = tokio::join!(database.start(), database.start(), database.start());
    let applied = "SELECT count(*) FROM _sqlx_migrations WHERE success";
    let applied: i64 = sqlx::query_scalar(applied)
        .fetch_one(a.pool().unwrap())
        .await
        .unwrap();
    let known = sqlx::migrate!().iter().count();
    assert_eq!(usize::try_from(applied).unwrap(), known);
    let newer = "INSERT INTO _sqlx_migrations VALUES (99999999999999, 'newer', now(), true, '', 0)";
    sqlx::query(newer).execute(a.pool().unwrap()).await.unwrap();
    database.start().await.shutdown().await;
    for postgres in [a, b, c] {
        postgres.shutdown().await;
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_migration_that_waits_too_long_for_a_lock_stops_the_start() {
    let mut database = Database::create().await;
    let postgres = database.start().await;
    let mut holder = postgres.pool().unwrap().begin().await.unwrap();
    let lock = "LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::query(lock).execute(&mut *holder).await.unwrap();
    database.settings.connect_timeout = Duration::from_secs(1);
    let begun = Instant::now();
    let error = Postgres::start(&database.settings, &stage())
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::Migration(_)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    database.settings.migrate = false;
    assert!(Postgres::start(&database.settings, &stage()).await.is_ok());
    drop(holder);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_long_statement_is_ended_and_the_connection_stays() {
    let short = |settings: &mut PostgresSettings| {
        settings.statement_timeout = Duration::from_millis(200);
        settings.max_connections = 1;
    };
    let (database, postgres) = prepared(short).await;
    let begun = Instant::now();
    let sleep = sqlx::query("SELECT pg_sleep(10)").execute(postgres.pool().unwrap());
    let error = PostgresError::from(sleep.await.unwrap_err());
    assert!(matches!(error, PostgresError::TimedOut(_)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(numbers(&postgres).await.is_empty());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_pool_that_is_used_up_costs_one_time_limit_and_shows() {
    let one = |settings: &mut PostgresSettings| {
        settings.max_connections = 1;
        settings.acquire_timeout = Duration::from_millis(200);
    };
    let (database, postgres) = prepared(one).await;
    let held = postgres.pool().unwrap().acquire().await.unwrap();
    let error = UnitOfWork::new(&postgres).tx().await.unwrap_err();
    assert!(matches!(error, PostgresError::Unavailable(_)), "{error:?}");
    assert!(matches!(postgres.health().await, Health::Unhealthy(_)));
    drop(held);
    assert!(UnitOfWork::new(&postgres).tx().await.is_ok());
    assert_eq!(postgres.health().await, Health::Healthy);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn lost_connections_are_replaced() {
    let mut database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    let mut tx = pool.begin().await.unwrap();
    database.disconnect().await;
    let error = sqlx::query("SELECT 1").execute(&mut *tx).await.unwrap_err();
    let error = PostgresError::from(error);
    assert!(matches!(error, PostgresError::Unavailable(_)), "{error:?}");
    drop(tx);
    assert!(sqlx::query("SELECT 1").execute(pool).await.is_ok());
    assert_eq!(postgres.health().await, Health::Healthy);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn work_is_one_transaction_for_all_who_take_part() {
    let (database, postgres) = prepared(|_| ()).await;
    let work = UnitOfWork::new(&postgres);
    insert(&mut work.tx().await.unwrap(), 1).await.unwrap();
    assert!(numbers(&postgres).await.is_empty());
    insert(&mut work.tx().await.unwrap(), 2).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(numbers(&postgres).await, [1, 2]);

    let work = UnitOfWork::new(&postgres);
    insert(&mut work.tx().await.unwrap(), 3).await.unwrap();
    work.rollback().await;
    let work = UnitOfWork::new(&postgres);
    insert(&mut work.tx().await.unwrap(), 4).await.unwrap();
    drop(work);
    assert_eq!(numbers(&postgres).await, [1, 2]);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_cannot_be_committed_is_an_error() {
    let (database, postgres) = prepared(|_| ()).await;
    // A statement failed, and whoever ran it went on.
    let work = UnitOfWork::new(&postgres);
    let mut tx = work.tx().await.unwrap();
    insert(&mut tx, 1).await.unwrap();
    assert!(sqlx::query("SELECT 1 / 0").execute(&mut *tx).await.is_err());
    drop(tx);
    assert!(matches!(work.commit().await, Err(PostgresError::Query(_))));

    // A constraint that is looked at in the end.
    let work = UnitOfWork::new(&postgres);
    let mut tx = work.tx().await.unwrap();
    let later = sqlx::query("SET CONSTRAINTS ALL DEFERRED");
    later.execute(&mut *tx).await.unwrap();
    insert(&mut tx, 2).await.unwrap();
    insert(&mut tx, 2).await.unwrap();
    drop(tx);
    assert!(matches!(work.commit().await, Err(PostgresError::Query(_))));

    // Somebody still has it.
    let work = UnitOfWork::new(&postgres);
    let mut tx = work.tx().await.unwrap();
    insert(&mut tx, 3).await.unwrap();
    assert!(matches!(work.tx().await, Err(PostgresError::InUse)));
    assert!(matches!(work.commit().await, Err(PostgresError::InUse)));
    drop(tx);
    assert!(numbers(&postgres).await.is_empty());
    database.drop().await;
}

#[test]
fn errors_are_sorted_by_who_can_help() {
    let lost = sqlx::Error::Io(io::ErrorKind::ConnectionReset.into());
    for error in [lost, sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed] {
        assert!(matches!(error.into(), PostgresError::Unavailable(_)));
    }
    let missing = PostgresError::from(sqlx::Error::RowNotFound);
    assert!(matches!(missing, PostgresError::Query(_)));
}

#[tokio::test]
async fn debug_shows_no_password() {
    let mut settings = Settings::default().postgres;
    settings.url = Some("postgres://root:hunter2@127.0.0.1/app".to_owned().into());
    assert!(!format!("{settings:?}").contains("hunter2"));
    let error = check_url("postgres://root:hunter2@127.0.0.1:x/app").unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}
