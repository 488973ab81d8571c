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
pub(super) fn wired(head: &str, body: &str, failure: ErrorHandling) -> String {
    let text = format!(
        r#"use axum::Router;

{head} {{
{body}}}
"#
    );
    is_formatted(&text, false).unwrap();
    let (new, _) = edited(&text, &wiring("infra", failure));
    assert!(!may_need_rustfmt(&text, &new));
    is_formatted(&new, false).unwrap();
    let windows = text.replace('\n', "\r\n");
    let (crlf, _) = edited(&windows, &wiring("infra", failure));
    assert_eq!(crlf, new.replace('\n', "\r\n"));
    diff(&text, &new)
}

pub(super) const MAIN: &str = "#[tokio::main]\nasync fn main()";
pub(super) const FITS: &str = "#[tokio::main]\nasync fn main() -> anyhow::Result<()>";
pub(super) const APP: &str = r#"    let app = Router::new();
    let listener = bind();
"#;

#[test]
fn a_statement_gets_its_lines_around_it() {
    let body = format!(
        r#"{APP}    // serve
    axum::serve(listener, app).await?; // now
    Ok(())
"#
    );
    insta::assert_snapshot!(wired(FITS, &body, ErrorHandling::Propagate), @r#"
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(app);
    -    axum::serve(listener, app).await?; // now
    +    axum::serve(listener, app)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await?; // now
    +    infra.shutdown().await;
    "#);
}

#[test]
fn each_failure_is_laid_out_as_rustfmt_does() {
    let body = format!("{APP}    axum::serve(listener, app).await.unwrap();\n");
    insta::assert_snapshot!(wired(MAIN, &body, ErrorHandling::Expect), @r#"
    -    axum::serve(listener, app).await.unwrap();
    +    let infra = infra::Infra::start()
    +        .await
    +        .expect("the infrastructure starts");
    +    let app = infra.wire(app);
    +    axum::serve(listener, app)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await
    +        .unwrap();
    +    infra.shutdown().await;
    "#);
    let panics = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(panics.contains(
        r#"+    let infra = infra::Infra::start()
+        .await
+        .unwrap_or_else(|error| panic!("{error}"));
"#
    ));
}

#[test]
fn a_very_long_module_path_needs_cargo_fmt_and_no_other_does() {
    let text = format!(
        r#"use axum::Router;

{FITS} {{
{APP}    axum::serve(listener, app).await?;
    Ok(())
}}
"#
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
        r#"{APP}    axum::serve(listener, app)
        .await
        .expect("the server runs for as long as it can, then stops");
"#
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
        r#"{APP}    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<std::net::SocketAddr>(),
    )
    .await?;
    Ok(())
"#
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
        r#"{APP}    axum::serve(listener, app)
        .with_graceful_shutdown(async {{ stop().await }})
        .await?;
    Ok(())
"#
    );
    insta::assert_snapshot!(wired(FITS, &body, ErrorHandling::Propagate), @r#"
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(app);
    +    infra.shutdown().await;
    "#);
}

#[test]
fn a_router_that_is_made_a_service_before_is_wired_where_that_is() {
    let body = r#"    let router = Router::new();
    // with addresses
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let listener = bind();
    axum::serve(listener, service).await
"#;
    insta::assert_snapshot!(wired(FITS, body, ErrorHandling::Propagate), @r#"
    +    let infra = infra::Infra::start().await?;
    +    let router = infra.wire(router);
    -    axum::serve(listener, service).await
    +    let served = axum::serve(listener, service)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await;
    +    infra.shutdown().await;
    +    served
    "#);
    let graceful = r#"    let app = Router::new();
    let app = app.into_make_service();
    axum::serve(listener, app)
        .with_graceful_shutdown(stop())
        .await?;
    Ok(())
"#;
    insta::assert_snapshot!(wired(FITS, graceful, ErrorHandling::Propagate), @r#"
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(app);
    +    infra.shutdown().await;
    "#);
}

#[test]
fn a_router_without_a_name_gets_one() {
    let body = r#"    axum::serve(listener, routes::app(state)).await?;
    Ok(())
"#;
    insta::assert_snapshot!(wired(FITS, body, ErrorHandling::Propagate), @r#"
    -    axum::serve(listener, routes::app(state)).await?;
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(routes::app(state));
    +    axum::serve(listener, app)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await?;
    +    infra.shutdown().await;
    "#);
    let taken = r#"    let app = state();
    axum::serve(listener, make(app).into_make_service())
        .await
        .unwrap();
"#;
    insta::assert_snapshot!(wired(MAIN, taken, ErrorHandling::Panic), @r#"
    -    axum::serve(listener, make(app).into_make_service())
    +    let infra = infra::Infra::start()
    +        .await
    +        .unwrap_or_else(|error| panic!("{error}"));
    +    let router = infra.wire(make(app));
    +    axum::serve(listener, router.into_make_service())
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +    infra.shutdown().await;
    "#);
    let longest = format!("{}()", "a".repeat(55));
    let body = format!(
        r#"    axum::serve(l, {longest}).await?;
    Ok(())
"#
    );
    let added = wired(FITS, &body, ErrorHandling::Propagate);
    assert!(added.contains(&format!("+    let app = infra.wire({longest});\n")));
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
    assert!(new.ends_with(
        r#"        .unwrap();
    infra.shutdown().await;
}"#
    ));
}

#[test]
fn parts_are_taken_back_among_other_changes_and_kept_when_changed() {
    let text = format!(
        r#"use axum::Router;

{FITS} {{
{APP}    axum::serve(listener, app).await?;
    Ok(())
}}
"#
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
    let twice = format!(
        r#"{new}async fn other() {{
    infra.shutdown().await;
}}
"#
    );
    assert_eq!(undo(&twice, &edits[2]), Err(UndoError::Modified));
    assert!(!is_wired(&text));
    assert!(!is_wired(
        r#"// Infra::start().wire(app)
fn main() {}
"#
    ));
}

#[test]
fn a_place_that_is_not_certain_or_not_there_is_not_wired() {
    let text = format!(
        r#"use axum::Router;
{MAIN} {{
    axum::serve(l, app).await.unwrap();
}}
"#
    );
    let serve = &find_serves(&text).unwrap()[0];
    let refusal = wire(&text, serve, &wiring("infra", ErrorHandling::Expect)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "line 4: `axum::serve` cannot be edited: `app` is not bound by a `let` before it"
    );
    let other = text.replace("l, app", "l, app2");
    assert!(wire(&other, serve, &wiring("infra", ErrorHandling::Expect)).is_err());
}
