//! The lines around the place, and those in the closure.

use super::*;

const USES: &str = "use actix_web::{App, HttpServer};\n\n";
const UNIT: &str = "#[actix_web::main]\nasync fn main()";
const FITS: &str = "#[actix_web::main]\nasync fn main() -> std::io::Result<()>";

fn file(head: &str, body: &str) -> String {
    format!("{USES}{head} {{\n{body}}}\n")
}

fn find(text: &str) -> Vec<ServeCall> {
    serve_calls(server("actix-web"), text).unwrap()
}

const CHAIN: &str = "    HttpServer::new(move || {\n\
                     \x20       App::new()\n\
                     \x20           .app_data(data.clone())\n\
                     \x20           .service(everything_there_is)\n\
                     \x20   })\n";
const RUN: &str = "    .bind((\"127.0.0.1\", 8080))?\n    .run()\n";

fn edited(text: &str) -> (String, Vec<Edit>) {
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
fn wired(head: &str, body: &str) -> String {
    let text = file(head, body);
    is_formatted(&text, false).unwrap();
    let (new, _) = edited(&text);
    assert_layout_kept(&text, &new);
    let (crlf, _) = edited(&text.replace('\n', "\r\n"));
    assert_eq!(crlf, new.replace('\n', "\r\n"));
    diff(&text, &new)
}

const STARTED: &str = "+    let infra = infra::Infra::start().await?;\n\
                       +    let wired = infra.clone();\n";
const SERVED: &str = "+    infra.shutdown().await;\n+    served\n";
const NAMED: &str = "-        App::new()\n+        let app = App::new()\n";

#[test]
fn an_app_of_several_lines_gets_a_name() {
    let body = format!("    // serve\n{CHAIN}{RUN}    .await?;\n    Ok(())\n");
    assert_eq!(
        wired(FITS, &body),
        format!(
            "{STARTED}{NAMED}\
             -            .service(everything_there_is)\n\
             +            .service(everything_there_is);\n\
             +        wired.wire(app)\n\
             +    infra.shutdown().await;\n"
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
        change.ends_with(&format!("-    .await\n+    .await;\n{SERVED}")),
        "{change}"
    );
    let body = format!("{CHAIN}{RUN}    .await?;\n    Ok(())\n");
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
        change.ends_with("+    infra.shutdown().await;\n+    return served;\n"),
        "{change}"
    );
}

#[test]
fn a_server_without_a_value_at_the_end_becomes_a_statement() {
    let body = format!(
        "{CHAIN}    .bind(address)\n    .unwrap()\n    .run()\n    .await\n    .unwrap()\n"
    );
    let change = wired(UNIT, &body);
    assert!(
        change.contains("+        .expect(\"the infrastructure starts\");\n"),
        "{change}"
    );
    assert!(
        change.ends_with("+    .unwrap();\n+    infra.shutdown().await;\n"),
        "{change}"
    );
    let context = format!(
        "{CHAIN}    .workers(2)\n    .bind(address)\n    .context(\"bind\")?\n    .run()\n    .await\n    .context(\"serve\")?;\n    Ok(())\n"
    );
    let change = wired("async fn run() -> anyhow::Result<()>", &context);
    assert!(
        change.ends_with("+    infra.shutdown().await;\n"),
        "{change}"
    );
}

#[test]
fn an_app_on_one_line_stays_there_while_it_fits() {
    let body = "    HttpServer::new(|| App::new().service(index))\n        .bind(address)?\n        .run()\n        .await\n";
    assert_eq!(
        wired(FITS, body),
        format!(
            "-    HttpServer::new(|| App::new().service(index))\n{STARTED}\
             +    let served = HttpServer::new(move || wired.wire(App::new().service(index)))\n\
             -        .await\n+        .await;\n{SERVED}"
        )
    );
    let one = "    HttpServer::new(|| App::new()).bind(a)?.run().await\n";
    assert_eq!(
        wired(FITS, one),
        format!(
            "-    HttpServer::new(|| App::new()).bind(a)?.run().await\n{STARTED}\
             +    let served = HttpServer::new(move || wired.wire(App::new()))\n\
             +        .bind(a)?\n+        .run()\n+        .await;\n{SERVED}"
        )
    );
}

#[test]
fn an_app_on_one_line_is_laid_out_as_rustfmt_does_or_needs_cargo_fmt_at_every_width() {
    for length in 1..46 {
        let service = "x".repeat(length);
        let app = format!("App::new().service({service})");
        for body in [
            format!(
                "    HttpServer::new(|| {app})\n        .bind(address)?\n        .run()\n        .await\n"
            ),
            format!(
                "    HttpServer::new(|| {app})\n        .bind((\n            \"127.0.0.1.............................\",\n            1111111111111111111111111111111111111111111111111,\n        ))?\n        .run()\n        .await\n"
            ),
            format!(
                "    let server = HttpServer::new(|| {app}).bind(a)?;\n    server.run().await\n"
            ),
            format!("    HttpServer::new(|| {app}).bind(a)?.run().await\n"),
            format!(
                "    let server = HttpServer::new(move || {app});\n    server.bind(address)?.run().await\n"
            ),
            format!(
                "    HttpServer::new(|| {{\n        let data = data();\n        {app}\n    }})\n{RUN}    .await\n"
            ),
            format!(
                "    if let Err(error) = HttpServer::new(|| {app}).run().await {{\n        drop(error);\n    }}\n    Ok(())\n"
            ),
        ] {
            let text = file(FITS, &body);
            if (length % 11 == 0 || (38..42).contains(&length))
                && is_formatted(&text, false).is_ok()
            {
                wired(FITS, &body);
            } else {
                edited(&text);
            }
        }
    }
}

#[test]
fn a_closure_that_takes_nothing_is_made_to_take_what_is_added() {
    let body = format!("{CHAIN}{RUN}    .await?;\n    Ok(())\n").replace("move || ", "|| ");
    let change = wired(FITS, &body);
    assert!(
        change.contains("-    HttpServer::new(|| {\n")
            && change.contains("+    HttpServer::new(move || {\n"),
        "{change}"
    );
}

#[test]
fn an_app_that_has_a_name_keeps_it() {
    let closure = |inner: &str| {
        format!("    HttpServer::new(move || {{\n{inner}    }})\n{RUN}    .await?;\n    Ok(())\n")
    };
    for (inner, expected) in [
        (
            "        let mut site = App::new().service(index);\n        for page in pages() {\n            site = site.service(page);\n        }\n        site\n",
            "-        site\n+        wired.wire(site)\n",
        ),
        (
            "        let app = App::new();\n        let app = app.wrap(log());\n        app.service(index)\n",
            "-        app.service(index)\n+        let web_app = app.service(index);\n+        wired.wire(web_app)\n",
        ),
        (
            "        let app = App::new().configure(routes);\n        // the last ones\n        app.route(\"/admin\", web::get().to(admin))\n            .default_service(web::to(missing)) // 404\n",
            "+        let web_app = app\n+            .route(\"/admin\", web::get().to(admin))\n",
        ),
        (
            "        App::new()\n            .app_data(app.clone())\n            .route(\"/admin\", web::get().to(admin)) // last\n",
            "-        App::new()\n+        let web_app = App::new()\n",
        ),
    ] {
        let text = file(FITS, &closure(inner));
        let (new, _) = edited(&text);
        let change = diff(&text, &new);
        assert!(change.contains(expected), "{change}");
        assert!(is_formatted(&text, false).is_err() || is_formatted(&new, false).is_ok());
    }
    let (new, _) = edited(&file(
        FITS,
        &closure("        App::new()\n            .service(index) // last\n"),
    ));
    assert!(
        new.contains("            .service(index); // last\n        wired.wire(app)\n    })"),
        "{new}"
    );
}

#[test]
fn a_server_that_has_a_name_is_awaited_later() {
    for (made, rest) in [
        ("", "    server.bind(address)?.run().await\n"),
        (
            "",
            "    let server = server.bind(address)?.run();\n    server.await\n",
        ),
        (
            "mut ",
            "    if let Some(workers) = workers() {\n        server = server.workers(workers);\n    }\n    server.bind(address)?.run().await?;\n    Ok(())\n",
        ),
        (
            "mut ",
            "    server = match listener() {\n        Some(listener) => server.listen(listener)?,\n        None => server.bind(address)?,\n    };\n    println!(\"{:?}\", server.addrs());\n    return server.run().await;\n",
        ),
        (
            "",
            "    let running = server.bind(address)?.run();\n    let handle = running.handle();\n    tokio::spawn(async move { stop(handle).await });\n    if let Err(error) = running.await {\n        drop(error);\n    }\n    Ok(())\n",
        ),
        (
            "",
            "    let server = addresses()\n        .iter()\n        .fold(server, |server, address| server.bind(address));\n    let server = server.shutdown_timeout(0).run();\n    Ok(server.await?)\n",
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
        "    .run()\n    .await\n",
        "    .run();\n    // serve\n    server.await\n",
    );
    assert!(wired(FITS, &body).ends_with(&format!(
        "-    server.await\n+    let served = server.await;\n{SERVED}"
    )));
}

#[test]
fn calls_beside_a_short_name_move_where_it_no_longer_begins_the_statement() {
    let body = CHAIN.replace("    HttpServer", "    let srv = HttpServer");
    let body = body.replace("    })\n", "    })\n    .run();\n");
    let body = format!(
        "{body}    srv.await\n        .map_err(|error| StartError::from_server(\"it stopped too early\", error))\n"
    );
    assert!(wired(FITS, &body).contains(
        "+    let served = srv\n\
         +        .await\n"
    ));
}

#[test]
fn an_app_that_fills_a_line_needs_cargo_fmt() {
    for length in [55, 60, 63, 64, 65, 66, 67, 68, 75] {
        let path = "x".repeat(length - 45);
        let app =
            format!("App::new().service(web::resource(\"{path}\").route(web::get().to(index)))");
        let body =
            format!("    HttpServer::new(move || {{\n        {app}\n    }})\n{RUN}    .await\n");
        if is_formatted(&file(FITS, &body), false).is_ok() {
            wired(FITS, &body);
        }
    }
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
    let test = "\n#[actix_web::test]\nasync fn serves() {\n    let app = App::new()\n        .app_data(data.clone())\n        .service(everything_there_is_in_tests);\n    call(app).await;\n}\n";
    let text = file(FITS, &format!("{CHAIN}{RUN}    .await\n")) + test;
    let (new, _) = edited(&text);
    is_formatted(&new, false).unwrap();
    assert!(new.ends_with(test));
}

#[test]
fn a_comment_before_the_app_of_a_closure_stays() {
    for (old, new) in [
        (
            "|| /* all */ App::new()",
            "move || /* all */ wired.wire(App::new())",
        ),
        (
            "move /* data */ || App::new()",
            "move /* data */ || wired.wire(App::new())",
        ),
        (
            "||\n        // all of it\n        App::new()",
            "move ||\n        // all of it\n        wired.wire(App::new())",
        ),
    ] {
        let text = file(
            FITS,
            &format!("    HttpServer::new({old}).bind(a)?.run().await\n"),
        );
        let (wired, _) = edited(&text);
        assert!(
            wired.contains(&format!("HttpServer::new({new})")),
            "{wired}"
        );
    }
}
