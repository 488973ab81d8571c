//! The command line as a user meets it: what is printed, and the exit code. Whatever is refused
//! leaves every byte of the project as it was.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Output},
};

use common::{assert_snapshot, copy, files};
use tempfile::TempDir;

/// Runs the tool in a folder, with next to no environment.
fn infra(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder.join("no-home"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap()
}

/// What a run showed, without what differs from machine to machine.
fn shown(folder: &Path, arguments: &[&str]) -> String {
    let output = infra(folder, arguments);
    let mut text = format!("$ infra {}\n", arguments.join(" "));
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            let body = String::from_utf8_lossy(bytes);
            write!(text, "--- {name}\n{body}").unwrap();
        }
    }
    let real = fs::canonicalize(folder).unwrap();
    text = text.replace(real.to_str().unwrap(), "[PROJECT]");
    text = text.replace(folder.to_str().unwrap(), "[PROJECT]");
    writeln!(text, "--- exit code {}", output.status.code().unwrap()).unwrap();
    text
}

/// A fixture with some files changed; no text removes a file.
fn project(fixture: &str, changes: &[(&str, Option<&str>)]) -> TempDir {
    let folder = copy(fixture);
    for (path, text) in changes {
        let path = folder.path().join(path);
        match text {
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            None => fs::remove_file(path).unwrap(),
        }
    }
    folder
}

/// Runs a command that must be refused, and shows how.
#[track_caller]
fn refused(name: &str, folder: &Path, arguments: &[&str]) {
    let before = without_git(folder);
    let text = shown(folder, arguments);
    assert!(
        before == without_git(folder),
        "{name} changed something:\n{text}"
    );
    assert!(text.contains("nothing was written"), "{text}");
    assert_snapshot(&format!("cli/{name}"), &text);
}

fn without_git(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut all = files(folder);
    all.retain(|path, _| !path.starts_with(".git/"));
    all
}

const COMPOSE: &str = "compose.yaml";

#[test]
fn what_is_no_project_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    refused("no_cargo_project", empty.path(), &["add", "redis"]);
    fs::create_dir_all(empty.path().join("server")).unwrap();
    fs::write(empty.path().join("server/Cargo.toml"), "").unwrap();
    refused("project_in_a_subfolder", empty.path(), &["add", "redis"]);
    refused(
        "no_folder",
        empty.path(),
        &["-C", "missing", "add", "redis"],
    );

    let manifest = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    let plain = project("main_only", &[("Cargo.toml", Some(manifest))]);
    refused("no_framework", plain.path(), &["add", "redis"]);
    let rocket = format!("{manifest}\n[dependencies]\nrocket = \"0.5\"\n");
    let rocket = project("main_only", &[("Cargo.toml", Some(&rocket))]);
    refused("other_framework", rocket.path(), &["add", "redis"]);
    let old = format!("{manifest}\n[dependencies]\naxum = \"0.6\"\ntokio = \"1\"\n");
    let old = project("main_only", &[("Cargo.toml", Some(&old))]);
    refused("old_framework", old.path(), &["add", "redis"]);
    let rust = manifest.replace("edition", "rust-version = \"1.70\"\nedition");
    let rust = format!("{rust}\n[dependencies]\naxum = \"0.8\"\ntokio = \"1\"\n");
    let rust = project("main_only", &[("Cargo.toml", Some(&rust))]);
    refused("old_rust", rust.path(), &["add", "redis"]);
}

#[test]
fn several_packages_are_listed_and_none_is_guessed() {
    let second = (
        "crates/admin/Cargo.toml",
        Some(
            "[package]\nname = \"admin\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = { workspace = true }\n",
        ),
    );
    let main = (
        "crates/admin/src/main.rs",
        Some("fn main() {\n    axum::serve(1, 2);\n}\n"),
    );
    let folder = project("workspace", &[second, main]);
    refused("several_packages", folder.path(), &["add", "redis"]);
    let tested = (
        "crates/admin/src/main.rs",
        Some(
            "fn main() {}\n\n#[cfg(test)]\nmod tests {\n    fn serve() {\n        axum::serve(1, 2);\n    }\n}\n",
        ),
    );
    let folder = project("workspace", &[second, tested]);
    let output = infra(folder.path(), &["add", "redis"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    refused(
        "unknown_package",
        folder.path(),
        &["add", "redis", "-p", "apy"],
    );
    let chosen = infra(folder.path(), &["add", "redis", "-p", "api", "-n"]);
    assert_eq!(chosen.status.code(), Some(0));

    let none = "[workspace]\nmembers = [\"crates/model\"]\n";
    let none = project("workspace", &[("Cargo.toml", Some(none))]);
    refused(
        "workspace_without_framework",
        none.path(),
        &["add", "redis"],
    );
    let other =
        "[package]\nname = \"api\"\nversion = \"0.1.0\"\n\n[dependencies]\nrocket = \"0.5\"\n";
    let other = project("workspace", &[("crates/api/Cargo.toml", Some(other))]);
    refused(
        "workspace_with_other_framework",
        other.path(),
        &["add", "redis"],
    );
}

#[test]
fn a_file_that_matches_the_pattern_of_the_members_is_passed_over() {
    let folder = project("workspace", &[("crates/README.md", Some("# Crates\n"))]);
    let output = infra(folder.path(), &["add", "redis"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn unknown_names_and_values_are_suggested() {
    let folder = project("main_only", &[]);
    for (name, arguments) in [
        ("unknown_component", &["add", "reids"][..]),
        ("unknown_component_far", &["add", "teapot"]),
        (
            "unknown_option",
            &["add", "redis", "--set", "redis.pubsup=true"],
        ),
        (
            "wrong_value",
            &["add", "redis", "--set", "redis.pubsub=maybe"],
        ),
        (
            "wrong_choice",
            &["add", "redis", "--set", "redis.topology=singel"],
        ),
        (
            "option_of_another",
            &["add", "redis", "--set", "reddis.pubsub=true"],
        ),
        ("keyword_of_a_component", &["add", "memcached"]),
        ("nothing_found", &["search", "teapot"]),
        ("not_installed", &["remove", "redis"]),
        ("no_component", &["add"]),
        ("wrong_module", &["add", "redis", "--module", "fn"]),
        (
            "hostile_compose_file",
            &["add", "redis", "--compose", "../compose.yaml"],
        ),
        ("json_error", &["add", "reids", "--json"]),
    ] {
        let before = without_git(folder.path());
        let text = shown(folder.path(), arguments);
        assert!(before == without_git(folder.path()), "{text}");
        assert_snapshot(&format!("cli/{name}"), &text);
    }
    let usage = infra(
        folder.path(),
        &["add", "redis", "--set", "pubsub", "--json"],
    );
    assert_eq!(usage.status.code(), Some(2));
    let document: serde_json::Value = serde_json::from_slice(&usage.stdout).unwrap();
    assert_eq!(document["error"]["code"], "usage");
}

#[test]
fn a_compose_file_that_cannot_be_edited_with_certainty_is_refused() {
    let app = "  app:\n    build: .\n";
    for (name, text) in [
        ("compose_not_yaml", "services:\n  a: [\n".to_owned()),
        (
            "compose_several_documents",
            "services: {}\n---\nservices: {}\n".to_owned(),
        ),
        (
            "compose_duplicate_keys",
            "services:\n  a:\n    image: x\n  a:\n    image: y\n".to_owned(),
        ),
        ("compose_not_a_mapping", "- a\n".to_owned()),
        (
            "compose_other_redis",
            "services:\n  redis:\n    image: example/my-own:1\n".to_owned(),
        ),
        (
            "compose_shared_anchor",
            format!(
                "services:\n{app}    depends_on: &deps\n      - db\n  db:\n    image: postgres:16\n  job:\n    image: job\n    depends_on: *deps\n"
            ),
        ),
        (
            "compose_inherited_key",
            format!("x-base: &base\n  environment:\n    A: 1\nservices:\n{app}    <<: *base\n"),
        ),
    ] {
        let folder = project("main_only", &[(COMPOSE, Some(&text))]);
        refused(name, folder.path(), &["add", "redis"]);
        let around = infra(folder.path(), &["add", "redis", "--no-compose"]);
        assert_eq!(around.status.code(), Some(0), "{name}: {around:?}");
    }
}

#[test]
fn a_manifest_that_cannot_be_followed_is_refused() {
    let base = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = \"0.8\"\ntokio = \"1\"\n";
    for (name, text) in [
        ("manifest_not_toml", format!("{base}broken = \n")),
        ("manifest_old_crate", format!("{base}redis = \"0.27\"\n")),
        (
            "manifest_dependency_called_infra",
            format!("{base}infra = {{ path = \"../infra\" }}\n"),
        ),
        (
            "manifest_optional_crate",
            format!("{base}moka = {{ version = \"0.12\", optional = true }}\n"),
        ),
        (
            "manifest_name_of_another",
            format!("{base}redis = {{ package = \"fred\", version = \"10\" }}\n"),
        ),
    ] {
        let folder = project("main_only", &[("Cargo.toml", Some(&text))]);
        refused(name, folder.path(), &["add", "redis"]);
    }
    for accepted in [
        "moka = { version = \"0.12\", default-features = false }\n",
        "my_moka = { package = \"moka\", version = \"0.12\" }\n",
    ] {
        let folder = project(
            "main_only",
            &[("Cargo.toml", Some(&format!("{base}{accepted}")))],
        );
        let output = infra(folder.path(), &["add", "redis"]);
        assert_eq!(output.status.code(), Some(0), "{accepted}: {output:?}");
    }
}

#[test]
fn a_locked_crate_that_is_older_than_the_code_needs_is_refused_with_the_command_to_update_it() {
    let manifest = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = \"0.8\"\nredis = \"1\"\ntokio = \"1\"\n";
    let lock = |redis: &str| {
        format!(
            "version = 4\n\n[[package]]\nname = \"kiosk\"\nversion = \"0.1.0\"\ndependencies = [\n \"redis\",\n]\n\n[[package]]\nname = \"redis\"\nversion = \"{redis}\"\nsource = \"registry\"\n"
        )
    };
    let locked = |lock: Option<&str>| {
        let mut files = vec![("Cargo.toml", Some(manifest))];
        files.extend(lock.map(|lock| ("Cargo.lock", Some(lock))));
        project("main_only", &files)
    };
    let old = locked(Some(&lock("1.1.0")));
    refused("locked_crate_too_old", old.path(), &["add", "redis"]);
    for accepted in [Some(lock("1.2.0")), None] {
        let folder = locked(accepted.as_deref());
        let output = infra(folder.path(), &["add", "redis"]);
        assert_eq!(output.status.code(), Some(0), "{accepted:?}: {output:?}");
    }
}

#[test]
fn a_crate_of_an_older_series_that_the_code_works_with_is_accepted() {
    let manifest = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = \"0.8\"\nthiserror = \"1.0.60\"\ntokio = \"1\"\nzstd = \"0.13\"\n";
    let folder = project("main_only", &[("Cargo.toml", Some(manifest))]);
    let output = infra(folder.path(), &["add", "redis"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let after = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
    assert!(after.contains("\nthiserror = \"1.0.60\"\n") && after.contains("\nzstd = \"0.13\"\n"));
}

#[test]
fn a_crate_that_would_be_inherited_in_another_version_is_refused() {
    let root = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\naxum = \"0.8\"\nredis = \"0.27\"\nserde = \"1\"\ntokio = \"1\"\n";
    let folder = project("workspace", &[("Cargo.toml", Some(root))]);
    refused("inherited_crate", folder.path(), &["add", "redis"]);
}

#[test]
fn a_module_called_infra_that_is_not_ours_is_refused() {
    let main = "mod infra {\n    pub fn init() {}\n}\n\n#[tokio::main]\nasync fn main() {\n    infra::init();\n}\n";
    let folder = project("main_only", &[("src/main.rs", Some(main))]);
    refused("module_taken", folder.path(), &["add", "redis"]);
    let file = project(
        "main_only",
        &[("src/infra/mod.rs", Some("pub fn init() {}\n"))],
    );
    refused("folder_taken", file.path(), &["add", "redis"]);
    let plain = project("main_only", &[("src/infra", Some("notes\n"))]);
    refused("folder_is_a_file", plain.path(), &["add", "redis"]);
    let record = project("main_only", &[(".infra", Some("notes\n"))]);
    refused("record_is_a_file", record.path(), &["add", "redis"]);
    let beside = project("main_only", &[("src/infra.rs", Some("pub fn init() {}\n"))]);
    refused("module_file_taken", beside.path(), &["add", "redis"]);
    let output = infra(file.path(), &["add", "redis", "--module", "platform"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written = files(file.path());
    assert!(written.contains_key("src/platform/mod.rs"));
    let text = String::from_utf8_lossy(&written["src/platform/mod.rs"]).into_owned();
    assert!(text.contains("platform"), "{text}");
    let main = String::from_utf8_lossy(&written["src/main.rs"]).into_owned();
    assert!(
        main.contains("mod platform;") && main.contains("platform::Infra::start()"),
        "{main}"
    );
}

#[test]
fn a_variable_with_another_value_stays() {
    let folder = project(
        "main_only",
        &[
            (".env", Some("REDIS_URL=redis://:s3cr3t-of-mine@prod\n")),
            (".env.example", Some("export REDIS_URL=redis://elsewhere\n")),
        ],
    );
    let text = shown(folder.path(), &["add", "redis", "--diff"]);
    assert!(!text.contains("s3cr3t-of-mine"), "{text}");
    let json = shown(folder.path(), &["add", "redis", "--json", "-n"]);
    assert!(!json.contains("s3cr3t-of-mine"), "{json}");
    let text = shown(folder.path(), &["add", "redis"]);
    assert!(!text.contains("s3cr3t-of-mine"), "{text}");
    assert!(text.contains("which stays"), "{text}");
    let after = files(folder.path());
    assert_eq!(after[".env"], b"REDIS_URL=redis://:s3cr3t-of-mine@prod\n");
    assert!(after[".env.example"].starts_with(b"export REDIS_URL=redis://elsewhere\n"));
    let record: Vec<u8> = after
        .iter()
        .filter(|(path, _)| path.starts_with(".infra/"))
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    assert!(!String::from_utf8_lossy(&record).contains("s3cr3t-of-mine"));
}

#[test]
fn a_lock_that_cannot_be_trusted_is_refused() {
    let lock = ".infra/lock.toml";
    for (name, text) in [
        (
            "lock_damaged",
            "schema = 1\nwriter = \"0.1.0\"\n[[package\n",
        ),
        (
            "lock_newer",
            "schema = 7\nwriter = \"9.1.0\"\nsomething = \"new\"\n",
        ),
        (
            "lock_hostile",
            "schema = 1\nwriter = \"0.1.0\"\ncreated = [\"../../etc/passwd\"]\n",
        ),
        (
            "lock_hostile_git",
            "schema = 1\nwriter = \"0.1.0\"\n\n[[fragment]]\nfile = \".git/hooks/pre-commit\"\naddress = \"A\"\nby = []\nafter = \"x\"\n",
        ),
    ] {
        let folder = project("main_only", &[(lock, Some(text))]);
        refused(name, folder.path(), &["add", "redis"]);
        refused(name, folder.path(), &["add", "redis"]);
        let status = infra(folder.path(), &["status"]);
        assert!(matches!(status.status.code(), Some(1 | 6)), "{status:?}");
    }
}

#[test]
fn a_component_of_a_newer_tool_is_not_guessed_at() {
    let folder = project("main_only", &[]);
    assert!(infra(folder.path(), &["add", "redis"]).status.success());
    let records = folder.path().join(".infra");
    for ending in ["toml", "base.toml"] {
        let [old, new] = ["redis", "zebra"].map(|id| records.join(format!("{id}.{ending}")));
        fs::rename(old, new).unwrap();
    }
    refused("unknown_installed", folder.path(), &["add", "redis"]);
    let status = infra(folder.path(), &["status"]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("unknown to this version"));
}

#[test]
fn a_journal_that_came_with_a_clone_is_nothing() {
    let journal = r#"{"entries":[{"path":"evil.txt","temporary":".infra-tmp-0","before":null,"after":"00"}],"folders":[]}"#;
    let folder = project(
        "main_only",
        &[
            (".infra/journal", Some(journal)),
            (".infra-tmp-0", Some("evil")),
        ],
    );
    let output = infra(folder.path(), &["add", "redis"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!folder.path().join("evil.txt").exists());
}

#[cfg(unix)]
#[test]
fn what_is_read_only_or_leads_out_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = project("main_only", &[]);
    let manifest = folder.path().join("Cargo.toml");
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o444)).unwrap();
    refused("read_only_file", folder.path(), &["add", "redis"]);
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path().join("src"), fs::Permissions::from_mode(0o555)).unwrap();
    refused("read_only_folder", folder.path(), &["add", "redis"]);
    fs::set_permissions(folder.path().join("src"), fs::Permissions::from_mode(0o755)).unwrap();

    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("src/infra")).unwrap();
    refused("symlink_out", folder.path(), &["add", "redis"]);
    assert!(files(outside.path()).is_empty());
}

#[test]
fn conflict_markers_stop_changing_commands() {
    let folder = project("main_only", &[]);
    assert!(infra(folder.path(), &["add", "redis"]).status.success());
    let path = folder.path().join("src/infra/mod.rs");
    let text = fs::read_to_string(&path).unwrap();
    let marked = format!("{text}<<<<<<< yours\na\n=======\nb\n>>>>>>> new version\n");
    fs::write(&path, marked).unwrap();
    refused(
        "markers_remain",
        folder.path(),
        &["add", "redis", "--set", "redis.pubsub=false"],
    );
    let status = infra(folder.path(), &["status", "--exit-code"]);
    assert_eq!(status.status.code(), Some(5));
}

#[test]
fn an_edited_file_is_not_removed() {
    let folder = project("main_only", &[]);
    assert!(infra(folder.path(), &["add", "redis"]).status.success());
    let path = folder.path().join("src/infra/redis/mod.rs");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n// mine\n")).unwrap();
    refused("edited_file", folder.path(), &["remove", "redis"]);
    let diff = infra(folder.path(), &["diff", "--exit-code"]);
    assert_eq!(diff.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&diff.stdout).contains("+// mine"));
    assert!(
        infra(folder.path(), &["remove", "redis", "--keep-edited"])
            .status
            .success()
    );
    assert!(fs::read_to_string(&path).unwrap().ends_with("// mine\n"));
}

#[test]
fn the_life_of_a_component() {
    let folder = project("lib_and_main", &[]);
    let before = without_git(folder.path());
    let mut text = String::new();
    for arguments in [
        &["add", "redis", "-n"][..],
        &["add", "redis"],
        &["add", "redis"],
        &["status"],
        &["env"],
        &["diff"],
        &["remove", "redis"],
        &["status"],
    ] {
        text.push_str(&shown(folder.path(), arguments));
    }
    assert_eq!(before, without_git(folder.path()));
    assert_snapshot("cli/life", &text);
}

#[test]
fn the_diff_is_one_that_git_applies_and_equals_what_is_written() {
    for fixture in common::fixtures() {
        let folder = project(
            &fixture,
            &[(".env", None)]
                .into_iter()
                .filter(|_| {
                    common::here()
                        .join("fixtures")
                        .join(&fixture)
                        .join(".env")
                        .exists()
                })
                .collect::<Vec<_>>(),
        );
        let diff = infra(folder.path(), &["add", "redis", "--diff", "-v"]);
        let patched = tempfile::tempdir().unwrap();
        for (path, bytes) in without_git(folder.path()) {
            let target = patched.path().join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, bytes).unwrap();
        }
        fs::write(patched.path().join("the.patch"), &diff.stdout).unwrap();
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(arguments)
                .current_dir(patched.path())
                .output()
                .unwrap()
        };
        assert!(git(&["init", "-q"]).status.success());
        let applied = git(&["apply", "--whitespace=nowarn", "the.patch"]);
        assert!(applied.status.success(), "{fixture}: {applied:?}");
        fs::remove_file(patched.path().join("the.patch")).unwrap();
        infra(folder.path(), &["add", "redis"]);
        assert!(
            without_git(folder.path()) == without_git(patched.path()),
            "{fixture}"
        );
    }
}

#[test]
fn json_is_one_document_with_the_plan() {
    let folder = project("busy", &[]);
    let preview = infra(folder.path(), &["add", "redis", "-n", "--json"]);
    let real = infra(folder.path(), &["add", "redis", "--json"]);
    assert_eq!(
        (preview.status.code(), real.status.code()),
        (Some(3), Some(3))
    );
    assert!(real.stderr.is_empty());
    let mut preview: serde_json::Value = serde_json::from_slice(&preview.stdout).unwrap();
    let real: serde_json::Value = serde_json::from_slice(&real.stdout).unwrap();
    assert_eq!(real["schema_version"], 1);
    assert_eq!(preview["applied"], false);
    preview["applied"] = true.into();
    assert_eq!(preview, real);
    for arguments in [
        &["list", "--json"][..],
        &["search", "cache", "--json"],
        &["info", "redis", "--json"],
        &["view", "redis", "--json"],
        &["status", "--json"],
        &["diff", "--json"],
        &["env", "--json"],
    ] {
        let output = infra(folder.path(), arguments);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["schema_version"], 1, "{arguments:?}");
    }
}

#[test]
fn a_new_project_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let text = shown(folder.path(), &["new", "hello", "--with", "redis"]);
    assert_snapshot("cli/new", &text);
    let written = files(folder.path());
    assert!(
        written.contains_key("hello/.gitignore") && written.contains_key("hello/src/infra/mod.rs")
    );
    assert!(
        written
            .keys()
            .all(|path| !path.contains("skeleton") && !path.contains("tmp"))
    );
    refused("new_occupied", folder.path(), &["new", "hello"]);
    refused(
        "new_unknown_component",
        folder.path(),
        &["new", "other", "--with", "reids"],
    );
    refused("new_wrong_name", folder.path(), &["new", "1st"]);
    refused(
        "new_unknown_framework",
        folder.path(),
        &["new", "other", "--framework", "axim"],
    );
    assert!(!folder.path().join("other").exists());
    let again = infra(&folder.path().join("hello"), &["add", "redis"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("already installed"));
}

#[test]
fn a_new_project_of_every_framework_is_wired() {
    for framework in ["axum", "actix-web"] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["new", "hello", "--framework", framework, "--with", "redis"];
        let output = infra(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let project = folder.path().join("hello");
        let main = fs::read_to_string(project.join("src/main.rs")).unwrap();
        assert!(
            main.contains("hello::infra::Infra::start().await?"),
            "{main}"
        );
        assert!(main.contains(".wire("), "{main}");
        assert!(main.contains("infra.shutdown().await;"), "{main}");
        let again = infra(&project, &["add", "redis"]);
        assert_eq!(again.status.code(), Some(0), "{again:?}");
        assert!(infra(&project, &["remove", "redis"]).status.success());
        let bare = infra(folder.path(), &["new", "bare", "--framework", framework]);
        assert!(bare.status.success(), "{bare:?}");
        for file in ["Cargo.toml", "src/lib.rs", "src/main.rs"] {
            let read =
                |name: &str| fs::read_to_string(folder.path().join(name).join(file)).unwrap();
            assert_eq!(
                read("hello")
                    .replace("hello::", "bare::")
                    .replace("from hello", "from bare")
                    .replace("`hello`", "`bare`")
                    .replace("\"hello\"", "\"bare\""),
                read("bare"),
                "{file}"
            );
        }
        let named = infra(folder.path(), &["new", framework]);
        assert_eq!(named.status.code(), Some(2), "{named:?}");
    }
}

#[test]
fn what_is_left_alone_is_left_alone() {
    let folder = project("lib_and_main", &[]);
    let before = without_git(folder.path());
    let output = infra(
        folder.path(),
        &["add", "redis", "--no-wire", "--no-compose", "--no-env"],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let after = without_git(folder.path());
    for path in [
        "src/main.rs",
        "src/lib.rs",
        "docker-compose.yml",
        ".env",
        ".env.example",
    ] {
        assert_eq!(before[path], after[path], "{path}");
    }
    // What was asked once rules later, too.
    let again = infra(folder.path(), &["add", "redis"]);
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("already installed"),
        "{again:?}"
    );
    assert!(infra(folder.path(), &["remove", "redis"]).status.success());
    assert_eq!(before, without_git(folder.path()));
}

#[test]
fn completions_know_the_components() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = infra(folder.path(), &["completions", shell]);
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("redis"),
            "{shell}"
        );
    }
    let manual = infra(folder.path(), &["man"]);
    assert!(
        String::from_utf8_lossy(&manual.stdout).starts_with(".ie"),
        "{manual:?}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("'{}' info redis | head -1", env!("CARGO_BIN_EXE_infra"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// A project with the test components beside it, in the folder `parts`.
fn project_with_templates() -> TempDir {
    let folder = project("lib_and_main", &[]);
    for (path, bytes) in files(&common::here().join("components")) {
        let target = folder.path().join("parts").join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    folder
}

#[test]
fn components_are_read_from_a_folder_as_it_is_now() {
    let folder = project_with_templates();
    let mut text = String::new();
    for arguments in [
        &["--templates", "parts", "list"][..],
        &["--templates", "parts", "add", "alpha", "-q"],
        &["--templates", "parts", "list"],
        &["--templates", "parts", "search", "store"],
        &["--templates", "parts", "add", "redis"],
    ] {
        text.push_str(&shown(folder.path(), arguments));
    }
    let module = folder.path().join("parts/gamma/tree/infra/gamma.rs");
    let changed = fs::read_to_string(&module)
        .unwrap()
        .replace("Waits.", "Sleeps.");
    fs::write(&module, changed).unwrap();
    let view = ["--templates", "parts", "view", "gamma", "gamma.rs"];
    let output = infra(folder.path(), &view);
    let shown_text = String::from_utf8(output.stdout).unwrap();
    assert!(shown_text.starts_with("//! Sleeps."), "{shown_text}");

    let manifest = folder.path().join("parts/gamma/component.toml");
    let changed = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        changed.replace("self.gamma.health()", "self.gamma.helth()"),
    )
    .unwrap();
    text.push_str(&shown(
        folder.path(),
        &["--templates", "parts", "view", "gamma"],
    ));
    fs::write(&module, [0xff]).unwrap();
    text.push_str(&shown(folder.path(), &["--templates", "parts", "list"]));
    text.push_str(&shown(folder.path(), &["--templates", "nowhere", "list"]));
    assert_snapshot("cli/templates", &text);
}

#[test]
fn a_search_finds_what_people_call_a_component() {
    let folder = tempfile::tempdir().unwrap();
    for (word, component) in [
        ("cache", "redis"),
        ("Pub-Sub", "redis"),
        ("celery", "queue"),
        ("s3", "storage"),
        ("database_url", "postgres"),
        ("gis", "postgis"),
        ("prometheus", "metrics"),
    ] {
        let output = infra(folder.path(), &["search", word, "--json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["components"][0]["id"], component, "{word}");
    }
}
