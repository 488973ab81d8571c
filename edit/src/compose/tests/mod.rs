//! One test a habit of real compose files or a pitfall of YAML. Every edit that is shown here is
//! also made twice, which must change nothing, and taken back, which must restore every byte.

mod facts;
mod laws;
mod members;
mod places;
mod refusals;
mod revising;
mod undoing;
mod writing;

use pretty_assertions::assert_str_eq;

use super::{Compose, Value, parse_value};
use crate::testing::diff;
use crate::{Edit, EditError, Outcome, UndoError};

/// One fragment, to be added to any text.
#[derive(Clone, Debug)]
enum Add {
    Service(&'static str, &'static str),
    Volume(&'static str),
    Dependency(&'static str, &'static str),
    Environment(&'static str, &'static str, &'static str),
}

use Add::{Dependency, Environment, Service, Volume};

impl Add {
    fn to(&self, compose: &mut Compose) -> Result<Outcome, EditError> {
        match self {
            Service(name, value) => compose.add_service(name, &parse_value(value)?),
            Volume(name) => compose.add_volume(name, &Value::Null),
            Dependency(service, on) => compose.add_dependency(service, on),
            Environment(service, key, value) => compose.add_environment(service, key, value),
        }
    }
}

fn add(text: &str, fragment: &Add) -> Result<(String, Vec<Edit>), EditError> {
    match fragment.to(&mut Compose::parse(text)?)? {
        Outcome::Added { text, edits } => Ok((text, edits)),
        Outcome::AlreadyPresent => Ok((text.to_owned(), Vec::new())),
    }
}

/// Undoes in the given order, containers again and again until they are free.
fn undo_all(text: &str, edits: &[Edit]) -> String {
    let mut compose = Compose::parse(text).unwrap();
    let mut pending = edits.to_vec();
    while !pending.is_empty() {
        let before = pending.len();
        pending.retain(|edit| match compose.undo(edit) {
            Ok(()) => false,
            Err(UndoError::NotEmpty) => true,
            Err(kept) => panic!("{} was kept: {kept:?}\n{}", edit.address, compose.text()),
        });
        assert!(
            pending.len() < before,
            "{} stays\n{}",
            pending[0].address,
            compose.text()
        );
    }
    compose.text().to_owned()
}

/// The text with the fragments, after checking that they are found and can be taken back.
fn with(text: &str, fragments: &[Add]) -> String {
    let mut compose = Compose::parse(text).unwrap();
    let mut edits = Vec::new();
    for fragment in fragments {
        match fragment.to(&mut compose).unwrap() {
            Outcome::Added { edits: more, .. } => edits.extend(more),
            Outcome::AlreadyPresent => panic!("{fragment:?} was found"),
        }
    }
    let after = compose.text().to_owned();
    for fragment in fragments {
        assert_eq!(
            fragment.to(&mut compose),
            Ok(Outcome::AlreadyPresent),
            "{fragment:?}"
        );
    }
    assert_str_eq!(undo_all(&after, &edits), text, "undone in order");
    edits.reverse();
    assert_str_eq!(undo_all(&after, &edits), text, "undone in reverse order");
    after
}

fn refusal(text: &str, fragment: &Add) -> String {
    match add(text, fragment) {
        Err(refusal) => refusal.to_string(),
        Ok((text, _)) => panic!("not refused:\n{text}"),
    }
}

fn is_found(text: &str, fragment: &Add) -> bool {
    fragment.to(&mut Compose::parse(text).unwrap()) == Ok(Outcome::AlreadyPresent)
}
