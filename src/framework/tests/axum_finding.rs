//! What is said of a place where an app is served.

use super::*;

fn find_serves(text: &str) -> Result<Vec<ServeCall>, EditError> {
    serve_calls(server("axum"), text)
}

const USES: &str = r#"use axum::{Router, routing::get};

"#;

/// What is said of the only place in the body of an async `main`.
pub(super) fn plan(body: &str) -> Result<RouterEvidence, String> {
    let text = format!(
        r#"{USES}#[tokio::main]
async fn main() {{
{body}
}}
"#
    );
    let serves = find_serves(&text).unwrap();
    assert_eq!(serves.len(), 1, "{text}");
    serves[0].plan.clone().map(|plan| plan.evidence().clone())
}

fn lines(text: &str) -> Vec<usize> {
    find_serves(text)
        .unwrap()
        .iter()
        .map(|serve| serve.line)
        .collect()
}

#[test]
fn a_place_that_is_not_certain_has_a_reason() {
    let app = "let app = Router::new();\n";
    for (body, reason) in [
        (
            &format!("{app}#[cfg(unix)]\n{{ axum::serve(l, app).await.unwrap(); }}"),
            "it is inside a block of its own",
        ),
        (
            &format!("{app}tokio::spawn(async move {{ axum::serve(l, app).await.unwrap(); }});"),
            "it is inside an async block",
        ),
        (
            &format!(
                "{app}match axum::serve(l, app).await {{ Ok(()) => {{}} Err(e) => panic!() }}"
            ),
            "it is inside a `match`",
        ),
        (
            &format!("{app}let server = axum::serve(l, app);\nserver.await.unwrap();"),
            "the server is not awaited where it is made",
        ),
        (
            &format!("{app}axum::serve(l, app).tcp_nodelay(true).await.unwrap();"),
            "`.tcp_nodelay(..)` is called on the server",
        ),
        (
            &format!("{app}let infra = 1;\naxum::serve(l, app).await.unwrap();"),
            "a variable `infra` is in scope already",
        ),
        (
            &format!("{app}run(axum::serve(l, app)).await;"),
            "it is a part of a larger expression",
        ),
        (
            &format!("{app}tokio::select! {{ r = axum::serve(l, app) => {{}} }}"),
            "it is inside a macro",
        ),
        (
            &format!("{app}if x {{ return axum::serve(l, app).await.unwrap(); }}"),
            "it is inside an `if`",
        ),
        (
            &format!("{app}return axum::serve(l, app).await.unwrap();\nunreachable();"),
            "it is returned before the end of the function",
        ),
        (
            &format!("{app}let x = 1; axum::serve(l, app).await.unwrap();"),
            "the statement shares its lines with other code",
        ),
        (
            &format!("{app}#[cfg(unix)]\naxum::serve(l, app).await.unwrap();"),
            "the statement shares its lines with other code",
        ),
    ] {
        assert_eq!(plan(body), Err(reason.to_owned()), "{body}");
    }
}

#[test]
fn tests_comments_strings_and_other_functions_called_serve_do_not_count() {
    let text = r#"use axum::Router;
const S: &str = "axum::serve(l, app)";
// axum::serve(l, app).await
fn serve(a: u8) {}
async fn a() { serve(1); hyper::serve(2); }
#[tokio::test]
async fn t() { axum::serve(l, app).await.unwrap(); }
#[cfg(test)]
mod tests { async fn u() { axum::serve(l, app).await.unwrap(); } }
"#;
    assert_eq!(lines(text), [0_usize; 0]);
    let imported = r#"use axum::serve;
async fn a() { serve(l, app).await; }
"#;
    assert_eq!(lines(imported), [2]);
    let renamed = r#"use axum::serve as run;
async fn a() { run(l, app).await; }
"#;
    assert_eq!(lines(renamed), [2]);
    let in_macro = r#"use axum::serve;
async fn a() { select! { _ = serve(l, app) => {} } }
"#;
    assert_eq!(lines(in_macro), [2]);
}

#[test]
fn a_graceful_shutdown_is_seen_wherever_the_server_is() {
    let serves = |call: &str| {
        let text = format!("async fn run() {{ spawn(async {{ {call}.await }}) }}");
        find_serves(&text).unwrap()
    };
    let with = serves("axum::serve(l, app).with_graceful_shutdown(stop())");
    assert!(with[0].graceful && with[0].plan.is_err());
    assert!(!serves("axum::serve(l, app)")[0].graceful);
}

#[test]
fn a_main_for_each_system_is_two_places() {
    let main = r#"#[tokio::main]
async fn main() {
    let app = axum::Router::new();
    axum::serve(l, app).await.unwrap();
}
"#;
    let text = format!(
        r#"#[cfg(unix)]
{main}#[cfg(windows)]
{main}"#
    );
    assert_eq!(lines(&text), [5, 11]);
}

#[test]
fn every_place_of_a_file_is_listed_with_its_function() {
    let text = r#"use axum::Router;
#[cfg(unix)]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = Router::new();
    axum::serve(l, app).await?;
    Ok(())
}
async fn metrics(app: Router) -> std::io::Result<()> {
    axum::serve(l, app).with_graceful_shutdown(s).await
}
"#;
    let serves = find_serves(text).unwrap();
    assert_eq!(
        serves.iter().map(|serve| serve.line).collect::<Vec<_>>(),
        [6, 10]
    );
    let main = serves[0].function.clone().unwrap();
    assert_eq!(
        (&*main.name, main.line, main.asynchronous),
        ("main", 4, true)
    );
    assert_eq!(main.returns, Returns::AcceptsAnyError);
    assert!(!serves[0].graceful && serves[1].graceful);
    assert!(serves[1].plan.is_ok());
}

#[test]
fn an_own_runtime_that_runs_one_block_is_followed() {
    let text = r#"use axum::Router;
fn main() {
    let rt = tokio::runtime::Runtime::new().unwrap();
    rt.block_on(async {
        let app = Router::new();
        axum::serve(l, app).await.unwrap();
    });
}
"#;
    let serve = &find_serves(text).unwrap()[0];
    assert!(serve.plan.is_ok(), "{:?}", serve.plan);
    let function = serve.function.clone().unwrap();
    assert_eq!(
        function.returns,
        Returns::Other("an async block".to_owned())
    );
    let sync = r#"fn main() {
    let app = axum::Router::new();
    run(axum::serve(l, app));
}
"#;
    let serve = &find_serves(sync).unwrap()[0];
    assert_eq!(serve.plan, Err("its function is not `async`".to_owned()));
}

#[test]
fn returns_fit_where_every_error_converts() {
    for (uses, of, expected) in [
        ("", "", Returns::Unit),
        ("", "-> ()", Returns::Unit),
        ("", "-> anyhow::Result<()>", Returns::AcceptsAnyError),
        (
            "use anyhow::Result;",
            "-> Result<()>",
            Returns::AcceptsAnyError,
        ),
        (
            "use anyhow::{Inputs, Result as R};",
            "-> R<()>",
            Returns::AcceptsAnyError,
        ),
        (
            "use color_eyre::eyre;",
            "-> eyre::Result<()>",
            Returns::AcceptsAnyError,
        ),
        ("", "-> Result<(), anyhow::Error>", Returns::AcceptsAnyError),
        (
            "use std::error::Error;",
            "-> Result<(), Box<dyn Error + Send + Sync>>",
            Returns::AcceptsAnyError,
        ),
        (
            "",
            "-> Result<(), Box<dyn std::error::Error>>",
            Returns::AcceptsAnyError,
        ),
        (
            "use std::io;",
            "-> io::Result<()>",
            Returns::AcceptsAnyError,
        ),
        (
            "",
            "-> Result<(), std::io::Error>",
            Returns::AcceptsAnyError,
        ),
        ("", "-> Result<()>", Returns::Other("Result<()>".to_owned())),
        (
            "use crate::Result;",
            "-> Result<()>",
            Returns::Other("Result<()>".to_owned()),
        ),
        (
            "",
            "-> miette::Result<()>",
            Returns::Other("miette::Result<()>".to_owned()),
        ),
        (
            "",
            "-> Result<(), AppError>",
            Returns::Other("Result<(), AppError>".to_owned()),
        ),
        (
            "",
            "-> Result<(), Box<dyn crate::Error>>",
            Returns::Other("Result<(), Box<dyn crate::Error>>".to_owned()),
        ),
        ("", "-> ExitCode", Returns::Other("ExitCode".to_owned())),
    ] {
        let text = format!(
            r#"{uses}
async fn main() {of} {{ axum::serve(l, app).await }}
"#
        );
        let function = find_serves(&text).unwrap()[0].function.clone().unwrap();
        assert_eq!(function.returns, expected, "{of}");
    }
}

#[test]
fn apps_are_found_for_hints() {
    let text = r#"use axum::Router;
fn a() -> Router {
    Router::new()
}
#[cfg(test)]
mod t { fn b() { super::Router::new(); } }
// Router::new()
"#;
    assert_eq!(app_lines(&server("axum").app, text).unwrap(), [3]);
    let actix = r#"use actix_web::*;
fn a() {
    App::new();
}
#[test]
fn t() { App::new(); }
"#;
    assert_eq!(app_lines(&server("actix-web").app, actix).unwrap(), [3]);
    let own = format!("{actix}struct App;\n");
    assert_eq!(
        app_lines(&server("actix-web").app, &own).unwrap(),
        [0_usize; 0]
    );
}
