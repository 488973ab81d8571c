//! Geometries of any kind, and their GeoJSON.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use geo_types::Geometry;
use geozero::error::{GeozeroError, Result as Processed};
use geozero::{GeomProcessor, GeozeroGeometry};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::coordinates::{BoundingBox, CoordinateError, Lat, Lng, Point};

/// The longest GeoJSON that is read, in bytes.
const MAX_GEOJSON: usize = 1_024 * 1_024;

/// A geometry in longitude and latitude, every coordinate of which is valid.
///
/// It goes into columns of the types `geometry` and `geography` and comes out of them, and in JSON it
/// is a GeoJSON geometry. Its edges are straight in longitude and latitude, as GeoJSON says.
///
/// ```
/// # use /*= crate =*/::/*= module =*/::postgis::{Geom, GeomError};
/// let triangle = r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[1,1],[0,0]]]}"#;
/// let triangle = Geom::from_geojson(triangle)?;
/// assert!(matches!(triangle.geometry(), geo_types::Geometry::Polygon(_)));
/// # Ok::<(), GeomError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Geom(Geometry);

/// A geometry that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeomError {
    /// A coordinate is out of bounds.
    #[error(transparent)]
    Coordinate(#[from] CoordinateError),
    /// A line of fewer than two positions, or a ring of fewer than four.
    #[error("a line needs two positions and a ring four, this one has {0}")]
    Positions(usize),
    /// Not GeoJSON, or not one geometry.
    #[error("not a GeoJSON geometry: {0}")]
    Json(String),
    /// More than one mebibyte of GeoJSON.
    #[error("{0} bytes of GeoJSON are more than the {MAX_GEOJSON} that are read")]
    Long(usize),
}

impl Geom {
    /// Takes a geometry of `geo_types`, x being the longitude and y the latitude.
    ///
    /// # Errors
    ///
    /// A coordinate is out of bounds, or a line or ring is too short.
    pub fn new(geometry: impl Into<Geometry>) -> Result<Self, GeomError> {
        let geometry = geometry.into();
        let mut check = Check::default();
        match (geometry.process_geom(&mut check), check.wrong) {
            (Ok(()), _) => Ok(Self(geometry)),
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Err(GeomError::Json(error.to_string())),
        }
    }

    /// Reads a GeoJSON geometry, or the geometry of a feature. Heights are dropped.
    ///
    /// # Errors
    ///
    /// It is longer than one mebibyte, not one geometry, or [`new`](Self::new) refuses it.
    pub fn from_geojson(text: &str) -> Result<Self, GeomError> {
        if text.len() > MAX_GEOJSON {
            return Err(GeomError::Long(text.len()));
        }
        let json = |error: geojson::Error| GeomError::Json(error.to_string());
        let geometry = match text.parse().map_err(json)? {
            geojson::GeoJson::Geometry(geometry) => Some(geometry),
            geojson::GeoJson::Feature(feature) => feature.geometry,
            geojson::GeoJson::FeatureCollection(_) => None,
        };
        let none = || GeomError::Json("it is no single geometry".to_owned());
        Self::from_json(&geometry.ok_or_else(none)?)
    }

    /// Writes GeoJSON.
    #[must_use]
    pub fn to_geojson(&self) -> String {
        geojson::Geometry::from(&self.0).to_string()
    }

    /// The geometry, x being the longitude and y the latitude.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.0
    }

    fn from_json(json: &geojson::Geometry) -> Result<Self, GeomError> {
        let geometry = Geometry::try_from(json);
        Self::new(geometry.map_err(|error| GeomError::Json(error.to_string()))?)
    }
}

impl From<Point> for Geom {
    fn from(point: Point) -> Self {
        Self(geo_types::Point::new(point.lng().0, point.lat().0).into())
    }
}

impl From<BoundingBox> for Geom {
    fn from(bounds: BoundingBox) -> Self {
        let [south, north] = bounds.latitudes();
        let mut spans = bounds.longitudes().to_vec();
        spans.dedup();
        let rectangle = |[west, east]: [f64; 2]| geo_types::Rect::new((west, south), (east, north));
        let rectangles = spans.into_iter().map(rectangle);
        let polygons = rectangles.map(|rectangle| rectangle.to_polygon()).collect();
        Self(geo_types::MultiPolygon(polygons).into())
    }
}

impl TryFrom<Geom> for Point {
    type Error = GeomError;

    fn try_from(geom: Geom) -> Result<Self, GeomError> {
        match geom.0 {
            Geometry::Point(point) => Ok(Self::new(Lng(point.x()), Lat(point.y()))?),
            _ => Err(GeomError::Json("it is no point".to_owned())),
        }
    }
}

impl Serialize for Geom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        geojson::Geometry::from(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Geom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = geojson::Geometry::deserialize(deserializer)?;
        Self::from_json(&json).map_err(D::Error::custom)
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Geom::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let geom = Geom::deserialize(deserializer)?;
        Self::try_from(geom).map_err(D::Error::custom)
    }
}

/// Looks at every coordinate, and remembers what is wrong.
#[derive(Default)]
struct Check {
    in_polygon: bool,
    wrong: Option<GeomError>,
}

impl Check {
    fn fail(&mut self, error: GeomError) -> Processed<()> {
        self.wrong = Some(error);
        Err(GeozeroError::Geometry(String::new()))
    }
}

impl GeomProcessor for Check {
    fn xy(&mut self, x: f64, y: f64, _: usize) -> Processed<()> {
        match Point::new(Lng(x), Lat(y)) {
            Ok(_) => Ok(()),
            Err(error) => self.fail(error.into()),
        }
    }

    fn linestring_begin(&mut self, _: bool, size: usize, _: usize) -> Processed<()> {
        let least = if self.in_polygon { 4 } else { 2 };
        if size < least {
            return self.fail(GeomError::Positions(size));
        }
        Ok(())
    }

    fn polygon_begin(&mut self, _: bool, _: usize, _: usize) -> Processed<()> {
        self.in_polygon = true;
        Ok(())
    }

    fn polygon_end(&mut self, _: bool, _: usize) -> Processed<()> {
        self.in_polygon = false;
        Ok(())
    }
}
