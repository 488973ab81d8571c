//% if framework != "none"
//! What becomes of the transaction of a request.

use std::{
    future::{self, Future},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    task::Poll,
};

//% if framework == "actix-web"
use super::actix::{answer, on_get, reply};
//% else
use super::axum::{answer, on_get, reply};
//% endif
use super::*;

/// Whether something panics, which would end the test as well.
async fn panics(future: impl Future) -> bool {
    let mut running = Box::pin(future);
    let polled = future::poll_fn(|context| {
        let poll = AssertUnwindSafe(|| running.as_mut().poll(context));
        panic::catch_unwind(poll).map_or(Poll::Ready(true), |poll| poll.map(|_| false))
    });
    polled.await
}

#[tokio::test]
async fn without_a_url_the_extractors_answer_a_typed_503() {
    let settings = Settings::default();
    let postgres = Postgres::start(&settings.postgres, &settings.stage)
        .await
        .unwrap();
    let routes = [
        on_get(|_: Tx| async { "" }),
        on_get(|_: Postgres| async { "" }),
    ];
    for route in routes {
        let (status, kind, text) = answer(Some(&postgres), route).await;
        assert_eq!(status, 503);
        assert_eq!(kind, "application/problem+json");
        assert_eq!(
            text,
            r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the database is not configured: DATABASE_URL is not set"}"#
        );
    }
}

#[tokio::test]
async fn an_app_that_is_not_wired_is_an_error_of_ours() {
    let (status, _, _) = answer(None, on_get(|_: Tx| async { "" })).await;
    assert_eq!(status, 500);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn only_success_is_committed() {
    let (database, postgres) = prepared(|_| ()).await;
    for (n, status, kept) in [
        (1, 200, true),
        (2, 303, true),
        (3, 404, false),
        (4, 500, false),
    ] {
        let handler = move |mut tx: Tx| async move {
            insert(&mut tx, n).await?;
            Ok::<_, PostgresError>(reply(status))
        };
        let (answered, _, _) = answer(Some(&postgres), on_get(handler)).await;
        assert_eq!(answered, status);
        assert_eq!(numbers(&postgres).await.contains(&n), kept, "{status}");
    }
    let fails = |mut tx: Tx| async move {
        insert(&mut tx, 5).await?;
        sqlx::query("SELECT 1 / 0").execute(&mut *tx).await?;
        Ok::<_, PostgresError>("")
    };
    let (status, kind, _) = answer(Some(&postgres), on_get(fails)).await;
    assert_eq!((status, &*kind), (500, "application/problem+json"));
    assert_eq!(numbers(&postgres).await, [1, 2]);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn what_was_not_committed_is_no_success() {
    let (database, postgres) = prepared(|_| ()).await;
    // The handler shrugs off an error, after which nothing can be committed.
    let shrug = |mut tx: Tx| async move {
        insert(&mut tx, 1).await.ok();
        sqlx::query("SELECT 1 / 0").execute(&mut *tx).await.ok();
        "done"
    };
    let (status, _, _) = answer(Some(&postgres), on_get(shrug)).await;
    assert_eq!(status, 500);

    // The handler leaves its transaction to somebody else.
    let kept = Arc::new(tokio::sync::Mutex::new(None));
    let keep = Arc::clone(&kept);
    let leave = move |mut tx: Tx| {
        let keep = Arc::clone(&keep);
        async move {
            insert(&mut tx, 2).await.ok();
            *keep.lock().await = Some(tx);
            "done"
        }
    };
    let (status, _, _) = answer(Some(&postgres), on_get(leave)).await;
    assert_eq!(status, 500);
    kept.lock().await.take();
    assert!(numbers(&postgres).await.is_empty());

    let twice = |_: Tx, _: Tx| async { "done" };
    let (status, _, _) = answer(Some(&postgres), on_get(twice)).await;
    assert_eq!(status, 500);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_panic_and_a_dropped_request_roll_back() {
    let few = |settings: &mut PostgresSettings| settings.max_connections = 2;
    let (database, postgres) = prepared(few).await;
    let panic = |mut tx: Tx| async move {
        insert(&mut tx, 1).await.unwrap();
        if true {
            panic!("the handler of a test panics");
        }
        "done"
    };
    assert!(panics(answer(Some(&postgres), on_get(panic))).await);

    for _ in 0..20 {
        let begun = Arc::new(tokio::sync::Notify::new());
        let waiting = Arc::clone(&begun);
        let hang = on_get(move |mut tx: Tx| {
            let waiting = Arc::clone(&waiting);
            async move {
                insert(&mut tx, 2).await.unwrap();
                waiting.notify_one();
                sqlx::query("SELECT pg_sleep(0.05)")
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                time::sleep(Duration::from_secs(60)).await;
                "done"
            }
        });
        tokio::select! {
            answer = answer(Some(&postgres), hang) => panic!("{answer:?}"),
            () = begun.notified() => {}
        }
    }
    assert!(numbers(&postgres).await.is_empty());
    assert_eq!(postgres.health().await, Health::Healthy);
    database.drop().await;
}
//% endif
