//! The ledger: the only place that writes fragments of shared files.
//!
//! It compares each wanted fragment with the lock (what was added) and with the tree (what is there),
//! and does one of four things: it *adds* what is not there, *adopts* what the user has
//! already, *revises* what it added before and what says something else now, and *releases* what
//! no component needs any more. What a user has edited is never changed; it is reported. The
//! summary of a command is made from what happened here.

use std::collections::{BTreeMap, BTreeSet};

use infra_edit::{
    Edit, EditError, Outcome, UndoError,
    cargo_toml::{self, Dependency, Section, Table},
    compose::{self, Compose, Value},
    dotenv, gitignore,
};

use crate::{
    facts::{Facts, Tree},
    lock::{Fingerprint, Fragment, HUB, Lock, Owner},
    path::ProjectPath,
    versions::min_version,
};

use super::{
    desired::{Content, Scope, Wanted},
    format::{self, undo},
    revise::{
        change, crate_change, is_recorded_as, put_back, recorded_requirement, recorded_value,
        rendered_like, revise_in, says,
    },
};

mod release;
mod rename;

/// What became of a fragment that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Settled {
    /// It was not there and is now.
    Added,
    /// The user had it already.
    Adopted,
    /// It is there as it was added before, and says what is wanted.
    Unchanged,
    /// It said something else and was replaced.
    Revised,
    /// It has new content, but the user has edited it, so it was not changed.
    Edited,
    /// It was added before, and the user has taken it out.
    Missing,
    /// The editor refuses the file or the place.
    Refused(EditError),
}

/// The tree as it becomes, the lock as it becomes, and what happened to each file.
pub(super) struct Ledger<'a> {
    before: &'a Tree,
    package: String,
    private: Option<ProjectPath>,
    pub(super) tree: Tree,
    pub(super) lock: Lock,
    /// The places that are wanted now; what is recorded and not among them may be released.
    wanted: BTreeSet<(ProjectPath, String)>,
    /// For whom and why each file changes.
    reasons: BTreeMap<ProjectPath, (BTreeSet<String>, Vec<String>)>,
    /// What was taken out of each file.
    released: BTreeMap<ProjectPath, Vec<String>>,
    /// Whether the summary names what is taken out. A removal is told as a whole.
    pub(super) names_released: bool,
    /// The components that were installed before.
    old_owners: BTreeSet<Owner>,
    /// Crates of the workspace that other packages inherit.
    inherited_elsewhere: BTreeSet<String>,
    /// What is not needed any more and stays, because something refers to it.
    pub(super) used: Vec<(Fragment, String)>,
    /// What was released and could not be taken out, because the user has edited it.
    pub(super) kept: Vec<Fragment>,
    /// Files that hold something to release and cannot be read.
    pub(super) unreadable: Vec<(ProjectPath, EditError)>,
    /// The compose file that is being edited. A large one takes longer to parse than all else.
    open: Option<(ProjectPath, Compose)>,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(before: &'a Tree, lock: Lock, facts: &Facts) -> Self {
        Self {
            before,
            package: facts.package().to_owned(),
            private: facts.env.clone(),
            old_owners: lock
                .packages
                .iter()
                .flat_map(|package| {
                    let components = package.components.iter();
                    let ids = components.map(|known| known.id.as_str()).chain([HUB]);
                    ids.map(|id| package.owner(id))
                })
                .collect(),
            inherited_elsewhere: facts.inherited_elsewhere.clone(),
            used: Vec::new(),
            tree: before.clone(),
            lock,
            wanted: BTreeSet::new(),
            reasons: BTreeMap::new(),
            released: BTreeMap::new(),
            names_released: false,
            kept: Vec::new(),
            unreadable: Vec::new(),
            open: None,
        }
    }

    /// The text of a file as it becomes; empty if there is none.
    pub(super) fn text(&self, path: &ProjectPath) -> &str {
        self.tree.get(path).map_or("", String::as_str)
    }

    /// How a component of this package is named as an owner.
    pub(super) fn owner(&self, component: &str) -> Owner {
        Owner {
            package: self.package.clone(),
            component: component.to_owned(),
        }
    }

    /// Records for whom and why a file changes.
    pub(super) fn explain(&mut self, path: &ProjectPath, by: &str, why: impl Into<String>) {
        let entry = self.reasons.entry(path.clone()).or_default();
        entry.0.insert(by.to_owned());
        let why = why.into();
        if !why.is_empty() && !entry.1.contains(&why) {
            entry.1.push(why);
        }
    }

    /// For whom and why a file changes.
    pub(super) fn reasons(&self, path: &ProjectPath) -> (BTreeSet<String>, Vec<String>) {
        let (by, mut why) = self.reasons.get(path).cloned().unwrap_or_default();
        if let Some(names) = self.released.get(path) {
            // They were taken out in the reverse order.
            let names: Vec<&str> = names.iter().rev().map(String::as_str).collect();
            why.push(format!("without {}", names.join(", ")));
        }
        (by, why)
    }

    /// A compose file as it becomes.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) fn compose(&mut self, file: &ProjectPath) -> Result<&mut Compose, EditError> {
        let is_open = |(path, open): &(ProjectPath, Compose)| {
            path == file && Some(open.text()) == self.tree.get(file).map(String::as_str)
        };
        let known = self.open.take().filter(is_open);
        let known = match known {
            Some(known) => known,
            None => (file.clone(), Compose::parse(self.text(file))?),
        };
        Ok(&mut self.open.insert(known).1)
    }

    /// Whether a fragment is recorded as added by this tool.
    pub(super) fn has(&self, file: &ProjectPath, pointer: &str) -> bool {
        let known = self.lock.fragment(file, pointer);
        known.is_some_and(Fragment::is_ours)
    }

    /// Whether a compose file has a service, as it becomes.
    pub(super) fn has_service(&self, file: &ProjectPath, name: &str) -> bool {
        let found = compose::read(self.text(file));
        found.is_ok_and(|found| found.services.iter().any(|known| known.name == name))
    }

    /// Brings a fragment to what is wanted.
    pub(super) fn settle(&mut self, wanted: &Wanted, scope: &Scope) -> Settled {
        let known = self.lock.fragment(&wanted.file, &wanted.pointer).cloned();
        let is_first = self.claim(wanted, scope);
        let Some(known) = known.filter(Fragment::is_ours) else {
            return self.add(wanted);
        };
        let is_shared = known.owners.iter().any(|owner| {
            !scope.owners.contains(owner) && !wanted.components.contains(&owner.component)
        });
        if let Content::Crate { .. } = wanted.content {
            return self.settle_crate(&known, wanted);
        }
        // Of several components that want the same place, the first decides what it says.
        if !is_first {
            return Settled::Unchanged;
        }
        let wanted = &self.with_condition(wanted, &known);
        let text = self.text(&known.file);
        if format::state(text, &known) == Err(UndoError::Missing) {
            return Settled::Missing;
        }
        if is_shared || says(&known, &wanted.content) {
            return Settled::Unchanged;
        }
        match self.revise(&known, wanted) {
            Ok(()) => Settled::Revised,
            Err(_) => Settled::Edited,
        }
    }

    /// For an entry of `depends_on` that is a mapping: what it should say, as the service may have
    /// got or lost its healthcheck.
    fn with_condition(&self, wanted: &Wanted, known: &Fragment) -> Wanted {
        let Content::DependsOn { service, .. } = &wanted.content else {
            return wanted.clone();
        };
        let Some(Value::Map(_)) = recorded_value(known) else {
            return wanted.clone();
        };
        let found = compose::read(self.text(&wanted.file)).unwrap_or_default();
        let mut services = found.services.iter();
        let has_healthcheck = services
            .find(|known| known.name == *service)
            .is_none_or(|known| known.healthcheck);
        let condition = match has_healthcheck {
            true => "service_healthy",
            false => "service_started",
        };
        Wanted {
            content: Content::ComposeEntry {
                name: service.clone(),
                value: Value::Map(vec![("condition".to_owned(), Value::string(condition))]),
            },
            ..wanted.clone()
        }
    }

    /// Notes that a place is wanted, and by whom. Returns whether it is the first time.
    fn claim(&mut self, wanted: &Wanted, scope: &Scope) -> bool {
        let key = (wanted.file.clone(), wanted.pointer.clone());
        let is_first = self.wanted.insert(key);
        let owners: Vec<Owner> = wanted.components.iter().map(|id| self.owner(id)).collect();
        let mut fragments = self.lock.fragments.iter_mut();
        let known = fragments.find(|f| f.file == wanted.file && f.pointer == wanted.pointer);
        if let Some(known) = known {
            if is_first && scope.covers(&wanted.file) {
                known.owners.retain(|owner| !scope.owners.contains(owner));
            }
            known.owners.extend(owners);
        }
        is_first
    }

    /// Adds a fragment, or adopts what is there.
    fn add(&mut self, wanted: &Wanted) -> Settled {
        let outcome = match &wanted.content {
            Content::Crate {
                table,
                dependency,
                inherit,
            } => cargo_toml::ensure(self.text(&wanted.file), *table, dependency, *inherit),
            Content::Variable(line) => {
                let line = dotenv::Line {
                    gap: self.needs_gap(wanted),
                    ..line.clone()
                };
                dotenv::append(self.text(&wanted.file), &line)
            }
            Content::Ignored => gitignore::append(self.text(&wanted.file), &wanted.pointer),
            Content::Existing => Ok(Outcome::AlreadyPresent),
            content => {
                let pointer = wanted.pointer.clone();
                self.compose(&wanted.file)
                    .and_then(|compose| insert(compose, &pointer, content))
            }
        };
        self.enter(wanted, outcome)
    }

    /// Whether a blank line is needed to separate the first variable of a component from the rest.
    fn needs_gap(&self, wanted: &Wanted) -> bool {
        let owners: Vec<Owner> = wanted.components.iter().map(|id| self.owner(id)).collect();
        let has_begun = self.lock.fragments.iter().any(|known| {
            known.file == wanted.file
                && known.is_ours()
                && known.owners.iter().any(|owner| owners.contains(owner))
        });
        !has_begun && !self.text(&wanted.file).trim().is_empty()
    }

    /// Enters the outcome of an editor into tree and lock.
    pub(super) fn enter(
        &mut self,
        wanted: &Wanted,
        outcome: Result<Outcome, EditError>,
    ) -> Settled {
        let file = &wanted.file;
        let owners: BTreeSet<Owner> = wanted.components.iter().map(|id| self.owner(id)).collect();
        self.wanted.insert((file.clone(), wanted.pointer.clone()));
        match outcome {
            Ok(Outcome::AlreadyPresent) => {
                self.adopt(file, &wanted.pointer, &owners);
                Settled::Adopted
            }
            Ok(Outcome::Added { text, edits }) => {
                if !self.before.contains_key(file) {
                    self.lock.created.insert(file.clone());
                }
                self.tree.insert(file.clone(), text);
                for edit in edits {
                    self.record(file, &edit, &owners);
                }
                for id in &wanted.components {
                    self.explain(file, id, &wanted.label);
                }
                Settled::Added
            }
            Err(error) => Settled::Refused(error),
        }
    }

    /// Adds owners to a fragment that is there, whether it is ours or the user's.
    fn adopt(&mut self, file: &ProjectPath, pointer: &str, owners: &BTreeSet<Owner>) {
        let mut fragments = self.lock.fragments.iter_mut();
        if let Some(known) = fragments.find(|f| f.file == *file && f.pointer == pointer) {
            known.owners.extend(owners.iter().cloned());
            return;
        }
        let edit = Edit {
            address: pointer.to_owned(),
            before: String::new(),
            after: String::new(),
            container: false,
        };
        let mut fragment = self.fragment(file, &edit, owners);
        fragment.preexisting = true;
        fragment.fingerprint = None;
        self.lock.fragments.push(fragment);
    }

    fn fragment(&self, file: &ProjectPath, edit: &Edit, owners: &BTreeSet<Owner>) -> Fragment {
        let is_private = self.private.as_ref() == Some(file);
        let text = |text: &str| match is_private {
            true => String::new(),
            false => text.to_owned(),
        };
        let orders = self.lock.fragments.iter().map(|known| known.order + 1);
        Fragment {
            file: file.clone(),
            pointer: edit.address.clone(),
            order: orders.max().unwrap_or_default(),
            owners: owners.clone(),
            home: self.home_of(owners),
            preexisting: false,
            container: edit.container,
            before: text(&edit.before),
            after: text(&edit.after),
            fingerprint: is_private.then(|| Fingerprint::new(&edit.after)),
        }
    }

    /// The record that gets a new fragment: that of a component that is being installed, so that the
    /// records of others do not change and branches merge.
    fn home_of(&self, owners: &BTreeSet<Owner>) -> Owner {
        let is_new = |owner: &&Owner| !self.old_owners.contains(*owner);
        let home = owners.iter().find(is_new).or_else(|| owners.first());
        home.cloned().unwrap_or_else(|| self.owner(HUB))
    }

    /// Records an edit. One at the same place that is recorded already is replaced.
    fn record(&mut self, file: &ProjectPath, edit: &Edit, owners: &BTreeSet<Owner>) {
        let mut fragment = self.fragment(file, edit, owners);
        let fragments = &mut self.lock.fragments;
        let known = fragments
            .iter()
            .position(|known| known.file == *file && known.pointer == edit.address);
        if let Some(index) = known {
            let known = fragments.remove(index);
            fragment.owners.extend(known.owners);
            fragment.home = known.home;
        }
        fragments.push(fragment);
    }

    /// Replaces the record of an edit and keeps its owners and its place in the sequence.
    fn replace(&mut self, known: &Fragment, edit: &Edit) {
        let new = self.fragment(&known.file, edit, &known.owners);
        let mut fragments = self.lock.fragments.iter_mut();
        let found = fragments.find(|f| f.file == known.file && f.pointer == known.pointer);
        if let Some(found) = found {
            found.pointer = new.pointer;
            found.before = new.before;
            found.after = new.after;
            found.fingerprint = new.fingerprint;
        }
    }

    fn forget(&mut self, fragment: &Fragment) {
        self.lock
            .fragments
            .retain(|known| known.file != fragment.file || known.pointer != fragment.pointer);
    }

    /// Brings a crate that was added, or extended, before to the version and features of now.
    fn settle_crate(&mut self, known: &Fragment, wanted: &Wanted) -> Settled {
        let Content::Crate {
            table, dependency, ..
        } = &wanted.content
        else {
            return Settled::Unchanged;
        };
        let is_mine = known
            .owners
            .iter()
            .all(|owner| owner.package == self.package);
        // Another package may need the version that is there; a higher one serves both.
        let is_raised = *table == Table::Workspace
            && recorded_requirement(known).is_some_and(|recorded| {
                min_version(&dependency.requirement) > min_version(&recorded)
            });
        let text = self.text(&known.file);
        let revised = match is_mine || is_raised {
            true => {
                let edit = known.edit();
                cargo_toml::revise(text, &edit, *table, dependency)
            }
            false => Err(UndoError::NotEmpty),
        };
        match revised {
            Ok((text, edit)) => {
                if is_recorded_as(known, &edit) {
                    return Settled::Unchanged;
                }
                self.tree.insert(known.file.clone(), text);
                self.replace(known, &edit);
                let what = crate_change(known, &edit, &dependency.name);
                for id in &wanted.components {
                    self.explain(&known.file, id, &what);
                }
                Settled::Revised
            }
            Err(UndoError::Missing) => {
                self.forget(known);
                self.add(wanted)
            }
            // The user edited it: what it lacks is added all the same, as for an entry of theirs.
            Err(UndoError::NotEmpty) => self.add(wanted),
            Err(UndoError::Modified) => {
                let settled = self.add(wanted);
                self.keep_record(known);
                let is_new = recorded_requirement(known)
                    .is_some_and(|recorded| recorded != dependency.requirement);
                if is_new && self.lacks_version(&known.file, *table, dependency) {
                    return Settled::Edited;
                }
                settled
            }
        }
    }

    /// Keeps the record of an entry that the user has edited: it counts as edited from now on, too.
    fn keep_record(&mut self, known: &Fragment) {
        let mut fragments = self.lock.fragments.iter_mut();
        let found = fragments.find(|f| f.file == known.file && f.pointer == known.pointer);
        if let Some(found) = found {
            found.before.clone_from(&known.before);
            found.after.clone_from(&known.after);
        }
    }

    /// Whether the manifest allows a version of a crate that is too old.
    fn lacks_version(&self, file: &ProjectPath, table: Table, dependency: &Dependency) -> bool {
        let manifest = cargo_toml::read(self.text(file)).unwrap_or_default();
        let section = match table {
            Table::Normal => Section::Normal,
            Table::Dev => Section::Dev,
            Table::Workspace => Section::Workspace,
        };
        let mut declared = manifest.dependencies.iter();
        let declared = declared
            .find(|known| known.section == section && known.package == dependency.name)
            .and_then(|known| known.requirement.as_deref());
        declared.is_some_and(|found| min_version(found) < min_version(&dependency.requirement))
    }

    /// Replaces a fragment in its place. Fragments inside of it, such as the image that another
    /// component chose for a service, are taken out first and put back afterwards.
    fn revise(&mut self, known: &Fragment, wanted: &Wanted) -> Result<(), UndoError> {
        let inside: Vec<Fragment> = self
            .lock
            .fragments
            .iter()
            .rev()
            .filter(|part| part.is_inside(&known.file, &known.pointer) && part.is_ours())
            .cloned()
            .collect();
        let mut text = self.text(&known.file).to_owned();
        for part in &inside {
            text = undo(&text, part)?;
        }
        let (mut text, edit) = revise_in(&text, known, &wanted.content)?;
        let what = change(known, wanted);
        self.replace(known, &edit);
        for part in inside.iter().rev() {
            match put_back(&text, part) {
                Some((with_part, edit)) => {
                    text = with_part;
                    self.replace(part, &edit);
                }
                None => self.forget(part),
            }
        }
        self.tree.insert(known.file.clone(), text);
        for id in &wanted.components {
            self.explain(&known.file, id, &what);
        }
        Ok(())
    }

    /// Records the new content of a fragment that the user has edited. It is reported once; from now
    /// on it counts as an edit of the new content.
    pub(super) fn accept_edited(&mut self, wanted: &Wanted) {
        let Some(known) = self.lock.fragment(&wanted.file, &wanted.pointer).cloned() else {
            return;
        };
        if let Some(edit) = rendered_like(&known, &wanted.content) {
            self.replace(&known, &edit);
        }
    }
}

/// Puts content of the compose format into a file.
fn insert(compose: &mut Compose, pointer: &str, content: &Content) -> Result<Outcome, EditError> {
    match content {
        Content::ComposeEntry { name, value } if pointer.starts_with("/volumes/") => {
            compose.add_volume(name, value)
        }
        Content::ComposeEntry { name, value } => compose.add_service(name, value),
        Content::Image(image) => compose.replace_scalar(pointer, image),
        Content::DependsOn { app, service } => compose.add_dependency(app, service),
        Content::Environment { app, key, value } => compose.add_environment(app, key, value),
        Content::Crate { .. } | Content::Variable(_) | Content::Ignored | Content::Existing => {
            Ok(Outcome::AlreadyPresent)
        }
    }
}
