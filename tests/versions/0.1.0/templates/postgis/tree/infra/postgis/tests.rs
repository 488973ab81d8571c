//! What holds for places, with no server and on the one of `TEST_DATABASE_URL`, where every test makes
//! a database of its own.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::collections::HashMap;

use serde::Deserialize;

use super::*;

mod server;

fn point(lng: f64, lat: f64) -> Point {
    Point::new(Lng(lng), Lat(lat)).unwrap()
}

fn bounds(west: f64, south: f64, east: f64, north: f64) -> BoundingBox {
    BoundingBox::new(point(west, south), point(east, north)).unwrap()
}

#[test]
fn a_coordinate_out_of_bounds_is_named() {
    let new = |lng, lat| Point::new(Lng(lng), Lat(lat));
    for (lng, lat) in [(180.0, 90.0), (-180.0, -90.0), (0.0, 0.0)] {
        assert!(new(lng, lat).is_ok());
    }
    // Sydney, the wrong way round.
    let swapped = new(-33.8688, 151.2093);
    assert_eq!(swapped, Err(CoordinateError::Latitude(151.2093)));
    let beyond = new(180.000_001, 0.0);
    assert_eq!(beyond, Err(CoordinateError::Longitude(180.000_001)));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(new(bad, 0.0).is_err());
        assert!(new(0.0, bad).is_err());
        assert!(Metres::new(bad).is_err());
    }
    assert!(Metres::new(-0.1).is_err());
}

#[test]
fn a_box_may_cross_the_meridian_but_not_stand_on_its_head() {
    let plain = Geom::from(bounds(5.0, 45.0, 15.0, 55.0)).to_geojson();
    assert_eq!(plain.matches("[[[").count(), 1, "{plain}");
    let crossing = bounds(170.0, -20.0, -160.0, -10.0);
    assert_eq!(crossing.longitudes(), [[170.0, 180.0], [-180.0, -160.0]]);
    let upside = BoundingBox::new(point(0.0, 1.0), point(1.0, 0.0));
    assert_eq!(upside, Err(CoordinateError::Upside(1.0, 0.0)));
}

#[test]
fn geojson_comes_back_as_it_went() {
    for text in [
        r#"{"type":"Point","coordinates":[13.405,52.52]}"#,
        r#"{"type":"MultiPoint","coordinates":[[1.0,2.0],[3.0,4.0]]}"#,
        r#"{"type":"LineString","coordinates":[[1.0,2.0],[3.0,4.0]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0.0,0.0],[2.0,0.0],[1.0,1.0],[0.0,0.0]]]}"#,
    ] {
        let geom = Geom::from_geojson(text).unwrap();
        let written = geom.to_geojson();
        let value = |text: &str| text.parse::<geojson::JsonValue>().unwrap();
        assert_eq!(value(&written), value(text));
        assert_eq!(Geom::deserialize(value(text)).unwrap(), geom);
        let feature = format!(r#"{{"type":"Feature","properties":null,"geometry":{text}}}"#);
        assert_eq!(Geom::from_geojson(&feature), Ok(geom));
    }
    let berlin = point(13.405, 52.52);
    let feature = HashMap::from([("geometry", berlin)]);
    let feature = geojson::ser::to_feature_string(&feature).unwrap();
    let read = Point::try_from(Geom::from_geojson(&feature).unwrap());
    assert_eq!(read, Ok(berlin));
}

#[test]
fn geojson_that_cannot_be_is_refused() {
    let deep = "[".repeat(100_000);
    let long = " ".repeat(1_100_000);
    for text in [
        "",
        "null",
        "{}",
        r#"{"type":"Point"}"#,
        r#"{"type":"Point","coordinates":[]}"#,
        r#"{"type":"Point","coordinates":[1]}"#,
        r#"{"type":"Point","coordinates":[52.52,113.405]}"#,
        r#"{"type":"Point","coordinates":[1e999,0]}"#,
        r#"{"type":"LineString","coordinates":[[1,2]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,1],[200,0],[0,0]]]]}"#,
        r#"{"type":"Feature","properties":null,"geometry":null}"#,
        r#"{"type":"FeatureCollection","features":[]}"#,
        deep.as_str(),
        long.as_str(),
    ] {
        let shown = &text[..text.len().min(80)];
        assert!(Geom::from_geojson(text).is_err(), "{shown}");
    }
    let line = r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#;
    let line: geojson::JsonValue = line.parse().unwrap();
    assert!(Point::deserialize(line).is_err());
}

#[test]
fn names_are_quoted() {
    assert!(Places::new("", "place").is_err());
    assert!(Places::new("shops", "a\0b").is_err());
    assert!(Places::new(&"x".repeat(64), "place").is_err());
    let places = Places::new("geo.shops", r#"x"; DROP TABLE shops; --"#).unwrap();
    let quoted = r#""geo"."shops" t WHERE ST_Covers($1::geometry, t."x""; DROP TABLE shops; --"::"#;
    assert!(places.covered.contains(quoted), "{}", places.covered);
}

#[tokio::test]
async fn without_a_database_it_starts_too() {
    let infra = crate::/*= module =*/::Infra::for_tests().await.unwrap();
    assert_eq!(infra.postgis.version(), None);
}
