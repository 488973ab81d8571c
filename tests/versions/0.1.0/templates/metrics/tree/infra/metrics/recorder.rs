//! The recorder of this process: installed once, or that of somebody else.

//% if framework == "actix-web"
use std::sync::{Arc, Mutex, PoisonError};
//% else
use std::sync::{Mutex, PoisonError};
//% endif

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::runtime::{Handle, RuntimeMetrics};

//% if framework != "none"
use super::requests;

//% endif
/// The upper bounds of the buckets of every histogram whose name ends so. The others are summaries.
const BUCKETS: [(&str, &[f64]); 2] = [
    (
        "_seconds",
        &[
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ],
    ),
    (
        "_bytes",
        &[
            1_024.0,
            16_384.0,
            262_144.0,
            1_048_576.0,
            16_777_216.0,
            268_435_456.0,
            1_073_741_824.0,
        ],
    ),
];

/// Reads what the recorder holds.
#[derive(Clone, Debug)]
pub(super) struct Scrape {
    recorder: PrometheusHandle,
    process: Collector,
    //% if framework == "actix-web"
    /// That of the start, and those of the workers.
    runtimes: Arc<Mutex<Vec<Handle>>>,
    //% else
    runtime: Handle,
    //% endif
}

impl Scrape {
    fn new(recorder: PrometheusHandle) -> Self {
        Self {
            recorder,
            process: Collector::default(),
            //% if framework == "actix-web"
            runtimes: Arc::new(Mutex::new(vec![Handle::current()])),
            //% else
            runtime: Handle::current(),
            //% endif
        }
    }
    //% if framework == "actix-web"

    /// Shows the runtime of this thread as well: every worker has one of its own.
    pub(super) fn join_runtime(&self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        if runtimes.iter().all(|known| known.id() != runtime.id()) {
            runtimes.push(runtime);
        }
    }
    //% endif

    /// Everything, with the figures of the process and of its runtime at this moment.
    pub(super) fn text(&self) -> String {
        self.process.collect();
        self.observe_runtime();
        self.recorder.render()
    }

    /// Moves what was recorded to where it takes no more space, whether anybody reads or not.
    pub(super) fn tidy(&self) {
        self.recorder.run_upkeep();
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no runtime has so many tasks that a float could not count them"
    )]
    fn observe_runtime(&self) {
        //% if framework == "actix-web"
        let runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        let runtimes: Vec<_> = runtimes.iter().map(Handle::metrics).collect();
        //% else
        let runtimes = [self.runtime.metrics()];
        //% endif
        let sum = |figure: fn(&RuntimeMetrics) -> usize| {
            let sum: usize = runtimes.iter().map(figure).sum();
            sum as f64
        };
        ::metrics::gauge!("tokio_workers").set(sum(RuntimeMetrics::num_workers));
        ::metrics::gauge!("tokio_alive_tasks").set(sum(RuntimeMetrics::num_alive_tasks));
        let waiting = sum(RuntimeMetrics::global_queue_depth);
        ::metrics::gauge!("tokio_global_queue_depth").set(waiting);
        #[cfg(target_has_atomic = "64")]
        {
            let busy = runtimes.iter().flat_map(|figures| {
                let busy = move |worker| figures.worker_total_busy_duration(worker);
                (0..figures.num_workers()).map(move |worker| busy(worker).as_secs_f64())
            });
            // A counter would hold whole seconds only.
            ::metrics::gauge!("tokio_busy_seconds_total").set(busy.sum::<f64>());
        }
    }
}

/// Installs the recorder of this process, or finds the one that this function has installed, however
/// often the app is started in it (in tests, for example). None if the recorder is another's.
pub(super) fn install() -> Result<Option<Scrape>, BuildError> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recorder) = &*installed {
        return Ok(Some(Scrape::new(recorder.clone())));
    }
    let recorder = builder()?.build_recorder();
    let handle = recorder.handle();
    let own = ::metrics::set_global_recorder(recorder).is_ok();
    describe();
    if !own {
        tracing::info!(
            "the app has a recorder of metrics: it counts the requests, and shows them as it always did"
        );
        return Ok(None);
    }
    *installed = Some(handle.clone());
    Ok(Some(Scrape::new(handle)))
}

pub(super) fn builder() -> Result<PrometheusBuilder, BuildError> {
    let plain = PrometheusBuilder::new();
    BUCKETS.iter().try_fold(plain, |builder, (suffix, bounds)| {
        builder.set_buckets_for_metric(Matcher::Suffix((*suffix).to_owned()), bounds)
    })
}

fn describe() {
    //% if framework != "none"
    requests::describe();
    //% endif
    Collector::default().describe();
    ::metrics::describe_gauge!("tokio_workers", "Threads that run tasks.");
    ::metrics::describe_gauge!("tokio_alive_tasks", "Tasks that have begun and not ended.");
    ::metrics::describe_gauge!(
        "tokio_global_queue_depth",
        "Tasks that wait for any of the threads."
    );
    ::metrics::describe_gauge!(
        "tokio_busy_seconds_total",
        "Seconds that the threads have run tasks, all together."
    );
}
