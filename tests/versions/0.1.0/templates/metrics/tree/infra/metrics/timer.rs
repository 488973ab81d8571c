//! Guards that measure a piece of work: how long it takes, and by how much it lets memory grow.

use std::time::{Duration, Instant};

use ::metrics::Histogram;

/// Times what happens until it is dropped, also where that ends early.
///
/// Name the histogram `.._seconds`: that is the unit, and such names have buckets.
///
/// ```
/// use /*= crate =*/::/*= module =*/::metrics::Timer;
///
/// let _timer = Timer::start(metrics::histogram!("report_seconds", "kind" => "daily"));
/// ```
#[derive(Debug)]
#[must_use = "a timer that is dropped at once has timed nothing"]
pub struct Timer {
    histogram: Histogram,
    begun: Instant,
}

impl Timer {
    /// Starts the clock.
    pub fn start(histogram: Histogram) -> Self {
        Self {
            histogram,
            begun: Instant::now(),
        }
    }

    /// How long it has run.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.histogram.record(self.elapsed());
    }
}

/// Records by how many bytes the memory of the process grows until it is dropped; shrinking counts
/// as nothing. Other tasks run meanwhile, so it suits work that takes far more than they do.
///
/// Name the histogram `.._bytes`.
///
/// ```
/// use /*= crate =*/::/*= module =*/::metrics::MemoryTracker;
///
/// let _memory = MemoryTracker::start(metrics::histogram!("import_bytes"));
/// ```
#[derive(Debug)]
#[must_use = "a tracker that is dropped at once has seen nothing"]
pub struct MemoryTracker {
    histogram: Histogram,
    before: Option<u64>,
}

impl MemoryTracker {
    /// Notes what the process uses now.
    pub fn start(histogram: Histogram) -> Self {
        Self {
            histogram,
            before: Self::in_use(),
        }
    }

    /// The bytes of main memory that the process occupies; none if the system does not say.
    #[must_use]
    pub fn in_use() -> Option<u64> {
        metrics_process::collector::collect().resident_memory_bytes
    }

    /// By how many bytes memory has grown; none if the system does not say.
    #[must_use]
    pub fn growth(&self) -> Option<u64> {
        Some(Self::in_use()?.saturating_sub(self.before?))
    }
}

impl Drop for MemoryTracker {
    fn drop(&mut self) {
        if let Some(growth) = self.growth() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "below 8 PiB a float counts every byte"
            )]
            self.histogram.record(growth as f64);
        }
    }
}
