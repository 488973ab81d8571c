//! What holds for the queue, in memory and on every server of `TEST_*_URL`: one contract for all.

use std::time::Duration;

use super::*;
use crate::/*= module =*/::settings::Settings;

mod contract;
mod workers;

/// The lease of all tests.
const LEASE: Duration = Duration::from_secs(1);
/// What a busy machine may add to any time.
const SLACK: Duration = Duration::from_secs(1);

/// Makes a test of each function in each place where jobs can be kept.
macro_rules! everywhere {
    ($($room:ident::$test:ident)+) => {
        mod memory {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$room::$test(super::settings("memory".to_owned())).await;
                }
            )+
        }

        mod on_redis {
            $(
                #[tokio::test]
                #[ignore = "needs TEST_REDIS_URL"]
                async fn $test() {
                    super::$room::$test(super::on_server("TEST_REDIS_URL")).await;
                }
            )+
        }
        //% if options.postgres

        mod on_postgres {
            $(
                #[tokio::test]
                #[ignore = "needs TEST_DATABASE_URL"]
                async fn $test() {
                    super::$room::$test(super::on_server("TEST_DATABASE_URL")).await;
                }
            )+
        }
        //% endif
        //% if options.nats

        mod on_nats {
            $(
                #[tokio::test]
                #[ignore = "needs TEST_NATS_URL"]
                async fn $test() {
                    super::$room::$test(super::on_server("TEST_NATS_URL")).await;
                }
            )+
        }
        //% endif
    };
}

everywhere! {
    contract::a_job_is_known_from_its_enqueuing_to_its_removal
    contract::a_job_carries_the_trace_it_was_enqueued_in
    contract::many_jobs_come_out_in_the_order_they_went_in
    contract::a_job_waits_for_its_time
    contract::one_of_a_hundred_callers_enqueues_a_unique_id
    contract::an_attempt_that_another_has_followed_can_change_nothing
    contract::a_lease_that_is_extended_stays
    contract::whose_workers_are_always_lost_is_dead
    contract::a_job_that_is_given_back_has_lost_no_attempt
    contract::a_dead_job_is_listed_and_replayed
    contract::a_retried_job_comes_back_after_its_pause
    workers::a_job_runs_and_leaves_its_output
    workers::a_failure_is_tried_again_until_it_is_final
    workers::a_panic_and_an_attempt_without_end_are_failures
    workers::an_idle_worker_starts_a_job_within_a_second
    workers::a_job_longer_than_its_lease_runs_once
    workers::no_more_jobs_run_at_once_than_may
    workers::shutdown_finishes_what_it_can_and_gives_the_rest_back
    //% if options.cron
    workers::a_tick_fires_once_over_three_instances
    //% endif
}

/// Settings with a queue of its own, which no other test sees.
fn settings(url: String) -> QueueSettings {
    let mut settings = Settings::default().queue;
    settings.name = format!("test-{}", uuid::Uuid::now_v7().simple());
    settings.url = Some(url.into());
    settings.timeout = Duration::from_secs(10);
    settings.lease = LEASE;
    settings.retry_delay = Duration::from_millis(20);
    settings.max_retries = 2;
    settings
}

fn on_server(variable: &str) -> QueueSettings {
    match std::env::var(variable) {
        Ok(url) => settings(url),
        Err(_) => panic!("{variable} is not set"),
    }
}

#[tokio::test]
async fn what_is_too_large_or_has_no_name_is_refused() {
    let queue = Queue::start(&settings("memory".to_owned())).await.unwrap();
    let large = NewJob::named("large", &"x".repeat(MAX_BYTES));
    let error = queue.enqueue(large).await.unwrap_err();
    assert!(matches!(error, QueueError::TooLarge(bytes) if bytes == MAX_BYTES + 2));
    for id in ["", "a\nb", &"x".repeat(201)] {
        let job = NewJob::named("job", &0).unique(id);
        let error = queue.enqueue(job).await.unwrap_err();
        assert!(matches!(error, QueueError::Name), "{id:?}");
    }
}

#[test]
fn a_url_that_keeps_no_jobs_is_refused_without_naming_its_password() {
    for url in [
        "localhost",
        "http://:hunter2@a",
        "redis://root:hunter2@host:port",
        "postgres://root:hunter2@host:port",
        "nats://root:hunter2@host:port",
        //% if not options.tls
        "rediss://:hunter2@a",
        //% endif
    ] {
        let error = check_url(url).unwrap_err();
        assert!(!error.chain().contains("hunter2"), "{error}");
    }
    for url in ["memory", "memory:", "redis://:secret@[::1]:7000/2"] {
        assert!(check_url(url).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_no_reason_not_to_start() {
    let mut settings = settings("redis://127.0.0.1:1".to_owned());
    settings.timeout = Duration::from_millis(200);
    let queue = Queue::start(&settings).await.unwrap();
    assert!(matches!(queue.health().await, Health::Unhealthy(_)));
    let error = queue.enqueue(NewJob::named("job", &0)).await.unwrap_err();
    assert!(matches!(error, QueueError::Server(_)), "{error}");
}
