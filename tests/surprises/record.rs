//! The record under `.infra/` as version control and hooks leave it.

use super::life::Project;

const BASE: &str = ".infra/base.toml";
const EDITED: &str = "src/infra/settings.rs";

fn with_redis() -> Project {
    let project = Project::plain(&[]);
    let run = project.infra("add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    project
}

/// What a run says that is to end with this code.
#[track_caller]
fn says(project: &Project, command: &str, code: i32) -> String {
    let run = project.infra(command);
    assert_eq!(run.code, code, "{}", run.said);
    run.said
}

#[test]
fn a_checkout_with_other_line_endings_is_no_change() {
    let project = with_redis();
    let files = project.files();
    for (path, bytes) in &files {
        let text = String::from_utf8(bytes.clone()).unwrap();
        project.write(path, &text.replace('\n', "\r\n"));
    }
    let said = says(&project, "status --exit-code", 0);
    assert!(!said.contains("edited"), "{said}");
    says(&project, "diff --exit-code", 0);
    let before = project.files();
    let said = says(&project, "add redis", 0);
    assert!(said.contains("installed already"), "{said}");
    assert!(project.files() == before, "{said}");
    says(&project, "add metrics", 0);
    says(&project, "remove metrics redis", 0);
    let left: Vec<_> = project.files().into_keys().collect();
    assert_eq!(left, ["Cargo.toml", "src/main.rs"]);
}

#[test]
fn a_record_that_was_left_out_of_a_commit_comes_back() {
    let project = with_redis();
    let before = project.files();
    project.delete(BASE);
    says(&project, "status --exit-code", 0);
    says(&project, "diff --exit-code", 0);
    let said = says(&project, "add redis", 0);
    assert!(project.files() == before, "{said}");
    project.delete(BASE);
    project.removes("redis");
}

#[test]
fn an_edit_is_not_written_over_where_the_record_of_its_file_is_gone() {
    let whole = with_redis().text(BASE);
    for damage in [
        "",
        &whole.replace("pub struct Settings", "pub struct Merged"),
    ] {
        let project = with_redis();
        project.append(EDITED, "\n// Mine.\n");
        if damage.is_empty() {
            project.delete(BASE);
        } else {
            assert_ne!(damage, whole);
            project.write(BASE, damage);
        }
        let wanted = "src/infra/settings.rs was edited, and `.infra/base.toml` does not have it";
        let said = project.refuses_now("add metrics", 4);
        assert!(said.contains(wanted), "{said}");
        assert!(said.contains("git checkout -- .infra/base.toml"), "{said}");
        let said = project.refuses_now("diff", 1);
        assert!(
            said.contains("does not have src/infra/settings.rs"),
            "{said}"
        );
        // What is rendered alike is known all the same, and the edit is merged from then on.
        says(&project, "add redis", 0);
        assert_eq!(project.text(BASE), whole);
        let said = says(&project, "add metrics", 0);
        assert!(said.contains("merged with your edits"), "{said}");
        assert!(project.text(EDITED).ends_with("\n// Mine.\n"), "{said}");
    }
}

#[test]
fn a_damaged_record_stops_what_would_read_it() {
    let project = with_redis();
    let whole = project.text(BASE);
    project.write(BASE, &format!("<<<<<<< ours\n{whole}"));
    for command in ["add metrics", "remove redis", "status", "diff"] {
        let said = project.refuses_now(command, 1);
        assert!(
            said.contains("`.infra/base.toml` is damaged, line 1"),
            "{said}"
        );
        assert!(said.contains("git checkout -- .infra/base.toml"), "{said}");
    }
    project.write(BASE, &whole);
    project.removes("redis");
}
