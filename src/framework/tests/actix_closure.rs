//! The closures that make actix-web's app.

use super::actix_wiring::{CHAIN, FITS, RUN, SERVED, STARTED, edited, file, wired};
use super::*;

#[test]
fn an_app_on_one_line_stays_there_while_it_fits() {
    let body = r#"    HttpServer::new(|| App::new().service(index))
        .bind(address)?
        .run()
        .await
"#;
    assert_eq!(
        wired(FITS, body),
        format!(
            r#"-    HttpServer::new(|| App::new().service(index))
{STARTED}+    let served = HttpServer::new(move || wired.wire(App::new().service(index)))
-        .await
+        .await;
{SERVED}"#
        )
    );
    let one = "    HttpServer::new(|| App::new()).bind(a)?.run().await\n";
    assert_eq!(
        wired(FITS, one),
        format!(
            r#"-    HttpServer::new(|| App::new()).bind(a)?.run().await
{STARTED}+    let served = HttpServer::new(move || wired.wire(App::new()))
+        .bind(a)?
+        .run()
+        .await;
{SERVED}"#
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
                r#"    HttpServer::new(|| {app})
        .bind(address)?
        .run()
        .await
"#
            ),
            format!(
                r#"    HttpServer::new(|| {app})
        .bind((
            "127.0.0.1.............................",
            1111111111111111111111111111111111111111111111111,
        ))?
        .run()
        .await
"#
            ),
            format!(
                r#"    let server = HttpServer::new(|| {app}).bind(a)?;
    server.run().await
"#
            ),
            format!("    HttpServer::new(|| {app}).bind(a)?.run().await\n"),
            format!(
                r#"    let server = HttpServer::new(move || {app});
    server.bind(address)?.run().await
"#
            ),
            format!(
                r#"    HttpServer::new(|| {{
        let data = data();
        {app}
    }})
{RUN}    .await
"#
            ),
            format!(
                r#"    if let Err(error) = HttpServer::new(|| {app}).run().await {{
        drop(error);
    }}
    Ok(())
"#
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
    let body = format!(
        r#"{CHAIN}{RUN}    .await?;
    Ok(())
"#
    )
    .replace("move || ", "|| ");
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
        format!(
            r#"    HttpServer::new(move || {{
{inner}    }})
{RUN}    .await?;
    Ok(())
"#
        )
    };
    for (inner, expected) in [
        (
            r#"        let mut site = App::new().service(index);
        for page in pages() {
            site = site.service(page);
        }
        site
"#,
            r#"-        site
+        wired.wire(site)
"#,
        ),
        (
            r#"        let app = App::new();
        let app = app.wrap(log());
        app.service(index)
"#,
            r#"-        app.service(index)
+        let web_app = app.service(index);
+        wired.wire(web_app)
"#,
        ),
        (
            r#"        let app = App::new().configure(routes);
        // the last ones
        app.route("/admin", web::get().to(admin))
            .default_service(web::to(missing)) // 404
"#,
            r#"+        let web_app = app
+            .route("/admin", web::get().to(admin))
"#,
        ),
        (
            r#"        App::new()
            .app_data(app.clone())
            .route("/admin", web::get().to(admin)) // last
"#,
            r#"-        App::new()
+        let web_app = App::new()
"#,
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
        &closure(
            r#"        App::new()
            .service(index) // last
"#,
        ),
    ));
    assert!(
        new.contains(
            r#"            .service(index); // last
        wired.wire(app)
    })"#
        ),
        "{new}"
    );
}

#[test]
fn an_app_that_fills_a_line_needs_cargo_fmt() {
    for length in [55, 60, 63, 64, 65, 66, 67, 68, 75] {
        let path = "x".repeat(length - 45);
        let app =
            format!("App::new().service(web::resource(\"{path}\").route(web::get().to(index)))");
        let body = format!(
            r#"    HttpServer::new(move || {{
        {app}
    }})
{RUN}    .await
"#
        );
        if is_formatted(&file(FITS, &body), false).is_ok() {
            wired(FITS, &body);
        }
    }
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
            r#"||
        // all of it
        App::new()"#,
            r#"move ||
        // all of it
        wired.wire(App::new())"#,
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
