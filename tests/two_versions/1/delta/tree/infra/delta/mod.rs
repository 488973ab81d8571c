//! Measures, in its first version.

use std::convert::Infallible;

use super::settings::DeltaSettings;

mod ruler;

/// Measures.
#[derive(Clone, Debug)]
pub struct Delta {
    limit: u64,
}

impl Delta {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn start(settings: &DeltaSettings) -> Result<Self, Infallible> {
        Ok(Self {
            limit: settings.limit,
        })
    }

    /// The length of a thing, at most the limit.
    #[must_use]
    pub fn length(&self, thing: &str) -> u64 {
        ruler::length(thing).min(self.limit)
    }

    /// Always well.
    pub async fn health(&self) -> super::Health {
        super::Health::Healthy
    }
}
