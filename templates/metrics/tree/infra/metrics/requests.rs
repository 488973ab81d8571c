//% if framework != "none"
//! Counts and times requests, whatever the framework.
//!
//! The series of a route are looked up when its first request comes; from then on a request costs
//! two readings of the clock and a few atomic additions.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Instant,
};

use ::metrics::{Counter, Gauge, Histogram};

pub(super) const TOTAL: &str = "http_requests_total";
pub(super) const DURATION: &str = "http_request_duration_seconds";
pub(super) const IN_PROGRESS: &str = "http_requests_in_progress";
/// The path of requests that match no route.
pub(super) const UNMATCHED: &str = "unmatched";
/// The methods that have a label; clients may invent others, which share the last.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "_OTHER",
];

pub(super) fn describe() {
    ::metrics::describe_counter!(TOTAL, "Requests that have ended.");
    ::metrics::describe_histogram!(DURATION, "Seconds up to the head of the response.");
    ::metrics::describe_gauge!(IN_PROGRESS, "Requests that have begun and not ended.");
}

/// The index of a method and its label.
fn labelled(method: &str) -> (usize, &'static str) {
    let other = METHODS.len() - 1;
    let known = METHODS.iter().position(|known| *known == method);
    let index = known.unwrap_or(other);
    (index, METHODS[index])
}

//% if options.otel or framework == "actix-web"
/// The label of a method.
pub(super) fn label(method: &str) -> &'static str {
    labelled(method).1
}

//% endif
/// The routes that requests have taken, by path: as many as the app has.
#[derive(Debug, Default)]
pub(super) struct Routes(RwLock<HashMap<String, Arc<Route>>>);

impl Routes {
    pub(super) fn find(&self, path: &str) -> Arc<Route> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(path) {
            return Arc::clone(route);
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Route::new(path));
        Arc::clone(known.entry(path.to_owned()).or_insert_with(new))
    }
}

/// The series of one route.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: String,
    methods: [OnceLock<Arc<Series>>; METHODS.len()],
}

impl Route {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            methods: [const { OnceLock::new() }; METHODS.len()],
        }
    }

    /// Begins a request of this route.
    pub(super) fn begin(&self, method: &str) -> Observed {
        let (index, method) = labelled(method);
        let series = self.methods[index].get_or_init(|| Series::new(&self.path, method));
        Observed::begin(Arc::clone(series))
    }
}

/// Where the requests of one route and method are counted.
#[derive(Debug)]
struct Series {
    path: String,
    method: &'static str,
    in_progress: Gauge,
    duration: Histogram,
    /// By status; a handful, so a list is the fastest map.
    totals: RwLock<Vec<(Option<u16>, Counter)>>,
}

impl Series {
    fn new(path: &str, method: &'static str) -> Arc<Self> {
        let path = path.to_owned();
        Arc::new(Self {
            in_progress: ::metrics::gauge!(IN_PROGRESS, "method" => method, "path" => path.clone()),
            duration: ::metrics::histogram!(DURATION, "method" => method, "path" => path.clone()),
            totals: RwLock::default(),
            path,
            method,
        })
    }

    fn count(&self, status: Option<u16>) {
        let totals = self.totals.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, total)) = totals.iter().find(|(known, _)| *known == status) {
            return total.increment(1);
        }
        drop(totals);
        let label = status.map_or_else(|| "aborted".to_owned(), |status| status.to_string());
        let path = self.path.clone();
        let total =
            ::metrics::counter!(TOTAL, "method" => self.method, "path" => path, "status" => label);
        total.increment(1);
        let mut totals = self.totals.write().unwrap_or_else(PoisonError::into_inner);
        totals.push((status, total));
    }
}

/// A request under way. It is counted when dropped, so also when it never gets a response.
#[derive(Debug)]
pub(super) struct Observed {
    series: Arc<Series>,
    pub(super) begun: Instant,
    /// The status of the response, when there is one.
    pub(super) status: Option<u16>,
}

impl Observed {
    fn begin(series: Arc<Series>) -> Self {
        series.in_progress.increment(1);
        Self {
            series,
            begun: Instant::now(),
            status: None,
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.series.in_progress.decrement(1);
        self.series.duration.record(self.begun.elapsed());
        self.series.count(self.status);
    }
}
//% endif
