//! Whether what was added is unchanged: generated files, fragments of shared files, wiring.

use std::{borrow::Cow, collections::BTreeSet};

use infra_edit::{UndoError, merge, rust};

use crate::{
    error::Result,
    facts::{Facts, Tree},
    lock::{Fragment, Lock, Pristine},
    path::ProjectPath,
};

use super::{Inputs, format, generated::is_edited};

/// The state of a file or a fragment, compared with what was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it was added.
    Pristine,
    /// Changed by the user.
    Edited,
    /// Deleted.
    Missing,
    /// It contains conflict markers.
    Conflicted,
    /// In a file that cannot be read.
    Unknown,
}

/// A generated file and its state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileState {
    /// The file.
    pub path: ProjectPath,
    /// Its component, or `hub`.
    pub by: String,
    /// Its state.
    pub state: State,
}

/// A fragment of a shared file and its state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FragmentState {
    /// The shared file.
    pub file: ProjectPath,
    /// The place in it.
    pub address: String,
    /// Its state.
    pub state: State,
}

/// A shared file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unreadable {
    /// The file.
    pub path: ProjectPath,
    /// Where and why: `compose.yaml:7: ..`.
    pub reason: String,
}

/// The state of everything that was added to a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The generated files.
    pub files: Vec<FileState>,
    /// The fragments that this tool added.
    pub fragments: Vec<FragmentState>,
    /// The generated files whose generated text is not recorded.
    pub unrecorded: Vec<ProjectPath>,
    /// Why shared files cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Whether the module is declared and the app wired; none if the user said not to wire, or a
    /// file of it cannot be read.
    pub wired: Option<bool>,
}

impl Report {
    /// Whether anything is not as it was added.
    pub fn has_drift(&self) -> bool {
        let files = self.files.iter().map(|file| file.state);
        let fragments = self.fragments.iter().map(|fragment| fragment.state);
        files.chain(fragments).any(|state| state != State::Pristine)
            || self.wired == Some(false)
            || !self.unreadable.is_empty()
    }
}

/// Compares a package with what was added to it.
///
/// # Errors
///
/// The record of what was generated is damaged.
pub fn status(inputs: &Inputs<'_>) -> Result<Report> {
    let recorded = Pristine::parse(inputs.tree)?;
    let Inputs {
        facts, tree, lock, ..
    } = inputs;
    let package = lock.package(facts.package());
    let generated = package.iter().flat_map(|package| &package.files);
    let unrecorded = generated.filter(|file| recorded.get(file).is_none());
    let wired = is_wired(inputs, facts, lock);
    let mut shared: BTreeSet<&ProjectPath> =
        fragments(inputs).map(|fragment| &fragment.file).collect();
    if wired == Some(false) {
        shared.extend(may_wire(facts, tree));
    }
    let unreadable = unreadable(tree, shared);
    let has_source = unreadable
        .iter()
        .any(|known| known.path.name().ends_with(".rs"));
    Ok(Report {
        files: file_states(inputs)?,
        unrecorded: unrecorded.map(|file| file.path.clone()).collect(),
        fragments: fragment_states(inputs, &unreadable),
        wired: wired.filter(|&is_wired| is_wired || !has_source),
        unreadable,
    })
}

/// The files that can contain the wiring: the crate root, and sources with both words of it.
fn may_wire<'a>(facts: &'a Facts, tree: &'a Tree) -> impl Iterator<Item = &'a ProjectPath> {
    let has_both = |file: &&ProjectPath| {
        let text = tree.get(*file).map_or("", String::as_str);
        text.contains("Infra") && text.contains("wire")
    };
    let sources = facts.sources.iter().filter(has_both);
    facts.crate_root().into_iter().chain(sources)
}

/// The states of the generated files of the package.
fn file_states(inputs: &Inputs<'_>) -> Result<Vec<FileState>> {
    let pristine = inputs.pristine()?;
    let package = inputs.lock.package(inputs.facts.package());
    let files = package.iter().flat_map(|package| &package.files);
    let states = files.map(|file| FileState {
        path: file.path.clone(),
        by: file.component.clone(),
        state: match inputs.tree.get(&file.path) {
            None => State::Missing,
            Some(text) if merge::marker(text).is_some() => State::Conflicted,
            Some(text) if is_edited(text, file, &pristine) => State::Edited,
            Some(_) => State::Pristine,
        },
    });
    Ok(states.collect())
}

/// The fragments that this tool added for the package.
fn fragments<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = &'a Fragment> {
    let package = inputs.facts.package();
    let fragments = inputs.lock.fragments.iter();
    fragments.filter(move |fragment| {
        let mut owners = fragment.owners.iter();
        fragment.is_ours() && owners.any(|owner| owner.package == package)
    })
}

fn fragment_states(inputs: &Inputs<'_>, unreadable: &[Unreadable]) -> Vec<FragmentState> {
    let is_unreadable = |file: &ProjectPath| unreadable.iter().any(|known| known.path == *file);
    let states = fragments(inputs).map(|fragment| {
        let text = inputs.tree.get(&fragment.file).map_or("", String::as_str);
        let text = without_parts(text, fragment, inputs.lock);
        FragmentState {
            file: fragment.file.clone(),
            address: fragment.pointer.clone(),
            state: match format::state(&text, fragment) {
                Ok(()) => State::Pristine,
                Err(_) if is_unreadable(&fragment.file) => State::Unknown,
                Err(UndoError::Missing) => State::Missing,
                Err(UndoError::Modified | UndoError::NotEmpty) => State::Edited,
            },
        }
    });
    states.collect()
}

fn unreadable(tree: &Tree, files: BTreeSet<&ProjectPath>) -> Vec<Unreadable> {
    let refused = files.into_iter().filter_map(|file| {
        let refusal = format::check(tree, file).err()?;
        Some(Unreadable {
            path: file.clone(),
            reason: format::located(file, &refusal),
        })
    });
    refused.collect()
}

/// The text without what was changed inside of a fragment after it was added: that is a fragment
/// of its own.
fn without_parts<'a>(text: &'a str, whole: &Fragment, lock: &Lock) -> Cow<'a, str> {
    let parts = lock.fragments.iter().rev();
    let parts =
        parts.filter(|part| !part.preexisting && part.is_inside(&whole.file, &whole.pointer));
    parts.fold(Cow::Borrowed(text), |text, part| {
        format::undo(&text, part).map_or(text, Cow::Owned)
    })
}

fn is_wired(inputs: &Inputs<'_>, facts: &Facts, lock: &Lock) -> Option<bool> {
    let package = lock.package(facts.package())?;
    if package.skipped.contains("wire") {
        return None;
    }
    let text = |path: &ProjectPath| inputs.tree.get(path).map_or("", String::as_str);
    let declared = facts
        .crate_root()
        .is_some_and(|root| rust::is_declared(text(root), &facts.module).is_some());
    let wired = facts
        .sources
        .iter()
        .any(|source| rust::is_wired(text(source)));
    Some(declared && wired)
}
