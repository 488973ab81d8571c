//! A small web app over a generated package `shop` with postgres, for tests that stop and start servers.
//!
//! The first line of output is `listening PORT`; the end of stdin ends the program. Settings come from
//! the environment (`DATABASE_URL`, ..).
//!
//! | route | does |
//! |---|---|
//! | `/insert/{n}` | inserts a number in the transaction of the request |
//! | `/fail/{n}`, `/panic/{n}` | inserts it, then answers 418 or panics |
//! | `/hang/{n}`, `/query/{n}` | inserts it, then waits for a minute, by itself or in the database |
//! | `/numbers` | the numbers that are there |
//! | `/locks` | how many transactions are open on the table |
//! | `/health` | the health of postgres as `Debug` shows it |

use std::{io::Read, sync::Arc, time::Duration};

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use shop::infra::Infra;
use shop::infra::postgres::{Postgres, PostgresError, Tx};

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let infra = Infra::start().await?;
    if let Ok(pool) = infra.postgres.pool() {
        let table = sqlx::query("CREATE TABLE IF NOT EXISTS numbers (n integer PRIMARY KEY)");
        table.execute(pool).await?;
    }
    let app = Router::new()
        .route("/insert/{n}", get(|tx: Tx, n: Path<i32>| insert(tx, n)))
        .route("/fail/{n}", get(fail))
        .route("/panic/{n}", get(panic))
        .route("/hang/{n}", get(hang))
        .route("/query/{n}", get(query))
        .route("/numbers", get(numbers))
        .route("/locks", get(locks))
        .route("/health", get(health));
    let app = infra.wire(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?.port());
    let end = async {
        let wait = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(wait).await.ok();
    };
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        () = end => infra.shutdown().await,
    }
    Ok(())
}

async fn insert(mut tx: Tx, Path(n): Path<i32>) -> Result<(), PostgresError> {
    let insert = sqlx::query("INSERT INTO numbers VALUES ($1)").bind(n);
    insert.execute(&mut *tx).await?;
    Ok(())
}

async fn inserted(tx: &mut Tx, n: i32) -> Result<(), PostgresError> {
    let insert = sqlx::query("INSERT INTO numbers VALUES ($1)").bind(n);
    insert.execute(&mut **tx).await?;
    println!("inserted {n}");
    Ok(())
}

async fn fail(mut tx: Tx, Path(n): Path<i32>) -> Result<StatusCode, PostgresError> {
    inserted(&mut tx, n).await?;
    Ok(StatusCode::IM_A_TEAPOT)
}

async fn panic(mut tx: Tx, Path(n): Path<i32>) -> Result<(), PostgresError> {
    inserted(&mut tx, n).await?;
    panic!("the handler of a test panics")
}

async fn hang(mut tx: Tx, Path(n): Path<i32>) -> Result<(), PostgresError> {
    inserted(&mut tx, n).await?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}

async fn query(mut tx: Tx, Path(n): Path<i32>) -> Result<(), PostgresError> {
    inserted(&mut tx, n).await?;
    let sleep = sqlx::query("SELECT pg_sleep(60)");
    sleep.execute(&mut *tx).await?;
    Ok(())
}

async fn numbers(postgres: Postgres) -> Result<String, PostgresError> {
    let numbers = sqlx::query_scalar("SELECT n FROM numbers ORDER BY n");
    let numbers: Vec<i32> = numbers.fetch_all(postgres.pool()?).await?;
    Ok(format!("{numbers:?}"))
}

async fn locks(postgres: Postgres) -> Result<String, PostgresError> {
    let locks = "SELECT count(*) FROM pg_locks WHERE relation = 'numbers'::regclass";
    let locks: i64 = sqlx::query_scalar(locks)
        .fetch_one(postgres.pool()?)
        .await?;
    Ok(locks.to_string())
}

async fn health(Extension(infra): Extension<Arc<Infra>>) -> String {
    format!("{:?}", infra.postgres.health().await)
}
