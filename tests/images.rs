//! A component that exists for another image of a service: switched where it is ours, with consent
//! where it is the user's, and brought back by removal.
#![allow(
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use common::World;
use infra::{
    path::ProjectPath,
    plan::{self, Inputs, State},
};

const COMPOSE: &str = "compose.yaml";

fn path() -> ProjectPath {
    COMPOSE.parse().unwrap()
}

/// A project whose user has a store already.
fn with_store(image: &str) -> World {
    let mut world = World::new("main_only");
    world.facts.compose = path();
    let text = format!("services:\n  shelf: # mine\n    image: \"{image}\" # pinned\n");
    world.tree.insert(path(), text);
    world
}

#[test]
fn the_image_of_a_service_that_was_brought_is_switched_and_nothing_counts_as_edited() {
    let before = World::new("main_only");
    let alpha = before.clone().add(&["alpha"]);
    let compose = alpha.facts.compose.as_str().to_owned();
    assert!(alpha.text(&compose).contains("example/store:3\n"));
    let after = alpha.clone().add(&["beta"]);
    assert!(
        after
            .text(&compose)
            .contains("example/better-store:3-better\n")
    );
    assert_eq!(
        after.text(&compose),
        before.clone().add(&["beta"]).text(&compose)
    );
    let lock = after.lock();
    let report = plan::status(&Inputs {
        catalog: &after.catalog,
        facts: &after.facts,
        tree: &after.tree,
        lock: &lock,
    })
    .unwrap();
    let edited: Vec<_> = report
        .fragments
        .iter()
        .filter(|fragment| fragment.state != State::Pristine)
        .collect();
    assert!(edited.is_empty(), "{edited:?}");
    assert_eq!(after.plan_add(&["alpha"], &[]).unwrap().changes, []);
    assert_eq!(after.clone().remove(&["beta"]).tree, alpha.tree);
    assert_eq!(after.remove(&["beta", "alpha"]).tree, before.tree);
}

#[test]
fn an_image_of_the_user_is_replaced_only_with_consent_and_comes_back() {
    for (old, new) in [
        ("example/store:3.1", "example/better-store:3-better"),
        (
            "docker.io/example/store:3.1-alpine3.20",
            "example/better-store:3-better-alpine",
        ),
    ] {
        let before = with_store(old);
        let alpha = before.clone().add(&["alpha"]);
        let refused = alpha.plan_add(&["beta"], &[]).unwrap();
        let steps: Vec<_> = refused
            .manual
            .iter()
            .filter(|step| step.what.contains("shelf"))
            .collect();
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].places, ["compose.yaml:2"]);
        assert_eq!(steps[0].snippet, format!("image: {new}"));
        assert!(refused.changes.iter().all(|change| change.path != path()));
        assert_eq!(refused.replacements.len(), 1);

        let plan = alpha.plan_replacing(&["beta"], &[], true).unwrap();
        assert!(plan.manual.iter().all(|step| !step.what.contains("shelf")));
        let mut after = alpha.clone();
        after.tree = plan.apply_to(&alpha.tree);
        let text = alpha.text(COMPOSE).replace(old, new);
        assert_eq!(after.text(COMPOSE), text);
        assert_eq!(after.plan_add(&["beta"], &[]).unwrap().changes, []);
        assert_eq!(after.remove(&["beta", "alpha"]).tree, before.tree);
    }
}

#[test]
fn an_image_whose_successor_is_not_known_is_left_with_the_step_to_take() {
    for old in [
        "example/store",
        "example/store:2",
        "example/store:${TAG:-3}",
        "mirror.example.com/example/store:3",
    ] {
        let world = with_store(old).add(&["alpha"]);
        let plan = world.plan_replacing(&["beta"], &[], true).unwrap();
        let steps: Vec<_> = plan
            .manual
            .iter()
            .filter(|step| step.what.contains("shelf"))
            .collect();
        assert_eq!(steps.len(), 1, "{old}");
        assert_eq!(steps[0].snippet, "image: example/better-store:TAG");
        assert_eq!(plan.replacements.len(), 0);
    }
}

#[test]
fn an_image_that_is_of_the_family_already_is_left_alone() {
    let world = with_store("example/better-store:9").add(&["beta"]);
    assert!(world.text(COMPOSE).contains("example/better-store:9"));
}
