//! Manifests: how the framework and the other crates are declared.

use super::life::{MAIN, MANIFEST, Project};

fn with(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n{dependencies}"
    )
}

/// A package whose `Cargo.lock` names these versions.
fn locked(versions: &[(&str, &str)]) -> String {
    let edges: String = versions
        .iter()
        .map(|(name, _)| format!(" \"{name}\",\n"))
        .collect();
    let packages: String = versions
        .iter()
        .map(|(name, version)| {
            format!(
                "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry\"\n"
            )
        })
        .collect();
    format!(
        "version = 4\n\n[[package]]\nname = \"kiosk\"\nversion = \"0.1.0\"\ndependencies = [\n{edges}]\n{packages}"
    )
}

#[test]
fn an_optional_tokio_is_refused_unless_it_is_always_on() {
    let optional =
        "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"], optional = true }\n";
    let off = with(optional) + "\n[features]\nserver = [\"dep:tokio\"]\n";
    let said = Project::plain(&[("Cargo.toml", &off)]).refuses("add redis", 4);
    assert!(
        said.contains("tokio") && said.contains("make it non-optional"),
        "{said}"
    );
    let on = with(optional) + "\n[features]\ndefault = [\"server\"]\nserver = [\"dep:tokio\"]\n";
    Project::plain(&[("Cargo.toml", &on)]).lives("add redis", 0);
}

#[test]
fn a_table_that_we_made_goes_while_one_of_yours_below_it_stays() {
    let manifest = with(
        "axum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\nserde = { version = \"1\", features = [\"derive\"] }\n",
    ) + "\n[dev-dependencies.tower]\nversion = \"0.5\"\nfeatures = [\"util\"]\n";
    let project = Project::plain(&[("Cargo.toml", &manifest)]);
    assert_eq!(project.infra("add queue").code, 0);
    let before = project.text("Cargo.toml");
    assert!(!before.contains("[dev-dependencies]"), "{before}");
    assert_eq!(project.infra("add metrics").code, 0);
    let with_metrics = project.text("Cargo.toml");
    assert!(
        with_metrics.contains("[dev-dependencies]"),
        "{with_metrics}"
    );
    assert_eq!(project.infra("remove metrics").code, 0);
    assert_eq!(project.text("Cargo.toml"), before);
}

#[test]
fn a_package_without_tokio_gets_it() {
    let main = "use actix_web::{App, HttpServer};\n\n#[actix_web::main]\nasync fn main() -> std::io::Result<()> {\n    HttpServer::new(|| App::new()).bind((\"127.0.0.1\", 3000))?.run().await\n}\n";
    let manifest = with("actix-web = \"4\"\n");
    let project = Project::plain(&[("Cargo.toml", &manifest), ("src/main.rs", main)]);
    let run = project.infra("add redis");
    assert!(matches!(run.code, 0 | 3), "{}", run.said);
    let after = std::fs::read_to_string(project.path().join("Cargo.toml")).unwrap();
    let line = after.lines().find(|line| line.starts_with("tokio = "));
    assert!(line.is_some_and(|line| line.contains("\"rt\"")), "{after}");
    assert_eq!(project.infra("remove redis").code, 0);
    let restored = std::fs::read_to_string(project.path().join("Cargo.toml")).unwrap();
    assert_eq!(restored, manifest);
}

#[test]
fn default_features_that_are_off_stay_off_and_what_is_needed_is_named() {
    let manifest = with(
        "axum = { default-features = false, version = \"0.8\" }\ntokio = { version = \"1\", features = [\"full\"] }\n",
    );
    let life = Project::plain(&[("Cargo.toml", &manifest)]).lives("add metrics", 0);
    life.holds(
        "Cargo.toml",
        "axum = { default-features = false, version = \"0.8\", features = [",
    );
    life.holds("Cargo.toml", "\"matched-path\"");
}

#[test]
fn a_requirement_of_zero_is_what_the_lock_file_says() {
    let manifest = with("axum = \"0\"\ntokio = { version = \"1\", features = [\"full\"] }\n");
    let lock = |axum| locked(&[("axum", axum), ("tokio", "1.47.0")]);
    for axum in ["0.8.4", "0.7.9"] {
        let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock(axum))]);
        let run = project.infra("add redis");
        assert!(run.code == 0 || axum == "0.7.9", "{}", run.said);
        project.infra("remove redis");
    }
    let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock("0.6.20"))]);
    let said = project.refuses("add redis", 6);
    assert!(said.contains("uses axum 0.6.20"), "{said}");
}

#[test]
fn a_requirement_of_zero_without_a_lock_file_is_settled_by_none() {
    let manifest = with("axum = \"0\"\ntokio = { version = \"1\", features = [\"full\"] }\n");
    Project::plain(&[("Cargo.toml", &manifest)]).lives("add redis", 0);
}

#[test]
fn pinned_versions_stay_pinned() {
    let manifest = with(
        "axum = \"=0.8.4\"\nredis = { version = \"=1.2.0\" }\nserde = \"=1.0.219\"\ntokio = { version = \"=1.47.0\", features = [\"full\"] }\n",
    );
    let lock = locked(&[
        ("axum", "0.8.4"),
        ("redis", "1.2.0"),
        ("serde", "1.0.219"),
        ("tokio", "1.47.0"),
    ]);
    let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock)]);
    let life = project.lives("add redis", 0);
    for pin in [
        "axum = \"=0.8.4\"\n",
        "\"=1.2.0\"",
        "\"=1.0.219\"",
        "\"=1.47.0\"",
    ] {
        life.holds("Cargo.toml", pin);
    }
}

#[test]
fn a_feature_that_is_called_as_a_crate_that_comes_is_kept_apart() {
    let manifest = with("axum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n")
        + "\n[features]\ndefault = []\nredis = []\n";
    let life = Project::plain(&[("Cargo.toml", &manifest)]).lives("add redis", 0);
    life.holds("Cargo.toml", "\n[features]\ndefault = []\nredis = []\n");
    let optional = with(
        "axum = \"0.8\"\nredis = { version = \"1.2\", optional = true }\ntokio = { version = \"1\", features = [\"full\"] }\n",
    ) + "\n[features]\nredis = [\"dep:redis\"]\n";
    let said = Project::plain(&[("Cargo.toml", &optional)]).refuses("add redis", 4);
    assert!(said.contains("optional"), "{said}");
}

#[test]
fn an_older_framework_and_other_frameworks_are_refused_with_what_would_help() {
    for (dependency, help) in [
        ("axum = \"0.6\"", "update axum first"),
        ("rocket = \"0.5\"", "--framework none"),
        ("warp = \"0.3\"", "--framework none"),
        ("poem = \"3\"", "--framework none"),
    ] {
        let manifest = with(&format!(
            "{dependency}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
        ));
        let said = Project::plain(&[("Cargo.toml", &manifest)]).refuses("add redis", 6);
        assert!(said.contains(help), "{dependency}: {said}");
    }
    let manifest = with("warp = \"0.3\"\ntokio = { version = \"1\", features = [\"full\"] }\n");
    let life = Project::plain(&[("Cargo.toml", &manifest)]).lives("add redis --framework none", 3);
    life.tells("Infra::start()");
    assert!(life.has("src/infra/mod.rs"));
}

#[test]
fn tables_behind_the_dependencies_groups_and_comments_stay_where_they_are() {
    let manifest = "# A kiosk.\n[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n# web\naxum = { version = \"0.8\", features = [\n    \"macros\", # for handlers\n    \"ws\"\n] }\ntokio = { version = \"1\", features = [\"rt-multi-thread\", \"macros\", \"net\"] }\n\n# data\nserde = { version = \"1\", features = [\"derive\"] }\n\n[dev-dependencies]\nreqwest = \"0.12\"\n\n[profile.release]\nlto = true # small";
    let life = Project::plain(&[("Cargo.toml", manifest)]).lives("add websocket", 0);
    life.holds("Cargo.toml", "\"macros\", # for handlers\n");
    life.holds("Cargo.toml", "\n# data\nserde = ");
    assert!(life.text("Cargo.toml").ends_with("lto = true # small"));
}

#[test]
fn a_table_for_each_dependency_is_extended_in_place() {
    let manifest = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2018\"\n\n[dependencies.axum]\nversion = \"0.8\"\n\n[dependencies.tokio]\nversion = \"1\"\nfeatures = [\"rt-multi-thread\", \"net\", \"macros\"]\n";
    let life = Project::plain(&[("Cargo.toml", manifest)]).lives("add redis", 0);
    life.holds("Cargo.toml", "\"signal\"");
}

#[test]
fn every_edition_from_2018_is_added_to() {
    for edition in ["2018", "2021", "2024"] {
        let manifest = MANIFEST.replace("2021", edition);
        Project::plain(&[("Cargo.toml", &manifest)]).lives("add redis", 0);
    }
    let inherited = "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition.workspace = true\n\n[dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n";
    let project = Project::new(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"api\"]\n\n[workspace.package]\nedition = \"2024\"\n",
        ),
        ("api/Cargo.toml", inherited),
        ("api/src/main.rs", MAIN),
    ]);
    project.lives("add redis", 0);
}

#[test]
fn crates_of_an_older_series_are_refused_with_the_step_that_helps() {
    for (line, versions, what) in [
        ("redis = \"0.22\"", "0.22.3", "redis"),
        ("sqlx = \"0.6\"", "0.6.3", "sqlx"),
        ("metrics = \"0.21\"", "0.21.1", "metrics"),
    ] {
        let manifest = with(&format!(
            "axum = \"0.8\"\n{line}\ntokio = {{ version = \"1\", features = [\"full\"] }}\n"
        ));
        let lock = locked(&[("axum", "0.8.4"), (what, versions), ("tokio", "1.47.0")]);
        let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock)]);
        let component = if what == "sqlx" { "postgres" } else { what };
        let said = project.refuses(&format!("add {component}"), 6);
        assert!(
            said.contains(&format!("uses {what} {versions}"))
                && said.contains(&format!("update {what} first")),
            "{said}"
        );
    }
}

#[test]
fn a_locked_version_without_what_a_component_calls_is_refused_with_the_step_that_helps() {
    let tokio = "tokio = { version = \"1\", features = [\"full\"] }\n";
    for (framework, versions, component, what) in [
        (
            "actix-web = \"4\"",
            ["4.8.0", "1.47.0"],
            "postgres",
            "actix-web 4.9.0",
        ),
        (
            "actix-web = \"4\"",
            ["4.18.1", "1.48.0"],
            "metrics",
            "tokio 1.49.0",
        ),
        (
            "axum = \"0.8\"",
            ["0.8.4", "1.44.2"],
            "metrics",
            "tokio 1.45.0",
        ),
    ] {
        let manifest = with(&format!("{framework}\n{tokio}"));
        let name = framework.split(' ').next().unwrap();
        let lock = locked(&[(name, versions[0]), ("tokio", versions[1])]);
        let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock)]);
        let said = project.refuses(&format!("add {component}"), 6);
        let step = what.split(' ').next().unwrap();
        assert!(
            said.contains(&format!("{component} needs at least {what}"))
                && said.contains(&format!("cargo update {step} --recursive")),
            "{said}"
        );
    }
}

#[test]
fn crates_of_an_older_series_that_the_code_follows_stay_as_they_are() {
    let manifest = with(
        "axum = \"0.8\"\nmetrics = \"0.23\"\nsecrecy = \"0.8\"\nsqlx = \"0.7\"\nthiserror = \"1.0.30\"\ntokio = { version = \"1\", features = [\"full\"] }\n",
    );
    let lock = locked(&[
        ("axum", "0.8.4"),
        ("metrics", "0.23.1"),
        ("secrecy", "0.8.0"),
        ("sqlx", "0.7.4"),
        ("thiserror", "1.0.69"),
        ("tokio", "1.47.0"),
    ]);
    let project = Project::plain(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock)]);
    for component in ["postgres", "redis"] {
        let life = project.lives(&format!("add {component}"), 0);
        for line in ["\nmetrics = \"0.23\"\n", "\nsecrecy = \"0.8\"\n"] {
            life.holds("Cargo.toml", line);
        }
        life.holds("Cargo.toml", "\"0.7\"");
    }
    let said = project.refuses("add postgres --set postgres.tls=true", 6);
    assert!(said.contains("uses sqlx 0.7.4"), "{said}");
}
