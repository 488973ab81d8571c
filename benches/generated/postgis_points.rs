//! A million random points: what a question costs through the generated `Places`, and through `sqlx` alone
//! in the same run.
//!
//! `scripts/with-servers postgres -- target/release/examples/postgis_points`. The table is made anew in a
//! schema of its own, in the database of `TEST_DATABASE_URL`.

use std::time::{Duration, Instant};

use shop::infra::postgis::{BoundingBox, Lat, Lng, Metres, Place, Places, Point};
use shop::infra::postgres::Postgres;
use shop::infra::settings::Settings;
use sqlx::{Executor, PgPool};

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Spot = (i64, Point);

const POINTS: u64 = 1_000_000;
const ROUNDS: u64 = 300;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut settings = Settings::default();
    settings.postgres.url = Some(std::env::var("TEST_DATABASE_URL")?.into());
    settings.postgres.statement_timeout = Duration::from_secs(600);
    let postgres = Postgres::start(&settings.postgres, &settings.stage).await?;
    let pool = postgres.pool()?;
    fill(pool).await?;
    let places = &Places::new("bench_postgis.spots", "place")?;
    println!("{ROUNDS} questions of each kind, one after the other, at random places of {POINTS}");
    println!(
        "{:<22}{:>8}{:>12}{:>12}{:>10}",
        "question", "rows", "median", "p99", "to sqlx"
    );

    let radius = Metres::new(10_000.0)?;
    let ours = measure(|at| async move {
        let found: Vec<Place<Spot>> = places.within(pool, at, radius, 1_000).await?;
        Ok(found.len())
    });
    let ours = ours.await?;
    let plain = "SELECT t.*, ST_Distance(place, $1::geography) m FROM bench_postgis.spots t \
                 WHERE ST_DWithin(place, $1::geography, $2) ORDER BY m LIMIT $3";
    let raw = measure(|at| async move {
        let query = sqlx::query_as(plain)
            .bind(at)
            .bind(10_000.0)
            .bind(1_000_i64);
        let found: Vec<(i64, Point, f64)> = query.fetch_all(pool).await?;
        Ok(found.len())
    });
    report("within 10 km", &ours, &raw.await?);

    let ours = measure(|at| async move {
        let found: Vec<Place<Spot>> = places.nearest(pool, at, 10).await?;
        Ok(found.len())
    });
    let ours = ours.await?;
    let plain = "SELECT t.*, ST_Distance(place, $1::geography) m FROM bench_postgis.spots t \
                 ORDER BY place <-> $1::geography LIMIT $2";
    let raw = measure(|at| async move {
        let query = sqlx::query_as(plain).bind(at).bind(10_i64);
        let found: Vec<(i64, Point, f64)> = query.fetch_all(pool).await?;
        Ok(found.len())
    });
    report("nearest 10", &ours, &raw.await?);

    let ours = measure(|at| async move {
        let found: Vec<Spot> = places.in_box(pool, around(at)?, 1_000).await?;
        Ok(found.len())
    });
    let ours = ours.await?;
    let plain = "SELECT * FROM bench_postgis.spots t \
                 WHERE place::geometry && ST_MakeEnvelope($1, $2, $3, $4, 4326) LIMIT $5";
    let raw = measure(|at| async move {
        let query = sqlx::query_as(plain)
            .bind(at.lng().0 - 0.1)
            .bind(at.lat().0 - 0.1);
        let query = query.bind(at.lng().0 + 0.1).bind(at.lat().0 + 0.1);
        let found: Vec<Spot> = query.bind(1_000_i64).fetch_all(pool).await?;
        Ok(found.len())
    });
    report("box of 0.2 degrees", &ours, &raw.await?);
    pool.execute("DROP SCHEMA bench_postgis CASCADE").await?;
    Ok(())
}

fn around(at: Point) -> Result<BoundingBox, Failed> {
    let south_west = Point::new(Lng(at.lng().0 - 0.1), Lat(at.lat().0 - 0.1))?;
    let north_east = Point::new(Lng(at.lng().0 + 0.1), Lat(at.lat().0 + 0.1))?;
    Ok(BoundingBox::new(south_west, north_east)?)
}

/// Points of a country: ten degrees by ten.
async fn fill(pool: &PgPool) -> Result<(), Failed> {
    for statement in [
        "CREATE EXTENSION IF NOT EXISTS postgis",
        "DROP SCHEMA IF EXISTS bench_postgis CASCADE",
        "CREATE SCHEMA bench_postgis",
        "CREATE TABLE bench_postgis.spots (id bigint, place geography(Point, 4326))",
    ] {
        pool.execute(statement).await?;
    }
    let begun = Instant::now();
    let insert = "INSERT INTO bench_postgis.spots SELECT n, \
                  ST_SetSRID(ST_MakePoint(5 + random() * 10, 45 + random() * 10), 4326) \
                  FROM generate_series(1, $1) n";
    sqlx::query(insert)
        .bind(i64::try_from(POINTS)?)
        .execute(pool)
        .await?;
    println!("{POINTS} points inserted in {:.1?}", begun.elapsed());
    for (name, statement) in [
        (
            "index for distances",
            "CREATE INDEX ON bench_postgis.spots USING gist (place)",
        ),
        (
            "index for boxes",
            "CREATE INDEX ON bench_postgis.spots USING gist ((place::geometry))",
        ),
        ("statistics", "ANALYZE bench_postgis.spots"),
    ] {
        let begun = Instant::now();
        pool.execute(statement).await?;
        println!("{name} made in {:.1?}", begun.elapsed());
    }
    Ok(())
}

/// The times of all rounds, sorted, and the rows of one.
struct Measured {
    times: Vec<Duration>,
    rows: usize,
}

async fn measure<F>(question: impl Fn(Point) -> F) -> Result<Measured, Failed>
where
    F: Future<Output = Result<usize, Failed>>,
{
    let (mut times, mut rows, mut seed) = (Vec::new(), 0, 1_u64);
    for round in 0..ROUNDS + 20 {
        let mut number = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from(u32::try_from(seed >> 33).unwrap_or(0)) / f64::from(u32::MAX / 2)
        };
        let at = Point::new(Lng(6.0 + number() * 8.0), Lat(46.0 + number() * 8.0))?;
        let begun = Instant::now();
        let found = question(at).await?;
        // The first ones make the connection and the plan.
        if round >= 20 {
            times.push(begun.elapsed());
            rows += found;
        }
    }
    times.sort_unstable();
    rows /= times.len();
    Ok(Measured { times, rows })
}

fn report(name: &str, ours: &Measured, raw: &Measured) {
    let median = |measured: &Measured| measured.times[measured.times.len() / 2];
    let late = ours.times[ours.times.len() * 99 / 100];
    let ratio = median(ours).as_secs_f64() / median(raw).as_secs_f64();
    let (rows, median) = (ours.rows, median(ours));
    println!("{name:<22}{rows:>8}{median:>12.1?}{late:>12.1?}{ratio:>10.2}");
}
