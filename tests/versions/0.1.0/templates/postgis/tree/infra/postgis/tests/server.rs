//! Against the server of `TEST_DATABASE_URL`, and against geodesics that are computed without it.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use geographiclib_rs::{Geodesic, InverseGeodesic};
use sqlx::{Executor, PgPool, Row};

use super::*;
use crate::/*= module =*/::postgis::places::sql;
use crate::/*= module =*/::postgres::tests::Database;

type Spot = (i64, Point);

async fn run(pool: &PgPool, statement: &str) {
    let statement: Arc<str> = statement.into();
    pool.execute(sql(&statement)).await.unwrap();
}

/// A database with PostGIS and a table of random points, the last of which has none.
async fn prepared(count: u64) -> (Database, Postgres, Places, Vec<Spot>) {
    let database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    run(
        pool,
        "CREATE TABLE spots (id bigint PRIMARY KEY, place geography(Point, 4326))",
    )
    .await;
    let (random, bits) = (RandomState::new(), f64::from(u32::MAX));
    let number = |n: u64| f64::from(u32::try_from(random.hash_one(n) >> 32).unwrap()) / bits;
    let spot = |n: u64| {
        // Spread evenly over the sphere, and with points at its poles and on the edge of the map.
        let (lng, lat) = match n {
            0 => (180.0, 10.0),
            1 => (-180.0, -10.0),
            2 => (0.0, 90.0),
            3 => (0.0, -90.0),
            _ => {
                let lat = (number(n) * 2.0 - 1.0).asin().to_degrees();
                (number(n + count) * 360.0 - 180.0, lat)
            }
        };
        (i64::try_from(n).unwrap(), point(lng, lat))
    };
    let spots: Vec<Spot> = (0..count).map(spot).collect();
    let (ids, places): (Vec<i64>, Vec<Point>) = spots.iter().copied().unzip();
    let insert = "INSERT INTO spots SELECT * FROM unnest($1::bigint[], $2::geometry[])";
    let insert = sqlx::query(insert).bind(&ids).bind(&places);
    insert.execute(pool).await.unwrap();
    run(pool, "INSERT INTO spots VALUES (-1, NULL)").await;
    run(pool, "CREATE INDEX spots_place ON spots USING gist (place)").await;
    run(
        pool,
        "CREATE INDEX spots_box ON spots USING gist ((place::geometry))",
    )
    .await;
    run(pool, "ANALYZE spots").await;
    let table = Places::new("spots", "place").unwrap();
    (database, postgres, table, spots)
}

/// The length of the geodesic by Karney's method, in metres.
fn geodesic(a: Point, b: Point) -> f64 {
    let (a_lat, a_lng, b_lat, b_lng) = (a.lat().0, a.lng().0, b.lat().0, b.lng().0);
    Geodesic::wgs84().inverse(a_lat, a_lng, b_lat, b_lng)
}

/// The spots by distance, computed here.
fn ranked(spots: &[Spot], centre: Point) -> Vec<(i64, f64)> {
    let far = spots
        .iter()
        .map(|(id, place)| (*id, geodesic(centre, *place)));
    let mut far: Vec<(i64, f64)> = far.collect();
    far.sort_by(|a, b| a.1.total_cmp(&b.1));
    far
}

fn assert_alike(found: &[Place<Spot>], expected: &[(i64, f64)]) {
    assert_eq!(found.len(), expected.len());
    for (found, (id, metres)) in found.iter().zip(expected) {
        assert_eq!(found.row.0, *id);
        assert!((found.metres - metres).abs() < 0.001, "{found:?} {metres}");
    }
}

const CENTRES: [(f64, f64); 5] = [
    (13.405, 52.52),
    (-179.9, -16.0),
    (0.0, 89.9),
    (-58.38, -34.6),
    (1.0, 1.0),
];

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn distances_are_those_of_the_ellipsoid() {
    let database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    let cities = [
        point(-0.1276, 51.5072),
        point(2.3522, 48.8566),
        point(139.6917, 35.6895),
        point(151.2093, -33.8688),
        point(-74.0060, 40.7128),
        point(179.9, 0.0),
        point(-179.9, 0.5),
    ];
    for a in cities {
        for b in cities {
            let metres = distance(pool, a, b).await.unwrap();
            assert!(
                (metres - geodesic(a, b)).abs() < 0.001,
                "{a:?} {b:?} {metres}"
            );
        }
    }
    // As atlases have it: London to Paris 344 km, London to New York 5,585 km.
    let [london, paris, _, _, new_york, ..] = cities;
    let paris = distance(pool, london, paris).await.unwrap();
    assert!((343_000.0..345_000.0).contains(&paris), "{paris}");
    let new_york = distance(pool, london, new_york).await.unwrap();
    assert!((5_570_000.0..5_600_000.0).contains(&new_york), "{new_york}");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_is_near_is_what_is_computed_to_be() {
    let (database, postgres, table, spots) = prepared(3_000).await;
    let pool = postgres.pool().unwrap();
    for (lng, lat) in CENTRES {
        let centre = point(lng, lat);
        let ranked = ranked(&spots, centre);
        for count in [0, 1, 10, 500] {
            let found = table.nearest(pool, centre, count).await.unwrap();
            assert_alike(&found, &ranked[..count as usize]);
        }
        for radius in [0.0, 1_000.0, 500_000.0, 3_000_000.0, 20_100_000.0] {
            let inside = ranked
                .iter()
                .filter(|(_, metres)| *metres <= radius)
                .count();
            let radius = Metres::new(radius).unwrap();
            let found = table.within(pool, centre, radius, 5_000).await.unwrap();
            assert_alike(&found, &ranked[..inside]);
            let few = table.within(pool, centre, radius, 3).await.unwrap();
            assert_alike(&few, &ranked[..inside.min(3)]);
        }
    }
    // More than there are: the point that has no place is not among them.
    let all: Vec<Place<Spot>> = table.nearest(pool, point(0.0, 0.0), 9_000).await.unwrap();
    assert_eq!(all.len(), spots.len());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_is_inside_is_what_is_compared_to_be() {
    let (database, postgres, table, spots) = prepared(3_000).await;
    let pool = postgres.pool().unwrap();
    let all = [
        bounds(-10.0, 35.0, 40.0, 70.0),
        bounds(170.0, -20.0, -170.0, 20.0),
        bounds(-180.0, -90.0, 180.0, 90.0),
        bounds(0.0, 90.0, 0.0, 90.0),
        bounds(-180.0, 60.0, 180.0, 61.0),
    ];
    for edges in all {
        let [south, north] = edges.latitudes();
        let inside = |spot: &&Spot| {
            let (lng, lat) = (spot.1.lng().0, spot.1.lat().0);
            let spans = edges.longitudes();
            let mut spans = spans.iter();
            let within = |[west, east]: &[f64; 2]| *west <= lng && lng <= *east;
            (south..=north).contains(&lat) && spans.any(within)
        };
        let mut expected: Vec<i64> = spots.iter().filter(inside).map(|spot| spot.0).collect();
        let found: Vec<Spot> = table.in_box(pool, edges, 5_000).await.unwrap();
        let mut found: Vec<i64> = found.iter().map(|spot| spot.0).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{edges:?}");
    }
    let hole = r#"{"type":"Polygon","coordinates":[
        [[-60,-60],[60,-60],[60,60],[-60,60],[-60,-60]],
        [[-30,-30],[-30,30],[30,30],[30,-30],[-30,-30]]]}"#;
    let hole = Geom::from_geojson(hole).unwrap();
    let found: Vec<Spot> = table.in_area(pool, &hole, 5_000).await.unwrap();
    let far = |spot: &&Spot| {
        let far = spot.1.lng().0.abs().max(spot.1.lat().0.abs());
        (30.0..=60.0).contains(&far)
    };
    assert_eq!(found.len(), spots.iter().filter(far).count());
    assert!(covers(pool, &hole, point(45.0, 0.0)).await.unwrap());
    assert!(covers(pool, &hole, point(30.0, 0.0)).await.unwrap());
    assert!(!covers(pool, &hole, point(0.0, 45.0 + 20.0)).await.unwrap());
    assert!(!covers(pool, &hole, point(0.0, 0.0)).await.unwrap());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn every_question_uses_an_index() {
    let (database, postgres, table, _) = prepared(20_000).await;
    let pool = postgres.pool().unwrap();
    let centre = point(13.405, 52.52);
    let explain = |text: &str| -> Arc<str> { format!("EXPLAIN {text}").into() };
    let texts = [&table.within, &table.nearest, &table.covered, &table.boxed];
    let texts = texts.map(|text| explain(text));
    let within = sqlx::query(sql(&texts[0])).bind(centre).bind(1_000.0);
    let nearest = sqlx::query(sql(&texts[1])).bind(centre);
    let around = bounds(13.0, 52.0, 14.0, 53.0);
    let area = Geom::from(around);
    let covered = sqlx::query(sql(&texts[2])).bind(&area).bind(10_i64);
    let edges = [10.0, 50.0, 51.0, 13.0, 14.0, 13.0, 14.0];
    let boxed = edges
        .iter()
        .fold(sqlx::query(sql(&texts[3])), |query, edge| query.bind(edge));
    for (query, index, scans) in [
        (within.bind(10_i64), "Index Scan using spots_place", 1),
        (nearest.bind(10_i64), "Index Scan using spots_place", 2),
        (covered, "Index Scan using spots_box", 1),
        (boxed, "Index Scan using spots_box", 1),
    ] {
        let rows = query.fetch_all(pool).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        let plan = plan.replace("Index Scan on", "Index Scan using");
        assert_eq!(plan.matches(index).count(), scans, "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn every_kind_of_geometry_comes_back() {
    let database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    run(
        pool,
        "CREATE TABLE g (a geometry, b geography, c geometry(Geometry, 3857))",
    )
    .await;
    for text in [
        r#"{"type":"Point","coordinates":[13.405,52.52]}"#,
        r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#,
        r#"{"type":"LineString","coordinates":[[1,2],[3,4],[5,6]]}"#,
        r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[2,1],[3,1],[3,2],[2,1]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[5,5],[6,5],[6,6],[5,5]]]]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[1,2],[3,4]]}]}"#,
    ] {
        let geom = Geom::from_geojson(text).unwrap();
        run(pool, "TRUNCATE g").await;
        let insert = sqlx::query("INSERT INTO g VALUES ($1, $1)").bind(&geom);
        insert.execute(pool).await.unwrap();
        let row = sqlx::query_as("SELECT a, b, ARRAY[a], c FROM g WHERE a = $1").bind(&geom);
        let row: (Geom, Geom, Vec<Geom>, Option<Geom>) = row.fetch_one(pool).await.unwrap();
        assert_eq!(row, (geom.clone(), geom.clone(), vec![geom.clone()], None));
        // Without parameters everything is text.
        let row = pool.fetch_one("SELECT a, b FROM g").await.unwrap();
        assert_eq!(row.get::<Geom, _>(0), geom);
        assert_eq!(row.get::<Geom, _>(1), geom);
        let json: String = sqlx::query_scalar("SELECT ST_AsGeoJSON(a) FROM g")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(Geom::from_geojson(&json), Ok(geom));
    }
    let none: Option<Point> = None;
    let insert = sqlx::query("INSERT INTO g VALUES ($1, $1)").bind(none);
    insert.execute(pool).await.unwrap();
    let none: Vec<Option<Point>> = sqlx::query_scalar("SELECT b FROM g WHERE a IS NULL")
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!(none, [None]);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_is_not_of_longitude_and_latitude_is_refused() {
    let database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    for other in [
        "SELECT ST_SetSRID(ST_MakePoint(1, 2), 3857)",
        "SELECT ST_MakePoint(1, 2)",
        "SELECT ST_SetSRID(ST_MakePoint(52.52, 113.405), 4326)",
        "SELECT 'SRID=4326;POINT EMPTY'::geometry",
    ] {
        let geom: sqlx::Result<Point> = sqlx::query_scalar(other).fetch_one(pool).await;
        assert!(
            matches!(geom, Err(sqlx::Error::ColumnDecode { .. })),
            "{geom:?}"
        );
    }
    let line = "SELECT 'SRID=4326;LINESTRING(1 2, 3 4)'::geometry";
    let line: sqlx::Result<Point> = sqlx::query_scalar(line).fetch_one(pool).await;
    assert!(line.is_err());
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_extension_is_created_where_later_migrations_have_run() {
    let database = Database::create().await;
    let postgres = database.start().await;
    let pool = postgres.pool().unwrap();
    run(pool, "DROP EXTENSION postgis").await;
    run(pool, "DELETE FROM _sqlx_migrations WHERE version = 0").await;
    let missing = Postgis::start(&postgres).await.unwrap_err();
    assert!(matches!(missing, StartError::Missing), "{missing}");
    let postgres = database.start().await;
    let postgis = Postgis::start(&postgres).await.unwrap();
    assert!(postgis.version().unwrap_or_default().starts_with('3'));
    let table = Places::new("no such table", "place").unwrap();
    let pool = postgres.pool().unwrap();
    let error = table.nearest::<Spot>(pool, point(0.0, 0.0), 1).await;
    assert!(matches!(error, Err(PostgresError::Query(_))), "{error:?}");
    database.drop().await;
}
