//! Counts.

use std::convert::Infallible;

use super::settings::BetaSettings;

/// Counts.
#[derive(Clone, Debug)]
pub struct Beta {
    limit: u64,
    share: f64,
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
            share: settings.share,
        })
    }

    /// The headers that carry the trace of what is counted now.
    pub fn headers(&self) -> super::trace::Headers {
        super::trace::inject()
    }

    /// Degraded without a limit.
    pub async fn health(&self) -> super::Health {
        match self.limit {
            _ if self.share > 1.0 => super::Health::Degraded("counts too much".to_owned()),
            0 => super::Health::Degraded("no limit".to_owned()),
            _ => super::Health::Healthy,
        }
    }
}
