//% if framework == "axum"
//! What becomes of the transaction of a request.

use std::sync::Arc;

use ::axum::body::Body;
use ::axum::extract::Request;
use ::axum::http::StatusCode;
use ::axum::response::Response;
use ::axum::routing::get;
use tower::ServiceExt;

use super::*;

/// An app with one route, wired to the transactions of a database.
fn app(postgres: &Postgres, route: ::axum::routing::MethodRouter) -> ::axum::Router {
    let router = ::axum::Router::new().route("/", route);
    router.layer(super::super::axum::transactions(postgres))
}

async fn answer(app: ::axum::Router) -> Response {
    app.oneshot(Request::new(Body::empty())).await.unwrap()
}

#[tokio::test]
async fn without_a_url_the_extractors_answer_a_typed_503() {
    let settings = Settings::default();
    let postgres = Postgres::start(&settings.postgres, &settings.stage)
        .await
        .unwrap();
    for route in [get(|_: Tx| async {}), get(|_: Postgres| async {})] {
        let response = answer(app(&postgres, route)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let kind = &response.headers()["content-type"];
        assert_eq!(kind, "application/problem+json");
        let body = ::axum::body::to_bytes(response.into_body(), 1_000)
            .await
            .unwrap();
        assert_eq!(
            body,
            r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the database is not configured: DATABASE_URL is not set"}"#
        );
    }
}

#[tokio::test]
async fn a_router_that_is_not_wired_is_an_error_of_ours() {
    let router = ::axum::Router::new().route("/", get(|_: Tx| async {}));
    let status = answer(router).await.status();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn only_success_is_committed() {
    let (database, postgres) = prepared(|_| ()).await;
    for (n, status, kept) in [
        (1, StatusCode::OK, true),
        (2, StatusCode::SEE_OTHER, true),
        (3, StatusCode::NOT_FOUND, false),
        (4, StatusCode::INTERNAL_SERVER_ERROR, false),
    ] {
        let handler = move |mut tx: Tx| async move {
            insert(&mut tx, n).await?;
            Ok::<_, PostgresError>(status)
        };
        let response = answer(app(&postgres, get(handler))).await;
        assert_eq!(response.status(), status);
        assert_eq!(numbers(&postgres).await.contains(&n), kept, "{status}");
    }
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
    };
    let response = answer(app(&postgres, get(shrug))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);

    // The handler leaves its transaction to somebody else.
    let kept = Arc::new(tokio::sync::Mutex::new(None));
    let keep = Arc::clone(&kept);
    let leave = move |mut tx: Tx| async move {
        insert(&mut tx, 2).await.ok();
        *keep.lock().await = Some(tx);
    };
    let response = answer(app(&postgres, get(leave))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    kept.lock().await.take();
    assert!(numbers(&postgres).await.is_empty());

    let twice = |_: Tx, _: Tx| async {};
    let response = answer(app(&postgres, get(twice))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_panic_and_a_dropped_request_roll_back() {
    let few = |settings: &mut PostgresSettings| settings.max_connections = 2;
    let (database, postgres) = prepared(few).await;
    let panic = |mut tx: Tx| async move {
        insert(&mut tx, 1).await.unwrap();
        panic!("the handler of a test panics")
    };
    let panic = get(move |tx: Tx| async move {
        let end: () = panic(tx).await;
        end
    });
    let request = tokio::spawn(answer(app(&postgres, panic)));
    assert!(request.await.unwrap_err().is_panic());

    for _ in 0..20 {
        let begun = Arc::new(tokio::sync::Notify::new());
        let waiting = Arc::clone(&begun);
        let hang = get(move |mut tx: Tx| async move {
            insert(&mut tx, 2).await.unwrap();
            waiting.notify_one();
            sqlx::query("SELECT pg_sleep(0.05)")
                .execute(&mut *tx)
                .await
                .unwrap();
            time::sleep(Duration::from_secs(60)).await;
        });
        let request = tokio::spawn(answer(app(&postgres, hang)));
        begun.notified().await;
        request.abort();
    }
    assert!(numbers(&postgres).await.is_empty());
    assert_eq!(postgres.health().await, Health::Healthy);
    database.drop().await;
}
//% endif
