//! The components have no faults, and the component that CONTRIBUTING shows is one.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{fs, path::Path};

use common::World;
use infra::catalog::{Catalog, Component, TemplateFiles};

#[test]
fn components_and_test_components_have_no_faults() {
    let faults = common::catalog().faults();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The texts of the blocks of CONTRIBUTING.md: the manifest, and every block that names a file.
fn sample() -> TemplateFiles {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md");
    let text = fs::read_to_string(path).unwrap();
    let mut files = Vec::new();
    for block in text.split("   ```").skip(1).step_by(2) {
        let (head, body) = block.split_once('\n').unwrap();
        let path = match head.split_once(' ') {
            Some((_, path)) => path,
            None if head == "toml" => "component.toml",
            None => continue,
        };
        let lines: Vec<&str> = body
            .lines()
            .map(|line| line.strip_prefix("   ").unwrap_or(line))
            .collect();
        files.push((
            path.to_owned(),
            format!("{}\n", lines.join("\n").trim_end()),
        ));
    }
    let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "component.toml",
        "tree/infra/mail/mod.rs",
        "tree/infra/mail/axum.rs",
        "compose.yml",
    ];
    assert_eq!(names, expected);
    files.into_iter().collect()
}

/// `SAMPLE=DIR cargo test --test catalog` writes it there, for `TEMPLATES=DIR scripts/check-component`.
#[test]
fn the_component_that_contributing_shows_is_valid_and_can_be_added() {
    let catalog = Catalog::of("templates", [("mail".to_owned(), sample())]);
    let faults: Vec<String> = catalog.faults().iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    for fixture in ["lib_and_main", "actix", "main_only"] {
        let mut world = World::new(fixture);
        world.catalog = world
            .catalog
            .with(Component::parse("mail", sample()).unwrap());
        let plan = world.plan_add(&["mail"], &[]).unwrap();
        let paths: Vec<&str> = plan.changes.iter().map(|c| c.path.as_str()).collect();
        let module = paths.iter().any(|path| path.ends_with("infra/mail/mod.rs"));
        assert!(module, "{fixture}: {paths:?}");
    }
    if let Some(folder) = std::env::var_os("SAMPLE") {
        for (path, text) in sample().all() {
            let target = Path::new(&folder).join("mail").join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
        }
    }
}

#[test]
fn every_component_and_the_base_have_a_changelog_of_their_version() {
    let catalog = Catalog::embedded();
    let mut all = catalog.components().unwrap();
    all.push(catalog.hub().unwrap());
    let before: semver::Version = "0.0.0".parse().unwrap();
    for component in all {
        let version = &component.manifest.version;
        let changes = component.changes_between(&before, version);
        let newest = changes.first().map(|(version, _)| version);
        assert_eq!(newest, Some(version), "the changelog of `{}`", component.id);
        assert!(
            changes.iter().all(|(_, text)| text.starts_with("- ")),
            "{}",
            component.id
        );
    }
}

/// A variable with an earlier name: the settings read both, in a form that rustfmt leaves alone.
#[test]
fn a_renamed_variable_is_read_under_its_earlier_name() {
    let manifest = |renamed: &str| {
        format!(
            "summary = 's'\ncategory = 'c'\nversion = '0.1.0'\n[settings]\ntype = 'DeltaSettings'\n[wire]\norder = 1\nfield = 'delta'\ntype = 'delta::Delta'\ndoc = 'D.'\nstart = 'delta::Delta::start(&settings.delta)'\n[[env]]\nname = 'DELTA_LIMIT'\nfield = 'limit'\nkind = 'u16'\ndefault = '1'\ndoc = 'd.'\n{renamed}"
        )
    };
    let settings = |renamed: &str| {
        let files = [
            ("component.toml", manifest(renamed)),
            (
                "tree/infra/delta.rs",
                "pub struct Delta;\nimpl Delta {\n    pub async fn start() {}\n}\n".to_owned(),
            ),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text));
        let mut world = World::new("lib_and_main");
        let delta = Component::parse("delta", files.into_iter().collect()).unwrap();
        world.catalog = world.catalog.with(delta);
        let plan = world.plan_add(&["delta"], &[]).unwrap();
        let text = |name: &str| {
            let mut changes = plan.changes.iter();
            let change = changes.find(|change| change.path.as_str().ends_with(name));
            change.and_then(|change| change.after.clone()).unwrap()
        };
        (text("infra/settings.rs"), text("infra/settings/tests.rs"))
    };
    let (plain, plain_tests) = settings("");
    assert!(!plain.contains("fn renamed") && !plain_tests.contains("renamed("));
    let long = "A_VERY_LONG_EARLIER_NAME_OF_THE_LIMIT_OF_DELTA";
    let (renamed, tests) = settings(&format!("renamed-from = ['DELTA_MAX', '{long}']"));
    let read = format!(
        "        env.renamed(\"DELTA_MAX\", \"DELTA_LIMIT\");\n        env.renamed(\n            \"{long}\",\n            \"DELTA_LIMIT\",\n        );\n        Self {{\n"
    );
    assert!(renamed.contains(&read), "{renamed}");
    assert!(renamed.contains("pub fn renamed(&mut self, old: &str, name: &str)"));
    assert!(tests.contains("fn a_variable_is_read_under_its_earlier_name_too()"));
}
