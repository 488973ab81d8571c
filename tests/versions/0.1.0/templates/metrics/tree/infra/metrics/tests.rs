//! Tests that need no server.
//!
//! The recorder is that of the process, which all tests share: they keep apart by routes and names.

//% if framework == "actix-web"
mod actix;
//% elif framework == "axum"
mod axum;
//% endif
mod exposure;
//% if framework != "none"
mod requests;
//% if options.otel
mod traces;
//% endif
//% endif

//% if framework != "none"
use std::{
    collections::HashMap,
    future::{self, Future},
    panic::{self, AssertUnwindSafe},
    task::Poll,
};

//% endif
use openmetrics_parser::prometheus::parse_prometheus;
use openmetrics_parser::{MetricsExposition, PrometheusType, PrometheusValue, Sample};

//% if framework == "actix-web"
use self::actix as web;
//% elif framework == "axum"
use self::axum as web;
//% endif
use super::*;
use crate::/*= module =*/::Infra;

fn defaults() -> crate::/*= module =*/::settings::Settings {
    crate::/*= module =*/::settings::Settings::default()
}

//% if framework != "none"
/// What an app answers.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
}

/// What a request is answered; none if that panics. It is dropped by the panic then, as servers do.
async fn unless_it_panics<T>(request: impl Future<Output = T>) -> Option<T> {
    let mut request = Some(Box::pin(request));
    let answer = future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| {
            let mut polled = request.take().unwrap();
            let poll = polled.as_mut().poll(context);
            request = Some(polled);
            poll
        });
        panic::catch_unwind(poll).map_or(Poll::Ready(None), |poll| poll.map(Some))
    });
    answer.await
}

//% endif
/// What Prometheus reads, taken apart by a parser that is not ours.
struct Reading(MetricsExposition<PrometheusType, PrometheusValue>);

impl Reading {
    fn of(infra: &Infra) -> Self {
        Self(parse_prometheus(&infra.metrics.render().unwrap()).unwrap())
    }

    fn samples(&self, name: &str) -> impl Iterator<Item = &Sample<PrometheusValue>> {
        let family = self.0.families.get(name).into_iter();
        family.flat_map(|family| family.iter_samples())
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<&PrometheusValue> {
        let found = |sample: &&Sample<PrometheusValue>| {
            let mut labels = labels.iter();
            labels.all(|(label, value)| label_of(sample, label) == *value)
        };
        self.samples(name).find(found).map(|sample| &sample.value)
    }

    fn number(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        match self.find(name, labels)? {
            PrometheusValue::Counter(counter) => Some(counter.value.as_f64()),
            PrometheusValue::Gauge(number) => Some(number.as_f64()),
            other => panic!("{name} is {other:?}"),
        }
    }

    /// The buckets of a histogram: the upper bound of each and the count up to it.
    fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Vec<(f64, f64)> {
        let Some(PrometheusValue::Histogram(histogram)) = self.find(name, labels) else {
            panic!("{name} is no histogram")
        };
        let buckets = histogram.buckets.iter();
        buckets
            .map(|bucket| (bucket.upper_bound, bucket.count.as_f64()))
            .collect()
    }
}

fn label_of(sample: &Sample<PrometheusValue>, label: &str) -> String {
    let labels = sample.get_labelset().unwrap();
    labels.get_label_value(label).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_process_and_its_runtime_are_shown() {
    let infra = Infra::for_tests().await.unwrap();
    // A runtime of one thread counts its time when it comes to rest.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let reading = Reading::of(&infra);
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "tokio_workers",
        "tokio_busy_seconds_total",
    ] {
        assert!(reading.number(name, &[]) > Some(0.0), "{name}");
    }
}

#[tokio::test]
async fn guards_record_how_long_and_how_much_into_buckets() {
    let infra = Infra::for_tests().await.unwrap();
    let timer = Timer::start(::metrics::histogram!("nap_seconds"));
    let memory = MemoryTracker::start(::metrics::histogram!("hoard_bytes"));
    let hoard = vec![1_u8; 32 * 1_024 * 1_024];
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(timer.elapsed() >= Duration::from_millis(30));
    assert!(memory.growth() > Some(16 * 1_024 * 1_024));
    drop((timer, memory, hoard));
    let reading = Reading::of(&infra);
    let count = |name: &str, bound: f64| {
        let buckets = reading.buckets(name, &[]);
        let bucket = buckets.iter().find(|(upper, _)| *upper >= bound);
        bucket.unwrap().1
    };
    assert_eq!(count("nap_seconds", 0.025), 0.0);
    assert_eq!(count("nap_seconds", 30.0), 1.0);
    assert_eq!(count("hoard_bytes", 262_144.0), 0.0);
    assert_eq!(count("hoard_bytes", 268_435_456.0), 1.0);
}

#[tokio::test]
async fn nothing_is_shown_where_nothing_is_counted() {
    let mut settings = defaults();
    settings.metrics.enabled = false;
    let infra = Infra::start_with(settings).await.unwrap();
    assert_eq!(infra.metrics.render(), None);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for path in ["/metrics", "/internal/metrics.txt"] {
        assert_eq!(check_path(path), Ok(()), "{path}");
    }
    for path in ["metrics", "/", "/{all}", "/a b", "/*rest", "/:id"] {
        assert!(check_path(path).is_err(), "{path}");
    }
    assert_eq!(check_address("127.0.0.1:9100"), Ok(()));
    assert_eq!(check_address("[::1]:9100"), Ok(()));
    for address in ["9100", "localhost:9100", "127.0.0.1", "127.0.0.1:99999"] {
        assert!(check_address(address).is_err(), "{address}");
    }
}
//% if options.otel

#[test]
fn settings_of_traces_that_cannot_work_are_refused() {
    for endpoint in ["http://127.0.0.1:4318", "http://collector:4317/"] {
        assert_eq!(check_url(endpoint), Ok(()), "{endpoint}");
    }
    for endpoint in [
        "collector:4317",
        "https://a",
        "http://",
        "http://u:p@a",
        "http://a b",
    ] {
        assert!(check_url(endpoint).is_err(), "{endpoint}");
    }
    assert_eq!(
        (check_otlp("grpc"), check_otlp("http/protobuf")),
        (Ok(()), Ok(()))
    );
    assert!(check_otlp("http/json").is_err());
    assert_eq!(check_attributes("team=shop, zone = eu%2C1,"), Ok(()));
    for attributes in ["team", "=shop", "team=shop,zone"] {
        assert!(check_attributes(attributes).is_err(), "{attributes}");
    }
    let values: Vec<String> = super::traces::attributes("zone=eu%2C1")
        .flatten()
        .map(|attribute| attribute.value.to_string())
        .collect();
    assert_eq!(values, ["eu,1"]);
}
//% endif
