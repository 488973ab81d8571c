//! What is said of a place where an app is served.

use super::*;

fn find_serves(text: &str) -> Result<Vec<ServeCall>, EditError> {
    serve_calls(server("axum"), text)
}

const USES: &str = "use axum::{Router, routing::get};\n\n";

/// What is said of the only place in the body of an async `main`.
pub(super) fn plan(body: &str) -> Result<RouterEvidence, String> {
    let text = format!("{USES}#[tokio::main]\nasync fn main() {{\n{body}\n}}\n");
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
    let text = "use axum::Router;\nconst S: &str = \"axum::serve(l, app)\";\n// axum::serve(l, app).await\n\
                fn serve(a: u8) {}\nasync fn a() { serve(1); hyper::serve(2); }\n\
                #[tokio::test]\nasync fn t() { axum::serve(l, app).await.unwrap(); }\n\
                #[cfg(test)]\nmod tests { async fn u() { axum::serve(l, app).await.unwrap(); } }\n";
    assert_eq!(lines(text), [0_usize; 0]);
    let imported = "use axum::serve;\nasync fn a() { serve(l, app).await; }\n";
    assert_eq!(lines(imported), [2]);
    let renamed = "use axum::serve as run;\nasync fn a() { run(l, app).await; }\n";
    assert_eq!(lines(renamed), [2]);
    let in_macro = "use axum::serve;\nasync fn a() { select! { _ = serve(l, app) => {} } }\n";
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
    let main = "#[tokio::main]\nasync fn main() {\n    let app = axum::Router::new();\n    axum::serve(l, app).await.unwrap();\n}\n";
    let text = format!("#[cfg(unix)]\n{main}#[cfg(windows)]\n{main}");
    assert_eq!(lines(&text), [5, 11]);
}

#[test]
fn every_place_of_a_file_is_listed_with_its_function() {
    let text = "use axum::Router;\n#[cfg(unix)]\n#[tokio::main]\nasync fn main() -> anyhow::Result<()> {\n    let app = Router::new();\n    axum::serve(l, app).await?;\n    Ok(())\n}\nasync fn metrics(app: Router) -> std::io::Result<()> {\n    axum::serve(l, app).with_graceful_shutdown(s).await\n}\n";
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
    let text = "use axum::Router;\nfn main() {\n    let rt = tokio::runtime::Runtime::new().unwrap();\n    rt.block_on(async {\n        let app = Router::new();\n        axum::serve(l, app).await.unwrap();\n    });\n}\n";
    let serve = &find_serves(text).unwrap()[0];
    assert!(serve.plan.is_ok(), "{:?}", serve.plan);
    let function = serve.function.clone().unwrap();
    assert_eq!(
        function.returns,
        Returns::Other("an async block".to_owned())
    );
    let sync =
        "fn main() {\n    let app = axum::Router::new();\n    run(axum::serve(l, app));\n}\n";
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
        let text = format!("{uses}\nasync fn main() {of} {{ axum::serve(l, app).await }}\n");
        let function = find_serves(&text).unwrap()[0].function.clone().unwrap();
        assert_eq!(function.returns, expected, "{of}");
    }
}

#[test]
fn apps_are_found_for_hints() {
    let text = "use axum::Router;\nfn a() -> Router {\n    Router::new()\n}\n#[cfg(test)]\nmod t { fn b() { super::Router::new(); } }\n// Router::new()\n";
    assert_eq!(app_lines(&server("axum").app, text).unwrap(), [3]);
    let actix =
        "use actix_web::*;\nfn a() {\n    App::new();\n}\n#[test]\nfn t() { App::new(); }\n";
    assert_eq!(app_lines(&server("actix-web").app, actix).unwrap(), [3]);
    let own = format!("{actix}struct App;\n");
    assert_eq!(
        app_lines(&server("actix-web").app, &own).unwrap(),
        [0_usize; 0]
    );
}
