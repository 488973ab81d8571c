//! Waits.

use std::convert::Infallible;

use super::Health;

/// Waits.
#[derive(Clone, Debug)]
pub struct Gamma;

impl Gamma {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn start() -> Result<Self, Infallible> {
        Ok(Self)
    }

    /// Always well.
    pub async fn health(&self) -> Health {
        Health::Healthy
    }
}
