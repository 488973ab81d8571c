//! Tests that need no server.
//!
//! The recorder is that of the process, which all tests share: they keep apart by routes and names.

//% if framework == "axum"
mod exposure;
mod requests;
//% if options.otel
mod traces;
//% endif
//% endif

use prometheus_parse::{HistogramCount, Sample, Value};

use super::*;
use crate::/*= module =*/::Infra;

fn defaults() -> crate::/*= module =*/::settings::Settings {
    crate::/*= module =*/::settings::Settings::default()
}

/// What Prometheus reads, taken apart by a parser that is not ours.
struct Reading(Vec<Sample>);

impl Reading {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        Self(prometheus_parse::Scrape::parse(lines).unwrap().samples)
    }

    async fn of(infra: &Infra) -> Self {
        Self::parse(&infra.metrics.render().unwrap())
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        let matches = |sample: &&Sample| {
            let mut labels = labels.iter();
            sample.metric == name
                && labels.all(|(label, value)| sample.labels.get(label) == Some(value))
        };
        self.0.iter().find(matches).map(|sample| &sample.value)
    }

    fn number(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        match self.find(name, labels)? {
            Value::Counter(number) | Value::Gauge(number) | Value::Untyped(number) => Some(*number),
            Value::Histogram(_) | Value::Summary(_) => None,
        }
    }

    fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Option<&[HistogramCount]> {
        match self.find(name, labels)? {
            Value::Histogram(buckets) => Some(buckets),
            _ => None,
        }
    }
}

#[tokio::test]
async fn the_process_and_its_runtime_are_shown() {
    let infra = Infra::for_tests().await.unwrap();
    let reading = Reading::of(&infra).await;
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
    let reading = Reading::of(&infra).await;
    let naps = reading.buckets("nap_seconds", &[]).unwrap();
    let up_to = |limit: f64| {
        let bucket = naps.iter().find(|bucket| bucket.less_than >= limit);
        bucket.unwrap().count
    };
    assert_eq!((up_to(0.025), up_to(30.0)), (0.0, 1.0));
    let hoards = reading.buckets("hoard_bytes", &[]).unwrap();
    assert_eq!(hoards.first().map(|bucket| bucket.count), Some(0.0));
    assert_eq!(hoards.last().map(|bucket| bucket.count), Some(1.0));
}

#[tokio::test]
async fn nothing_is_shown_where_nothing_is_counted() {
    let mut settings = defaults();
    settings.metrics.enabled = false;
    let infra = Infra::start_with(settings).await.unwrap();
    assert_eq!(infra.metrics.render(), None);
}
//% if framework == "axum"

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
//% endif
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
