//% if options.mirror
//! Writing into the local folder and to the remote store.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use futures_util::Stream;
use serde::Serialize;

use super::{Put, Storage, StorageError};

/// Stores in the folder `STORAGE_LOCAL_PATH` first, then in the remote store of the settings.
///
/// ```
/// # use /*= crate =*/::/*= module =*/::storage::{Storage, StorageError};
/// # async fn report(storage: &Storage) -> Result<(), StorageError> {
/// let mirror = storage.mirror().swallow_errors();
/// mirror.write_json("reports/today.json", &[1, 2, 3]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Mirror {
    local: Storage,
    remote: Option<Storage>,
    swallow: bool,
}

impl Storage {
    /// The local folder, mirrored to this storage. If this is no remote one, there is only the
    /// folder or the memory that it is anyway, which is logged.
    #[must_use]
    pub fn mirror(&self) -> Mirror {
        let Some(folder) = &self.backend.mirrored else {
            let backend = self.backend.name;
            tracing::warn!(
                backend,
                "no remote store is configured, nothing is mirrored"
            );
            let local = self.clone();
            return Mirror {
                local,
                remote: None,
                swallow: false,
            };
        };
        let mut backend = super::local(folder);
        backend.limit = self.backend.limit;
        let (backend, folder) = (Arc::new(backend), self.folder.clone());
        Mirror {
            local: Self { backend, folder },
            remote: Some(self.clone()),
            swallow: false,
        }
    }
}

impl Mirror {
    /// Logs what the remote store fails to do, and goes on as if it had done it.
    #[must_use]
    pub fn swallow_errors(mut self) -> Self {
        self.swallow = true;
        self
    }

    /// The local side, where everything can be read again.
    #[must_use]
    pub fn local(&self) -> &Storage {
        &self.local
    }

    /// Stores what is in memory.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to: nothing was uploaded. Or the upload fails, and that is not
    /// swallowed: the file is there.
    pub async fn put(
        &self,
        key: &str,
        content: impl Into<Bytes>,
        put: Put,
    ) -> Result<(), StorageError> {
        let content = content.into();
        self.local.put(key, content.clone(), put.clone()).await?;
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        self.settle(key, remote.put(key, content, put).await.map(drop))
    }

    /// Stores a stream: into a file, and from there to the remote store.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), or the stream fails.
    pub async fn put_stream<S, B, E>(
        &self,
        key: &str,
        content: S,
        put: Put,
    ) -> Result<(), StorageError>
    where
        S: Stream<Item = Result<B, E>>,
        B: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.local.put_stream(key, content, put.clone()).await?;
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        let file = self.local.get_stream(key).await?;
        self.settle(key, remote.put_stream(key, file, put).await.map(drop))
    }

    /// Stores text, as [`Storage::write_text`].
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn write_text(&self, key: &str, text: impl Into<String>) -> Result<(), StorageError> {
        let put = Put::new().content_type("text/plain; charset=utf-8");
        self.put(key, text.into(), put).await
    }

    /// Stores a value as JSON, as [`Storage::write_json`].
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), or the value cannot be JSON.
    pub async fn write_json<T>(&self, key: &str, value: &T) -> Result<(), StorageError>
    where
        T: Serialize + ?Sized,
    {
        let json = serde_json::to_vec(value);
        let json = json.map_err(|error| StorageError::Content(error.into()))?;
        self.put(key, json, Put::new().content_type("application/json"))
            .await
    }

    fn settle(&self, key: &str, uploaded: Result<(), StorageError>) -> Result<(), StorageError> {
        match uploaded {
            Err(error) if self.swallow => {
                tracing::warn!(key, %error, "an object is in the folder, but was not mirrored");
                metrics::counter!("storage_unmirrored_total").increment(1);
                Ok(())
            }
            uploaded => uploaded,
        }
    }
}
//% endif
