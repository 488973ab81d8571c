//! What is known to be a router of axum.

use super::axum_finding::plan;
use super::*;

fn needs(function: &str, awaited: bool, fallible: bool) -> Result<RouterEvidence, String> {
    Ok(RouterEvidence::NeedsReturnType {
        function: function.to_owned(),
        awaited,
        fallible,
    })
}

#[test]
fn a_router_is_certain_by_its_type_or_by_the_calls_that_make_it() {
    for binding in [
        "let app = Router::new();",
        "let mut app = Router::new().route(\"/\", get(x)).layer(l).with_state(s);\napp = app.layer(x);",
        "let app = axum::Router::<()>::new(/* empty */);",
        "let app = Router::default();",
        "let app: Router = make();",
        "let app: axum::Router<()> = make()?;",
        "let router = Router::new();\nlet app = router.fallback(f);",
        "let app = Router::new() // base\n    .route(\"/\", get(x));",
        "let app = Router::new();\nlet app = if x { log(); app.layer(l) } else { app };",
        "let app = Router::new();\nlet app = if let Some(d) = d { app.layer(d) } else { app };",
        "let app = Router::new();\nlet app = match d { Some(d) => app.layer(d), None => app };",
        "let app = { let base = Router::new(); base.layer(l) };",
    ] {
        let body = format!("{binding}\naxum::serve(l, app).await.unwrap();");
        assert_eq!(plan(&body), Ok(RouterEvidence::Certain), "{binding}");
    }
    for serve in [
        "axum::serve(l, app.into_make_service()).await.unwrap();",
        r#"axum::serve(
    l,
    app.into_make_service_with_connect_info::<SocketAddr>(),
)
.await
.unwrap();"#,
    ] {
        assert_eq!(
            plan(&format!("let app = Router::new();\n{serve}")),
            Ok(RouterEvidence::Certain)
        );
    }
}

#[test]
fn a_router_that_a_function_makes_needs_its_return_type() {
    let serve = "axum::serve(l, app).await.unwrap();";
    for (binding, expected) in [
        (
            "let app = routes::router(state);",
            needs("routes::router", false, false),
        ),
        ("let app = build().await?;", needs("build", true, true)),
        (
            "let app = build().unwrap().layer(x);",
            needs("build", false, true),
        ),
        (
            "let app = build().layer(x).unwrap();",
            Err("`app` is made in a way that is not understood".to_owned()),
        ),
        ("let app = build().layer(x);", needs("build", false, false)),
        (
            "let app = if x { build().await } else { return };",
            needs("build", true, false),
        ),
        (
            "let app = Router::new();\nlet app = match y { Some(app) => app, None => return };",
            Err("`app` is made in a way that is not understood".to_owned()),
        ),
        (
            "let app = Router::new();\nlet app = if let Some(app) = y { app } else { return };",
            Err("`app` is made in a way that is not understood".to_owned()),
        ),
        (
            "let app = build().expect(\"x\");",
            needs("build", false, true),
        ),
    ] {
        assert_eq!(plan(&format!("{binding}\n{serve}")), expected, "{binding}");
    }
}

#[test]
fn the_return_type_of_a_function_is_read_in_its_own_file() {
    let text = r#"use axum::Router;
use other::Thing;
pub fn router(s: S) -> Router { todo!() }
async fn tried() -> anyhow::Result<Router> { todo!() }
fn boxed() -> Result<axum::Router<()>, E> { todo!() }
fn own() -> ApiResult<Router> { todo!() }
fn perhaps() -> Option<Router> { todo!() }
fn service() -> IntoMakeService<Router> { todo!() }
fn unit() {}
impl App { fn build(&self) -> Router { todo!() } fn new() -> Router { todo!() } }
impl Api { fn new() -> Self { todo!() } fn router() -> Router { todo!() } }
trait Part { fn tried() -> Router; }
"#;
    for (function, tried, expected) in [
        ("crate::routes::router", false, Some(true)),
        ("router", true, Some(false)),
        ("tried", true, Some(true)),
        ("tried", false, Some(false)),
        ("boxed", true, Some(true)),
        ("own", true, Some(true)),
        ("own", false, Some(false)),
        ("perhaps", true, Some(false)),
        ("service", false, Some(false)),
        ("unit", false, Some(false)),
        ("App::build", false, Some(true)),
        ("parts::App::new", false, Some(true)),
        ("Api::new", false, Some(false)),
        ("Self::new", false, Some(false)),
        ("Api::tried", true, None),
        ("Other::router", false, None),
        ("new", false, None),
        ("missing", false, None),
    ] {
        assert_eq!(
            returns_router(&server("axum").app, text, function, tried),
            expected,
            "{function}"
        );
    }
    let other = r#"use warp::Router;
fn router() -> Router { todo!() }
"#;
    assert_eq!(
        returns_router(&server("axum").app, other, "router", false),
        Some(false)
    );
}

#[test]
fn a_router_that_is_not_certain_has_a_reason() {
    for (body, reason) in [
        (
            "let app = Router::new().into_make_service();\naxum::serve(l, app).await.unwrap();",
            "`app` is made by `.into_make_service(..)`, which need not return a `Router`",
        ),
        (
            "axum::serve(bind(), Router::new()).await.unwrap();",
            "what is served is not a plain name",
        ),
        (
            r#"let app = 1;
let router = 2;
axum::serve(l, Router::new()).await.unwrap();"#,
            "what is served is not a plain name",
        ),
        (
            r#"let router = 2;
axum::serve(l, app()).await.unwrap();
app();"#,
            "what is served is not a plain name",
        ),
        (
            "axum::serve(l, app()).with_graceful_shutdown(stop()).await.unwrap();",
            "what is served is not a plain name",
        ),
        (
            "axum::serve(l, service.into_make_service()).await.unwrap();",
            "`service` is not bound by a `let` before it",
        ),
        (
            "let s = make().into_make_service();\naxum::serve(l, s).await.unwrap();",
            "`s` is made by `.into_make_service(..)`, which need not return a `Router`",
        ),
        (
            "let s = r.into_make_service();\naxum::serve(l, s).await.unwrap();",
            "`r` is not bound by a `let` before it",
        ),
        (
            "axum::serve(l, app).await.unwrap();",
            "`app` is not bound by a `let` before it",
        ),
        (
            "let (app, x) = make();\naxum::serve(l, app).await.unwrap();",
            "`app` is bound by a pattern",
        ),
        (
            "let app: NormalizePath<Router> = make();\naxum::serve(l, app).await.unwrap();",
            "`app` has another type than axum's `Router`",
        ),
    ] {
        assert_eq!(plan(body), Err(reason.to_owned()), "{body}");
    }
}
