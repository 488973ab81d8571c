//! One test a habit of real manifests; the diff is what is asserted.

mod adding;
mod extending;
mod laws;
mod reading;
mod taking_back;

use indoc::indoc;
use pretty_assertions::assert_str_eq;

use super::*;
use crate::testing::diff;
use crate::{Edit, EditError, Outcome, UndoError};

const PACKAGE: &str = indoc! {r#"
    [package]
    name = "a"
    version = "0.1.0"

"#};

fn dependency(name: &str, features: &[&str]) -> Dependency {
    Dependency {
        name: name.to_owned(),
        requirement: "1".to_owned(),
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
        default_features: true,
    }
}

/// Adds, and checks that a second run finds it and that undoing restores every byte.
fn edited(text: &str, table: Table, dependency: &Dependency, inherit: bool) -> (String, Vec<Edit>) {
    let Outcome::Added { text: new, edits } = ensure(text, table, dependency, inherit).unwrap()
    else {
        panic!("found in\n{text}");
    };
    let again = ensure(&new, table, dependency, inherit).unwrap();
    assert_eq!(again, Outcome::AlreadyPresent, "second run on\n{new}");
    let back = edits.iter().rev().try_fold(new.clone(), |text, edit| {
        state(&text, edit)?;
        undo(&text, edit)
    });
    assert_str_eq!(back.unwrap(), text, "undone from\n{new}");
    (new, edits)
}

/// The diff that adding a dependency makes.
fn added_to(text: &str, name: &str, features: &[&str]) -> String {
    let (new, _) = edited(text, Table::Normal, &dependency(name, features), false);
    diff(text, &new)
}

fn refused(text: &str, name: &str) -> String {
    ensure(text, Table::Normal, &dependency(name, &["x"]), false)
        .unwrap_err()
        .to_string()
}
