//! Updates: a test component in two versions that differ in everything a manifest can say.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use common::{Random, World, assert_same, data, diff, fixtures};
use infra::{
    lock::Fragment,
    path::ProjectPath,
    plan::{ManualStep, Plan, State},
    resolve::Choice,
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
        assert_eq!((error.code.as_str(), error.exit_code()), ("older-tool", 6));
    }
}

/// Everything in a tree can be read, and the records say what is there.
#[track_caller]
fn assert_sound(world: &World, is_edited: bool, what: &str) {
    for (path, text) in &world.tree {
        match path.as_str().ends_with(".rs") {
            true => drop(syn::parse_file(text).unwrap_or_else(|e| panic!("{what}: {path}: {e}"))),
            false => drop(data(path, text)),
        }
    }
    let lock = world.lock();
    if lock.package(world.facts.package()).is_none() {
        return;
    }
    let report = world.status();
    let states = report.fragments.iter().map(|known| known.state);
    let mut states = states.chain(report.files.iter().map(|known| known.state));
    assert!(
        is_edited || states.all(|state| state == State::Pristine),
        "{what}: {report:#?}"
    );
    for fragment in &lock.fragments {
        for owner in &fragment.owners {
            let package = lock.package(&owner.package).expect("its package");
            let is_known =
                owner.component == "hub" || package.component(&owner.component).is_some();
            assert!(is_known, "{what}: {owner} has {}", fragment.pointer);
        }
    }
}

/// One step of a user: the name of it, and what becomes of the project.
fn step(
    world: &World,
    saved: &[World],
    is_editing: bool,
    random: &mut Random,
) -> Option<(String, World)> {
    let mut after = world.clone();
    let lock = world.lock();
    let package = lock.package(world.facts.package());
    let installed: Vec<String> = package
        .iter()
        .flat_map(|package| &package.components)
        .map(|component| component.id.clone())
        .collect();
    let any =
        |ids: &[String], random: &mut Random| ids.get(random.below(ids.len().max(1))).cloned();
    match random.below(7) {
        0 | 1 => {
            let ids: Vec<String> = world.catalog.ids().map(str::to_owned).collect();
            let id = any(&ids, random)?;
            let plan = world.plan_add(&[&id], &[]).ok()?;
            after.tree = plan.apply_to(&world.tree);
            Some((format!("add {id}"), after))
        }
        2 => {
            let id = any(&installed, random)?;
            let options = &world.catalog.get(&id).ok()?.manifest.options;
            let (name, spec) = options.iter().nth(random.below(options.len().max(1)))?;
            let value = match spec.values.is_empty() {
                true => (random.below(2) == 0).to_string(),
                false => spec.values[random.below(spec.values.len())].clone(),
            };
            let choice = Choice {
                component: id.clone(),
                option: name.clone(),
                value,
            };
            let plan = world.plan_add(&[&id], &[choice]).ok()?;
            after.tree = plan.apply_to(&world.tree);
            Some((format!("set {id}.{name}"), after))
        }
        3 => {
            package?;
            let after = after.with_delta(2);
            let plan = after.plan_update(&[]).ok()?;
            Some(("update".to_owned(), apply(&after, &plan)))
        }
        4 => {
            let id = any(&installed, random)?;
            let plan = world.plan_remove(&[&id], true).ok()?;
            after.tree = plan.apply_to(&world.tree);
            Some((format!("remove {id}"), after))
        }
        5 => {
            let before = saved.get(random.below(saved.len().max(1)))?;
            after.tree = before.tree.clone();
            Some(("git checkout".to_owned(), after))
        }
        _ if is_editing => {
            let paths: Vec<ProjectPath> = world.generated().into_keys().collect();
            let path = paths.get(random.below(paths.len().max(1)))?;
            let text = after.tree.get_mut(path)?;
            if path.as_str().ends_with(".rs") {
                text.push_str("\n// Ours.\n");
            }
            Some((format!("edit {path}"), after))
        }
        _ => None,
    }
}

#[test]
fn random_sequences_of_commands_keep_the_records_true() {
    let mut random = Random(20_261_114);
    let fixtures = fixtures();
    for round in 0..40 {
        let before = World::new(&fixtures[round % fixtures.len()]).with_delta(1);
        let is_editing = round % 2 == 1;
        let mut world = before.clone();
        let (mut saved, mut history) = (vec![before.clone()], Vec::new());
        for _ in 0..10 {
            let Some((name, after)) = step(&world, &saved, is_editing, &mut random) else {
                continue;
            };
            history.push(name);
            let what = format!("round {round}: {history:?}");
            // A conflict is resolved before anything else is done.
            let is_marked = after
                .tree
                .values()
                .any(|text| merge::marker(text).is_some());
            if is_marked {
                history.pop();
                continue;
            }
            assert_sound(&after, is_editing, &what);
            saved.push(after.clone());
            world = after;
        }
        let what = format!("round {round}: {history:?}");
        // Everything comes out again: to the byte, if nothing was edited.
        loop {
            let lock = world.lock();
            let Some(package) = lock.package(world.facts.package()) else {
                break;
            };
            let ids: Vec<&str> = package.components.iter().map(|c| c.id.as_str()).collect();
            let plan = world.plan_remove(&ids, true).unwrap();
            world.tree = plan.apply_to(&world.tree);
        }
        if !is_editing {
            assert_same(&before.tree, &world.tree, &what);
        }
    }
}
