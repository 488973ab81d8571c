//! Workspaces: where the server is, what it inherits, what does not belong to it.

use super::life::{MAIN, MANIFEST, Project};

/// A member that serves, with everything inherited.
const INHERITING: &str = "[package]\nname = \"api\"\nversion.workspace = true\nedition.workspace = true\n\n[dependencies]\naxum.workspace = true\ntokio = { workspace = true, features = [\"full\"] }\n";

fn root(more: &str) -> String {
    format!(
        "[workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}\n[workspace.dependencies]\naxum = \"0.8\"\ntokio = \"1\"\n"
    )
}

#[test]
fn the_server_of_a_virtual_workspace_is_found_and_inherits_what_it_gets() {
    let project = Project::new(&[
        ("Cargo.toml", &root("")),
        ("crates/api/Cargo.toml", INHERITING),
        ("crates/api/src/main.rs", MAIN),
        (
            "crates/model/Cargo.toml",
            "[package]\nname = \"model\"\nversion = \"0.1.0\"\n",
        ),
        ("crates/model/src/lib.rs", ""),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("crates/api/Cargo.toml", "\nredis = { workspace = true");
    life.holds("Cargo.toml", "\nredis = { version = \"1");
    life.holds("crates/api/src/main.rs", "mod infra;\n");
    assert!(life.has("crates/api/src/infra/mod.rs") && life.has("compose.yaml"));
}

#[test]
fn a_workspace_with_a_root_package_adds_to_the_root_that_serves() {
    let manifest = format!("{MANIFEST}\n[workspace]\nmembers = [\"model\"]\n");
    let project = Project::plain(&[
        ("Cargo.toml", &manifest),
        (
            "model/Cargo.toml",
            "[package]\nname = \"model\"\nversion = \"0.1.0\"\n",
        ),
        ("model/src/lib.rs", ""),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("Cargo.toml", "\nredis = { version");
    assert!(life.has("src/infra/mod.rs"));
}

#[test]
fn a_path_dependency_of_the_root_is_a_member_that_nobody_lists() {
    let manifest = "[package]\nname = \"cli\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\nkiosk = { path = \"server\" }\n";
    let project = Project::new(&[
        ("Cargo.toml", manifest),
        ("src/main.rs", "fn main() {}\n"),
        ("server/Cargo.toml", MANIFEST),
        ("server/src/main.rs", MAIN),
    ]);
    let life = project.lives("add redis", 0);
    assert!(life.has("server/src/infra/mod.rs"), "{}", life.said);
}

#[test]
fn a_binary_crate_without_the_framework_leaves_it_to_the_library_crate_that_serves() {
    let library = "use axum::{routing::get, Router};\n\npub async fn run() -> Result<(), Box<dyn std::error::Error>> {\n    let app = Router::new().route(\"/\", get(|| async { \"hello\" }));\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await?;\n    Ok(())\n}\n";
    let project = Project::new(&[
        ("Cargo.toml", &root("")),
        (
            "crates/app/Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\napi = { path = \"../api\" }\ntokio.workspace = true\n",
        ),
        (
            "crates/app/src/main.rs",
            "#[tokio::main]\nasync fn main() {\n    api::run().await.unwrap();\n}\n",
        ),
        ("crates/api/Cargo.toml", INHERITING),
        ("crates/api/src/lib.rs", library),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("crates/api/src/lib.rs", "pub mod infra;\n");
    life.holds("crates/api/src/lib.rs", "let app = infra.wire(app);");
    life.lacks("crates/app/Cargo.toml", "redis");
}

#[test]
fn an_empty_workspace_table_makes_a_package_its_own_root() {
    let inner = format!("{MANIFEST}\n[workspace]\n");
    let project = Project::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"other\"]\n"),
        (
            "other/Cargo.toml",
            "[package]\nname = \"other\"\nversion = \"0.1.0\"\n",
        ),
        ("other/src/lib.rs", ""),
        ("kiosk/Cargo.toml", &inner),
        ("kiosk/src/main.rs", MAIN),
    ]);
    let run = project.infra("-C kiosk add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    assert!(project.path().join("kiosk/src/infra/mod.rs").is_file());
    assert!(project.path().join("kiosk/compose.yaml").is_file());
    assert_eq!(project.infra("-C kiosk remove redis").code, 0);
    assert!(!project.path().join(".infra").exists());
    let alone = Project::plain(&[("Cargo.toml", &inner)]);
    alone.lives("add redis", 0);
}

#[test]
fn a_workspace_whose_only_member_is_its_root_has_one_package() {
    for members in ["[\".\"]", "[\"./\"]", "[\".\", \"model\"]"] {
        let manifest = format!("[workspace]\nmembers = {members}\n\n{MANIFEST}");
        let project = Project::plain(&[
            ("Cargo.toml", &manifest),
            (
                "model/Cargo.toml",
                "[package]\nname = \"model\"\nversion = \"0.1.0\"\n",
            ),
            ("model/src/lib.rs", ""),
        ]);
        project.lives("add redis", 0);
    }
}

#[test]
fn a_workspace_inside_another_repository_folder_keeps_to_itself() {
    let inner = root("");
    let project = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"tools\"]\nexclude = [\"services\"]\n",
        ),
        (
            "tools/Cargo.toml",
            "[package]\nname = \"tools\"\nversion = \"0.1.0\"\n",
        ),
        ("tools/src/lib.rs", ""),
        ("services/Cargo.toml", &inner),
        ("services/crates/api/Cargo.toml", INHERITING),
        ("services/crates/api/src/main.rs", MAIN),
    ]);
    let run = project.infra("-C services add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    let text = std::fs::read_to_string(project.path().join("services/Cargo.toml")).unwrap();
    assert!(text.contains("\nredis = "), "{text}");
    assert!(project.path().join(".infra/.gitattributes").is_file());
}

#[test]
fn fixtures_with_manifests_and_lock_files_of_their_own_are_no_part_of_the_package() {
    let lock = "version = 4\n\n[[package]]\nname = \"kiosk\"\nversion = \"0.1.0\"\ndependencies = [\n \"axum\",\n]\n\n[[package]]\nname = \"axum\"\nversion = \"0.6.20\"\nsource = \"registry\"\n";
    let project = Project::plain(&[
        ("fixtures/old/Cargo.toml", MANIFEST),
        ("fixtures/old/Cargo.lock", lock),
        ("fixtures/old/src/main.rs", MAIN),
        ("tests/data/app/Cargo.toml", MANIFEST),
        ("tests/data/app/src/main.rs", MAIN),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("src/main.rs", "infra.wire(app)");
    life.lacks("fixtures/old/src/main.rs", "infra");
}

#[test]
fn a_template_whose_manifest_is_not_toml_is_passed_over() {
    let template =
        "[package]\nname = \"{{project-name}}\"\n{% if axum %}\naxum = \"0.8\"\n{% endif %}\n";
    let single = Project::plain(&[
        ("templates/web/Cargo.toml", template),
        ("templates/web/src/main.rs", "fn main() { {{body}} }\n"),
    ]);
    single.lives("add redis", 0);
    let manifest = root("").replace(
        "crates/*\"]",
        "crates/*\"]\nexclude = [\"crates/template\"]",
    );
    let member = Project::new(&[
        ("Cargo.toml", &manifest),
        ("crates/api/Cargo.toml", INHERITING),
        ("crates/api/src/main.rs", MAIN),
        ("crates/template/Cargo.toml", template),
    ]);
    member.lives("add redis", 0);
}

#[test]
fn two_majors_of_a_crate_in_one_lock_file_are_told_apart_by_the_package_that_has_them() {
    let lock = "version = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\ndependencies = [\n \"axum\",\n \"redis 1.2.0\",\n]\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.4\"\nsource = \"registry\"\n\n[[package]]\nname = \"legacy\"\nversion = \"0.1.0\"\ndependencies = [\n \"redis 0.22.3\",\n]\n\n[[package]]\nname = \"redis\"\nversion = \"0.22.3\"\nsource = \"registry\"\n\n[[package]]\nname = \"redis\"\nversion = \"1.2.0\"\nsource = \"registry\"\n";
    let api = INHERITING.replace("axum.", "redis = \"1.2\"\naxum.");
    let files = [
        ("Cargo.toml", root("")),
        ("Cargo.lock", lock.to_owned()),
        ("crates/api/Cargo.toml", api.clone()),
        ("crates/api/src/main.rs", MAIN.to_owned()),
        (
            "crates/legacy/Cargo.toml",
            "[package]\nname = \"legacy\"\nversion = \"0.1.0\"\n\n[dependencies]\nredis = \"0.22\"\n"
                .to_owned(),
        ),
        ("crates/legacy/src/lib.rs", String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
    let life = Project::new(&files).lives("add redis", 0);
    life.holds(
        "crates/api/Cargo.toml",
        "redis = { version = \"1.2\", features = [",
    );
    let swapped = lock
        .replace("\"redis 1.2.0\"", "\"redis 0\"")
        .replace("\"redis 0.22.3\"", "\"redis 1.2.0\"")
        .replace("\"redis 0\"", "\"redis 0.22.3\"");
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|&(path, text)| match path {
            "Cargo.lock" => (path, swapped.as_str()),
            _ => (path, text),
        })
        .collect();
    let said = Project::new(&files).refuses("add redis", 6);
    assert!(said.contains("redis 0.22.3"), "{said}");
}

#[test]
fn what_is_inherited_is_rendered_in_the_version_that_the_workspace_has() {
    let manifest = root("") + "sqlx = \"0.8\"\n";
    let lock = "version = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\ndependencies = [\n \"axum\",\n]\n\n[[package]]\nname = \"axum\"\nversion = \"0.8.4\"\nsource = \"registry\"\n\n[[package]]\nname = \"sqlx\"\nversion = \"0.8.6\"\nsource = \"registry\"\n\n[[package]]\nname = \"sqlx\"\nversion = \"0.9.0\"\nsource = \"registry\"\n";
    let files = [
        ("Cargo.toml", manifest.as_str()),
        ("crates/api/Cargo.toml", INHERITING),
        ("crates/api/src/main.rs", MAIN),
        ("Cargo.lock", lock),
    ];
    for files in [&files[..], &files[..3]] {
        let life = Project::new(files).lives("add postgres", 0);
        life.lacks("crates/api/src/infra/postgres/mod.rs", "AssertSqlSafe");
        life.holds("crates/api/Cargo.toml", "sqlx = { workspace = true");
    }
}

#[test]
fn a_server_two_folders_down_is_named_where_the_repository_has_no_manifest() {
    let project = Project::new(&[
        ("backend/api/Cargo.toml", MANIFEST),
        ("backend/api/src/main.rs", MAIN),
        ("frontend/package.json", "{}\n"),
        (
            "a-tool/Cargo.toml",
            "[package]\nname = \"tool\"\nversion = \"0.1.0\"\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  db:\n    image: postgres:16\n",
        ),
        (".env.example", "PORT=3000\n"),
    ]);
    let said = project.refuses("add redis", 6);
    assert!(said.contains("infra -C backend/api"), "{said}");
    assert!(!said.contains("a-tool"), "{said}");
    let run = project.infra("-C backend/api add redis");
    assert_eq!(run.code, 0, "{}", run.said);
    let compose = std::fs::read_to_string(project.path().join("docker-compose.yml")).unwrap();
    assert!(compose.contains("  redis:\n"), "{compose}");
    let example = std::fs::read_to_string(project.path().join(".env.example")).unwrap();
    assert!(example.contains("REDIS_URL="), "{example}");
}

#[test]
fn several_servers_are_listed_and_each_can_be_named() {
    let admin = INHERITING.replace("\"api\"", "\"admin\"");
    let project = Project::new(&[
        ("Cargo.toml", &root("")),
        ("crates/api/Cargo.toml", INHERITING),
        ("crates/api/src/main.rs", MAIN),
        ("crates/admin/Cargo.toml", &admin),
        ("crates/admin/src/main.rs", MAIN),
    ]);
    let said = project.refuses("add redis", 2);
    assert!(
        said.contains("admin in crates/admin") && said.contains("api in crates/api"),
        "{said}"
    );
    let life = project.lives("add redis -p admin", 0);
    assert!(life.has("crates/admin/src/infra/mod.rs"));
    assert!(!life.has("crates/api/src/infra/mod.rs"));
}

#[test]
fn a_rust_version_that_is_inherited_is_compared_before_anything_is_written() {
    for (line, inherits, code) in [
        ("rust-version = \"1.70\"\n", true, 6),
        ("rust-version = \"1.70\"\n", false, 0),
        ("rust-version = \"1.95\"\n", true, 0),
    ] {
        let manifest = match inherits {
            true => INHERITING.replace("edition.", "rust-version.workspace = true\nedition."),
            false => INHERITING.to_owned(),
        };
        let project = Project::new(&[
            ("Cargo.toml", &root(line)),
            ("crates/api/Cargo.toml", &manifest),
            ("crates/api/src/main.rs", MAIN),
        ]);
        if code == 0 {
            project.lives("add redis", code);
        } else {
            let said = project.refuses("add redis", code);
            assert!(
                said.contains("api promises to build with 1.70") && said.contains("rust-version"),
                "{said}"
            );
        }
    }
}

#[test]
fn windows_lines_in_one_file_and_unix_lines_in_another_stay_as_they_are() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let project = Project::new(&[
        ("Cargo.toml", &root("")),
        ("crates/api/Cargo.toml", &crlf(INHERITING)),
        ("crates/api/src/main.rs", &crlf(MAIN)),
        ("compose.yaml", &crlf("services:\n  api:\n    build: .\n")),
        (".env", "PORT=3000\r\n"),
        (".env.example", "PORT=3000\n"),
    ]);
    let life = project.lives("add redis", 0);
    for path in [
        "crates/api/Cargo.toml",
        "crates/api/src/main.rs",
        "compose.yaml",
        ".env",
    ] {
        let text = life.text(path);
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "{path}"
        );
    }
    for path in ["Cargo.toml", ".env.example", "crates/api/src/infra/mod.rs"] {
        life.lacks(path, "\r");
    }
}
