//! `infra update` at the command line: what is told, what can be taken back, and which packages.

use super::life::{MAIN, MANIFEST, Project};

/// The folder of a version of the test component `delta`.
fn version(number: u32) -> String {
    let here = env!("CARGO_MANIFEST_DIR");
    format!("--templates {here}/tests/two_versions/{number}")
}

fn old(project: &Project, command: &str) -> String {
    said(project, &format!("{} {command}", version(1)), 0)
}

fn new(project: &Project, command: &str, code: i32) -> String {
    said(project, &format!("{} {command}", version(2)), code)
}

#[track_caller]
fn said(project: &Project, command: &str, code: i32) -> String {
    let run = project.infra(command);
    assert_eq!(run.code, code, "{command}: {}", run.said);
    run.said
}

const FILE: &str = "src/infra/delta/mod.rs";

fn with_delta() -> Project {
    let project = Project::plain(&[]);
    old(&project, "add delta");
    project
}

/// A project in which the update leaves a conflict.
fn with_conflict() -> Project {
    let project = with_delta();
    let text = project.text(FILE);
    project.write(
        FILE,
        &text.replace("in its first version", "in our version"),
    );
    project
}

#[test]
fn an_update_is_announced_shown_and_done_once() {
    let project = with_delta();
    let before = project.files();
    let text = new(&project, "update --check", 5);
    assert!(text.contains("delta 1.0.0 to 2.0.0"), "{text}");
    let text = new(&project, "status", 0);
    assert!(text.contains("infra update"), "{text}");
    let text = new(&project, "update --dry-run", 0);
    assert!(text.contains("nothing was written"), "{text}");
    new(&project, "update --diff", 0);
    assert!(project.files() == before);
    let text = new(&project, "update", 0);
    for part in [
        "Updating delta 1.0.0 to 2.0.0",
        "Measures to the side",
        "uuid 1.8 to 1.11",
        "service delta: image",
        "DELTA_NAME renamed to DELTA_TITLE",
        "service delta-cache renamed to delta-store",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains("The first version"), "{text}");
    let text = new(&project, "update --check", 0);
    assert!(text.contains("up to date"), "{text}");
    let text = new(&project, "update", 0);
    assert!(text.contains("everything is up to date"), "{text}");
    let text = new(&project, "status --exit-code", 0);
    assert!(!text.contains("infra update"), "{text}");
    let removed = project.infra(&format!("{} remove delta", version(2)));
    assert_eq!(removed.code, 0, "{}", removed.said);
    assert!(
        !project
            .files()
            .keys()
            .any(|path| path.starts_with(".infra"))
    );
}

#[test]
fn a_conflict_stops_everything_else_until_it_is_resolved() {
    let project = with_conflict();
    let text = new(&project, "update", 7);
    assert!(text.contains("infra update --abort"), "{text}");
    for command in ["add epsilon", "update", "remove delta"] {
        let text = project.refuses_now(&format!("{} {command}", version(2)), 4);
        assert!(text.contains("infra update --continue"), "{text}");
    }
    let text = project.refuses_now(&format!("{} update --continue", version(2)), 4);
    assert!(text.contains("src/infra/delta/mod.rs:1"), "{text}");
    let marked = project.text(FILE);
    let resolved = marked.lines().filter(|line| {
        !["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| line.starts_with(mark))
    });
    let resolved: Vec<&str> = resolved.collect();
    project.write(FILE, &(resolved.join("\n") + "\n"));
    let text = project.refuses_now(&format!("{} add epsilon", version(2)), 4);
    assert!(text.contains("infra update --continue"), "{text}");
    new(&project, "update --continue", 0);
    new(&project, "add epsilon", 0);
    let text = project.refuses_now(&format!("{} update --continue", version(2)), 2);
    assert!(text.contains("no update is in progress"), "{text}");
}

#[test]
fn an_update_with_a_conflict_can_be_taken_back_to_the_byte() {
    let project = with_conflict();
    let before = project.files();
    new(&project, "update", 7);
    // What was done to resolve the conflict goes too.
    project.append(FILE, "\n// Half resolved.\n");
    new(&project, "update --abort", 0);
    assert!(project.files() == before);
    project.refuses_now(&format!("{} update --abort", version(2)), 2);
    // The next try finds the same conflict.
    new(&project, "update", 7);
}

#[test]
fn a_restore_point_whose_result_is_gone_takes_nothing_back() {
    let project = with_conflict();
    let before = project.files();
    new(&project, "update", 7);
    // As `git reset --hard` does.
    for path in project
        .files()
        .keys()
        .filter(|path| !before.contains_key(*path))
    {
        project.delete(path);
    }
    for (path, text) in &before {
        project.write(path, std::str::from_utf8(text).unwrap());
    }
    let text = project.text(FILE).replace("Always well", "My work");
    project.write(FILE, &text);
    project.refuses_now(&format!("{} update --abort", version(2)), 2);
    assert_eq!(project.text(FILE), text);
    new(&project, "add epsilon", 0);
}

#[test]
fn a_resolution_is_not_lost_by_an_abort() {
    let project = with_conflict();
    let resolved = project.text(FILE);
    new(&project, "update", 7);
    project.write(FILE, &resolved);
    project.append(FILE, "// Resolved.\n");
    let text = project.refuses_now(&format!("{} update --abort", version(2)), 4);
    assert!(text.contains(FILE) && text.contains("--continue"), "{text}");
    let text = new(&project, "status", 0);
    assert!(text.contains("infra update --continue"), "{text}");
    for preview in ["update --check", "update --dry-run", "add epsilon -n"] {
        project.refuses_now(&format!("{} {preview}", version(2)), 4);
    }
}

#[test]
fn edits_of_other_files_are_not_lost_by_taking_an_update_back() {
    let project = with_conflict();
    new(&project, "update", 7);
    project.append("Cargo.toml", "# Mine.\n");
    let text = project.refuses_now(&format!("{} update --abort", version(2)), 4);
    assert!(text.contains("Cargo.toml"), "{text}");
}

#[test]
fn one_package_or_the_whole_workspace_is_updated() {
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\n";
    let (a, b) = (
        MANIFEST.replace("\"kiosk\"", "\"a\""),
        MANIFEST.replace("\"kiosk\"", "\"b\""),
    );
    let project = Project::new(&[
        ("Cargo.toml", workspace),
        ("a/Cargo.toml", &a),
        ("a/src/main.rs", MAIN),
        ("b/Cargo.toml", &b),
        ("b/src/main.rs", MAIN),
    ]);
    let before = project.files();
    for package in ["a", "b"] {
        old(&project, &format!("add delta -p {package}"));
    }
    let text = new(&project, "update -p a", 0);
    assert!(
        text.contains("package `a`") && !text.contains("package `b`"),
        "{text}"
    );
    // Both packages use one service, which has the newer version now.
    assert!(project.text("compose.yaml").contains("example/delta:2"));
    let text = new(&project, "update --check", 5);
    assert!(
        text.contains("package `b`") && !text.contains("package `a`"),
        "{text}"
    );
    let text = new(&project, "update", 0);
    assert!(text.contains("package `b`"), "{text}");
    new(&project, "update --check", 0);
    for package in ["a", "b"] {
        new(&project, &format!("remove delta -p {package}"), 0);
    }
    let left: Vec<String> = project.files().keys().cloned().collect();
    let expected: Vec<String> = before.keys().cloned().collect();
    assert_eq!(left, expected);
}

#[test]
fn an_update_follows_the_framework_that_the_user_moved_to() {
    let older = MANIFEST.replace("axum = \"0.8\"", "axum = \"0.7\"");
    let project = Project::plain(&[("Cargo.toml", &older)]);
    said(&project, "add websocket", 0);
    said(&project, "update --check", 0);
    let manifest = project.text("Cargo.toml");
    project.write("Cargo.toml", &manifest.replace("\"0.7\"", "\"0.8\""));
    let text = said(&project, "update --check", 5);
    assert!(text.contains("same version, different code"), "{text}");
    said(&project, "update", 0);
    said(&project, "update --check", 0);
    let fresh = Project::plain(&[]);
    said(&fresh, "add websocket", 0);
    let generated = |project: &Project| {
        let mut files = project.files();
        files.retain(|path, _| path.starts_with("src/infra/"));
        files
    };
    assert!(generated(&project) == generated(&fresh));
}

#[test]
fn what_is_not_installed_cannot_be_updated() {
    let project = Project::plain(&[]);
    let text = said(&project, "update", 2);
    assert!(text.contains("nothing is installed"), "{text}");
    said(&project, "add redis", 0);
    let text = said(&project, "update storage", 2);
    assert!(text.contains("`storage` is not installed"), "{text}");
    said(&project, "update redsi", 2);
}

/// The compose file of the app, with services of the user's beside those of the component.
fn with_compose(extra: &str) -> Project {
    let compose = format!("services:\n  app:\n    build: .\n{extra}");
    let project = Project::plain(&[("compose.yaml", &compose)]);
    old(&project, "add delta");
    project
}

#[test]
fn what_a_service_of_the_users_needs_stays() {
    let project = with_delta();
    let compose = project.text("compose.yaml");
    let backup = "  backup:\n    image: busybox\n    volumes: [\"delta-data:/data\"]\n    depends_on: [delta-cache]\nvolumes:";
    project.write(
        "compose.yaml",
        &compose
            .replacen(
                "volumes:\n  delta-data",
                &format!("{backup}\n  delta-data"),
                1,
            )
            .replace("\n\n  backup", "\n  backup"),
    );
    let text = new(&project, "update", 0);
    assert!(text.contains("delta-cache"), "{text}");
    assert!(
        project.text("compose.yaml").contains("  delta-cache:"),
        "{text}"
    );
    let text = new(&project, "remove delta", 0);
    assert!(
        text.contains("volume delta-data stays") && text.contains("`backup` uses it"),
        "{text}"
    );
    let compose = project.text("compose.yaml");
    assert!(compose.contains("volumes:\n  delta-data:"), "{compose}");
}

#[test]
fn what_depends_on_an_edited_service_stays_with_it() {
    let project = with_compose("");
    let compose = project.text("compose.yaml");
    project.write(
        "compose.yaml",
        &compose.replace("DELTA_LEVEL: low", "DELTA_LEVEL: mine"),
    );
    let text = new(&project, "update", 3);
    assert!(
        text.contains("compare service delta with the new version"),
        "{text}"
    );
    let compose = project.text("compose.yaml");
    assert!(compose.contains("delta://delta:7500"), "{compose}");
    let example = project.text(".env.example");
    assert!(example.contains("delta://127.0.0.1:7500"), "{example}");
}

#[test]
fn a_crate_that_another_package_inherits_stays_in_the_workspace() {
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\n\n[workspace.dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n";
    let manifest = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum.workspace = true\ntokio.workspace = true\n{more}"
        )
    };
    let project = Project::new(&[
        ("Cargo.toml", workspace),
        ("a/Cargo.toml", &manifest("a", "")),
        ("a/src/main.rs", MAIN),
        ("b/Cargo.toml", &manifest("b", "")),
        ("b/src/main.rs", MAIN),
    ]);
    old(&project, "add delta -p a");
    project.write("b/Cargo.toml", &manifest("b", "bytes.workspace = true\n"));
    let text = new(&project, "update -p a", 0);
    assert!(text.contains("bytes stays in Cargo.toml"), "{text}");
    assert!(project.text("Cargo.toml").contains("bytes = \"1.5\""));
    assert!(!project.text("a/Cargo.toml").contains("bytes"));
}

#[test]
fn a_crate_that_two_packages_share_is_raised_and_an_edited_one_is_named() {
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\n\n[workspace.dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n";
    let manifest = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum.workspace = true\ntokio.workspace = true\n"
        )
    };
    let project = Project::new(&[
        ("Cargo.toml", workspace),
        ("a/Cargo.toml", &manifest("a")),
        ("a/src/main.rs", MAIN),
        ("b/Cargo.toml", &manifest("b")),
        ("b/src/main.rs", MAIN),
    ]);
    for package in ["a", "b"] {
        old(&project, &format!("add delta -p {package}"));
    }
    new(&project, "update", 0);
    let text = project.text("Cargo.toml");
    assert!(
        text.contains("\"1.11\"") && !text.contains("\"1.8\""),
        "{text}"
    );

    let project = with_delta();
    let manifest = project.text("Cargo.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("uuid"))
        .unwrap();
    project.write(
        "Cargo.toml",
        &manifest.replace(line, &format!("{line} # ids")),
    );
    let text = new(&project, "update", 3);
    assert!(text.contains("raise `uuid` to 1.11"), "{text}");
}

#[test]
fn what_the_user_took_out_stays_out_under_its_new_name() {
    let project = with_delta();
    let compose = project.text("compose.yaml");
    let start = compose.find("  delta-cache:").unwrap();
    let end = start + compose[start..].find("\nvolumes:").unwrap();
    project.write(
        "compose.yaml",
        &(compose[..start].to_owned() + &compose[end..]),
    );
    let example = project.text(".env.example");
    let kept: Vec<&str> = example
        .lines()
        .filter(|line| !line.contains("DELTA_NAME"))
        .collect();
    project.write(".env.example", &(kept.join("\n") + "\n"));
    new(&project, "update", 0);
    assert!(!project.text("compose.yaml").contains("delta-store"));
    assert!(!project.text(".env.example").contains("DELTA_TITLE"));
}

#[test]
fn a_lost_record_is_damage_and_not_a_removal() {
    let project = with_delta();
    project.delete(".infra/delta.toml");
    let text = project.refuses_now(&format!("{} update", version(2)), 1);
    assert!(text.contains("`.infra/delta.toml` is missing"), "{text}");
    let project = with_delta();
    project.delete(".infra/hub.toml");
    let text = project.refuses_now(&format!("{} update", version(2)), 1);
    assert!(text.contains("`.infra/hub.toml` is missing"), "{text}");
}

#[test]
fn code_for_a_framework_that_the_package_no_longer_has_is_refused() {
    let project = Project::plain(&[]);
    said(&project, "add redis", 0);
    let manifest = project.text("Cargo.toml");
    let line = manifest
        .lines()
        .find(|line| line.starts_with("axum"))
        .unwrap();
    project.write("Cargo.toml", &manifest.replace(line, "actix-web = \"4\""));
    for command in ["update", "add storage"] {
        let text = project.refuses_now(command, 6);
        assert!(text.contains("is written for axum"), "{text}");
    }
    said(&project, "remove redis", 0);
}
