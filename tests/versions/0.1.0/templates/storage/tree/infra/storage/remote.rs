//% if options.s3 or options.azure or options.gcs
//! What the remote stores have in common.

use std::sync::Arc;

use ::object_store::signer::Signer;
use ::object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use super::super::settings::StorageSettings;
use super::{Backend, StorageError};

/// How often a request is repeated that a store was too busy for, or that got lost.
const RETRIES: usize = 3;

/// How a store is spoken to. `endpoint` is that of the settings, if they have one.
pub(super) fn client(settings: &StorageSettings, endpoint: Option<&str>) -> ClientOptions {
    // The crates that bring TLS may differ in their default; an error means that the app has one.
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().ok();
    let insecure = endpoint.is_some_and(|url| url.starts_with("http://"));
    // A limit for a whole answer would end long downloads, however fast they are.
    ClientOptions::new()
        .with_allow_http(insecure)
        .with_connect_timeout(settings.timeout)
        .with_read_timeout(settings.timeout)
        .with_timeout_disabled()
}

/// How requests are repeated, all within the time limit.
pub(super) fn retry(settings: &StorageSettings) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: settings.timeout,
    }
}

/// A store that is also a signer, whose objects are read under `public`.
pub(super) fn backend<S: ObjectStore + Signer>(
    name: &'static str,
    store: S,
    public: Option<Url>,
) -> Backend {
    let store = Arc::new(store);
    let mut backend = Backend::new(name, Arc::clone(&store));
    backend.signer = Some(store);
    backend.public = public;
    backend
}

/// What is wrong with settings that belong together.
#[derive(Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    /// A setting that the backend needs.
    pub(super) fn need(&mut self, variable: &str, value: Option<&String>) -> String {
        if value.is_none() {
            self.note(format!("{variable}: must be set for this STORAGE_BACKEND"));
        }
        value.cloned().unwrap_or_default()
    }

    pub(super) fn note(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// All of them, unless there are none.
    pub(super) fn finish(self) -> Result<(), StorageError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(StorageError::Settings(self.0.join("\n  ")))
    }
}
//% endif
