//% set remote = options.s3 or options.azure or options.gcs
//% if remote
//! URLs of objects: what everybody can read, and what a bearer may read or store for a while.
//% else
//! URLs of objects that everybody can read.
//% endif

//% if remote
use std::{fmt, time::Duration};

use ::object_store::signer::{HeaderValue, Method, SignedUrlOptions};
//% endif
use url::Url;

use super::{Storage, StorageError};

//% if remote
/// The longest that a signed URL holds; S3 and Google sign for no longer.
const MAX_VALIDITY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A request that stores an object without a credential: `PUT` to the URL, with these headers.
#[derive(Clone)]
pub struct Upload {
    /// Where to; whoever has it may store.
    pub url: Url,
    /// Name and value of every header that the request must have.
    pub headers: Vec<(&'static str, String)>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What follows the path is as good as a password.
        let mut debug = f.debug_struct("Upload");
        debug.field("path", &self.url.path());
        debug
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

//% endif
impl Storage {
    /// The URL under which everybody can read an object, if the store lets everybody.
    ///
    /// It begins with `STORAGE_PUBLIC_URL`, or with what the remote store has for it; nobody is
    /// asked whether the object is there.
    ///
    /// # Errors
    ///
    /// The key is not one, or the backend has no URL.
    pub fn url(&self, key: &str) -> Result<Url, StorageError> {
        let path = self.path(key)?;
        let mut url = self.backend.public.clone();
        let parts = url.as_mut().and_then(|url| url.path_segments_mut().ok());
        let missing = "name public URLs: set `STORAGE_PUBLIC_URL`";
        let mut parts = parts.ok_or_else(|| self.unsupported(missing))?;
        parts.pop_if_empty().extend(path.as_ref().split('/'));
        drop(parts);
        url.ok_or_else(|| self.unsupported(missing))
    }
    //% if remote

    /// A URL under which whoever has it may read an object, for at most seven days.
    ///
    /// # Errors
    ///
    /// The key or the time is not valid, the backend is not a remote one, or its credential cannot
    /// sign.
    pub async fn presign_get(&self, key: &str, validity: Duration) -> Result<Url, StorageError> {
        let options = SignedUrlOptions::default();
        self.sign(Method::GET, key, validity, options).await
    }

    /// A request with which whoever has it may store an object, for at most seven days.
    ///
    /// S3 and Google hold it to the content type. No store limits its size, so look at
    /// [`head`](Self::head) before you rely on what was stored.
    ///
    /// # Errors
    ///
    /// As [`presign_get`](Self::presign_get), or the content type is not one.
    pub async fn presign_put(
        &self,
        key: &str,
        content_type: &str,
        validity: Duration,
    ) -> Result<Upload, StorageError> {
        let invalid = |_| StorageError::Argument("the content type is not one");
        let value = HeaderValue::from_str(content_type).map_err(invalid)?;
        let mut headers = vec![("content-type", content_type.to_owned())];
        let mut options = SignedUrlOptions::default();
        if self.backend.name == "azure" {
            headers.push(("x-ms-blob-type", "BlockBlob".to_owned()));
        } else {
            options.signed_headers.insert("content-type", value);
        }
        let url = self.sign(Method::PUT, key, validity, options).await?;
        Ok(Upload { url, headers })
    }

    async fn sign(
        &self,
        method: Method,
        key: &str,
        validity: Duration,
        options: SignedUrlOptions,
    ) -> Result<Url, StorageError> {
        let path = self.path(key)?;
        if validity < Duration::from_secs(1) || validity > MAX_VALIDITY {
            let message = "a signed URL holds from one second to seven days";
            return Err(StorageError::Argument(message));
        }
        let signer = self.backend.signer.as_ref();
        let signer = signer.ok_or_else(|| self.unsupported("sign URLs"))?;
        let work = signer.signed_url_opts(method, &path, validity, &options);
        let url = self.ask("sign", key, 0, work).await?;
        //% if options.azure
        // The crate signs such a path as it is in the URL, and Azure as it is without.
        if self.backend.name == "azure" && url.path().contains('%') {
            return Err(self.unsupported("sign keys whose characters URLs escape"));
        }
        //% endif
        Ok(url)
    }
    //% endif
}
