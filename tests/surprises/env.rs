//! Env files under all their names, in all their dialects.

use super::life::{Life, Project};

fn added(files: &[(&str, &str)]) -> Life {
    Project::plain(files).lives("add redis", 0)
}

#[test]
fn every_example_file_that_is_there_gets_the_keys_and_no_other() {
    let names = [
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        "example.env",
        "dotenv.sample",
        "env.example",
        ".env.local.example",
        ".example.env",
        "sample.env",
        "env.sample",
        "env-example",
        ".env-sample",
        "env_template",
        ".env.defaults.example",
    ];
    for name in names {
        let life = added(&[(name, "PORT=3000\n")]);
        life.holds(name, "REDIS_URL=");
        assert!(
            name == ".env.example" || !life.has(".env.example"),
            "{name}"
        );
    }
    let others = [
        "dev.env",
        "local.env",
        "docker-app.env",
        ".env.production",
        ".env.test",
        ".envrc",
    ];
    let files: Vec<(&str, &str)> = others.iter().map(|name| (*name, "PORT=3000\n")).collect();
    let life = added(&files);
    for name in others {
        assert_eq!(life.text(name), "PORT=3000\n", "{name}");
    }
    life.holds(".env.example", "REDIS_URL=");
}

#[test]
fn five_env_files_are_told_apart() {
    let life = added(&[
        (".env", "PORT=1\n"),
        (".env.example", "PORT=2\n"),
        (".env.sample", "PORT=3"),
        (".env.production", "PORT=4\n"),
        ("docker-app.env", "PORT=5\n"),
    ]);
    for path in [".env.example", ".env.sample"] {
        life.holds(path, "\nREDIS_URL=redis://127.0.0.1:6379\n");
    }
    life.holds(".env", "\n# REDIS_URL=redis://127.0.0.1:6379\n");
    life.lacks(".env.production", "REDIS");
    life.lacks("docker-app.env", "REDIS");
}

#[test]
fn an_env_file_is_never_made() {
    assert!(!added(&[]).has(".env"));
}

#[test]
fn lines_of_every_dialect_stay_and_count() {
    for text in [
        "#!/bin/bash\nexport PORT=3000\nexport REDIS_URL=redis://x\n",
        "PORT = 3000 # the port\nREDIS_URL = redis://x # there\n",
        "export PORT=3000\nexport REDIS_URL=redis://x",
        "PORT: 3000\nREDIS_URL: redis://x\n",
        "PORT=3000\r\nREDIS_URL=redis://x\r\n",
        "PORT=3000\n# REDIS_URL=redis://x\n",
        "PORT=3000\nREDIS_URL='redis://x'\n\n\n",
        "\u{feff}PORT=3000\nREDIS_URL=\"redis://x\"",
    ] {
        let life = added(&[(".env", text), (".env.example", text)]);
        for path in [".env", ".env.example"] {
            let after = life.text(path);
            assert!(after.starts_with(text), "{after}");
            assert_eq!(after.matches("REDIS_URL").count(), 1, "{path}: {after}");
        }
    }
}

#[test]
fn a_key_inside_a_text_of_several_lines_does_not_count() {
    let text = "KEY=\"-----BEGIN\nREDIS_URL=fake\n-----END\"\n";
    let life = added(&[(".env.example", text)]);
    life.holds(".env.example", "\nREDIS_URL=redis://127.0.0.1:6379\n");
}

#[test]
fn a_quote_that_never_ends_is_refused_with_its_line() {
    let project = Project::plain(&[(".env", "PORT=3000\nKEY=\"open\nREDIS=1\n")]);
    let said = project.refuses("add redis", 4);
    assert!(said.contains(".env:2"), "{said}");
}

#[test]
fn a_value_of_the_users_stays_and_is_told_of_but_never_shown() {
    let life = added(&[
        (".env", "REDIS_URL=redis://:hush@prod:6379\n"),
        (".env.example", "REDIS_URL=redis://elsewhere:6379\n"),
    ]);
    life.tells(".env sets `REDIS_URL` to a value of its own, which stays");
    life.tells(".env.example sets `REDIS_URL` to a value of its own, which stays");
    assert!(!life.said.contains("hush"), "{}", life.said);
    assert_eq!(life.text(".env"), "REDIS_URL=redis://:hush@prod:6379\n");
}

#[test]
fn an_env_file_that_is_committed_is_warned_of() {
    let project = Project::plain(&[(".env", "PORT=3000\n")]);
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .args(arguments)
            .current_dir(project.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["init", "-q"]);
    let quiet = project.infra("add redis -n");
    assert!(!quiet.said.contains("tracked by git"), "{}", quiet.said);
    git(&["add", ".env"]);
    let life = project.lives("add redis", 0);
    life.tells(".env is tracked by git: keep secrets out of it");
}

#[test]
fn the_env_files_nearest_to_the_package_are_its_own() {
    let project = Project::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"api\"]\n"),
        ("api/Cargo.toml", super::life::MANIFEST),
        ("api/src/main.rs", super::life::MAIN),
        ("api/.env.example", "PORT=3000\n"),
        (".env.example", "COMPOSE_PROJECT_NAME=shop\n"),
        (".env", "PORT=3000\n"),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("api/.env.example", "REDIS_URL");
    life.lacks(".env.example", "REDIS_URL");
    life.holds(".env", "REDIS_URL");
}
