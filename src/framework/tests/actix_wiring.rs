//! The lines around the place, and those in the closure.

use super::*;

const USES: &str = r#"use actix_web::{App, HttpServer};

"#;
const UNIT: &str = "#[actix_web::main]\nasync fn main()";
pub(super) const FITS: &str = "#[actix_web::main]\nasync fn main() -> std::io::Result<()>";

pub(super) fn file(head: &str, body: &str) -> String {
    format!(
        r#"{USES}{head} {{
{body}}}
"#
    )
}

fn find(text: &str) -> Vec<ServeCall> {
    serve_calls(server("actix-web"), text).unwrap()
}

pub(super) const CHAIN: &str = r#"    HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .service(everything_there_is)
    })
"#;
pub(super) const RUN: &str = r#"    .bind(("127.0.0.1", 8080))?
    .run()
"#;

pub(super) fn edited(text: &str) -> (String, Vec<Edit>) {
    let serves = find(text);
    assert_eq!(serves.len(), 1, "{text}");
    assert!(!is_wired(text));
    let function = serves[0].function.as_ref().unwrap();
    let wiring = Wiring {
        module: "infra".to_owned(),
        failure: match function.returns {
            Returns::AcceptsAnyError => ErrorHandling::Propagate,
            _ => ErrorHandling::Expect,
        },
    };
    match wire(text, &serves[0], &wiring) {
        Ok(Outcome::Added { text: new, edits }) => {
            assert!(is_wired(&new));
            assert_eq!(undone(&new, &edits).as_deref(), Ok(text));
            (new, edits)
        }
        other => panic!("{other:?}\n{text}"),
    }
}

/// The difference that wiring makes to a function, in files that rustfmt leaves alone.
pub(super) fn wired(head: &str, body: &str) -> String {
    let text = file(head, body);
    is_formatted(&text, false).unwrap();
    let (new, _) = edited(&text);
    assert_layout_kept(&text, &new);
    let (crlf, _) = edited(&text.replace('\n', "\r\n"));
    assert_eq!(crlf, new.replace('\n', "\r\n"));
    diff(&text, &new)
}

pub(super) const STARTED: &str = r#"+    let infra = infra::Infra::start().await?;
+    let wired = infra.clone();
"#;
pub(super) const SERVED: &str = r#"+    infra.shutdown().await;
+    served
"#;
const NAMED: &str = r#"-        App::new()
+        let app = App::new()
"#;

#[test]
fn an_app_of_several_lines_gets_a_name() {
    let body = format!(
        r#"    // serve
{CHAIN}{RUN}    .await?;
    Ok(())
"#
    );
    assert_eq!(
        wired(FITS, &body),
        format!(
            r#"{STARTED}{NAMED}-            .service(everything_there_is)
+            .service(everything_there_is);
+        wired.wire(app)
+    infra.shutdown().await;
"#
        )
    );
}

#[test]
fn a_server_at_the_end_keeps_its_value() {
    let change = wired(FITS, &format!("{CHAIN}{RUN}    .await\n"));
    assert!(
        change.contains("+    let served = HttpServer::new(move || {\n"),
        "{change}"
    );
    assert!(
        change.ends_with(&format!(
            r#"-    .await
+    .await;
{SERVED}"#
        )),
        "{change}"
    );
    let body = format!(
        r#"{CHAIN}{RUN}    .await?;
    Ok(())
"#
    );
    let body = body.replace("    HttpServer", "    let ended = HttpServer");
    let change = wired(FITS, &body);
    assert!(
        change.contains("+    infra.shutdown().await;\n"),
        "{change}"
    );
    let ok = format!("    Ok({}{RUN}    .await?)\n", CHAIN.trim_start());
    let change = wired(FITS, &ok);
    assert!(
        change.contains("+    let served = Ok(HttpServer::new(move || {\n"),
        "{change}"
    );
    assert!(
        change.ends_with(&format!("+    .await?);\n{SERVED}")),
        "{change}"
    );
    let returned = format!("    return {}{RUN}    .await;\n", CHAIN.trim_start());
    let change = wired(FITS, &returned);
    assert!(
        change.ends_with(
            r#"+    infra.shutdown().await;
+    return served;
"#
        ),
        "{change}"
    );
}

#[test]
fn a_server_without_a_value_at_the_end_becomes_a_statement() {
    let body = format!(
        r#"{CHAIN}    .bind(address)
    .unwrap()
    .run()
    .await
    .unwrap()
"#
    );
    let change = wired(UNIT, &body);
    assert!(
        change.contains("+        .expect(\"the infrastructure starts\");\n"),
        "{change}"
    );
    assert!(
        change.ends_with(
            r#"+    .unwrap();
+    infra.shutdown().await;
"#
        ),
        "{change}"
    );
    let context = format!(
        r#"{CHAIN}    .workers(2)
    .bind(address)
    .context("bind")?
    .run()
    .await
    .context("serve")?;
    Ok(())
"#
    );
    let change = wired("async fn run() -> anyhow::Result<()>", &context);
    assert!(
        change.ends_with("+    infra.shutdown().await;\n"),
        "{change}"
    );
}

#[test]
fn a_server_that_has_a_name_is_awaited_later() {
    for (made, rest) in [
        ("", "    server.bind(address)?.run().await\n"),
        (
            "",
            r#"    let server = server.bind(address)?.run();
    server.await
"#,
        ),
        (
            "mut ",
            r#"    if let Some(workers) = workers() {
        server = server.workers(workers);
    }
    server.bind(address)?.run().await?;
    Ok(())
"#,
        ),
        (
            "mut ",
            r#"    server = match listener() {
        Some(listener) => server.listen(listener)?,
        None => server.bind(address)?,
    };
    println!("{:?}", server.addrs());
    return server.run().await;
"#,
        ),
        (
            "",
            r#"    let running = server.bind(address)?.run();
    let handle = running.handle();
    tokio::spawn(async move { stop(handle).await });
    if let Err(error) = running.await {
        drop(error);
    }
    Ok(())
"#,
        ),
        (
            "",
            r#"    let server = addresses()
        .iter()
        .fold(server, |server, address| server.bind(address));
    let server = server.shutdown_timeout(0).run();
    Ok(server.await?)
"#,
        ),
    ] {
        let body = CHAIN.replace(
            "    HttpServer",
            &format!("    let {made}server = HttpServer"),
        );
        let body = format!("{}{rest}", body.replace("    })\n", "    });\n"));
        let change = wired(FITS, &body);
        assert!(
            change.contains("+    let wired = infra.clone();\n-        App"),
            "{change}"
        );
        assert!(
            change.contains("+    infra.shutdown().await;\n"),
            "{change}"
        );
    }
    let body = format!("{CHAIN}{RUN}    .await\n")
        .replace("    HttpServer", "    let server = HttpServer");
    let body = body.replace(
        r#"    .run()
    .await
"#,
        r#"    .run();
    // serve
    server.await
"#,
    );
    assert!(wired(FITS, &body).ends_with(&format!(
        r#"-    server.await
+    let served = server.await;
{SERVED}"#
    )));
}

#[test]
fn calls_beside_a_short_name_move_where_it_no_longer_begins_the_statement() {
    let body = CHAIN.replace("    HttpServer", "    let srv = HttpServer");
    let body = body.replace(
        "    })\n",
        r#"    })
    .run();
"#,
    );
    let body = format!(
        r#"{body}    srv.await
        .map_err(|error| StartError::from_server("it stopped too early", error))
"#
    );
    assert!(wired(FITS, &body).contains(
        r#"+    let served = srv
+        .await
"#
    ));
}

#[test]
fn an_own_runtime_and_hard_tabs_are_followed() {
    for runtime in [
        "actix_web::rt::System::new()",
        "tokio::runtime::Runtime::new()?",
    ] {
        let text = format!(
            "use actix_web::*;\n\nfn main() -> std::io::Result<()> {{\n\t{runtime}.block_on(async move {{\n\t\tHttpServer::new(|| {{\n\t\t\tApp::new()\n\t\t\t\t.service(index)\n\t\t\t\t.default_service(web::to(HttpResponse::NotFound))\n\t\t}})\n\t\t.bind(address)?\n\t\t.run()\n\t\t.await\n\t}})\n}}\n"
        );
        is_formatted(&text, true).unwrap();
        let (new, edits) = edited(&text);
        is_formatted(&new, true).unwrap();
        assert!(new.contains("\t\t\t.expect(\"the infrastructure starts\");\n\t\tlet wired = infra.clone();\n\t\tlet served = HttpServer::new(move || {\n\t\t\tlet app = App::new()\n"), "{new}");
        let addresses: Vec<_> = edits.iter().map(|edit| &*edit.address).collect();
        assert_eq!(
            addresses,
            ["start", "served", "move", "app", "factory", "shutdown"]
        );
    }
}

#[test]
fn an_app_that_a_test_makes_alike_is_told_from_the_one_that_is_served() {
    let test = r#"
#[actix_web::test]
async fn serves() {
    let app = App::new()
        .app_data(data.clone())
        .service(everything_there_is_in_tests);
    call(app).await;
}
"#;
    let text = file(FITS, &format!("{CHAIN}{RUN}    .await\n")) + test;
    let (new, _) = edited(&text);
    is_formatted(&new, false).unwrap();
    assert!(new.ends_with(test));
}
