//! The lines around the place; what rustfmt left alone before, it leaves alone after.

use super::*;

fn find_serves(text: &str) -> Result<Vec<ServeCall>, EditError> {
    serve_calls(server("axum"), text)
}

fn wiring(module: &str, failure: ErrorHandling) -> Wiring {
    Wiring {
        module: module.to_owned(),
        failure,
    }
}

fn edited(text: &str, wiring: &Wiring) -> (String, Vec<Edit>) {
    let serves = find_serves(text).unwrap();
    assert!(!is_wired(text));
    match wire(text, &serves[0], wiring) {
        Ok(Outcome::Added { text: new, edits }) => {
            assert!(is_wired(&new));
            assert_eq!(undone(&new, &edits).as_deref(), Ok(text));
            (new, edits)
        }
        other => panic!("{other:?}\n{text}"),
    }
}

/// The difference that wiring a function makes, in texts that rustfmt leaves alone.
fn wired(head: &str, body: &str, failure: ErrorHandling) -> String {
    let text = format!("use axum::Router;\n\n{head} {{\n{body}}}\n");
    is_formatted(&text, false).unwrap();
    let (new, _) = edited(&text, &wiring("infra", failure));
    assert!(!may_need_rustfmt(&text, &new));
    is_formatted(&new, false).unwrap();
    let windows = text.replace('\n', "\r\n");
    let (crlf, _) = edited(&windows, &wiring("infra", failure));
    assert_eq!(crlf, new.replace('\n', "\r\n"));
    diff(&text, &new)
}

const MAIN: &str = "#[tokio::main]\nasync fn main()";
const FITS: &str = "#[tokio::main]\nasync fn main() -> anyhow::Result<()>";
const APP: &str = "    let app = Router::new();\n    let listener = bind();\n";

#[test]
fn a_statement_gets_its_lines_around_it() {
    let body =
        format!("{APP}    // serve\n    axum::serve(listener, app).await?; // now\n    Ok(())\n");
    assert_eq!(
        wired(FITS, &body, ErrorHandling::Propagate),
        "+    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(app);\n\
         -    axum::serve(listener, app).await?; // now\n\
         +    axum::serve(listener, app)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await?; // now\n\
         +    infra.shutdown().await;\n"
    );
}

#[test]
fn each_failure_is_laid_out_as_rustfmt_does() {
    let body = format!("{APP}    axum::serve(listener, app).await.unwrap();\n");
    assert_eq!(
        wired(MAIN, &body, ErrorHandling::Expect),
        "-    axum::serve(listener, app).await.unwrap();\n\
         +    let infra = infra::Infra::start()\n\
         +        .await\n\
         +        .expect(\"the infrastructure starts\");\n\
         +    let app = infra.wire(app);\n\
         +    axum::serve(listener, app)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await\n\
         +        .unwrap();\n\
         +    infra.shutdown().await;\n"
    );
    let panics = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(panics.contains(
        "+    let infra = infra::Infra::start()\n\
         +        .await\n\
         +        .unwrap_or_else(|error| panic!(\"{error}\"));\n"
    ));
}

#[test]
fn a_very_long_module_path_needs_cargo_fmt_and_no_other_does() {
    let text = format!(
        "use axum::Router;\n\n{FITS} {{\n{APP}    axum::serve(listener, app).await?;\n    Ok(())\n}}\n"
    );
    for length in 1..80 {
        let module = format!("{}::infra", "x".repeat(length));
        for failure in [
            ErrorHandling::Propagate,
            ErrorHandling::Expect,
            ErrorHandling::Panic,
        ] {
            // All lengths are written, those where a line breaks are also formatted.
            let (new, _) = edited(&text, &wiring(&module, failure));
            if length % 20 == 0 || (38..44).contains(&length) || (51..56).contains(&length) {
                assert_layout_kept(&text, &new);
            }
            assert_eq!(may_need_rustfmt(&text, &new), length > 40, "{new}");
        }
    }
}

#[test]
fn a_chain_of_several_lines_gets_one_more() {
    let body = format!(
        "{APP}    axum::serve(listener, app)\n        .await\n        .expect(\"the server runs for as long as it can, then stops\");\n"
    );
    let change = wired(MAIN, &body, ErrorHandling::Expect);
    assert!(
        change.contains(
            "+        .with_graceful_shutdown(infra::shutdown_signal())\n+    infra.shutdown()"
        ),
        "{change}"
    );
}

#[test]
fn a_call_of_several_lines_gets_the_next_call_below_it() {
    let body = format!(
        "{APP}    axum::serve(\n        listener,\n        app.into_make_service_with_connect_info::<std::net::SocketAddr>(),\n    )\n    .await?;\n    Ok(())\n"
    );
    let change = wired(FITS, &body, ErrorHandling::Propagate);
    assert!(
        change.contains("+    .with_graceful_shutdown(infra::shutdown_signal())\n"),
        "{change}"
    );
    assert!(!change.contains("\n-"), "{change}");
}

#[test]
fn a_graceful_shutdown_of_its_own_stays() {
    let body = format!(
        "{APP}    axum::serve(listener, app)\n        .with_graceful_shutdown(async {{ stop().await }})\n        .await?;\n    Ok(())\n"
    );
    assert_eq!(
        wired(FITS, &body, ErrorHandling::Propagate),
        "+    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(app);\n\
         +    infra.shutdown().await;\n"
    );
}

#[test]
fn a_router_that_is_made_a_service_before_is_wired_where_that_is() {
    let body = "    let router = Router::new();\n\
                \x20   // with addresses\n\
                \x20   let service = router.into_make_service_with_connect_info::<SocketAddr>();\n\
                \x20   let listener = bind();\n\
                \x20   axum::serve(listener, service).await\n";
    assert_eq!(
        wired(FITS, body, ErrorHandling::Propagate),
        "+    let infra = infra::Infra::start().await?;\n\
         +    let router = infra.wire(router);\n\
         -    axum::serve(listener, service).await\n\
         +    let served = axum::serve(listener, service)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await;\n\
         +    infra.shutdown().await;\n\
         +    served\n"
    );
    let graceful = "    let app = Router::new();\n\
                    \x20   let app = app.into_make_service();\n\
                    \x20   axum::serve(listener, app)\n\
                    \x20       .with_graceful_shutdown(stop())\n\
                    \x20       .await?;\n\
                    \x20   Ok(())\n";
    assert_eq!(
        wired(FITS, graceful, ErrorHandling::Propagate),
        "+    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(app);\n\
         +    infra.shutdown().await;\n"
    );
}

#[test]
fn a_router_without_a_name_gets_one() {
    let body = "    axum::serve(listener, routes::app(state)).await?;\n    Ok(())\n";
    assert_eq!(
        wired(FITS, body, ErrorHandling::Propagate),
        "-    axum::serve(listener, routes::app(state)).await?;\n\
         +    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(routes::app(state));\n\
         +    axum::serve(listener, app)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await?;\n\
         +    infra.shutdown().await;\n"
    );
    let taken = "    let app = state();\n\
                 \x20   axum::serve(listener, make(app).into_make_service())\n\
                 \x20       .await\n\
                 \x20       .unwrap();\n";
    assert_eq!(
        wired(MAIN, taken, ErrorHandling::Panic),
        "-    axum::serve(listener, make(app).into_make_service())\n\
         +    let infra = infra::Infra::start()\n\
         +        .await\n\
         +        .unwrap_or_else(|error| panic!(\"{error}\"));\n\
         +    let router = infra.wire(make(app));\n\
         +    axum::serve(listener, router.into_make_service())\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +    infra.shutdown().await;\n"
    );
    let longest = format!("{}()", "a".repeat(55));
    let body = format!("    axum::serve(l, {longest}).await?;\n    Ok(())\n");
    let added = wired(FITS, &body, ErrorHandling::Propagate);
    assert!(added.contains(&format!("+    let app = infra.wire({longest});\n")));
}

#[test]
fn an_error_of_the_server_may_be_handled_behind_it() {
    for after in ["unwrap_or_else(stop)", "inspect_err(log).ok()"] {
        let body = format!("{APP}    axum::serve(listener, app).await.{after};\n    Ok(())\n");
        let added = wired(FITS, &body, ErrorHandling::Propagate);
        assert!(added.contains(&after[..11]), "{added}");
        assert!(added.ends_with("+    infra.shutdown().await;\n"), "{added}");
    }
}

#[test]
fn a_last_expression_keeps_its_value() {
    let body = format!("{APP}    axum::serve(listener, app).await.context(\"serve\")\n");
    assert_eq!(
        wired(FITS, &body, ErrorHandling::Propagate),
        "-    axum::serve(listener, app).await.context(\"serve\")\n\
         +    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(app);\n\
         +    let served = axum::serve(listener, app)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await\n\
         +        .context(\"serve\");\n\
         +    infra.shutdown().await;\n\
         +    served\n"
    );
    let body = format!("{APP}    Ok(axum::serve(listener, app).await?)\n");
    assert_eq!(
        wired(FITS, &body, ErrorHandling::Propagate),
        "-    Ok(axum::serve(listener, app).await?)\n\
         +    let infra = infra::Infra::start().await?;\n\
         +    let app = infra.wire(app);\n\
         +    let served = Ok(axum::serve(listener, app)\n\
         +        .with_graceful_shutdown(infra::shutdown_signal())\n\
         +        .await?);\n\
         +    infra.shutdown().await;\n\
         +    served\n"
    );
}

#[test]
fn a_last_expression_without_a_value_becomes_a_statement() {
    let body = format!("{APP}    axum::serve(listener, app).await.unwrap()\n");
    let change = wired(MAIN, &body, ErrorHandling::Expect);
    assert!(
        change.ends_with("+        .await\n+        .unwrap();\n+    infra.shutdown().await;\n"),
        "{change}"
    );
}

#[test]
fn what_is_returned_is_returned_after_the_shutdown() {
    for body in [
        "    return axum::serve(listener, app).await;\n",
        "    return Ok(axum::serve(listener, app).await?);\n",
    ] {
        let change = wired(FITS, &format!("{APP}{body}"), ErrorHandling::Propagate);
        assert!(change.contains("+    let served = "), "{change}");
        assert!(
            change.ends_with("+    infra.shutdown().await;\n+    return served;\n"),
            "{change}"
        );
    }
}

#[test]
fn a_result_that_is_kept_or_looked_at_stays_so() {
    let body =
        format!("{APP}    let result = axum::serve(listener, app).await;\n    drop(result);\n");
    let change = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(
        change.contains("+    let result = axum::serve(listener, app)\n+        .with_"),
        "{change}"
    );
    let body = format!(
        "{APP}    if let Err(error) = axum::serve(listener, app).await {{\n        panic!(\"{{error}}\");\n    }}\n"
    );
    let change = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(
        change.ends_with(
            "+        .await;\n+    infra.shutdown().await;\n+    if let Err(error) = served {\n"
        ),
        "{change}"
    );
}

#[test]
fn an_own_runtime_and_hard_tabs_are_followed() {
    let text = "use axum::Router;\n\nfn main() {\n\truntime().block_on(async {\n\t\tlet router = Router::new();\n\t\taxum::serve(listener, router).await.unwrap();\n\t});\n}\n";
    is_formatted(text, true).unwrap();
    let (new, edits) = edited(text, &wiring("shop::infra", ErrorHandling::Expect));
    is_formatted(&new, true).unwrap();
    assert!(new.contains("\t\tlet router = infra.wire(router);\n\t\taxum::serve(listener, router)\n\t\t\t.with_graceful_shutdown(shop::infra::shutdown_signal())\n"));
    let addresses: Vec<_> = edits.iter().map(|edit| &*edit.address).collect();
    assert_eq!(addresses, ["start", "shutdown-signal", "shutdown"]);
}

#[test]
fn a_byte_order_mark_and_letters_of_several_bytes_do_not_shift_the_place() {
    let text = format!(
        "\u{feff}// \u{1f600}\nuse axum::Router;\n{MAIN} {{\n{APP}    axum::serve(listener, app).await.unwrap();\n}}"
    );
    let (new, _) = edited(&text, &wiring("infra", ErrorHandling::Expect));
    assert!(new.ends_with("        .unwrap();\n    infra.shutdown().await;\n}"));
}

#[test]
fn parts_are_taken_back_among_other_changes_and_kept_when_changed() {
    let text = format!(
        "use axum::Router;\n\n{FITS} {{\n{APP}    axum::serve(listener, app).await?;\n    Ok(())\n}}\n"
    );
    let (new, edits) = edited(&text, &wiring("infra", ErrorHandling::Propagate));
    let theirs = new.replace(
        "let listener = bind();",
        "let listener = bind(3000);\n    log();",
    );
    let back = undone(&theirs, &edits);
    assert_eq!(
        back,
        Ok(text.replace(
            "let listener = bind();",
            "let listener = bind(3000);\n    log();"
        ))
    );
    let windows = new.replace('\n', "\r\n");
    let back = undone(&windows, &edits);
    assert_eq!(back, Ok(text.replace('\n', "\r\n")));
    let changed = new.replace("start().await?", "start().await.unwrap()");
    assert!(is_wired(&changed));
    assert_eq!(state(&changed, &edits[0]), Err(UndoError::Modified));
    assert_eq!(undo(&changed, &edits[0]), Err(UndoError::Modified));
    let twice = format!("{new}async fn other() {{\n    infra.shutdown().await;\n}}\n");
    assert_eq!(undo(&twice, &edits[2]), Err(UndoError::Modified));
    assert!(!is_wired(&text));
    assert!(!is_wired("// Infra::start().wire(app)\nfn main() {}\n"));
}

#[test]
fn a_place_that_is_not_certain_or_not_there_is_not_wired() {
    let text =
        format!("use axum::Router;\n{MAIN} {{\n    axum::serve(l, app).await.unwrap();\n}}\n");
    let serve = &find_serves(&text).unwrap()[0];
    let refusal = wire(&text, serve, &wiring("infra", ErrorHandling::Expect)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "line 4: `axum::serve` cannot be edited: `app` is not bound by a `let` before it"
    );
    let other = text.replace("l, app", "l, app2");
    assert!(wire(&other, serve, &wiring("infra", ErrorHandling::Expect)).is_err());
}
