//! Routes that a file has.

use super::super::{catch_all_lines, route_lines};

fn lines(text: &str) -> Vec<usize> {
    route_lines(text, "/metrics").unwrap()
}

#[test]
fn routes_are_found_in_the_forms_of_both_frameworks() {
    for body in [
        "Router::new().route(\"/metrics\", get(m));",
        "app.nest(\"/metrics\", inner);",
        "app.route_service(\"/metrics\", inner);",
        "app.merge(Router::new().route(\"/metrics\", get(m)));",
        "App::new().service(web::resource(\"/metrics\").to(m));",
        "App::new().route(\"/metrics\", web::get().to(m));",
        "App::new().service(web::scope(\"/metrics\").route(\"/a\", web::get().to(m)));",
        "config.service(web::scope(\"\").route(\"/metrics\", web::get().to(m)));",
    ] {
        assert_eq!(
            lines(&format!("fn f() {{\n    {body}\n}}\n")),
            [2],
            "{body}"
        );
    }
    assert_eq!(lines("#[get(\"/metrics\")]\nasync fn m() {}\n"), [1]);
    assert_eq!(
        lines("#[actix_web::route(\"/metrics\", method = \"GET\")]\nasync fn m() {}\n"),
        [1]
    );
}

#[test]
fn what_is_nested_in_a_test_or_only_alike_is_no_such_route() {
    for body in [
        "app.nest(\"/api\", Router::new().route(\"/metrics\", get(m)));",
        "app.route(\"/metrics/{id}\", get(m));",
        "app.service(web::scope(\"/api\").route(\"/metrics\", web::get().to(m)));",
        "client.get(\"/metrics\").send();",
        "log(\"/metrics\"); // .route(\"/metrics\", m)",
    ] {
        assert!(
            lines(&format!("fn f() {{\n    {body}\n}}\n")).is_empty(),
            "{body}"
        );
    }
    let test = "#[test]\nfn f() {\n    app.route(\"/metrics\", get(m));\n}\n";
    assert!(lines(test).is_empty());
    assert!(lines(&format!("#[cfg(test)]\nmod tests {{\n{test}}}\n")).is_empty());
}

#[test]
fn a_scope_without_a_path_and_files_at_the_root_take_every_path() {
    let lines = |body: &str| catch_all_lines(&format!("fn f() {{\n    {body}\n}}\n")).unwrap();
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
