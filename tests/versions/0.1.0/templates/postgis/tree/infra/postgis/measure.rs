//! Questions that need no table.

use sqlx::postgres::PgExecutor;

use super::{Geom, Point};
use crate::/*= module =*/::postgres::PostgresError;

/// The distance of two points in metres, on the ellipsoid.
///
/// # Errors
///
/// The database is not available.
pub async fn distance(
    database: impl PgExecutor<'_>,
    from: Point,
    to: Point,
) -> Result<f64, PostgresError> {
    let distance = "SELECT ST_Distance($1::geography, $2::geography)";
    let distance = sqlx::query_scalar(distance).bind(from).bind(to);
    Ok(distance.fetch_one(database).await?)
}

/// Whether a point is in a polygon, or several, or on its edge.
///
/// # Errors
///
/// The database is not available.
pub async fn covers(
    database: impl PgExecutor<'_>,
    area: &Geom,
    point: Point,
) -> Result<bool, PostgresError> {
    let covers = sqlx::query_scalar("SELECT ST_Covers($1::geometry, $2::geometry)");
    let covers = covers.bind(area).bind(point);
    Ok(covers.fetch_one(database).await?)
}
