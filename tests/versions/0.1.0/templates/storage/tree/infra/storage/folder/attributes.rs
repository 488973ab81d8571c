//! What is known of a file beside its content.
//!
//! The type is an extended attribute under the name that desktops use for it. Another one has a random
//! tag, since the times of a file are too coarse to tell two contents apart. Both are set on the draft,
//! so they change together with the content; where a file system has none, they are missing.

use std::{
    hash::{BuildHasher, RandomState},
    io,
};

use ::object_store::path::Path;
use ::object_store::{Attribute, Attributes, ObjectMeta};
use cap_std::fs::File;

const CONTENT_TYPE: &str = "user.mime_type";
const TAG: &str = "user.etag";

/// A number that nobody guesses and that does not come twice.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Notes on a draft what is to be known of the file.
pub(super) fn mark(file: &File, attributes: &Attributes) -> io::Result<()> {
    write(file, TAG, &format!("{:x}", random()))?;
    match attributes.get(&Attribute::ContentType) {
        Some(content_type) => write(file, CONTENT_TYPE, content_type),
        None => Ok(()),
    }
}

/// What a listing or a reader is told of a file.
pub(super) fn describe(file: &File, location: Path) -> io::Result<(ObjectMeta, Attributes)> {
    let metadata = file.metadata()?;
    let modified = metadata.modified()?.into_std();
    let age = modified.duration_since(std::time::UNIX_EPOCH);
    let nanos = age.map_or(0, |age| age.as_nanos());
    let tag = read(file, TAG).unwrap_or_default();
    let content_type = read(file, CONTENT_TYPE);
    let content_type = content_type.map(|value| (Attribute::ContentType, value));
    let meta = ObjectMeta {
        location,
        last_modified: modified.into(),
        size: metadata.len(),
        e_tag: Some(format!("\"{nanos:x}-{:x}-{tag}\"", metadata.len())),
        version: None,
    };
    Ok((meta, content_type.into_iter().collect()))
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn write(file: &File, name: &str, value: &str) -> io::Result<()> {
    use rustix::{fs::XattrFlags, io::Errno};

    match rustix::fs::fsetxattr(file, name, value.as_bytes(), XattrFlags::empty()) {
        // Not every file system has them.
        Err(Errno::NOTSUP) => Ok(()),
        done => Ok(done?),
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn read(file: &File, name: &str) -> Option<String> {
    // As long as a type or a tag of ours can be.
    let mut buffer = [0; 256];
    let length = rustix::fs::fgetxattr(file, name, &mut buffer[..]).ok()?;
    let value = buffer.get(..length)?;
    String::from_utf8(value.to_vec()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn write(_: &File, _: &str, _: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn read(_: &File, _: &str) -> Option<String> {
    None
}
