//! What is to be done: computed once, without effects, and then shown or applied.
//!
//! Everything here works on a [`Tree`] in memory. A command computes one [`Plan`]; a preview and
//! the disk are two consumers of it, so neither can differ from the other.

use std::collections::BTreeSet;

use semver::Version;

use crate::{
    catalog::Catalog,
    error::Result,
    facts::{Facts, Tree},
    lock::{Component, HUB, Lock, Pristine},
    path::ProjectPath,
    render::{self, Rendering, Row},
};

mod builder;
mod compose;
mod crates;
mod desired;
mod env;
mod format;
mod generated;
mod gitignore;
mod install;
mod ledger;
mod references;
mod remove;
mod revise;
mod routes;
mod status;
mod update;
mod wiring;

pub use install::install;
pub use remove::remove;
pub use status::{FileState, FragmentState, Report, State, Unreadable, status};
pub use update::{update_renderings, with_current_ids};

/// A file before and after; no text is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: ProjectPath,
    /// Its text now.
    pub before: Option<String>,
    /// Its text afterwards.
    pub after: Option<String>,
    /// The components that it is for.
    pub by: BTreeSet<String>,
    /// What happens to it, a line each, for people.
    pub why: Vec<String>,
    /// The role of the file.
    pub role: FileRole,
}

/// The role of a file that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Written whole by this tool.
    Generated,
    /// The user's, with fragments that this tool added.
    Shared,
    /// The user's, with values that are never shown.
    Private,
    /// A record of this tool.
    Record,
}

/// Something that is left to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualStep {
    /// What to do, and why it was not done.
    pub what: String,
    /// Where, as `file:line`.
    pub places: Vec<String>,
    /// What to paste; empty where there is nothing.
    pub snippet: String,
}

/// Everything that a command does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files that change, by path.
    pub changes: Vec<Change>,
    /// What is left to the user.
    pub manual: Vec<ManualStep>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Generated files in which the user's edits and the new version overlap.
    pub conflicted_files: Vec<ProjectPath>,
    /// What to do with what is new, a line each.
    pub next: Vec<String>,
    /// Values of the user that would be replaced with consent, a line each.
    pub replacements: Vec<String>,
    /// The components that were rendered, and what became of them.
    pub installed: Vec<Installed>,
}

/// A component that was rendered, or the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The name of the package.
    pub package: String,
    /// Its id, or `hub`.
    pub id: String,
    /// The version that was installed before; none if it is new.
    pub old: Option<Version>,
    /// The version that is installed now.
    pub new: Version,
    /// Whether anything that it renders to differs from what was recorded before.
    pub is_changed: bool,
}

impl Plan {
    /// This plan, and another one that was made for the tree as this one leaves it.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        for change in next.changes {
            let known = self.changes.iter_mut();
            match known.into_iter().find(|known| known.path == change.path) {
                Some(known) => {
                    known.after = change.after;
                    known.by.extend(change.by);
                    known.why.extend(change.why);
                }
                None => self.changes.push(change),
            }
        }
        self.changes.retain(|change| change.before != change.after);
        self.changes.sort_by(|a, b| a.path.cmp(&b.path));
        self.manual.extend(next.manual);
        let new = next.notes.into_iter();
        let new: Vec<String> = new.filter(|note| !self.notes.contains(note)).collect();
        self.notes.extend(new);
        self.conflicted_files.extend(next.conflicted_files);
        self.next.extend(next.next);
        self.replacements.extend(next.replacements);
        self.installed.extend(next.installed);
        self
    }

    /// The tree as it is when the plan has been applied.
    pub fn apply_to(&self, tree: &Tree) -> Tree {
        let mut tree = tree.clone();
        for change in &self.changes {
            match &change.after {
                Some(text) => tree.insert(change.path.clone(), text.clone()),
                None => tree.remove(&change.path),
            };
        }
        tree
    }
}

/// What every plan is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The components.
    pub catalog: &'a Catalog,
    /// What is known of the package.
    pub facts: &'a Facts,
    /// The files that a plan can read or change.
    pub tree: &'a Tree,
    /// What was done before.
    pub lock: &'a Lock,
}

/// What to install.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The components, rendered.
    pub renderings: Vec<Rendering>,
    /// What to leave alone: `wire`, `compose`, `env`.
    pub skip: BTreeSet<String>,
    /// Whether values of the user may be replaced where a component exists for that.
    pub replace: bool,
}

/// What to remove.
#[derive(Clone, Debug, Default)]
pub struct Removal {
    /// The components.
    pub components: Vec<String>,
    /// Whether generated files that the user changed stay, and are the user's from then on.
    pub keep_edited: bool,
}

impl Inputs<'_> {
    /// The generated files as they were rendered.
    ///
    /// A file of the hub that is not recorded is rendered again from the recorded rows, if the hub
    /// has the version that was installed.
    ///
    /// # Errors
    ///
    /// The record of them is damaged, or a template of the hub is wrong.
    pub fn pristine(&self) -> Result<Pristine> {
        self.completed(Pristine::parse(self.tree)?)
    }

    fn completed(&self, mut pristine: Pristine) -> Result<Pristine> {
        let Some(package) = self.lock.package(self.facts.package()) else {
            return Ok(pristine);
        };
        let hub = self.catalog.hub()?;
        let mut files = package.files_of(HUB);
        let is_complete = files.all(|file| pristine.get(file).is_some());
        if is_complete || hub.manifest.version != package.hub {
            return Ok(pristine);
        }
        let rendered = render::hub(hub, self.facts, &rows(&package.components))?;
        for file in package.files_of(HUB) {
            if pristine.get(file).is_none()
                && let Some(text) = rendered.get(&file.path)
            {
                pristine.insert(file.path.clone(), text.clone());
            }
        }
        Ok(pristine)
    }
}

/// The rows of installed components, which the hub is rendered from.
fn rows(components: &[Component]) -> Vec<Row<'_>> {
    let rows = components.iter().filter_map(|component| {
        Some(Row {
            id: &component.id,
            wire: component.wire.as_ref()?,
            settings: component.settings.as_ref(),
            env: &component.env,
        })
    });
    rows.collect()
}

/// A number and its noun: `1 file`, `2 files`.
pub(crate) fn pluralize(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
