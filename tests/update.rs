//! Updates: a test component in two versions that differ in everything a manifest can say.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use common::{World, assert_same, data, diff, fixtures};
use infra::{
    lock::Fragment,
    path::ProjectPath,
    plan::{ManualStep, Plan, State},
};
use infra_edit::merge;

/// A fixture with the first version of `delta`, and a tool that has the second.
fn installed(fixture: &str) -> World {
    let world = World::new(fixture).with_delta(1).add(&["delta"]);
    world.with_delta(2)
}

fn apply(world: &World, plan: &Plan) -> World {
    let mut after = world.clone();
    after.tree = plan.apply_to(&world.tree);
    after
}

/// Everything that a plan tells the user.
fn told(plan: &Plan) -> String {
    let manual = plan.manual.iter();
    let manual = manual.map(|step| format!("{} {:?} {}", step.what, step.places, step.snippet));
    let changes = plan.changes.iter();
    let changes = changes.map(|change| format!("{} {}", change.path, change.why.join(", ")));
    let conflicts = plan.conflicted_files.iter().map(ToString::to_string);
    let notes = plan.notes.iter().cloned();
    let all: Vec<String> = manual
        .chain(changes)
        .chain(conflicts)
        .chain(notes)
        .collect();
    all.join("\n")
}

#[test]
fn an_update_of_an_untouched_project_is_to_remove_the_old_and_add_the_new() {
    for fixture in fixtures() {
        let old = installed(&fixture);
        let updated = apply(&old, &old.plan_update(&[]).unwrap());
        let fresh = World::new(&fixture).with_delta(2).add(&["delta"]);
        assert_same(&fresh.generated(), &updated.generated(), &fixture);
        for (path, text) in fresh.shared() {
            let other = updated.text(path.as_str());
            assert_eq!(data(&path, &text), data(&path, other), "{fixture}: {path}");
        }
        let report = updated.status();
        let states = report.fragments.iter().map(|f| f.state);
        let states = states.chain(report.files.iter().map(|f| f.state));
        assert!(
            states.into_iter().all(|state| state == State::Pristine),
            "{report:#?}"
        );
        // It is done, and it comes out again.
        assert_eq!(updated.plan_update(&[]).unwrap().changes, []);
        let before = World::new(&fixture);
        let removed = updated.remove(&["delta"]);
        assert_same(&before.tree, &removed.tree, &fixture);
    }
}

#[test]
fn the_summary_tells_what_the_update_did() {
    let old = installed("lib_and_main");
    let plan = old.plan_update(&[]).unwrap();
    let mut text = String::new();
    for change in &plan.changes {
        if !change.path.as_str().starts_with(".infra/") {
            text.push_str(&format!("{}: {}\n", change.path, change.why.join(", ")));
        }
    }
    for change in &plan.changes {
        let is_shared = matches!(change.role, infra::plan::FileRole::Shared);
        if is_shared {
            text.push_str(&diff(change));
        }
    }
    common::assert_snapshot("update.delta", &text);
}

/// Ways in which a user edits a fragment by hand.
fn edited(world: &World, fragment: &Fragment) -> Option<(World, String)> {
    let text = world.text(fragment.file.as_str());
    let mark = "0815";
    let name = fragment.pointer.rsplit('/').next()?;
    let new = match fragment.file.name() {
        "Cargo.toml" if fragment.before.is_empty() => {
            let line = fragment.after.trim();
            let with = line.replacen("version = \"", &format!("version = \"1.{mark}, "), 1);
            let with = match with == line {
                true => line.replacen("= \"", &format!("= \"1.{mark}, "), 1),
                false => with,
            };
            text.replacen(line, &with, 1)
        }
        name_of if name_of.ends_with("yml") || name_of.ends_with("yaml") => {
            let old = "example/delta:1";
            match fragment.pointer.starts_with("/services/delta") {
                true => text.replacen(old, &format!("example/delta:{mark}"), 1),
                false => return None,
            }
        }
        name_of if name_of.starts_with(".env") => {
            let line = text
                .lines()
                .find(|line| line.contains(&format!("{name}=")))?;
            text.replacen(line, &format!("{name}={mark}"), 1)
        }
        _ => return None,
    };
    if new == text {
        return None;
    }
    let mut after = world.clone();
    after.tree.insert(fragment.file.clone(), new);
    Some((after, mark.to_owned()))
}

#[test]
fn an_edited_fragment_is_never_lost_and_always_told() {
    let mut seen = 0;
    for fixture in fixtures() {
        let old = installed(&fixture);
        for fragment in old.lock().fragments.iter().filter(|known| known.is_ours()) {
            let Some((edited, mark)) = edited(&old, fragment) else {
                continue;
            };
            let what = format!("{} in {} of {fixture}", fragment.pointer, fragment.file);
            let plan = edited.plan_update(&[]).unwrap();
            let after = apply(&edited, &plan);
            let text = after.text(fragment.file.as_str());
            assert!(text.contains(&mark), "{what} was lost:\n{text}");
            let told = told(&plan);
            let is_changing = !matches!(fragment.pointer.as_str(), "dependencies/serde");
            if is_changing
                && fragment
                    .owners
                    .iter()
                    .any(|owner| owner.component == "delta")
            {
                let names = told.contains(fragment.file.name());
                assert!(names, "{what} is not told:\n{told}");
            }
            // It is told once.
            let again = after.plan_update(&[]).unwrap();
            let compares = |step: &ManualStep| step.what.starts_with("compare ");
            assert!(
                !again.manual.iter().any(compares),
                "{what}: {:?}",
                again.manual
            );
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} edits");
}

#[test]
fn an_edited_file_is_merged_and_an_overlap_is_marked() {
    let old = installed("lib_and_main");
    let path: ProjectPath = "src/infra/delta/mod.rs".parse().unwrap();
    let mut edited = old.clone();
    let text = edited.tree.get_mut(&path).unwrap();
    text.push_str("\n// Ours.\n");
    let plan = edited.plan_update(&[]).unwrap();
    let merged = apply(&edited, &plan);
    let text = merged.text(path.as_str());
    assert!(
        text.ends_with("\n// Ours.\n") && text.contains("put_away") || text.contains("put away")
    );
    assert_eq!(merge::marker(text), None);

    let mut clashing = old;
    let text = clashing.tree.get_mut(&path).unwrap();
    *text = text.replace("in its first version", "in the version of the shop");
    let plan = clashing.plan_update(&[]).unwrap();
    assert_eq!(plan.conflicted_files, std::slice::from_ref(&path));
    let marked = apply(&clashing, &plan);
    assert_eq!(merge::marker(marked.text(path.as_str())), Some(1));
}

#[test]
fn an_older_tool_never_replaces_what_a_newer_one_installed() {
    let world = World::new("main_only").with_delta(2).add(&["delta"]);
    let older = world.with_delta(1);
    for error in [
        older.plan_update(&[]).unwrap_err(),
        older.plan_add(&["delta"], &[]).unwrap_err(),
    ] {
        assert_eq!((error.code, error.exit_code()), ("older-tool", 6));
    }
}
