//! What happens to the value of axum's server.

use super::axum_wiring::{APP, FITS, MAIN, wired};
use super::*;

#[test]
fn an_error_of_the_server_may_be_handled_behind_it() {
    for after in ["unwrap_or_else(stop)", "inspect_err(log).ok()"] {
        let body = format!(
            r#"{APP}    axum::serve(listener, app).await.{after};
    Ok(())
"#
        );
        let added = wired(FITS, &body, ErrorHandling::Propagate);
        assert!(added.contains(&after[..11]), "{added}");
        assert!(added.ends_with("+    infra.shutdown().await;\n"), "{added}");
    }
}

#[test]
fn a_last_expression_keeps_its_value() {
    let body = format!("{APP}    axum::serve(listener, app).await.context(\"serve\")\n");
    insta::assert_snapshot!(wired(FITS, &body, ErrorHandling::Propagate), @r#"
    -    axum::serve(listener, app).await.context("serve")
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(app);
    +    let served = axum::serve(listener, app)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await
    +        .context("serve");
    +    infra.shutdown().await;
    +    served
    "#);
    let body = format!("{APP}    Ok(axum::serve(listener, app).await?)\n");
    insta::assert_snapshot!(wired(FITS, &body, ErrorHandling::Propagate), @r#"
    -    Ok(axum::serve(listener, app).await?)
    +    let infra = infra::Infra::start().await?;
    +    let app = infra.wire(app);
    +    let served = Ok(axum::serve(listener, app)
    +        .with_graceful_shutdown(infra::shutdown_signal())
    +        .await?);
    +    infra.shutdown().await;
    +    served
    "#);
}

#[test]
fn a_last_expression_without_a_value_becomes_a_statement() {
    let body = format!("{APP}    axum::serve(listener, app).await.unwrap()\n");
    let change = wired(MAIN, &body, ErrorHandling::Expect);
    assert!(
        change.ends_with(
            r#"+        .await
+        .unwrap();
+    infra.shutdown().await;
"#
        ),
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
            change.ends_with(
                r#"+    infra.shutdown().await;
+    return served;
"#
            ),
            "{change}"
        );
    }
}

#[test]
fn a_result_that_is_kept_or_looked_at_stays_so() {
    let body = format!(
        r#"{APP}    let result = axum::serve(listener, app).await;
    drop(result);
"#
    );
    let change = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(
        change.contains("+    let result = axum::serve(listener, app)\n+        .with_"),
        "{change}"
    );
    let body = format!(
        r#"{APP}    if let Err(error) = axum::serve(listener, app).await {{
        panic!("{{error}}");
    }}
"#
    );
    let change = wired(MAIN, &body, ErrorHandling::Panic);
    assert!(
        change.ends_with(
            r#"+        .await;
+    infra.shutdown().await;
+    if let Err(error) = served {
"#
        ),
        "{change}"
    );
}
