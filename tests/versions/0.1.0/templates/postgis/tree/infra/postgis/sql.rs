//! How geometries travel to and from PostgreSQL: as EWKB, which is WKB with the SRID.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use geozero::wkb::{FromWkb, WkbDialect, WkbWriter};
use geozero::{CoordDimensions, GeozeroGeometry};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres,
};
use sqlx::{Decode, Type, TypeInfo};

use super::{Geom, Point};

/// Longitude and latitude of WGS 84.
const SRID: i32 = 4326;
/// The bit in the type of EWKB that says that an SRID follows.
const HAS_SRID: u32 = 0x2000_0000;
/// How `sqlx` calls a type that it has not looked up, as in queries without parameters.
const UNKNOWN: &str = "?";

// As `geometry`, PostgreSQL casts a parameter to whatever a column is; not so the other way round.
macro_rules! as_geometry {
    ($($kind:ty)+) => {$(
        impl Type<Postgres> for $kind {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name("geometry")
            }

            fn compatible(kind: &PgTypeInfo) -> bool {
                matches!(kind.name(), "geometry" | "geography" | UNKNOWN)
            }
        }

        impl PgHasArrayType for $kind {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::with_name("_geometry")
            }

            fn array_compatible(kind: &PgTypeInfo) -> bool {
                let names = ["geometry[]", "geography[]", "_geometry", "_geography", UNKNOWN];
                names.contains(&kind.name())
            }
        }
    )+};
}

as_geometry!(Geom Point);

impl Encode<'_, Postgres> for Geom {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let (mut wkb, envelope) = (Vec::new(), Vec::new());
        let (dialect, xy) = (WkbDialect::Ewkb, CoordDimensions::xy());
        let mut writer = WkbWriter::with_opts(&mut wkb, dialect, xy, Some(SRID), envelope);
        self.geometry().process_geom(&mut writer)?;
        buffer.extend_from_slice(&wkb);
        Ok(IsNull::No)
    }
}

impl Encode<'_, Postgres> for Point {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Geom::from(*self).encode_by_ref(buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Geom {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => from_ewkb(value.as_bytes()?),
            PgValueFormat::Text => from_ewkb(&from_hex(value.as_str()?)?),
        }
    }
}

impl<'r> Decode<'r, Postgres> for Point {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let geom = <Geom as Decode<Postgres>>::decode(value)?;
        Ok(Self::try_from(geom)?)
    }
}

fn from_ewkb(mut wkb: &[u8]) -> Result<Geom, BoxDynError> {
    if srid(wkb) != Some(SRID) {
        let why = "a geometry is not of SRID 4326: select it with `ST_Transform(.., 4326)`";
        return Err(why.into());
    }
    let geometry = geo_types::Geometry::from_wkb(&mut wkb, WkbDialect::Ewkb)?;
    Ok(Geom::new(geometry)?)
}

/// The SRID of EWKB; geozero drops it.
fn srid(wkb: &[u8]) -> Option<i32> {
    let (order, rest) = wkb.split_first()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (srid, _) = rest.split_first_chunk()?;
    let is_little = *order == 1;
    let kind = if is_little {
        u32::from_le_bytes(*kind)
    } else {
        u32::from_be_bytes(*kind)
    };
    let srid = if is_little {
        i32::from_le_bytes(*srid)
    } else {
        i32::from_be_bytes(*srid)
    };
    (kind & HAS_SRID != 0).then_some(srid)
}

/// Queries without parameters answer in text, which is hexadecimal here.
fn from_hex(text: &str) -> Result<Vec<u8>, BoxDynError> {
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or("no hexadecimal digit");
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => {
            let byte = digit(*high)? * 16 + digit(*low)?;
            Ok(u8::try_from(byte)?)
        }
        _ => Err(BoxDynError::from("half a byte")),
    });
    bytes.collect()
}
