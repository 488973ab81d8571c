//! The record under `.infra/` as version control and hooks leave it.

use super::{
    common::additions::Files,
    life::{MAIN, MANIFEST, Project},
};

const BASE: &str = ".infra/hub.base.toml";
const RECORDS: [&str; 4] = [
    BASE,
    ".infra/hub.toml",
    ".infra/redis.toml",
    ".infra/redis.base.toml",
];
const COMPONENT: &str = "src/infra/redis/mod.rs";
const COMPONENT_BASE: &str = ".infra/redis.base.toml";
const EDITED: &str = "src/infra/settings.rs";
const RESTORE: &str = "git checkout HEAD -- .infra";

fn with_redis() -> Project {
    let project = Project::plain(&[]);
    says(&project, "add redis", 0);
    project
}

/// What a run says that is to end with this code.
#[track_caller]
fn says(project: &Project, command: &str, code: i32) -> String {
    let run = project.infra(command);
    assert_eq!(run.code, code, "{}", run.said);
    run.said
}

/// A text with other line endings.
fn converted(text: &str, end: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', end)
}

/// All files as text, with `\n` at the end of a line.
fn texts(files: &Files) -> Vec<(String, String)> {
    let text = |bytes: &Vec<u8>| converted(std::str::from_utf8(bytes).unwrap(), "\n");
    let files = files.iter();
    files
        .map(|(path, bytes)| (path.clone(), text(bytes)))
        .collect()
}

#[test]
fn a_checkout_with_other_line_endings_is_no_change() {
    for (before, after) in [("\n", "\r\n"), ("\r\n", "\n")] {
        let compose = "services:\n  app:\n    build: .\n";
        let manifest = MANIFEST.replace("[\"full\"]", "[\n  \"net\",\n  \"rt-multi-thread\",\n]");
        assert_ne!(manifest, MANIFEST);
        let project = Project::plain(&[
            ("Cargo.toml", &converted(&manifest, before)),
            ("src/main.rs", &converted(MAIN, before)),
            ("compose.yaml", &converted(compose, before)),
            (".gitignore", &converted("/target\n", before)),
        ]);
        let bare = project.files();
        says(&project, "add redis", 0);
        // The record has `\n` in the repository; git converts what it checks out.
        for (path, text) in texts(&project.files()) {
            project.write(&path, &converted(&text, after));
        }
        let said = says(&project, "status --exit-code", 0);
        assert!(!said.contains("edited"), "{said}");
        says(&project, "diff --exit-code", 0);
        let checkout = project.files();
        let said = says(&project, "add redis", 0);
        assert!(said.contains("already installed"), "{said}");
        assert!(project.files() == checkout, "{said}");
        says(&project, "add metrics", 0);
        says(&project, "remove metrics redis", 0);
        assert_eq!(texts(&project.files()), texts(&bare));
    }
}

#[test]
fn a_record_that_was_left_out_of_a_commit_comes_back() {
    let project = with_redis();
    let before = project.files();
    project.delete(BASE);
    let said = says(&project, "status --exit-code", 0);
    assert!(said.contains("`infra add redis` restores it"), "{said}");
    says(&project, "diff --exit-code", 0);
    let said = says(&project, "add redis --dry-run", 0);
    assert!(said.contains("1 file would change"), "{said}");
    let said = says(&project, "add redis", 0);
    assert!(said.contains("Create .infra/hub.base.toml"), "{said}");
    assert!(project.files() == before, "{said}");
    project.delete(BASE);
    project.removes("redis");
}

#[test]
fn a_comment_in_the_record_is_no_reason_to_write_it() {
    let project = with_redis();
    for path in RECORDS {
        project.write(path, &format!("# Ours.\n{}", project.text(path)));
    }
    let before = project.files();
    let said = says(&project, "add redis", 0);
    assert!(said.contains("already installed"), "{said}");
    assert!(project.files() == before, "{said}");
    project.removes("redis");
}

#[test]
fn what_the_lock_does_not_know_leaves_with_the_rest() {
    let project = with_redis();
    project.append(BASE, "\"src/infra/other.rs\" = '''\nuse other;\n'''\n");
    project.removes("redis");
    let project = with_redis();
    project.write(BASE, "");
    project.removes("redis");
}

#[test]
fn a_folder_with_both_quotes_in_its_name_is_one_like_others() {
    let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"o'neil*\"]\n";
    let project = Project::new(&[
        ("Cargo.toml", manifest),
        ("o'neil \"x\"/Cargo.toml", MANIFEST),
        ("o'neil \"x\"/src/main.rs", MAIN),
    ]);
    project.lives("add redis", 0);
}

#[test]
fn an_edit_is_not_written_over_where_the_record_of_its_file_is_gone() {
    let whole = with_redis().text(COMPONENT_BASE);
    for damage in ["", &whole.replace("pub struct Redis", "pub struct Merged")] {
        let project = with_redis();
        project.append(COMPONENT, "\n// Mine.\n");
        if damage.is_empty() {
            project.delete(COMPONENT_BASE);
        } else {
            assert_ne!(damage, whole);
            project.write(COMPONENT_BASE, damage);
        }
        let wanted = "src/infra/redis/mod.rs was edited, and `.infra` does not have it";
        let again = "infra add redis";
        for command in ["add redis --set redis.pubsub=false", "remove redis"] {
            let said = project.refuses_now(command, 4);
            let all = [wanted, RESTORE, again]
                .iter()
                .all(|part| said.contains(part));
            assert!(all, "{said}");
        }
        let said = says(&project, "diff --exit-code", 5);
        assert!(said.contains(wanted) && said.contains(RESTORE), "{said}");
        // What is rendered alike is known all the same, and the edit is merged from then on.
        says(&project, again.trim_start_matches("infra "), 0);
        assert_eq!(project.text(COMPONENT_BASE), whole);
        let said = says(&project, "add redis --set redis.pubsub=false", 0);
        assert!(said.contains("merged with your edits"), "{said}");
        let text = project.text(COMPONENT);
        assert!(text.ends_with("\n// Mine.\n"), "{said}");
    }
}

#[test]
fn the_base_of_the_hub_is_rendered_again_where_it_is_gone() {
    let project = with_redis();
    project.append(EDITED, "\n// Mine.\n");
    let whole = project.text(BASE);
    project.delete(BASE);
    let said = says(&project, "add metrics", 0);
    assert!(said.contains("merged with your edits"), "{said}");
    assert!(project.text(EDITED).ends_with("\n// Mine.\n"), "{said}");
    says(&project, "remove metrics", 0);
    assert_eq!(project.text(BASE), whole);
}

#[test]
fn a_damaged_record_stops_what_would_read_it() {
    let project = with_redis();
    let whole = project.text(BASE);
    let line = whole
        .lines()
        .position(|line| line == "pub struct Infra {")
        .unwrap()
        + 1;
    let inside = whole.replace("pub struct Infra {", "<<<<<<< ours\npub struct Infra {");
    for (damage, line) in [(format!("<<<<<<< ours\n{whole}"), 1), (inside, line)] {
        project.write(BASE, &damage);
        for command in ["add metrics", "remove redis", "status", "diff"] {
            let said = project.refuses_now(command, 1);
            let what = format!("`.infra/hub.base.toml` is damaged, line {line}: a conflict marker");
            assert!(said.contains(&what) && said.contains(RESTORE), "{said}");
        }
    }
    project.write(BASE, &whole);
    project.removes("redis");
}

#[test]
fn a_root_that_was_moved_beside_its_folder_is_the_users_choice() {
    let project = with_redis();
    project.write("src/infra.rs", &project.text("src/infra/mod.rs"));
    project.delete("src/infra/mod.rs");
    let before = project.files();
    let said = says(&project, "add redis", 0);
    assert!(project.files() == before, "{said}");
    // Another component would have it there twice.
    let said = project.refuses_now("add metrics", 4);
    assert!(said.contains("src/infra.rs exists already"), "{said}");
    assert!(!said.contains("--module"), "{said}");
}
