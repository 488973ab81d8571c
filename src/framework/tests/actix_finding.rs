//! What is said of a place where an app is served.

use super::*;

const USES: &str = r#"use actix_web::{App, HttpServer};

"#;
const FITS: &str = "#[actix_web::main]\nasync fn main() -> std::io::Result<()>";

fn file(head: &str, body: &str) -> String {
    format!(
        r#"{USES}{head} {{
{body}}}
"#
    )
}

fn find(text: &str) -> Vec<ServeCall> {
    serve_calls(server("actix-web"), text).unwrap()
}

/// The reason why the only server in the body of a `main` is not wired.
fn reason(body: &str) -> String {
    let text = file(FITS, &format!("{body}\n"));
    let serves = find(&text);
    assert_eq!(serves.len(), 1, "{text}");
    serves[0].plan.clone().unwrap_err()
}

#[test]
fn an_app_that_is_not_certain_has_a_reason() {
    let server = |factory: &str| format!("    HttpServer::new({factory}).bind(a)?.run().await\n");
    for (factory, expected) in [
        ("factory", "the app is not made by a closure in the call"),
        (
            "move || create_app(&data)",
            "`create_app(..)` is not known to make an `App` of actix-web",
        ),
        (
            "|| web::App::new()",
            "`new(..)` is not known to make an `App` of actix-web",
        ),
        (
            "|| App::new().build()",
            "the app is made by `.build(..)`, which need not return an `App`",
        ),
        (
            "|| build_app!(data)",
            "the closure does not end in an app of its own",
        ),
        (
            "|| { build_app!(data) }",
            "the closure does not end in an app of its own",
        ),
        (
            "|| { let app = App::new(); }",
            "the closure does not end in an app of its own",
        ),
        (
            "|| { if x { return App::new(); } App::new() }",
            "the closure may return early",
        ),
        (
            "|| { check!(return App::new()); App::new() }",
            "the closure may return early",
        ),
        (
            "|| -> App<Entry> { App::new() }",
            "the closure has types or attributes of its own",
        ),
        (
            "#[inline] || App::new()",
            "the closure has types or attributes of its own",
        ),
        (
            "|| { #[rustfmt::skip] App::new() }",
            "the app has an attribute",
        ),
        ("|| { app }", "`app` is not made in the closure"),
        (
            "|| { let app = make(); app.service(x) }",
            "`make(..)` is not known to make an `App` of actix-web",
        ),
        (
            "|| { let (app, x) = make(); app }",
            "`app` is bound by a pattern",
        ),
        (
            "|| if x { App::new() } else { App::new() }",
            "the app is made in a way that is not understood",
        ),
        (
            "|| unsafe { App::new() }",
            "the app is made in a way that is not understood",
        ),
    ] {
        assert_eq!(reason(&server(factory)), expected, "{factory}");
    }
    let text = r#"use actix_web::HttpServer;
use other::App;
async fn run() { HttpServer::new(|| App::new()).run().await; }
"#;
    assert_eq!(
        find(text)[0].plan.clone().unwrap_err(),
        "`new(..)` is not known to make an `App` of actix-web"
    );
    let own = r#"use actix_web::*;
struct App;
async fn run() { HttpServer::new(|| App::new()).run().await; }
"#;
    assert!(find(own)[0].plan.is_err());
    let foreign = r#"use actix_web::App;
use paperclip::HttpServer;
async fn run() {
    HttpServer::new(|| App::new()).run().await;
}
"#;
    assert_eq!(
        find(foreign)[0].plan.clone().unwrap_err(),
        "`HttpServer` is not known to be that of actix-web"
    );
}

#[test]
fn a_server_that_is_not_certain_has_a_reason() {
    let server = "HttpServer::new(|| App::new()).bind(a)?";
    for (body, expected) in [
        (
            format!("Ok({server}.run())"),
            "the server is not awaited in the function that makes it",
        ),
        (
            format!("let server = {server}.run();\nOk(server)"),
            "the server is returned before it is awaited",
        ),
        (
            format!(
                r#"let server = {server}.run();
tokio::spawn(server);
Ok(())"#
            ),
            "the server is used before it is awaited",
        ),
        (
            format!(
                "let server = {server}.run();\ntokio::select! {{ r = server => r, () = stop() => Ok(()) }}"
            ),
            "the server is used before it is awaited",
        ),
        (
            format!("let server = {server}.run();\nmatch server.await {{ x => x }}"),
            "the server is used before it is awaited",
        ),
        (
            format!(
                r#"let server = {server}.run();
let server = spawn(server);
server.await"#
            ),
            "the server is used before it is awaited",
        ),
        (
            format!(
                r#"let server = {server}.run();
let server = other();
server.await"#
            ),
            "`server` becomes something else",
        ),
        (
            format!(
                r#"let server = {server};
let server = server.addrs();
Ok(())"#
            ),
            "`server` becomes something else",
        ),
        (
            format!(
                r#"let server = {server};
let server = tokio::spawn(server.run());
server.await"#
            ),
            "the server is used before it is awaited",
        ),
        (
            format!("let server = {server}.run();\nOk(())"),
            "the server is not awaited by a statement of its block",
        ),
        (
            format!(
                r#"let server = {server}.run();
if x() {{ return Ok(()); }}
server.await"#
            ),
            "the function may return before the server has ended",
        ),
        (
            format!(
                r#"let server = {server}.run();
return server.await;
more();"#
            ),
            "it is returned before the end of the function",
        ),
        (
            format!("let server = {server}.run();\nserver.map(x).await"),
            "the server is not awaited right after `.run()`",
        ),
        (
            format!("{server}.run().map(x).await"),
            "the server is not awaited right after `.run()`",
        ),
        (
            format!("{server}.await"),
            "the server is not awaited right after `.run()`",
        ),
        (
            format!("{server}.run().await.or_else(|x| y)"),
            "`.or_else(..)` is called on the server",
        ),
        (
            format!("let x = 1; {server}.run().await"),
            "the statement shares its lines with other code",
        ),
        (
            format!(
                r#"#[cfg(unix)]
{server}.run().await?;
Ok(())"#
            ),
            "the statement shares its lines with other code",
        ),
        (
            format!("let infra = 1;\n{server}.run().await"),
            "a variable `infra` is in scope already",
        ),
        (
            format!("let wired = 1;\n{server}.run().await"),
            "the name `wired` is in use already",
        ),
        (
            format!("const wired: u8 = 1;\n{server}.run().await"),
            "the name `wired` is in use already",
        ),
        (
            format!("read!(wired);\n{server}.run().await"),
            "the name `wired` is in use already",
        ),
        (
            format!("match {server}.run().await {{ x => x }}"),
            "it is inside a `match`",
        ),
        (
            format!("tokio::spawn(async {{ {server}.run().await }});\nOk(())"),
            "it is inside an async block",
        ),
        (
            format!("futures::join!({server}.run(), other());\nOk(())"),
            "it is inside a macro",
        ),
        (
            format!("join({server}.run()).await"),
            "it is a part of a larger expression",
        ),
    ] {
        assert_eq!(reason(&body), expected, "{body}");
    }
    let blocking = file("fn main()", &format!("    run({server}.run())\n"));
    assert_eq!(
        find(&blocking)[0].plan.clone().unwrap_err(),
        "its function is not `async`"
    );
}

#[test]
fn an_uncertain_place_tells_what_it_serves() {
    let text = file(
        FITS,
        r#"    let server = HttpServer::new(move || app(data.clone())).run();
    Ok(server)
"#,
    );
    assert_eq!(find(&text)[0].app.as_deref(), Some("app(data.clone())"));
    let text = file(FITS, "    HttpServer::new(factory).run().await\n");
    assert_eq!(find(&text)[0].app.as_deref(), Some("factory()"));
    let text = file(
        FITS,
        "    HttpServer::new(|| { #[rustfmt::skip] App::new() }).run().await\n",
    );
    assert_eq!(find(&text)[0].app, None);
}

#[test]
fn servers_of_tests_do_not_count() {
    let text = r#"use actix_web::*;
// HttpServer::new(f)
#[actix_web::test]
async fn t() { HttpServer::new(f).run().await; }
#[cfg(test)]
mod tests { async fn u() { HttpServer::new(f).run().await; } }
fn f() { HttpServer::new(g); }
fn h() { web::HttpServer::new(g); run!(HttpServer::new(g)); }
"#;
    let lines: Vec<_> = find(text).iter().map(|serve| serve.line).collect();
    assert_eq!(lines, [7, 8, 8]);
}
