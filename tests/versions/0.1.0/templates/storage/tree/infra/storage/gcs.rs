//% if options.gcs
//! Google Cloud Storage.

use ::object_store::gcp::GoogleCloudStorageBuilder;
use secrecy::ExposeSecret;
use url::Url;

use super::super::settings::StorageSettings;
use super::remote::{self, Problems};
use super::{Backend, StorageError};

/// Opens the bucket of the settings, without asking whether it is there.
pub(super) fn open(settings: &StorageSettings) -> Result<Backend, StorageError> {
    let mut problems = Problems::default();
    let bucket = problems.need("STORAGE_GCS_BUCKET", settings.gcs_bucket.as_ref());
    problems.finish()?;
    let endpoint = settings.gcs_endpoint_url.as_deref();
    let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/'));
    let builder = match (&settings.gcs_service_account_key, endpoint) {
        (Some(key), _) => {
            GoogleCloudStorageBuilder::new().with_service_account_key(key.expose_secret())
        }
        // An emulator takes any token; without one, the metadata server would be asked for it.
        (None, Some(_)) => GoogleCloudStorageBuilder::new().with_bearer_token("emulator"),
        (None, None) => GoogleCloudStorageBuilder::from_env(),
    };
    let mut builder = builder
        .with_bucket_name(&bucket)
        .with_client_options(remote::client(settings, endpoint))
        .with_retry(remote::retry(settings));
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(endpoint);
    }
    let store = builder.build().map_err(StorageError::Store)?;
    let endpoint = endpoint.unwrap_or("https://storage.googleapis.com");
    let public = Url::parse(&format!("{endpoint}/{bucket}")).ok();
    Ok(remote::backend("gcs", store, public))
}
//% endif
