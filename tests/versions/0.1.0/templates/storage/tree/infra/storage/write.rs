//! Storing, copying and deleting objects.

use std::error::Error;

use ::object_store::{
    Error as StoreError, MultipartUpload, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutPayloadMut,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt, TryStreamExt};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::PART;
use super::{Put, Storage, StorageError, Version};

/// Parts of a stream that are on their way at the same time, beside the one that fills.
const PARTS: usize = 3;

impl Storage {
    /// Stores what is in memory. Readers see the old content or the new, nothing between.
    ///
    /// # Errors
    ///
    /// The key is not one, the condition or the checksum of `put` does not hold, or the store fails.
    pub async fn put(
        &self,
        key: &str,
        content: impl Into<Bytes>,
        put: Put,
    ) -> Result<Version, StorageError> {
        let (path, content) = (self.path(key)?, content.into());
        let attributes = put.attributes()?;
        let sha256 = put.sha256.map(|_| Sha256::digest(&content));
        if sha256.map(Into::into) != put.sha256 {
            let key = key.to_owned();
            return Err(StorageError::Checksum { key });
        }
        let options = PutOptions {
            mode: put.mode,
            attributes,
            ..PutOptions::default()
        };
        let bytes = content.len();
        let work = self.backend.store.put_opts(&path, content.into(), options);
        self.ask("put", key, bytes, work).await.map(Version::from)
    }

    /// Stores a stream of any size, up to some 78 GiB, in constant memory. Nothing can be seen of it
    /// before all is there; what ends early, or is dropped, leaves nothing.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), or the stream fails. A condition is refused if the stream has more
    /// than 8 MiB: no store can check it then.
    pub async fn put_stream<S, B, E>(
        &self,
        key: &str,
        content: S,
        put: Put,
    ) -> Result<Version, StorageError>
    where
        S: Stream<Item = Result<B, E>>,
        B: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let path = self.path(key)?;
        let attributes = put.attributes()?;
        let content = content.map_err(|error| StorageError::Content(error.into()));
        let mut content = std::pin::pin!(content);
        let mut parts = Parts::new(self, key);
        let mut hash = put.sha256.map(|_| Sha256::new());
        while let Some(bytes) = content.try_next().await? {
            let mut bytes: Bytes = bytes.into();
            if let Some(hash) = &mut hash {
                hash.update(&bytes);
            }
            while !bytes.is_empty() {
                let room = PART - parts.filling.content_length();
                parts.filling.push(bytes.split_to(room.min(bytes.len())));
                if parts.filling.content_length() < PART {
                    continue;
                }
                if parts.upload.is_none() {
                    if put.mode != PutMode::Overwrite {
                        return Err(self.unsupported("store more than 8 MiB on a condition"));
                    }
                    let options = PutMultipartOptions {
                        attributes: attributes.clone(),
                        ..PutMultipartOptions::default()
                    };
                    let work = self.backend.store.put_multipart_opts(&path, options);
                    parts.upload = Some(self.ask("begin", key, 0, work).await?);
                }
                parts.send().await?;
            }
        }
        let sha256 = hash.map(|hash| hash.finalize());
        if sha256.map(Into::into) != put.sha256 {
            let key = key.to_owned();
            return Err(StorageError::Checksum { key });
        }
        if parts.upload.is_some() {
            return parts.finish().await;
        }
        let content: PutPayload = std::mem::take(&mut parts.filling).into();
        let options = PutOptions {
            mode: put.mode,
            attributes,
            ..PutOptions::default()
        };
        let work = self.backend.store.put_opts(&path, content, options);
        self.ask("put", key, 0, work).await.map(Version::from)
    }

    /// Stores text, as `text/plain` in UTF-8.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn write_text(
        &self,
        key: &str,
        text: impl Into<String>,
    ) -> Result<Version, StorageError> {
        let put = Put::new().content_type("text/plain; charset=utf-8");
        self.put(key, text.into(), put).await
    }

    /// Stores a value as JSON.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), or the value cannot be JSON.
    pub async fn write_json<T>(&self, key: &str, value: &T) -> Result<Version, StorageError>
    where
        T: Serialize + ?Sized,
    {
        let json = serde_json::to_vec(value);
        let json = json.map_err(|error| StorageError::Content(error.into()))?;
        self.put(key, json, Put::new().content_type("application/json"))
            .await
    }

    /// Copies an object, with its type, in place of whatever is there. Remote stores copy by
    /// themselves; nothing passes through this process.
    ///
    /// # Errors
    ///
    /// There is no object `from`, or the store fails.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let (source, target) = (self.path(from)?, self.path(to)?);
        let work = self.backend.store.copy(&source, &target);
        self.ask("copy", from, 0, work).await
    }

    /// Deletes an object. That there is none is no error, so this can be repeated.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        let path = self.path(key)?;
        let work = self.backend.store.delete(&path);
        match self.ask("delete", key, 0, work).await {
            Err(StorageError::NotFound { .. }) => Ok(()),
            done => done,
        }
    }
}

/// The parts of a stream on their way. Dropped before they are finished, they are given up.
struct Parts<'a> {
    storage: &'a Storage,
    key: &'a str,
    upload: Option<Box<dyn MultipartUpload>>,
    filling: PutPayloadMut,
    bytes: usize,
    sent: FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
}

impl<'a> Parts<'a> {
    fn new(storage: &'a Storage, key: &'a str) -> Self {
        Self {
            storage,
            key,
            upload: None,
            filling: PutPayloadMut::new(),
            bytes: 0,
            sent: FuturesUnordered::new(),
        }
    }

    /// Sends the part that has filled, and waits until there is room for another one.
    async fn send(&mut self) -> Result<(), StorageError> {
        let part = std::mem::take(&mut self.filling);
        self.bytes += part.content_length();
        if let Some(upload) = &mut self.upload {
            // A task of its own, so that it goes on while the stream is waited for.
            let part = tokio::spawn(upload.put_part(part.into()));
            self.sent.push(Box::pin(async move { part.await? }));
        }
        self.wait(PARTS - 1).await
    }

    /// Waits until no more than `left` parts are on their way.
    async fn wait(&mut self, left: usize) -> Result<(), StorageError> {
        while self.sent.len() > left {
            let next = self.sent.try_next();
            self.storage
                .ask("part", self.key, PART * PARTS, next)
                .await?;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Version, StorageError> {
        if self.filling.content_length() > 0 {
            self.send().await?;
        }
        self.wait(0).await?;
        let Some(mut upload) = self.upload.take() else {
            return Err(StorageError::Argument("the upload has ended"));
        };
        // Putting the parts together takes the longer, the more there are.
        let work = upload.complete();
        let done = self.storage.ask("complete", self.key, self.bytes, work);
        let done = done.await.map(Version::from);
        //% if options.azure
        // Two uploads of one blob share a list of blocks there; who completes first, wins.
        let done = done.map_err(|error| match error {
            StorageError::Store(source) if source.to_string().contains("InvalidBlockList") => {
                let key = self.key.to_owned();
                StorageError::Changed { key }
            }
            error => error,
        });
        //% endif
        if done.is_err() {
            self.upload = Some(upload);
        }
        done
    }
}

impl Drop for Parts<'_> {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current();
        let (Some(mut upload), Ok(runtime)) = (self.upload.take(), runtime) else {
            return;
        };
        let (storage, key) = (self.storage.clone(), self.key.to_owned());
        let sent = std::mem::take(&mut self.sent);
        // Stores keep, and bill, the parts of what nobody completes.
        runtime.spawn(async move {
            // What still arrives would come after the end.
            sent.for_each(|_| async {}).await;
            let given_up = storage.ask("abort", &key, 0, upload.abort()).await;
            if let Err(error) = given_up {
                tracing::warn!(key, ?error, "the parts of an upload remain in the store");
            }
        });
    }
}
