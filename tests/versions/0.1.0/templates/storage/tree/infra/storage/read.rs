//! Reading objects, and what is known of them.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use ::object_store::{GetOptions, GetRange, GetResult};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use tokio::time;

use super::{Download, Object, Storage, StorageError};

/// The largest object that is read into memory at once.
const MAX_IN_MEMORY: u64 = 256 * 1_024 * 1_024;

impl Storage {
    /// Reads an object of at most 256 MiB.
    ///
    /// # Errors
    ///
    /// There is no such object, it is larger, or the store fails.
    pub async fn get(&self, key: &str) -> Result<Bytes, StorageError> {
        collect(self.get_stream(key).await?).await
    }

    /// Reads a part of an object, of at most 256 MiB: `..1024`, `10..20`, `GetRange::Suffix(100)`.
    /// What the range has behind the end of the object is left out.
    ///
    /// # Errors
    ///
    /// There is no such object, nothing of it is in the range, or the store fails.
    pub async fn get_range(
        &self,
        key: &str,
        range: impl Into<GetRange>,
    ) -> Result<Bytes, StorageError> {
        collect(self.get_stream_range(key, range).await?).await
    }

    /// Reads an object of any size as it arrives.
    ///
    /// # Errors
    ///
    /// There is no such object, or the store fails; from the stream, that it fails later.
    pub async fn get_stream(&self, key: &str) -> Result<Download, StorageError> {
        let found = self.find(key, GetOptions::new()).await?;
        Ok(self.download(key, found))
    }

    /// Reads a part of an object as it arrives.
    ///
    /// # Errors
    ///
    /// As [`get_range`](Self::get_range); from the stream, that the store fails later.
    pub async fn get_stream_range(
        &self,
        key: &str,
        range: impl Into<GetRange>,
    ) -> Result<Download, StorageError> {
        let range = range.into();
        if matches!(&range, GetRange::Bounded(range) if range.is_empty()) {
            return Err(StorageError::Argument("the range is empty"));
        }
        let options = GetOptions::new().with_range(Some(range.clone()));
        match self.find(key, options).await {
            Ok(found) => Ok(self.download(key, found)),
            // Stores say it in as many ways as there are stores.
            Err(StorageError::Store(error)) => {
                let size = self.head(key).await?.size;
                Err(match range.as_range(size) {
                    Ok(_) => StorageError::Store(error),
                    Err(_) => StorageError::Range {
                        key: key.to_owned(),
                        size,
                    },
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads an object that is text.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), or it is not UTF-8.
    pub async fn read_text(&self, key: &str) -> Result<String, StorageError> {
        let text = String::from_utf8(self.get(key).await?.into());
        text.map_err(|error| malformed(key, "text", error))
    }

    /// Reads an object that is JSON.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), or it is not JSON of this type.
    pub async fn read_json<T: DeserializeOwned>(&self, key: &str) -> Result<T, StorageError> {
        let value = serde_json::from_slice(&self.get(key).await?);
        value.map_err(|error| malformed(key, "JSON", error))
    }

    /// Says what is known of an object.
    ///
    /// # Errors
    ///
    /// There is no such object, or the store fails.
    pub async fn head(&self, key: &str) -> Result<Object, StorageError> {
        let found = self.find(key, GetOptions::new().with_head(true)).await?;
        Ok(Object::new(key.to_owned(), found.meta, &found.attributes))
    }

    /// Whether there is an object.
    ///
    /// # Errors
    ///
    /// The store fails, so nobody knows.
    pub async fn exists(&self, key: &str) -> Result<bool, StorageError> {
        match self.head(key).await {
            Ok(_) => Ok(true),
            Err(StorageError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects below a folder, or all with `""`, in no particular order.
    ///
    /// The store is asked as the stream is read, so `take(100)` of a million costs a page of them.
    /// A folder is whole parts of keys: `a/b` has `a/b/c`, but neither `a/bc` nor `a/b` itself.
    ///
    /// # Errors
    ///
    /// The folder is not one; from the stream, that the store fails.
    pub fn list(
        &self,
        folder: &str,
    ) -> Result<BoxStream<'static, Result<Object, StorageError>>, StorageError> {
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let folder = match (folder, self.folder.as_str()) {
            ("", "") => None,
            ("", folder) => Some(super::key::parse(folder)?),
            (folder, _) => Some(self.path(folder)?),
        };
        let entries = self.backend.store.list(folder.as_ref());
        let storage = self.clone();
        let entries = self.limited(entries.map_err(|error| StorageError::of(error, "")).boxed());
        let objects = entries.map_ok(move |meta| {
            let key = storage.key(&meta.location);
            Object::new(key, meta, &Default::default())
        });
        Ok(objects.boxed())
    }

    /// Writes an object to a file outside of the storage, in one step: whoever looks sees the old
    /// file, or all of the new one, which its owner alone can read.
    ///
    /// # Errors
    ///
    /// There is no such object, the store fails, or the file cannot be written.
    pub async fn download_to(
        &self,
        key: &str,
        file: impl AsRef<std::path::Path>,
    ) -> Result<Object, StorageError> {
        let file = file.as_ref();
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(StorageError::Argument("the file has no name"))?;
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut backend = super::local(folder.unwrap_or(".".as_ref()));
        backend.limit = self.backend.limit;
        let content = self.get_stream(key).await?;
        let object = content.object.clone();
        let put = super::Put::new();
        Self::new(backend).put_stream(name, content, put).await?;
        Ok(object)
    }

    async fn find(&self, key: &str, options: GetOptions) -> Result<GetResult, StorageError> {
        let path = self.path(key)?;
        let operation = if options.head { "head" } else { "get" };
        let work = self.backend.store.get_opts(&path, options);
        self.ask(operation, key, 0, work).await
    }

    fn download(&self, key: &str, found: GetResult) -> Download {
        let object = Object::new(key.to_owned(), found.meta.clone(), &found.attributes);
        let (range, key) = (found.range.clone(), key.to_owned());
        let content = found.into_stream();
        let content = content.map_err(move |error| StorageError::of(error, &key));
        let content = self.limited(content.boxed());
        Download {
            object,
            range,
            content,
        }
    }

    /// Waits for each step of a stream no longer than the limit. It ends with its first error.
    fn limited<T: Send + 'static>(
        &self,
        steps: BoxStream<'static, Result<T, StorageError>>,
    ) -> BoxStream<'static, Result<T, StorageError>> {
        let limit = self.backend.limit;
        let steps = stream::try_unfold(steps, move |mut steps| async move {
            let step = time::timeout(limit, steps.try_next()).await;
            let step = step.map_err(|_| StorageError::Timeout(limit))??;
            Ok(step.map(|step| (step, steps)))
        });
        steps.boxed()
    }
}

async fn collect(mut download: Download) -> Result<Bytes, StorageError> {
    let too_large = |key: &str| StorageError::TooLarge {
        key: key.to_owned(),
        limit: MAX_IN_MEMORY,
    };
    let size = download.range.end - download.range.start;
    if size > MAX_IN_MEMORY {
        return Err(too_large(&download.object.key));
    }
    let mut content = download.try_next().await?.unwrap_or_default();
    if content.len() as u64 == size {
        return Ok(content);
    }
    let mut whole = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
    while !content.is_empty() {
        // The size is what the store says, which need not be true.
        if (whole.len() + content.len()) as u64 > MAX_IN_MEMORY {
            return Err(too_large(&download.object.key));
        }
        whole.extend_from_slice(&content);
        content = download.try_next().await?.unwrap_or_default();
    }
    Ok(whole.freeze())
}

fn malformed(
    key: &str,
    kind: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StorageError {
    StorageError::Malformed {
        key: key.to_owned(),
        kind,
        source: source.into(),
    }
}
