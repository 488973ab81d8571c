//! Files that cannot be read for now, because somebody is in the middle of an edit.

use super::life::{MAIN, Project};

const DB: &str = "services:\n  db:\n    image: postgres:16\n";
const TAB: &str = "\n\tredis: [\n";
const OPEN: &str = "\nfn half( {\n";

fn with_redis() -> Project {
    let project = Project::plain(&[("compose.yaml", DB)]);
    let run = project.infra("add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    project
}

/// Breaks a file of a project with redis, and returns what a removal says that is refused. With the
/// file mended, all that was added is found again.
#[track_caller]
fn refuses_removal(path: &str, edit: &str) -> String {
    let project = with_redis();
    let whole = project.text(path);
    project.append(path, edit);
    let said = project.refuses_now("remove redis", 4);
    assert_eq!(said, project.refuses_now("remove redis --dry-run", 4));
    project.write(path, &whole);
    project.removes("redis");
    said
}

#[test]
fn a_compose_file_that_cannot_be_read_is_no_reason_to_forget_what_is_in_it() {
    let said = refuses_removal("compose.yaml", TAB);
    assert!(said.contains("compose.yaml:2"), "{said}");
    assert!(said.contains("not valid YAML"), "{said}");
    assert!(said.contains("hint: fix the file"), "{said}");
}

#[test]
fn a_root_that_cannot_be_read_is_no_reason_to_forget_what_is_in_it() {
    let said = refuses_removal("src/main.rs", OPEN);
    assert!(said.contains("src/main.rs:"), "{said}");
    assert!(said.contains("not Rust that can be read"), "{said}");
    assert!(said.contains("hint: fix the file"), "{said}");
}

#[test]
fn another_component_does_not_forget_the_containers_of_a_file_that_cannot_be_read() {
    let project = with_redis();
    let whole = project.text("compose.yaml");
    project.append("compose.yaml", TAB);
    // It needs nothing of the file.
    let run = project.infra("add metrics");
    assert_eq!(run.code, 0, "{}", run.said);
    project.write("compose.yaml", &whole);
    project.removes("metrics redis");
}

#[test]
fn the_status_tells_what_cannot_be_read_and_where() {
    let project = with_redis();
    project.append("compose.yaml", TAB);
    let run = project.infra("status --exit-code");
    assert_eq!(run.code, 5, "{}", run.said);
    let lines = [
        "  unknown    /services/redis in compose.yaml\n",
        "  unreadable compose.yaml:2",
    ];
    for line in lines {
        assert!(run.said.contains(line), "{}", run.said);
    }
    let main = project.text("src/main.rs");
    project.append("src/main.rs", OPEN);
    let run = project.infra("status");
    assert!(
        run.said.contains("  unreadable src/main.rs:"),
        "{}",
        run.said
    );
    assert!(run.said.contains("could not determine"), "{}", run.said);
    // With that file mended it is told, whatever else cannot be read.
    project.write("src/main.rs", &main.replace("infra.wire(app)", "app"));
    let run = project.infra("status");
    assert!(run.said.contains("the app is not wired"), "{}", run.said);
}

#[test]
fn a_server_is_not_the_only_one_while_another_file_cannot_be_read() {
    let main = "mod other;\n\n".to_owned() + MAIN;
    let other = "pub async fn second() {\n    axum::serve(listener, app)\n";
    let files = [("src/main.rs", main.as_str()), ("src/other.rs", other)];
    let life = Project::plain(&files).lives("add redis", 3);
    life.tells("To do fix what may serve the app, then run the same command again");
    life.tells("at src/other.rs:");
    // Who pastes lines now would have them twice.
    assert!(!life.said.contains("Infra::start()"), "{}", life.said);
    life.lacks("src/main.rs", "infra.wire");
}

#[test]
fn a_container_that_nobody_owns_any_more_is_no_reason_to_refuse_what_does_not_need_the_file() {
    let project = Project::plain(&[("compose.yaml", DB)]);
    for command in [
        "add redis",
        "add queue",
        "remove queue redis",
        "add redis",
        "add postgres",
    ] {
        let run = project.infra(command);
        assert_eq!(run.code, 0, "{}", run.said);
    }
    let run = project.infra("remove redis");
    assert_eq!(run.code, 0, "{}", run.said);
    let whole = project.text("compose.yaml");
    project.append("compose.yaml", TAB);
    for command in ["add metrics", "remove metrics"] {
        let run = project.infra(command);
        assert_eq!(run.code, 0, "{}", run.said);
    }
    project.write("compose.yaml", &whole);
    project.removes("postgres");
}

#[test]
fn a_template_that_is_not_rust_is_no_server_that_cannot_be_read() {
    let template =
        "pub async fn {{name}}(server: Server) {\n    server.observe();\n    reserve(1);\n";
    let life = Project::plain(&[("templates/handler.rs", template)]).lives("add redis", 0);
    life.holds("src/main.rs", "infra.wire(app)");
}

#[test]
fn an_app_that_is_not_wired_is_said_to_be_so_while_a_handler_is_edited() {
    let handler = "use axum::Router;\n\npub fn routes() -> Router {\n    Router::new()\n}\n";
    let main = "mod handlers;\n\n".to_owned() + MAIN;
    let project = Project::plain(&[("src/main.rs", &main), ("src/handlers.rs", handler)]);
    let run = project.infra("add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    let wired = project.text("src/main.rs");
    project.write("src/main.rs", &wired.replace("infra.wire(app)", "app"));
    project.append("src/handlers.rs", OPEN);
    let run = project.infra("status");
    assert!(run.said.contains("the app is not wired"), "{}", run.said);
    assert!(!run.said.contains("unreadable"), "{}", run.said);
}

#[test]
fn a_module_line_that_is_being_edited_is_unknown_and_not_missing() {
    let project = with_redis();
    let main = project.text("src/main.rs");
    project.write("src/main.rs", &main.replace("mod infra;", "mod infra {"));
    let run = project.infra("status");
    assert!(
        run.said.contains("  unknown    mod infra in src/main.rs"),
        "{}",
        run.said
    );
    assert!(!run.said.contains("missing"), "{}", run.said);
    project.refuses_now("remove redis", 4);
}
