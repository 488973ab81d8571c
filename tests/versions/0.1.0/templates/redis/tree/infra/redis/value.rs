//! What an entry looks like in the store: one byte of flags, the tags if any, the value.
//!
//! Values are MessagePack with field names, so a struct may gain optional fields between two
//! deployments; above [`COMPRESS_FROM`] they are compressed with zstd.

use std::{error::Error, sync::Arc};

use serde::de::DeserializeOwned;

/// Values of this many bytes and more are compressed.
pub(super) const COMPRESS_FROM: usize = 1_024;
/// The largest value, in bytes before compression. It also stops decompression bombs.
pub(super) const MAX_VALUE: usize = 16 * 1_024 * 1_024;

const TAGGED: u8 = 0b01;
const ZSTD: u8 = 0b10;

/// The version that each tag of an entry had when the entry was made.
pub(super) type Tags = Vec<(String, String)>;

/// A value could not be cached or computed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The value's `Serialize` failed.
    #[error("the value cannot be serialized: {0}")]
    Serialize(String),
    /// The value has this many bytes, more than the cache takes.
    #[error("the value has {0} bytes, more than {MAX_VALUE}")]
    TooLarge(usize),
    /// The computation failed; every caller that waited for it gets this same error.
    #[error("the value could not be computed")]
    Compute(#[source] Arc<dyn Error + Send + Sync>),
}

/// Turns a value into what is stored.
pub(super) fn encode<T: serde::Serialize + ?Sized>(
    value: &T,
    tags: &[(String, String)],
) -> Result<Vec<u8>, CacheError> {
    let failed = |error: &dyn Error| CacheError::Serialize(error.to_string());
    let mut entry = Vec::with_capacity(256);
    entry.push(0);
    if !tags.is_empty() {
        entry[0] |= TAGGED;
        rmp_serde::encode::write(&mut entry, tags).map_err(|error| failed(&error))?;
    }
    let start = entry.len();
    let mut serializer = rmp_serde::Serializer::new(&mut entry).with_struct_map();
    value
        .serialize(&mut serializer)
        .map_err(|error| failed(&error))?;
    let length = entry.len() - start;
    if length > MAX_VALUE {
        return Err(CacheError::TooLarge(length));
    }
    if length >= COMPRESS_FROM {
        let level = zstd::DEFAULT_COMPRESSION_LEVEL;
        let packed =
            zstd::bulk::compress(&entry[start..], level).map_err(|error| failed(&error))?;
        entry[0] |= ZSTD;
        entry.truncate(start);
        entry.extend(packed);
    }
    Ok(entry)
}

/// The tags of an entry and its value, still encoded. `None` if this is no entry of ours.
pub(super) fn split(entry: &[u8]) -> Option<(Tags, Body<'_>)> {
    let (&flags, mut rest) = entry.split_first()?;
    if flags & !(TAGGED | ZSTD) != 0 {
        return None;
    }
    let tags = if flags & TAGGED == 0 {
        Tags::new()
    } else {
        rmp_serde::from_read(&mut rest).ok()?
    };
    Some((
        tags,
        Body {
            bytes: rest,
            packed: flags & ZSTD != 0,
        },
    ))
}

/// An encoded value.
pub(super) struct Body<'a> {
    bytes: &'a [u8],
    packed: bool,
}

impl Body<'_> {
    /// The value. `None` if it is of another type, damaged or too large.
    pub(super) fn decode<T: DeserializeOwned>(&self) -> Option<T> {
        if !self.packed {
            return rmp_serde::from_slice(self.bytes).ok();
        }
        // The capacity is a promise of the frame; decompression stops at our own bound.
        let claimed = zstd::bulk::Decompressor::upper_bound(self.bytes)?;
        let plain = zstd::bulk::decompress(self.bytes, claimed.min(MAX_VALUE)).ok()?;
        rmp_serde::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    fn round_trip(value: &str, tags: &[(String, String)]) -> usize {
        let entry = encode(value, tags).unwrap();
        let (found, body) = split(&entry).unwrap();
        assert_eq!(found, tags);
        assert_eq!(body.decode::<String>().as_deref(), Some(value));
        entry.len()
    }

    #[test]
    fn values_survive_with_and_without_tags_and_compression() {
        let tags = vec![("product:7".to_owned(), "1f".to_owned())];
        let long = "x".repeat(100_000);
        assert!(round_trip("short", &[]) < 10);
        assert!(round_trip(&long, &[]) < 1_000);
        round_trip("short", &tags);
        round_trip(&long, &tags);
    }

    #[test]
    fn a_struct_may_gain_an_optional_field() {
        #[derive(Serialize)]
        struct Old {
            name: &'static str,
        }
        #[derive(Deserialize)]
        struct New {
            name: String,
            price: Option<u64>,
        }
        let entry = encode(&Old { name: "tea" }, &[]).unwrap();
        let new: New = split(&entry).unwrap().1.decode().unwrap();
        assert_eq!((new.name.as_str(), new.price), ("tea", None));
    }

    #[test]
    fn too_large_a_value_is_refused() {
        let value = "x".repeat(MAX_VALUE);
        assert!(matches!(encode(&value, &[]), Err(CacheError::TooLarge(_))));
    }

    #[test]
    fn a_bomb_does_not_decompress() {
        let bomb = zstd::bulk::compress(&vec![0xa0; MAX_VALUE + 1], 19).unwrap();
        assert!(bomb.len() < 10_000);
        let bomb = Body {
            bytes: &bomb,
            packed: true,
        };
        assert!(bomb.decode::<Vec<String>>().is_none());
    }

    #[test]
    fn foreign_bytes_are_no_entry() {
        for bytes in [&b""[..], b"\xffhello", &[TAGGED], &[TAGGED, 0xc1]] {
            assert!(split(bytes).is_none(), "{bytes:?}");
        }
        assert!(split(&[ZSTD, 1, 2, 3]).is_some_and(|(_, body)| body.decode::<String>().is_none()));
    }
}
