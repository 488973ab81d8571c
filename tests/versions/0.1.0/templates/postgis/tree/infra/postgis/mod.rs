//! PostGIS: places on the earth as types of Rust, and the questions that are asked about them.
//!
//! Everything is in longitude and latitude of WGS 84 (SRID 4326), which GPS and GeoJSON use, and every
//! distance in metres on its ellipsoid. A longitude and a latitude are types of their own and always
//! come in this order, so that nobody swaps them.
//!
//! ```no_run
//! use /*= crate =*/::/*= module =*/::postgis::{Lat, Lng, Metres, Place, Places, Point};
//! # use /*= crate =*/::/*= module =*/::postgres::Postgres;
//!
//! #[derive(sqlx::FromRow)]
//! struct Shop {
//!     name: String,
//!     place: Point,
//! }
//!
//! # async fn near(postgres: &Postgres) -> Result<(), Box<dyn std::error::Error>> {
//! let shops = Places::new("shops", "place")?;
//! let here = Point::new(Lng(13.4050), Lat(52.5200))?;
//! let pool = postgres.pool()?;
//! let around: Vec<Place<Shop>> = shops.within(pool, here, Metres::new(500.0)?, 20).await?;
//! for Place { row, metres } in around {
//!     tracing::info!(row.name, metres, "found");
//! }
//! # Ok(())
//! # }
//! ```

mod coordinates;
mod geometry;
mod measure;
mod places;
mod sql;
#[cfg(test)]
mod tests;

pub use self::{
    coordinates::{BoundingBox, CoordinateError, Lat, Lng, Metres, Point},
    geometry::{Geom, GeomError},
    measure::{covers, distance},
    places::{NameError, Place, Places},
};
use super::postgres::{Postgres, PostgresError};

/// PostGIS in the database of [`Postgres`].
#[derive(Clone, Debug)]
pub struct Postgis {
    version: Option<String>,
}

impl Postgis {
    /// Looks whether the database has the extension.
    ///
    /// # Errors
    ///
    /// It does not, or it cannot be asked.
    pub async fn start(postgres: &Postgres) -> Result<Self, StartError> {
        let Ok(pool) = postgres.pool() else {
            return Ok(Self { version: None });
        };
        let version = "SELECT extversion FROM pg_extension WHERE extname = 'postgis'";
        let version = sqlx::query_scalar(version).fetch_optional(pool).await;
        let version: Option<String> = version.map_err(PostgresError::from)?;
        if version.is_none() {
            return Err(StartError::Missing);
        }
        tracing::debug!(version, "postgis is there");
        Ok(Self { version })
    }

    /// The version of PostGIS in the database; `None` if no database is configured.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// PostGIS cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database has no extension `postgis`.
    #[error("the database has no PostGIS: the migration `0_postgis` creates it")]
    Missing,
    /// The database cannot be asked.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}
