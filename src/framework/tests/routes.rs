//! Routes that a file has.

use super::super::find;
use super::{RouteSyntax, catch_all_lines, route_lines};

fn routes(framework: &str) -> &'static RouteSyntax {
    find(framework).unwrap().routes.unwrap()
}

fn lines(framework: &str, text: &str) -> Vec<usize> {
    route_lines(routes(framework), text, "/metrics").unwrap()
}

#[test]
fn routes_are_found_in_the_forms_of_each_framework() {
    for (framework, body) in [
        ("axum", r#"Router::new().route("/metrics", get(m));"#),
        ("axum", r#"app.nest("/metrics", inner);"#),
        ("axum", r#"app.route_service("/metrics", inner);"#),
        (
            "axum",
            r#"app.merge(Router::new().route("/metrics", get(m)));"#,
        ),
        (
            "actix-web",
            r#"App::new().service(web::resource("/metrics").to(m));"#,
        ),
        (
            "actix-web",
            r#"App::new().route("/metrics", web::get().to(m));"#,
        ),
        (
            "actix-web",
            r#"App::new().service(web::scope("/metrics").route("/a", web::get().to(m)));"#,
        ),
        (
            "actix-web",
            r#"config.service(web::scope("").route("/metrics", web::get().to(m)));"#,
        ),
    ] {
        let text = format!(
            r#"fn f() {{
    {body}
}}
"#
        );
        assert_eq!(lines(framework, &text), [2], "{body}");
    }
    for attribute in [
        r#"#[get("/metrics")]"#,
        r#"#[actix_web::route("/metrics", method = "GET")]"#,
    ] {
        let text = format!(
            r#"{attribute}
async fn m() {{}}
"#
        );
        assert_eq!(lines("actix-web", &text), [1], "{attribute}");
    }
}

#[test]
fn what_is_nested_in_a_test_or_only_alike_is_no_such_route() {
    for (framework, body) in [
        (
            "axum",
            r#"app.nest("/api", Router::new().route("/metrics", get(m)));"#,
        ),
        ("axum", r#"app.route("/metrics/{id}", get(m));"#),
        (
            "actix-web",
            r#"app.service(web::scope("/api").route("/metrics", web::get().to(m)));"#,
        ),
        ("actix-web", r#"client.get("/metrics").send();"#),
        ("axum", r#"log("/metrics"); // .route("/metrics", m)"#),
    ] {
        let text = format!(
            r#"fn f() {{
    {body}
}}
"#
        );
        assert!(lines(framework, &text).is_empty(), "{body}");
    }
    let test = r#"
#[test]
fn f() {
    app.route("/metrics", get(m));
}
"#;
    assert!(lines("axum", test).is_empty());
    let module = format!(
        r#"#[cfg(test)]
mod tests {{
{test}}}
"#
    );
    assert!(lines("axum", &module).is_empty());
}

#[test]
fn a_scope_without_a_path_and_files_at_the_root_take_every_path() {
    let lines = |body: &str| {
        let text = format!(
            r#"fn f() {{
    {body}
}}
"#
        );
        catch_all_lines(routes("actix-web"), &text).unwrap()
    };
    for body in [
        "App::new().service(web::scope(\"\").route(\"/a\", web::get().to(m)));",
        "app.service(Files::new(\"/\", \"static\"));",
        "app.service(actix_files::Files::new(\"\", \"static\"));",
    ] {
        assert_eq!(lines(body), [2], "{body}");
    }
    for body in [
        "app.service(web::scope(\"/api\").service(web::scope(\"\")));",
        "app.service(Files::new(\"/static\", \"static\"));",
        "app.service(web::resource(\"\").to(m));",
        "app.route(\"/\", web::get().to(m));",
    ] {
        assert!(lines(body).is_empty(), "{body}");
    }
}
