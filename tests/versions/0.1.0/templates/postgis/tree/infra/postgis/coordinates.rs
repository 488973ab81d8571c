//! Longitudes, latitudes and what is made of them. What exists is valid.

/// A longitude in degrees, from -180 to 180, east of Greenwich positive.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Lng(pub f64);

/// A latitude in degrees, from -90 to 90, north of the equator positive.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Lat(pub f64);

/// A coordinate or a distance that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CoordinateError {
    /// Not from -180 to 180.
    #[error("the longitude {0} is not from -180 to 180")]
    Longitude(f64),
    /// Not from -90 to 90.
    #[error("the latitude {0} is not from -90 to 90")]
    Latitude(f64),
    /// The southern edge of a box is north of the northern one.
    #[error("the latitude {0} of the south is north of {1}")]
    Upside(f64, f64),
    /// Negative, or no number.
    #[error("{0} is not a distance in metres")]
    Metres(f64),
}

/// A point on the earth. In JSON it is a GeoJSON geometry.
///
/// ```
/// # use /*= crate =*/::/*= module =*/::postgis::{CoordinateError, Lat, Lng, Point};
/// let berlin = Point::new(Lng(13.4050), Lat(52.5200)).unwrap();
/// assert_eq!(berlin.lat(), Lat(52.52));
/// let swapped = Point::new(Lng(13.4050), Lat(152.52));
/// assert_eq!(swapped, Err(CoordinateError::Latitude(152.52)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    lng: Lng,
    lat: Lat,
}

impl Point {
    /// Makes a point of a longitude and a latitude.
    ///
    /// # Errors
    ///
    /// One of them is out of bounds or no number.
    pub fn new(lng: Lng, lat: Lat) -> Result<Self, CoordinateError> {
        if !(-180.0..=180.0).contains(&lng.0) {
            return Err(CoordinateError::Longitude(lng.0));
        }
        if !(-90.0..=90.0).contains(&lat.0) {
            return Err(CoordinateError::Latitude(lat.0));
        }
        Ok(Self { lng, lat })
    }

    /// Its longitude.
    #[must_use]
    pub fn lng(self) -> Lng {
        self.lng
    }

    /// Its latitude.
    #[must_use]
    pub fn lat(self) -> Lat {
        self.lat
    }
}

/// A distance in metres.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Metres(f64);

impl Metres {
    /// Makes a distance.
    ///
    /// # Errors
    ///
    /// It is negative, infinite or no number.
    pub fn new(metres: f64) -> Result<Self, CoordinateError> {
        if metres.is_finite() && metres >= 0.0 {
            Ok(Self(metres))
        } else {
            Err(CoordinateError::Metres(metres))
        }
    }

    /// The number of metres.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// All that is between two longitudes and two latitudes, the edges included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundingBox {
    south_west: Point,
    north_east: Point,
}

impl BoundingBox {
    /// Makes a box of two of its corners. One whose west is greater than its east crosses the meridian
    /// of 180 degrees, as in GeoJSON.
    ///
    /// # Errors
    ///
    /// The south is north of the north.
    pub fn new(south_west: Point, north_east: Point) -> Result<Self, CoordinateError> {
        let (south, north) = (south_west.lat, north_east.lat);
        if south > north {
            return Err(CoordinateError::Upside(south.0, north.0));
        }
        Ok(Self {
            south_west,
            north_east,
        })
    }

    pub(super) fn latitudes(&self) -> [f64; 2] {
        [self.south_west.lat.0, self.north_east.lat.0]
    }

    /// Its two spans of longitudes, from west to east; the same one twice unless it crosses the meridian
    /// of 180 degrees.
    pub(super) fn longitudes(&self) -> [[f64; 2]; 2] {
        let (west, east) = (self.south_west.lng.0, self.north_east.lng.0);
        if west <= east {
            [[west, east]; 2]
        } else {
            [[west, 180.0], [-180.0, east]]
        }
    }
}
