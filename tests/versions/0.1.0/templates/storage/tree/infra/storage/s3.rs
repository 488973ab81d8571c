//% if options.s3
//! Amazon S3, and what speaks its protocol.

use ::object_store::aws::AmazonS3Builder;
use secrecy::ExposeSecret;
use url::Url;

use super::super::settings::StorageSettings;
use super::remote::{self, Problems};
use super::{Backend, StorageError};

/// Opens the bucket of the settings, without asking whether it is there.
pub(super) fn open(settings: &StorageSettings) -> Result<Backend, StorageError> {
    let mut problems = Problems::default();
    let bucket = problems.need("STORAGE_S3_BUCKET", settings.s3_bucket.as_ref());
    let builder = match (&settings.s3_access_key, &settings.s3_secret_key) {
        (Some(access_key), Some(secret_key)) => AmazonS3Builder::new()
            .with_access_key_id(access_key.expose_secret())
            .with_secret_access_key(secret_key.expose_secret()),
        (None, None) => AmazonS3Builder::from_env(),
        _ => {
            problems.note("STORAGE_S3_ACCESS_KEY, STORAGE_S3_SECRET_KEY: set both or none");
            AmazonS3Builder::new()
        }
    };
    problems.finish()?;
    let endpoint = settings.s3_endpoint_url.as_deref();
    let mut builder = builder
        .with_bucket_name(&bucket)
        .with_region(&settings.s3_region)
        .with_client_options(remote::client(settings, endpoint))
        .with_retry(remote::retry(settings));
    let mut public = format!("https://{bucket}.s3.{}.amazonaws.com", settings.s3_region);
    if let Some(endpoint) = endpoint {
        let endpoint = endpoint.trim_end_matches('/');
        public = format!("{endpoint}/{bucket}");
        // The bucket in the path: not every server has a name for each bucket.
        builder = builder
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(false);
    }
    let store = builder.build().map_err(StorageError::Store)?;
    Ok(remote::backend("s3", store, Url::parse(&public).ok()))
}
//% endif
