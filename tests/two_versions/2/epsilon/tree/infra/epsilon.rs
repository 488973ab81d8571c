//! Waits.

use std::convert::Infallible;

/// Waits.
#[derive(Clone, Debug)]
pub struct Epsilon;

impl Epsilon {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn start() -> Result<Self, Infallible> {
        Ok(Self)
    }

    /// Always well.
    pub async fn health(&self) -> super::Health {
        super::Health::Healthy
    }
}
