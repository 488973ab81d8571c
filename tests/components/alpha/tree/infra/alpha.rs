//! Greets, in one of two ways.

use std::convert::Infallible;

use super::settings::AlphaSettings;

/// Greets.
#[derive(Clone, Debug)]
pub struct Alpha {
    limit: u64,
}

impl Alpha {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn start(settings: &AlphaSettings) -> Result<Self, Infallible> {
        Ok(Self {
            limit: settings.limit,
        })
    }

    /// What it says.
    #[must_use]
    pub fn greeting(&self) -> String {
        //% if options.mode == "fancy"
        format!("a very good day to all {}", self.limit)
        //% else
        format!("hello {}", self.limit)
        //% endif
    }

    /// Always well.
    pub async fn health(&self) -> super::Health {
        super::Health::Healthy
    }

    /// Says goodbye.
    pub async fn shutdown(&self) {
        tracing::debug!("goodbye");
    }
}
