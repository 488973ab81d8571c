//! The laws: adding twice, removing, order, edits. Over every component, embedded or of the tests,
//! and every fixture project.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use common::{Random, World, assert_same, data, fixtures};
use infra::{
    catalog::manifest::{OptionKind, OptionSpec},
    path::ProjectPath,
    plan::State,
    resolve::Choice,
};
use infra_edit::merge;

/// The components that have code for a project.
fn ids(world: &World) -> Vec<String> {
    let known = world.catalog.ids().map(str::to_owned);
    let ids: Vec<String> = known.filter(|id| world.fits(id)).collect();
    for id in ["alpha", "beta", "gamma", "redis", "queue", "storage"] {
        assert!(ids.iter().any(|known| known == id), "{id} fits everywhere");
    }
    ids
}

#[test]
fn adding_twice_changes_nothing() {
    for fixture in fixtures() {
        let world = World::new(&fixture);
        for id in ids(&world) {
            let world = world.clone().add(&[&id]);
            let again = world.plan_add(&[&id], &[]).unwrap();
            let changed: Vec<String> = again.changes.iter().map(common::diff).collect();
            assert!(
                changed.is_empty(),
                "{id} in {fixture}:\n{}",
                changed.concat()
            );
        }
    }
}

#[test]
fn removing_restores_every_byte() {
    for fixture in fixtures() {
        let before = World::new(&fixture);
        for id in ids(&before) {
            let after = before.clone().add(&[&id]).remove(&[&id]);
            let what = format!("adding and removing {id} in {fixture}");
            assert_same(&before.tree, &after.tree, &what);
        }
    }
}

/// Every ordered pair of components, each in one fixture that both have code for; the fixtures take
/// turns, so that each sees many pairs.
fn pairs() -> Vec<(World, String, String, String)> {
    let worlds: Vec<(String, World, Vec<String>)> = fixtures()
        .into_iter()
        .map(|fixture| {
            let world = World::new(&fixture);
            let ids = ids(&world);
            (fixture, world, ids)
        })
        .collect();
    let all: Vec<String> = common::catalog().ids().map(str::to_owned).collect();
    let mut pairs = Vec::new();
    for a in &all {
        for b in all.iter().filter(|b| a != *b) {
            let turn = pairs.len() % worlds.len();
            let mut in_turn = worlds[turn..].iter().chain(&worlds[..turn]);
            let fits = in_turn.find(|(_, _, ids)| ids.contains(a) && ids.contains(b));
            if let Some((fixture, world, _)) = fits {
                pairs.push((world.clone(), fixture.clone(), a.clone(), b.clone()));
            }
        }
    }
    assert!(pairs.len() > 80, "{} pairs", pairs.len());
    pairs
}

#[test]
fn the_order_of_two_adds_does_not_matter() {
    for (world, fixture, a, b) in pairs() {
        let (a, b) = (a.as_str(), b.as_str());
        let first = world.clone().add(&[a]).add(&[b]);
        let second = world.clone().add(&[b]).add(&[a]);
        let what = format!("{a} and {b} in the other order in {fixture}");
        assert_same(&first.generated(), &second.generated(), &what);
        assert_same_data(&first, &second, &what);
        let together = world.clone().add(&[a, b]);
        assert_same(&together.tree, &world.clone().add(&[b, a]).tree, &what);
        assert_same(&together.generated(), &first.generated(), &what);
    }
}

#[test]
fn what_is_added_in_any_order_and_removed_in_any_other_leaves_no_trace() {
    let mut random = Random(20_261_121);
    let worlds: Vec<World> = fixtures()
        .iter()
        .map(|fixture| World::new(fixture))
        .collect();
    for round in 0..200 {
        let before = &worlds[round % worlds.len()];
        let mut ids = ids(before);
        random.shuffle(&mut ids);
        let mut world = before.clone();
        for id in &ids {
            world = world.add(&[id]);
        }
        let order = ids.clone();
        random.shuffle(&mut ids);
        let mut left = ids;
        while !left.is_empty() {
            let names: Vec<&str> = left.iter().map(String::as_str).collect();
            // A requirement goes together with, or after, what needs it.
            let free = names
                .iter()
                .position(|id| world.plan_remove(&[id], false).is_ok());
            let id = left.remove(free.unwrap());
            world = world.remove(&[&id]);
            // What was only required is gone too.
            let lock = world.lock();
            let package = lock.package(world.facts.package());
            left.retain(|id| package.is_some_and(|package| package.component(id).is_some()));
        }
        let what = format!("round {round}: added {order:?}");
        assert_same(&before.tree, &world.tree, &what);
    }
}

#[test]
fn removing_one_of_two_leaves_what_the_other_alone_would_be() {
    for (world, fixture, a, b) in pairs() {
        let (a, b) = (a.as_str(), b.as_str());
        let mut left = world.clone().add(&[a]).add(&[b]);
        let Ok(plan) = left.plan_remove(&[a], false) else {
            continue;
        };
        left.tree = plan.apply_to(&left.tree);
        let alone = world.clone().add(&[b]);
        let what = format!("{b} without {a} in {fixture}");
        assert_same(&alone.generated(), &left.generated(), &what);
        assert_same_data(&alone, &left, &what);
    }
}

#[test]
fn every_line_of_a_shared_file_stays_but_for_those_that_may_change() {
    for fixture in fixtures() {
        let before = World::new(&fixture);
        let all = ids(&before);
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let after = before.clone().add(&names);
        for (path, old) in &before.tree {
            let new = after.text(path.as_str());
            let mut rest = new.lines();
            // The calls on a server of actix-web may move with its closure, or end in a semicolon.
            let moves = old.contains("HttpServer::new(");
            let same = |other: &str, line: &str| {
                let core = |line: &str| line.trim().trim_end_matches(';').to_owned();
                other == line || (moves && core(other) == core(line))
            };
            for line in old.lines() {
                let may_change = line.contains("features") // a feature list
                    || line.contains("serve(")
                    || line.contains("HttpServer::new(")
                    || line.contains("App::new()")
                    || line.trim() == "\"rt-multi-thread\"" // the last of one
                    || line.contains("workspace = true")
                    || is_bare_version(path, line);
                let found = rest.clone().any(|other| same(other, line));
                assert!(
                    found || may_change,
                    "{path} of {fixture} lost `{line}`:\n{new}"
                );
                if found {
                    rest.find(|other| same(other, line));
                }
            }
            let lone = new.replace("\r\n", "").contains('\n');
            assert!(
                !(old.contains("\r\n") && lone),
                "{path} of {fixture} has mixed line ends"
            );
        }
    }
}

/// `tokio = "1"` may become a table with features.
fn is_bare_version(path: &ProjectPath, line: &str) -> bool {
    path.name() == "Cargo.toml" && line.contains("= \"") && line.split('"').count() == 3
}

#[test]
fn everything_that_is_written_parses() {
    for fixture in fixtures() {
        let world = World::new(&fixture);
        let all = ids(&world);
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let world = world.add(&names);
        for (path, text) in &world.tree {
            if path.as_str().ends_with(".rs") {
                syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            } else {
                data(path, text);
            }
        }
    }
}

#[test]
fn an_edited_generated_file_is_never_lost() {
    for fixture in fixtures() {
        let world = World::new(&fixture).add(&["alpha"]);
        let path = world
            .generated()
            .into_keys()
            .find(|path| path.as_str().ends_with("/mod.rs"))
            .unwrap();
        let mut edited = world.clone();
        let text = edited.tree.get_mut(&path).unwrap();
        *text = text.replace("from_secs(30)", "from_secs(99)");
        assert_ne!(edited.tree, world.tree);

        // Another component changes the same file elsewhere.
        let merged = edited.clone().add(&["gamma"]);
        let text = merged.text(path.as_str());
        assert!(
            text.contains("from_secs(99)") && text.contains("gamma"),
            "{text}"
        );
        assert_eq!(merge::marker(text), None);

        // The same lines: both are there, between markers.
        let mut clashing = edited.clone();
        let text = clashing.tree.get_mut(&path).unwrap();
        *text = text.replace("pub mod alpha;", "pub mod alpha; // mine");
        let plan = clashing.plan_add(&["gamma"], &[]).unwrap();
        let text = &plan.apply_to(&clashing.tree)[&path];
        assert!(text.contains("pub mod alpha; // mine") && text.contains("pub mod gamma;"));
        assert_eq!(
            plan.conflicted_files.len(),
            usize::from(merge::marker(text).is_some())
        );

        // Removal refuses, or leaves the file to the user.
        let error = edited.plan_remove(&["alpha"], false).unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.to_string().contains(path.as_str()), "{error}");
        let kept = edited
            .plan_remove(&["alpha"], true)
            .unwrap()
            .apply_to(&edited.tree);
        assert!(kept[&path].contains("from_secs(99)"));
    }
}

/// The values of an option other than its default.
fn other_values(spec: &OptionSpec) -> Vec<String> {
    match spec.kind {
        OptionKind::Bool => vec![(spec.default != toml::Value::Boolean(true)).to_string()],
        OptionKind::Choice => {
            let is_other = |value: &&String| spec.default.as_str() != Some(value.as_str());
            spec.values.iter().filter(is_other).cloned().collect()
        }
        OptionKind::Integer | OptionKind::Text => Vec::new(),
    }
}

fn default_of(spec: &OptionSpec) -> String {
    match spec.default.as_str() {
        Some(text) => text.to_owned(),
        None => spec.default.to_string(),
    }
}

#[track_caller]
fn assert_same_data(expected: &World, actual: &World, what: &str) {
    for (path, text) in expected.shared() {
        let other = actual.text(path.as_str());
        assert_eq!(data(&path, &text), data(&path, other), "{what}: {path}");
    }
}

/// Changes an option of an installed component and changes it back.
fn set_away_and_back(world: &World, id: &str, option: &str, spec: &OptionSpec, fixture: &str) {
    let added = world.clone().add(&[id]);
    for value in other_values(spec) {
        let what = format!("--set {id}.{option}={value} in {fixture}");
        let away = added.clone().set(id, option, &value);
        let directly = world.clone().set(id, option, &value);
        assert_same(&directly.generated(), &away.generated(), &what);
        assert_same_data(&directly, &away, &what);
        let report = away.status();
        let drift = report
            .fragments
            .iter()
            .filter(|f| f.state != State::Pristine);
        let drift: Vec<_> = drift.collect();
        assert!(drift.is_empty(), "{what}: {drift:?}");
        let back = away.clone().set(id, option, &default_of(spec));
        assert_same(&added.generated(), &back.generated(), &what);
        assert_same_data(&added, &back, &what);
        // And nothing is left behind when it goes.
        let removed = away.remove(&[id]);
        assert_same(&world.tree, &removed.tree, &what);
    }
}

#[test]
fn an_option_that_is_changed_and_changed_back_leaves_no_trace() {
    let mut seen = 0;
    for fixture in ["main_only", "lib_and_main", "actix", "workspace", "crlf"] {
        let world = World::new(fixture);
        for id in ids(&world) {
            let options = world.catalog.get(&id).unwrap().manifest.options.clone();
            for (option, spec) in &options {
                set_away_and_back(&world, &id, option, spec, fixture);
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "{seen} options");
}

#[test]
fn another_choice_renders_again_and_keeps_edits() {
    let world = World::new("main_only").add(&["alpha"]);
    let path: ProjectPath = "src/infra/alpha.rs".parse().unwrap();
    let mut edited = world.clone();
    let text = edited.tree.get_mut(&path).unwrap();
    *text = text.replace("\"goodbye\"", "\"so long\"");
    let choice = Choice {
        component: "alpha".to_owned(),
        option: "mode".to_owned(),
        value: "fancy".to_owned(),
    };
    edited.tree = edited
        .plan_add(&["alpha"], &[choice])
        .unwrap()
        .apply_to(&edited.tree);
    let text = edited.text("src/infra/alpha.rs");
    assert!(
        text.contains("so long") && text.contains("a very good day"),
        "{text}"
    );
    assert!(edited.text("Cargo.toml").contains("\"v7\""));
    // Without a choice the recorded one rules.
    assert_eq!(edited.plan_add(&["alpha"], &[]).unwrap().changes, []);
}

#[test]
fn adding_one_does_not_change_the_recorded_version_of_another() {
    let world = World::new("main_only").add(&["alpha"]);
    let before = world.lock();
    let after = world.add(&["gamma"]).lock();
    let package = |lock: &infra::lock::Lock| lock.package(".").unwrap().component("alpha").cloned();
    assert_eq!(package(&before), package(&after));
}

#[test]
fn two_packages_of_a_workspace_share_fragments_until_the_last_of_them_leaves() {
    // Another package of the same workspace, as if it had been found there.
    let api = World::new("workspace");
    let mut admin = api.clone();
    let rename = |path: &ProjectPath| -> ProjectPath {
        path.as_str()
            .replace("crates/api", "crates/admin")
            .parse()
            .unwrap()
    };
    for (path, text) in &api.tree {
        admin.tree.insert(rename(path), text.clone());
    }
    let facts = &mut admin.facts;
    facts.folder = "crates/admin".to_owned();
    facts.name = "admin".to_owned();
    facts.manifest = rename(&facts.manifest);
    facts.binaries = facts.binaries.iter().map(rename).collect();
    facts.sources = facts.sources.iter().map(rename).collect();
    let mut world = api.clone();
    world.tree = admin.tree.clone();
    let before = world.tree.clone();

    for (first, second) in [(&api.facts, &admin.facts), (&admin.facts, &api.facts)] {
        let mut both = world.clone();
        for facts in [first, second] {
            both.facts = facts.clone();
            both = both.add(&["redis", "beta"]);
        }
        assert_eq!(both.lock().packages.len(), 2);
        both.facts = first.clone();
        let left = both.remove(&["redis", "beta"]);
        // The other has all that it needs.
        let mut alone = world.clone();
        alone.facts = second.clone();
        let alone = alone.add(&["redis", "beta"]);
        let mut left = left;
        left.facts = second.clone();
        for (path, text) in alone.shared() {
            let other = left.text(path.as_str());
            assert_eq!(data(&path, &text), data(&path, other), "{path}");
        }
        assert_eq!(left.plan_add(&["redis", "beta"], &[]).unwrap().changes, []);
        let left = left.remove(&["redis", "beta"]);
        assert_same(&before, &left.tree, "both packages are removed");
    }
}
