//! What is said about an object when it is stored, found and read.

use std::{
    fmt, iter,
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use ::object_store::{Attribute, Attributes, ObjectMeta, PutMode, PutResult, UpdateVersion};
use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream};

use super::StorageError;

/// How an object is stored: its type, its checksum, and on what condition.
///
/// ```
/// use /*= crate =*/::/*= module =*/::storage::Put;
///
/// let put = Put::new().content_type("image/png").create_only();
/// # drop(put);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Put {
    pub(super) content_type: Option<String>,
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) mode: PutMode,
}

impl Put {
    /// Without a type, replacing whatever is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says of which type the object is, such as `image/png`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Stores nothing unless the content has this SHA-256.
    #[must_use]
    pub fn sha256(mut self, sha256: [u8; 32]) -> Self {
        self.sha256 = Some(sha256);
        self
    }

    /// Stores nothing if there is an object already.
    #[must_use]
    pub fn create_only(mut self) -> Self {
        self.mode = PutMode::Create;
        self
    }

    /// Stores nothing unless the object is still the one that `version` was read from.
    #[must_use]
    pub fn if_match(mut self, version: Version) -> Self {
        self.mode = PutMode::Update(version.0);
        self
    }

    /// What the store keeps beside the content.
    pub(super) fn attributes(&self) -> Result<Attributes, StorageError> {
        let Some(content_type) = &self.content_type else {
            return Ok(Attributes::new());
        };
        // It becomes a header of requests and answers.
        let visible = content_type
            .bytes()
            .all(|byte| (0x20..0x7f).contains(&byte));
        if content_type.is_empty() || content_type.len() > 255 || !visible {
            return Err(StorageError::Argument("the content type is not one"));
        }
        let content_type = (Attribute::ContentType, content_type.clone());
        Ok(iter::once(content_type).collect())
    }
}

/// Which of the contents that a key has had in its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(UpdateVersion);

impl Version {
    /// The entity tag, as HTTP has it.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.0.e_tag.as_deref()
    }
}

impl From<PutResult> for Version {
    fn from(stored: PutResult) -> Self {
        Self(stored.into())
    }
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was stored, by the clock of the store.
    pub modified: SystemTime,
    /// For [`Put::if_match`].
    pub version: Version,
    /// What it was stored as. Listings do not tell, nor do file systems without extended attributes.
    pub content_type: Option<String>,
}

impl Object {
    pub(super) fn new(key: String, meta: ObjectMeta, attributes: &Attributes) -> Self {
        let content_type = attributes.get(&Attribute::ContentType);
        let (e_tag, version) = (meta.e_tag.map(quoted), meta.version);
        Self {
            key,
            size: meta.size,
            modified: meta.last_modified.into(),
            version: Version(UpdateVersion { e_tag, version }),
            content_type: content_type.map(|value| value.as_ref().to_owned()),
        }
    }
}

/// An entity tag as HTTP has it; the listings of Azure leave the quotes out.
fn quoted(tag: String) -> String {
    if tag.ends_with('"') {
        return tag;
    }
    format!("\"{tag}\"")
}

/// The content of an object, as a stream of its bytes.
pub struct Download {
    /// Which object it is.
    pub object: Object,
    /// Which of its bytes come.
    pub range: Range<u64>,
    pub(super) content: BoxStream<'static, Result<Bytes, StorageError>>,
}

impl Stream for Download {
    type Item = Result<Bytes, StorageError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.content.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Download");
        debug.field("object", &self.object);
        debug.field("range", &self.range).finish_non_exhaustive()
    }
}
