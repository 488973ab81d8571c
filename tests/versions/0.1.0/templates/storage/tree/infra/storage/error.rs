//! What can go wrong, by what a caller would do about it.

use std::{error::Error, io, time::Duration};

use ::object_store::Error as StoreError;

/// An operation of the storage did not do what it should.
///
/// The messages name keys and never a secret. `#[source]` has what the store said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The key cannot be one, on whatever backend.
    #[error("the key is not valid: {why}")]
    Key {
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no such object.
    #[error("there is no object `{key}`")]
    NotFound {
        /// Its key.
        key: String,
    },
    /// The object was to be new, and there is one.
    #[error("there is an object `{key}` already")]
    AlreadyExists {
        /// Its key.
        key: String,
    },
    /// The object is no longer the version that was to be replaced.
    #[error("the object `{key}` has changed meanwhile")]
    Changed {
        /// Its key.
        key: String,
    },
    /// What arrived does not have the checksum that it should; nothing was stored.
    #[error("the content for `{key}` does not have the expected checksum")]
    Checksum {
        /// The key it was for.
        key: String,
    },
    /// The object is larger than what is read into memory at once.
    #[error("the object `{key}` is larger than {limit} bytes, read it as a stream")]
    TooLarge {
        /// Its key.
        key: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The range begins behind the end of the object, or is empty.
    #[error("the range is not within the {size} bytes of `{key}`")]
    Range {
        /// The key of the object.
        key: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The object is not of the form that was asked for.
    #[error("the object `{key}` is not {kind}")]
    Malformed {
        /// Its key.
        key: String,
        /// `JSON` or `text`.
        kind: &'static str,
        /// Where it is not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// An argument is outside of what all backends take.
    #[error("{0}")]
    Argument(&'static str),
    /// This backend cannot do that.
    #[error("the backend `{backend}` cannot {operation}")]
    Unsupported {
        /// Its name in `STORAGE_BACKEND`.
        backend: &'static str,
        /// What it cannot do.
        operation: &'static str,
    },
    /// The store refuses the credential, or what it was used for.
    #[error("the store does not permit it")]
    Denied(#[source] StoreError),
    /// The store did not answer in time. It may still do what it was asked.
    #[error("the store did not answer within {0:?}")]
    Timeout(Duration),
    /// The stream that was to be stored ended with an error; nothing was stored.
    #[error("the content could not be read")]
    Content(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else that the store could not do.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// Settings that do not go together, one a line.
    #[error("{0}")]
    Settings(String),
}

impl StorageError {
    /// What the store said about this key.
    pub(super) fn of(error: StoreError, key: &str) -> Self {
        let key = key.to_owned();
        match error {
            StoreError::NotFound { .. } => Self::NotFound { key },
            StoreError::AlreadyExists { .. } => Self::AlreadyExists { key },
            StoreError::Precondition { .. } => Self::Changed { key },
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
                Self::Denied(error)
            }
            error => Self::Store(error),
        }
    }

    /// Whether the same call may succeed a moment later: the store was slow, busy or away.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::Store(_))
    }

    /// The word that metrics count it under.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } | Self::Changed { .. } => "conflict",
            Self::Denied(_) => "denied",
            Self::Timeout(_) => "timeout",
            _ => "error",
        }
    }
}

impl From<StorageError> for io::Error {
    fn from(error: StorageError) -> Self {
        let kind = match error {
            StorageError::NotFound { .. } => io::ErrorKind::NotFound,
            StorageError::AlreadyExists { .. } => io::ErrorKind::AlreadyExists,
            StorageError::Denied(_) => io::ErrorKind::PermissionDenied,
            StorageError::Timeout(_) => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
