//% if framework != "none"
//! Counts and times requests, whatever the framework.
//!
//! The series of a route are looked up when its first request comes; from then on a request costs
//! two readings of the clock and a few atomic additions.

use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
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
/// How many statuses of a route and method have a place of their own.
const STATUSES: usize = 8;

pub(super) fn describe() {
    ::metrics::describe_counter!(TOTAL, "Requests that have ended.");
    ::metrics::describe_histogram!(DURATION, "Seconds up to the head of the response.");
    ::metrics::describe_gauge!(IN_PROGRESS, "Requests that had to wait and still run.");
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
/// The routes that requests have taken, by path: as many as the app has. They are leaked, because
/// the recorder keeps their series to the end of the process anyway, and a request that counted
/// references to them would pay for it.
#[derive(Debug, Default)]
pub(super) struct Routes(RwLock<HashMap<String, &'static Route>>);

impl Routes {
    pub(super) fn find(&self, path: &str) -> &'static Route {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(path) {
            return route;
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = || &*Box::leak(Box::new(Route::new(path)));
        known.entry(path.to_owned()).or_insert_with(new)
    }
}

/// The series of one route.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: String,
    methods: [OnceLock<Series>; METHODS.len()],
}

impl Route {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            methods: [const { OnceLock::new() }; METHODS.len()],
        }
    }

    /// A request of this route that came at that time.
    pub(super) fn observe(&'static self, method: &str, begun: Instant) -> Observed {
        let (index, method) = labelled(method);
        let series = self.methods[index].get_or_init(|| Series::new(&self.path, method));
        Observed {
            series,
            begun,
            shown: false,
            status: None,
        }
    }
}

/// Where the requests of one route and method are counted.
#[derive(Debug)]
struct Series {
    path: String,
    method: &'static str,
    in_progress: Gauge,
    duration: Histogram,
    /// By status, in the order in which they come; further ones are looked up at the recorder.
    totals: [OnceLock<(Option<u16>, Counter)>; STATUSES],
}

impl Series {
    fn new(path: &str, method: &'static str) -> Self {
        let path = path.to_owned();
        Self {
            in_progress: ::metrics::gauge!(IN_PROGRESS, "method" => method, "path" => path.clone()),
            duration: ::metrics::histogram!(DURATION, "method" => method, "path" => path.clone()),
            totals: [const { OnceLock::new() }; STATUSES],
            path,
            method,
        }
    }

    fn count(&self, status: Option<u16>) {
        for place in &self.totals {
            let (known, total) = place.get_or_init(|| (status, self.total(status)));
            if *known == status {
                return total.increment(1);
            }
        }
        self.total(status).increment(1);
    }

    fn total(&self, status: Option<u16>) -> Counter {
        let label = status.map_or_else(|| "aborted".to_owned(), |status| status.to_string());
        let path = self.path.clone();
        ::metrics::counter!(TOTAL, "method" => self.method, "path" => path, "status" => label)
    }
}

/// A request under way. It is counted when dropped, so also when it never gets a response.
#[derive(Debug)]
pub(super) struct Observed {
    series: &'static Series,
    begun: Instant,
    shown: bool,
    /// The status of the response, when there is one.
    pub(super) status: Option<u16>,
}

impl Observed {
    /// Shows the request as one in progress. Only who has to wait is worth that: the others are over
    /// before anybody could read it.
    pub(super) fn wait(&mut self) {
        if !self.shown {
            self.series.in_progress.increment(1);
            self.shown = true;
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if self.shown {
            self.series.in_progress.decrement(1);
        }
        self.series.duration.record(self.begun.elapsed());
        self.series.count(self.status);
    }
}
//% endif
