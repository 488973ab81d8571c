//! Objects and files: [`Storage`].
//!
//! Without `STORAGE_BACKEND` objects are files in a folder and no server is needed. With it, the same
//! code keeps them in a remote store. Only development may leave it out: elsewhere even `local` has
//! to be said.
//!
//! Handlers take the storage, whatever the state of their router is:
//!
//! ```
//! use /*= crate =*/::/*= module =*/::storage::{Put, Storage, StorageError};
//!
//! async fn keep(storage: Storage, picture: Vec<u8>) -> Result<(), StorageError> {
//!     let put = Put::new().content_type("image/png");
//!     storage.put("pictures/1.png", picture, put).await?;
//!     Ok(())
//! }
//! ```

//% set remote = options.s3 or options.azure or options.gcs
//% if options.azure
mod azure;
//% endif
mod error;
mod folder;
//% if options.gcs
mod gcs;
//% endif
mod key;
mod links;
//% if options.mirror
mod mirror;
//% endif
mod object;
mod read;
//% if remote
mod remote;
//% endif
//% if options.s3
mod s3;
//% endif
#[cfg(test)]
mod tests;
mod write;

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{fmt, future::Future, sync::Arc, time::Duration};

use ::object_store::memory::InMemory;
use ::object_store::path::Path;
//% if remote
use ::object_store::signer::Signer;
//% endif
use ::object_store::{Error as StoreError, ObjectStore};
use futures_util::TryStreamExt;
use tokio::time::{self, Instant};
use url::Url;

pub use ::object_store::GetRange;

use self::folder::Folder;
//% if options.mirror
pub use self::mirror::Mirror;
//% endif
pub use self::{
    error::StorageError,
    //% if remote
    links::Upload,
    //% endif
    object::{Download, Object, Put, Version},
};
use super::settings::StorageSettings;

/// The bytes that may take the time limit to pass, and those of a part of a streamed upload.
const PART: usize = 8 * 1_024 * 1_024;
/// The longest that health waits.
const HEALTH_LIMIT: Duration = Duration::from_secs(5);

/// The objects of this app. Clones are cheap and share everything.
///
/// Keys are paths such as `invoices/2026/7.pdf`, relative and with `/` between their parts; what is
/// not one on every backend and system is refused. Every call waits `STORAGE_TIMEOUT` at most for an
/// answer, and as long again for each 8 MiB that pass.
///
/// ```
/// # use /*= crate =*/::/*= module =*/::{settings::Settings, storage::{Put, Storage, StorageError}};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut settings = Settings::default().storage;
/// # settings.backend = Some("memory".to_owned());
/// # let storage = Storage::start(&settings).await?;
/// storage.write_text("notes/today.txt", "tea at five").await?;
/// assert_eq!(storage.read_text("notes/today.txt").await?, "tea at five");
///
/// let again = storage.put("notes/today.txt", "coffee", Put::new().create_only()).await;
/// assert!(matches!(again, Err(StorageError::AlreadyExists { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Storage {
    backend: Arc<Backend>,
    /// The folder that everything is under; empty for none.
    folder: String,
}

/// A store, and what it can do beside storing.
struct Backend {
    name: &'static str,
    store: Arc<dyn ObjectStore>,
    //% if remote
    signer: Option<Arc<dyn Signer>>,
    //% endif
    public: Option<Url>,
    limit: Duration,
    //% if options.mirror
    mirrored: Option<std::path::PathBuf>,
    //% endif
}

impl Storage {
    /// Opens the backend that the settings name. A remote store is not asked yet: health tells
    /// whether it answers.
    ///
    /// # Errors
    ///
    /// Settings of the backend are missing or do not go together, or the local folder cannot be
    /// written to.
    pub async fn start(settings: &StorageSettings) -> Result<Self, StorageError> {
        let name = settings.backend.as_deref();
        let mut backend = match name.unwrap_or("local") {
            "local" => local(&settings.local_path),
            "memory" => Backend::new("memory", InMemory::new()),
            //% if options.s3
            "s3" => s3::open(settings)?,
            //% endif
            //% if options.azure
            "azure" => azure::open(settings)?,
            //% endif
            //% if options.gcs
            "gcs" => gcs::open(settings)?,
            //% endif
            other => return Err(StorageError::Settings(unknown(other))),
        };
        backend.limit = settings.timeout;
        if let Some(url) = &settings.public_url {
            let url = Url::parse(url).map_err(|error| invalid("STORAGE_PUBLIC_URL", error))?;
            backend.public = Some(url);
        }
        match name {
            Some("local") => {
                let prepared = Folder::new(&settings.local_path).prepare().await;
                prepared.map_err(|error| invalid("STORAGE_LOCAL_PATH", error))?;
            }
            Some(_) => {}
            None => tracing::info!(
                folder = settings.local_path,
                "STORAGE_BACKEND is not set, objects are files in a folder"
            ),
        }
        //% if options.mirror and remote
        if backend.signer.is_some() {
            backend.mirrored = Some(settings.local_path.clone().into());
        }
        //% endif
        let storage = Self::new(backend);
        //% if options.azure
        if let ("azure", Some(folder)) = (storage.backend.name, &settings.azure_blob_prefix) {
            return storage.within(folder);
        }
        //% endif
        Ok(storage)
    }

    fn new(backend: Backend) -> Self {
        let (backend, folder) = (Arc::new(backend), String::new());
        Self { backend, folder }
    }

    /// The same storage with all keys below a folder, for example that of a tenant.
    ///
    /// # Errors
    ///
    /// The folder is not what a key can be.
    pub fn within(&self, folder: &str) -> Result<Self, StorageError> {
        let folder = self.path(folder)?.into();
        let backend = Arc::clone(&self.backend);
        Ok(Self { backend, folder })
    }

    /// The store itself, for all that is not here. Its keys begin at the root and are not checked.
    #[must_use]
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.backend.store)
    }

    /// Unhealthy while the store cannot be listed. That takes five seconds at most.
    pub async fn health(&self) -> super::Health {
        // Nothing is there, so that the answer is short; but the store and its credential must be.
        let path = self.path("health/nothing");
        let asked = async {
            let mut entries = self.backend.store.list(Some(&path?));
            let limit = self.backend.limit.min(HEALTH_LIMIT);
            let answer = time::timeout(limit, entries.try_next()).await;
            let answer = answer.map_err(|_| StorageError::Timeout(limit))?;
            answer.map_err(|error| StorageError::of(error, ""))
        };
        match asked.await {
            Ok(_) => super::Health::Healthy,
            Err(error) => {
                let name = self.backend.name;
                tracing::debug!(backend = name, error = ?error, "the storage does not answer");
                super::Health::Unhealthy(format!("the backend `{name}` is not usable: {error}"))
            }
        }
    }

    /// Where an object is in the store.
    fn path(&self, key: &str) -> Result<Path, StorageError> {
        // By itself first: a folder before it must not make a key of what is none.
        let path = key::parse(key)?;
        if self.folder.is_empty() {
            return Ok(path);
        }
        key::parse(&format!("{}/{key}", self.folder))
    }

    /// What `path` is called here.
    fn key(&self, path: &Path) -> String {
        let key = path.as_ref();
        let below = key.strip_prefix(&self.folder);
        below.unwrap_or(key).trim_start_matches('/').to_owned()
    }

    /// Waits for the store, and counts. `bytes` that pass get time of their own.
    async fn ask<T>(
        &self,
        operation: &'static str,
        key: &str,
        bytes: usize,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StorageError> {
        let begun = Instant::now();
        let parts = u32::try_from(bytes / PART).unwrap_or(u32::MAX);
        let limit = self.backend.limit.saturating_mul(parts.saturating_add(1));
        let done = match time::timeout(limit, work).await {
            Ok(done) => done.map_err(|error| StorageError::of(error, key)),
            Err(_) => Err(StorageError::Timeout(limit)),
        };
        let took = begun.elapsed().as_secs_f64();
        metrics::histogram!("storage_duration_seconds", "operation" => operation).record(took);
        let result = done.as_ref().map_or_else(StorageError::label, |_| "ok");
        let labels = [("operation", operation), ("result", result)];
        metrics::counter!("storage_operations_total", &labels).increment(1);
        done
    }

    fn unsupported(&self, operation: &'static str) -> StorageError {
        let backend = self.backend.name;
        StorageError::Unsupported { backend, operation }
    }
}

impl Backend {
    fn new(name: &'static str, store: impl ObjectStore) -> Self {
        Self {
            name,
            store: Arc::new(store),
            //% if remote
            signer: None,
            //% endif
            public: None,
            limit: Duration::from_secs(30),
            //% if options.mirror
            mirrored: None,
            //% endif
        }
    }
}

fn local(folder: impl Into<std::path::PathBuf>) -> Backend {
    Backend::new("local", Folder::new(folder))
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store would show its configuration.
        let mut debug = f.debug_struct("Storage");
        debug.field("backend", &self.backend.name);
        debug.field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Whether `STORAGE_BACKEND` names a backend that was generated.
pub(super) fn check_backend(name: &str) -> Result<(), String> {
    match name {
        "local" | "memory" => Ok(()),
        //% if options.s3
        "s3" => Ok(()),
        //% endif
        //% if options.azure
        "azure" => Ok(()),
        //% endif
        //% if options.gcs
        "gcs" => Ok(()),
        //% endif
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> String {
    match name {
        "s3" | "azure" | "gcs" => format!(
            "`{name}` needs an option of that name: add storage again with `--set storage.{name}=true`"
        ),
        _ => format!("must be `local`, `memory`, `s3`, `azure` or `gcs`, got `{name}`"),
    }
}

/// Whether a text is the URL of a server. What it says is not shown: it may hold a password.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    let parsed = Url::parse(url).ok().filter(|url| url.has_host());
    match parsed.as_ref().map(Url::scheme) {
        Some("http" | "https") => Ok(()),
        _ => Err("must be a URL such as `https://host:port`"),
    }
}

//% if options.azure
/// Whether a text can be a key, or a folder of keys.
pub(super) fn check_key(key: &str) -> Result<(), StorageError> {
    key::parse(key).map(drop)
}

/// Whether a text is a connection string of Azure. It is not shown.
pub(super) fn try_azure(text: &str) -> Result<(), &'static str> {
    azure::Connection::parse(text).map(drop)
}

//% endif
fn invalid(variable: &str, error: impl fmt::Display) -> StorageError {
    StorageError::Settings(format!("{variable}: {error}"))
}
