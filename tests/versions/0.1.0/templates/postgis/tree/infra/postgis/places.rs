//! Questions about the places in a table, each of which uses an index.

use std::sync::Arc;

use sqlx::postgres::{PgExecutor, PgRow};
use sqlx::{FromRow, Row};

use super::{BoundingBox, Geom, Metres, Point};
use crate::/*= module =*/::postgres::PostgresError;

/// A table with a column of the type `geography(Point, 4326)`.
///
/// Two indexes make its questions fast, the first for [`within`](Self::within) and
/// [`nearest`](Self::nearest), the second for [`in_box`](Self::in_box) and
/// [`in_area`](Self::in_area):
///
/// ```sql
/// CREATE INDEX shops_place ON shops USING gist (place);
/// CREATE INDEX shops_place_box ON shops USING gist ((place::geometry));
/// ```
///
/// A row becomes whatever type you ask for that is `sqlx::FromRow`: it has all columns of the table.
#[derive(Clone, Debug)]
pub struct Places {
    pub(super) within: Arc<str>,
    pub(super) nearest: Arc<str>,
    pub(super) boxed: Arc<str>,
    pub(super) covered: Arc<str>,
}

/// A row, and how far away its place is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place<T> {
    /// The row.
    pub row: T,
    /// The distance on the ellipsoid.
    pub metres: f64,
}

impl<'r, T: FromRow<'r, PgRow>> FromRow<'r, PgRow> for Place<T> {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        // The last column, whatever the table calls its own.
        let metres = row.try_get(row.len().saturating_sub(1))?;
        let row = T::from_row(row)?;
        Ok(Self { row, metres })
    }
}

/// A name that no table or column has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a table or column")]
pub struct NameError(String);

impl Places {
    /// Names a table, with its schema if you like, and its column. Both are taken as they are written,
    /// without regard to what they hold.
    ///
    /// # Errors
    ///
    /// A name is empty, longer than PostgreSQL takes (63 bytes) or has a NUL in it.
    pub fn new(table: &str, column: &str) -> Result<Self, NameError> {
        let parts: Result<Vec<String>, NameError> = table.splitn(2, '.').map(quoted).collect();
        let (table, column) = (parts?.join("."), quoted(column)?);
        let far = format!("ST_Distance(t.{column}, $1::geography)");
        let select = format!("SELECT t.*, {far} AS \"metres away\" FROM {table} t");
        let order = "ORDER BY \"metres away\"";
        let within =
            format!("{select} WHERE ST_DWithin(t.{column}, $1::geography, $2) {order} LIMIT $3");
        // `<->` orders by distance on a sphere. So the nearest on the ellipsoid are all within the
        // distance of the farthest of as many that are nearest on the sphere; and a bit more, because
        // `ST_DWithin` does not round as `ST_Distance` does.
        let nearest = format!(
            "WITH near AS (SELECT {far} AS metres FROM {table} t \
             ORDER BY t.{column} <-> $1::geography LIMIT $2) \
             {select} WHERE ST_DWithin(t.{column}, $1::geography, (SELECT max(metres) + 0.001 FROM near)) \
             {order} LIMIT $2"
        );
        let covered = format!(
            "SELECT t.* FROM {table} t WHERE ST_Covers($1::geometry, t.{column}::geometry) LIMIT $2"
        );
        // The index rounds to 32 bits, and finds too much rather than too little.
        let map = format!("t.{column}::geometry");
        let boxed = format!(
            "SELECT t.* FROM {table} t WHERE ST_Y({map}) BETWEEN $2 AND $3 AND \
             (({map} && ST_MakeEnvelope($4, $2, $5, $3, 4326) AND ST_X({map}) BETWEEN $4 AND $5) OR \
             ({map} && ST_MakeEnvelope($6, $2, $7, $3, 4326) AND ST_X({map}) BETWEEN $6 AND $7)) \
             LIMIT $1"
        );
        Ok(Self {
            within: within.into(),
            nearest: nearest.into(),
            boxed: boxed.into(),
            covered: covered.into(),
        })
    }

    /// The rows whose place is no farther from `centre` than `radius`, the nearest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// The database is not available, or the table is another than named.
    pub async fn within<T>(
        &self,
        database: impl PgExecutor<'_>,
        centre: Point,
        radius: Metres,
        limit: u32,
    ) -> Result<Vec<Place<T>>, PostgresError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sql(&self.within)).bind(centre);
        let query = query.bind(radius.get()).bind(i64::from(limit));
        Ok(query.fetch_all(database).await?)
    }

    /// The `count` rows whose places are nearest to `centre`, the nearest first.
    ///
    /// # Errors
    ///
    /// As [`within`](Self::within).
    pub async fn nearest<T>(
        &self,
        database: impl PgExecutor<'_>,
        centre: Point,
        count: u32,
    ) -> Result<Vec<Place<T>>, PostgresError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sql(&self.nearest)).bind(centre);
        Ok(query.bind(i64::from(count)).fetch_all(database).await?)
    }

    /// The rows whose place is in a box or on its edge, at most `limit`, in no order.
    ///
    /// # Errors
    ///
    /// As [`within`](Self::within).
    pub async fn in_box<T>(
        &self,
        database: impl PgExecutor<'_>,
        bounds: BoundingBox,
        limit: u32,
    ) -> Result<Vec<T>, PostgresError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let ([south, north], spans) = (bounds.latitudes(), bounds.longitudes());
        let query = sqlx::query_as(sql(&self.boxed)).bind(i64::from(limit));
        let query = query.bind(south).bind(north);
        let edges = spans.iter().flatten();
        let query = edges.fold(query, |query, edge| query.bind(*edge));
        Ok(query.fetch_all(database).await?)
    }

    /// The rows whose place is in a polygon, or several, or on its edge, at most `limit`, in no order.
    ///
    /// Edges are straight in longitude and latitude, as GeoJSON says; one that crosses the meridian of
    /// 180 degrees has to be cut there.
    ///
    /// # Errors
    ///
    /// As [`within`](Self::within).
    pub async fn in_area<T>(
        &self,
        database: impl PgExecutor<'_>,
        area: &Geom,
        limit: u32,
    ) -> Result<Vec<T>, PostgresError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sql(&self.covered)).bind(area);
        Ok(query.bind(i64::from(limit)).fetch_all(database).await?)
    }
}

/// An identifier in quotes, in which nothing has a meaning but the quote itself.
fn quoted(name: &str) -> Result<String, NameError> {
    if name.is_empty() || name.len() > 63 || name.contains('\0') {
        return Err(NameError(name.to_owned()));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

//% if version_at_least(versions.sqlx, "0.9")
/// Text of this module: names are quoted, values are parameters.
pub(super) fn sql(text: &Arc<str>) -> sqlx::AssertSqlSafe<Arc<str>> {
    sqlx::AssertSqlSafe(Arc::clone(text))
}
//% else
/// Text of this module: names are quoted, values are parameters.
pub(super) fn sql(text: &Arc<str>) -> &str {
    text
}
//% endif
