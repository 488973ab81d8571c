//! Counts.

use std::convert::Infallible;

use super::settings::BetaSettings;

/// Counts.
#[derive(Clone, Debug)]
pub struct Beta {
    limit: u64,
}

impl Beta {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn start(settings: &BetaSettings) -> Result<Self, Infallible> {
        Ok(Self {
            limit: settings.limit,
        })
    }

    /// Degraded without a limit.
    pub async fn health(&self) -> super::Health {
        match self.limit {
            0 => super::Health::Degraded("no limit".to_owned()),
            _ => super::Health::Healthy,
        }
    }
}
