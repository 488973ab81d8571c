//! What is to be done: computed once, without effects, and then shown or applied.
//!
//! Everything here works on a [`Tree`] in memory. A command computes one [`Plan`]; a preview and
//! the disk are two consumers of it, so neither can differ from the other.

use std::collections::BTreeSet;

use crate::{
    catalog::Catalog,
    error::{Error, Result},
    facts::{Facts, Tree},
    lock::{BASE_PATH, Base, Lock},
    path::ProjectPath,
    render::Rendering,
};

mod add;
mod builder;
mod connect;
mod dependencies;
mod generated;
mod images;
mod ports;
mod remove;
mod routes;
mod services;
mod shared;
mod status;
mod survey;
mod variables;
mod wiring;

pub use add::add;
pub use remove::remove;
pub use status::{FileState, FragmentState, Report, State, status};

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
    /// What sort of file it is.
    pub sort: FileRole,
}

/// What sort of file a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Written whole by this tool.
    Generated,
    /// The user's, with fragments of ours.
    Shared,
    /// The user's, and its values are nobody else's business.
    Private,
    /// Our own memory.
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
    /// Files in which edits of the user and of ours overlap.
    pub markers: Vec<ProjectPath>,
    /// What to do with what is new, a line each.
    pub next: Vec<String>,
    /// Values of the user that would be replaced with consent, a line each.
    pub replacements: Vec<String>,
}

impl Plan {
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

/// What an `add` is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The components, rendered.
    pub renderings: Vec<Rendering>,
    /// What not to do: `wire`, `compose`, `env`.
    pub skip: BTreeSet<String>,
    /// Whether values of the user may be replaced where a component exists for that.
    pub replace: bool,
}

/// What a `remove` is asked to do.
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
    /// # Errors
    ///
    /// The record of them is damaged.
    pub fn base(&self) -> Result<Base> {
        let text = self.tree.get(&record_path(BASE_PATH)?);
        text.map_or_else(|| Ok(Base::default()), |text| Base::parse(text))
    }
}

/// A file of the record as a path.
fn record_path(path: &str) -> Result<ProjectPath> {
    path.parse().map_err(|error: crate::path::InvalidPath| {
        Error::failure("invalid-path", error.to_string())
    })
}

/// Counts things in words: `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
