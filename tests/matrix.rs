//! Every component in every fixture project: what is said, which files come, and the diff of the
//! user's own. A new folder under `templates/` or `tests/fixtures/` is covered as it is.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::fmt::Write;

use common::{World, assert_snapshot, diff, fixtures};
use infra::{
    plan::{Change, FileRole, Plan},
    render,
};

fn describe(plan: &Plan) -> String {
    let mut text = String::new();
    for note in &plan.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    for step in &plan.manual {
        writeln!(text, "to do: {}", step.what).unwrap();
        for place in &step.places {
            writeln!(text, "  at {place}").unwrap();
        }
        for line in step.snippet.lines() {
            writeln!(text, "  | {line}").unwrap();
        }
    }
    for change in &plan.changes {
        writeln!(text, "{} {}", mark(change), change.path).unwrap();
    }
    for change in plan
        .changes
        .iter()
        .filter(|change| matches!(change.role, FileRole::Shared | FileRole::Private))
    {
        text.push_str(&diff(change).replace('\r', "\\r"));
    }
    text
}

fn mark(change: &Change) -> char {
    match (&change.before, &change.after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    }
}

#[test]
fn every_component_in_every_fixture() {
    for fixture in fixtures() {
        let world = World::new(&fixture);
        for component in world.catalog.components().unwrap() {
            let id = &component.id;
            // `add` refuses what has no code for the framework before it renders anything.
            let frameworks = &component.manifest.frameworks;
            if !frameworks.is_empty() && !frameworks.contains(&world.facts.framework.name) {
                continue;
            }
            let text = match world.plan_add(&[id], &[]) {
                Ok(plan) => describe(&plan),
                Err(error) => format!("error {}: {error}\n", error.exit_code()),
            };
            assert_snapshot(&format!("{id}@{fixture}"), &text);
        }
    }
}

/// Some macros parse every file of a package, with a parser as old as the lock file.
#[test]
fn code_of_an_edition_before_2024_has_no_syntax_that_came_later() {
    let mut seen = 0;
    for fixture in fixtures() {
        let mut world = World::new(&fixture);
        world.facts.edition = 2021;
        for component in world.catalog.components().unwrap() {
            let Ok(plan) = world.plan_add(&[&component.id], &[]) else {
                continue;
            };
            let files = plan.changes.iter();
            for change in files.filter(|change| change.path.name().ends_with(".rs")) {
                let text = change.after.as_deref().unwrap();
                assert!(
                    !text.contains(" use<"),
                    "{}@{fixture}: {}",
                    component.id,
                    change.path
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 1000, "{seen} files");
}

/// What each component generates: its files, and what it changes in the hub, as text. The texts of
/// its own files are its templates.
#[test]
fn every_rendering() {
    let world = World::new("lib_and_main");
    let bare = render::hub(world.catalog.hub().unwrap(), &world.facts, &[]).unwrap();
    for component in world.catalog.components().unwrap() {
        let id = &component.id;
        let plan = world.plan_add(&[id], &[]).unwrap();
        let (mut files, mut hub) = (String::new(), String::new());
        for change in plan
            .changes
            .iter()
            .filter(|change| change.role == FileRole::Generated)
        {
            let rendered = change.after.as_deref().unwrap();
            if change.by.contains(id) {
                let lines = rendered.lines().count();
                writeln!(files, "{lines:4} lines {}", change.path).unwrap();
                continue;
            }
            let old = bare.get(&change.path).map_or("", String::as_str);
            let path = change.path.as_str();
            hub.push_str(&infra_edit::diff::unified((path, path), old, rendered));
        }
        assert_snapshot(&format!("{id}.rendering"), &format!("{files}\n{hub}"));
    }
}
