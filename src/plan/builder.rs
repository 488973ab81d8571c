//! A plan while it is being made: the tree as it becomes, and what is to be remembered of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    edit::{Edit, EditError, Outcome, UndoError, compose},
    error::{Error, Result},
    facts::{Facts, Tree},
    lock::{BASE_PATH, Base, Fingerprint, Fragment, LOCK_PATH, Lock},
    path::ProjectPath,
};

use super::{
    Change, FileRole, Inputs, ManualStep, Plan, record_path,
    shared::{self, Editor, editor, located, undo},
};

/// What to do when the compose file is in the way.
pub(super) const NO_COMPOSE: &str = "leave the compose file alone: --no-compose";

/// What to do about a file that cannot be read.
const MEND: &str = "mend the file, then run the command again";

/// A plan in the making.
pub(super) struct PlanBuilder<'a> {
    pub(super) facts: &'a Facts,
    before: &'a Tree,
    pub(super) known: (&'a Lock, Base),
    pub(super) tree: Tree,
    pub(super) lock: Lock,
    pub(super) base: Base,
    why: BTreeMap<ProjectPath, (BTreeSet<String>, Vec<String>)>,
    pub(super) manual: Vec<ManualStep>,
    pub(super) notes: Vec<String>,
    pub(super) markers: Vec<ProjectPath>,
    pub(super) replacements: Vec<String>,
    conflicts: Vec<String>,
    hints: Vec<String>,
    /// The compose file as it was parsed last: a large one takes longer than all else.
    pub(super) compose: Option<compose::Compose>,
}

impl<'a> PlanBuilder<'a> {
    pub(super) fn new(inputs: &Inputs<'a>) -> Result<Self> {
        let base = inputs.base()?;
        Ok(Self {
            facts: inputs.facts,
            before: inputs.tree,
            known: (inputs.lock, base.clone()),
            base,
            tree: inputs.tree.clone(),
            lock: inputs.lock.clone(),
            why: BTreeMap::new(),
            manual: Vec::new(),
            notes: Vec::new(),
            markers: Vec::new(),
            replacements: Vec::new(),
            conflicts: Vec::new(),
            hints: Vec::new(),
            compose: None,
        })
    }

    /// The text of a file as it becomes; empty if there is none.
    pub(super) fn text(&self, path: &ProjectPath) -> &str {
        self.tree.get(path).map_or("", String::as_str)
    }

    /// How a component of this package is named in the lock.
    pub(super) fn owner(&self, component: &str) -> String {
        format!("{}:{component}", self.facts.package())
    }

    pub(super) fn conflict(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.conflicts.contains(&what) {
            self.conflicts.push(what);
        }
    }

    pub(super) fn hint(&mut self, hint: impl Into<String>) {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Remembers for whom and why a file changes.
    pub(super) fn explain(&mut self, path: &ProjectPath, by: &str, why: impl Into<String>) {
        let entry = self.why.entry(path.clone()).or_default();
        entry.0.insert(by.to_owned());
        let why = why.into();
        if !why.is_empty() && !entry.1.contains(&why) {
            entry.1.push(why);
        }
    }

    /// Puts a fragment into a shared file for `by` (components of this package), and records it.
    /// Returns whether it is there now.
    pub(super) fn put(
        &mut self,
        file: &ProjectPath,
        address: &str,
        by: &[&str],
        why: &str,
        edit: impl FnOnce(&str) -> Result<Outcome, EditError>,
    ) -> bool {
        let owners: BTreeSet<String> = by.iter().map(|id| self.owner(id)).collect();
        match edit(self.text(file)) {
            Ok(Outcome::AlreadyPresent) => {
                self.own(file, address, &owners);
                true
            }
            Ok(Outcome::Added { text, edits }) => {
                if !self.before.contains_key(file) {
                    self.lock.created.insert(file.clone());
                }
                self.tree.insert(file.clone(), text);
                for edit in edits {
                    self.record(file, &edit, &owners);
                }
                for id in by {
                    self.explain(file, id, why);
                }
                true
            }
            Err(refusal) => {
                self.conflict(located(file, &refusal));
                if matches!(editor(file), Editor::Compose) {
                    self.hint(NO_COMPOSE);
                } else if matches!(refusal, EditError::Unreadable { .. }) {
                    self.hint(MEND);
                }
                false
            }
        }
    }

    /// Adds owners to a fragment that is there, ours or found.
    fn own(&mut self, file: &ProjectPath, address: &str, owners: &BTreeSet<String>) {
        let known = self
            .lock
            .fragments
            .iter_mut()
            .find(|fragment| fragment.file == *file && fragment.address == address);
        match known {
            Some(fragment) => fragment.by.extend(owners.iter().cloned()),
            None => self.lock.fragments.push(Fragment {
                file: file.clone(),
                address: address.to_owned(),
                by: owners.clone(),
                found: true,
                container: false,
                before: String::new(),
                after: String::new(),
                fingerprint: None,
            }),
        }
    }

    pub(super) fn record(&mut self, file: &ProjectPath, edit: &Edit, owners: &BTreeSet<String>) {
        let private = self.is_private(file);
        let fragments = &mut self.lock.fragments;
        let known = fragments
            .iter()
            .position(|known| known.file == *file && known.address == edit.address);
        let mut by = owners.clone();
        if let Some(index) = known {
            by.extend(fragments.remove(index).by);
        }
        fragments.push(Fragment {
            file: file.clone(),
            address: edit.address.clone(),
            by,
            found: false,
            container: edit.container,
            before: if private {
                String::new()
            } else {
                edit.before.clone()
            },
            after: if private {
                String::new()
            } else {
                edit.after.clone()
            },
            fingerprint: private.then(|| Fingerprint::new(&edit.after)),
        });
    }

    fn is_private(&self, file: &ProjectPath) -> bool {
        self.facts.env.as_ref() == Some(file)
    }

    /// Takes back what nobody needs any more, and the containers that this leaves empty.
    pub(super) fn withdraw(&mut self, by: &str) {
        let fragments = std::mem::take(&mut self.lock.fragments);
        let mut kept: Vec<Fragment> = Vec::new();
        // The last that was added is the first to go: its text may stand on an earlier one's.
        for fragment in fragments.into_iter().rev() {
            if fragment.container || !fragment.by.is_empty() {
                kept.push(fragment);
            } else if !fragment.found {
                self.take_back(&fragment, by);
            }
        }
        let contents = kept.iter().filter(|fragment| !fragment.container);
        let contents: Vec<_> = contents
            .map(|fragment| (fragment.file.clone(), fragment.address.clone()))
            .collect();
        // The editor of a compose file would say the same, after it has parsed the whole of it.
        let holds = |container: &Fragment| {
            let is_compose = matches!(editor(&container.file), Editor::Compose);
            is_compose
                && contents.iter().any(|(file, address)| {
                    let below = address.strip_prefix(&container.address);
                    *file == container.file && below.is_some_and(|below| below.starts_with('/'))
                })
        };
        loop {
            let count = kept.len();
            kept.retain(|fragment| {
                !fragment.container || holds(fragment) || !self.take_back_container(fragment)
            });
            if kept.len() == count {
                break;
            }
        }
        kept.reverse();
        self.lock.fragments = kept;
        self.drop_created(by);
    }

    fn take_back(&mut self, fragment: &Fragment, by: &str) {
        let file = &fragment.file;
        let Some(text) = self.tree.get(file) else {
            return;
        };
        match undo(text, fragment) {
            Ok(text) => {
                self.tree.insert(file.clone(), text);
                self.explain(file, by, "");
            }
            // It would be forgotten, and stay for good.
            Err(_) if self.is_unreadable(file) => {}
            Err(UndoError::Missing) => {}
            Err(UndoError::Modified | UndoError::NotEmpty) => {
                let address = &fragment.address;
                self.note(format!(
                    "`{address}` in {file} was changed since it was added and stays"
                ));
            }
        }
    }

    /// Whether a file cannot be read by its editor, which is a conflict then.
    fn is_unreadable(&mut self, file: &ProjectPath) -> bool {
        let Err(refusal) = shared::check(&self.tree, file) else {
            return false;
        };
        self.conflict(located(file, &refusal));
        self.hint(MEND);
        true
    }

    fn take_back_container(&mut self, fragment: &Fragment) -> bool {
        let Some(text) = self.tree.get(&fragment.file) else {
            return true;
        };
        let parsed = self.compose.as_mut();
        let undone = match (editor(&fragment.file), parsed) {
            (Editor::Compose, Some(compose))
                if compose.text() == text && !shared::has_other_ends(text, fragment) =>
            {
                compose
                    .undo(&fragment.edit())
                    .map(|()| compose.text().to_owned())
            }
            _ => undo(text, fragment),
        };
        match undone {
            Ok(text) => {
                self.tree.insert(fragment.file.clone(), text);
                true
            }
            Err(UndoError::Missing) => true,
            Err(UndoError::NotEmpty) => false,
            // What the user made of it is the user's, once it can be read.
            Err(UndoError::Modified) => shared::check(&self.tree, &fragment.file).is_ok(),
        }
    }

    /// Removes files that this tool created and that hold nothing any more.
    fn drop_created(&mut self, by: &str) {
        for file in self.lock.created.clone() {
            let in_use = self.lock.fragments.iter().any(|known| known.file == file);
            let is_empty = self.text(&file).trim().is_empty();
            if !in_use {
                self.lock.created.remove(&file);
                if is_empty && self.tree.remove(&file).is_some() {
                    self.explain(&file, by, "");
                }
            }
        }
    }

    /// Brings lock and base up to date. What says the same stays as it is, as with the line endings
    /// of another platform.
    fn write_record(&mut self) -> Result<()> {
        self.base.retain(&self.lock);
        let is_new = self.lock != *self.known.0;
        let lock = is_new.then(|| self.lock.to_text()).transpose()?;
        let is_new = self.base != self.known.1 || self.base == Base::default();
        let base = is_new.then(|| self.base.to_text());
        for (path, text) in [(LOCK_PATH, lock), (BASE_PATH, base)] {
            let path = record_path(path)?;
            match text {
                Some(text) if text.is_empty() => self.tree.remove(&path),
                Some(text) => self.tree.insert(path, text),
                None => None,
            };
        }
        Ok(())
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// All conflicts at once.
    pub(super) fn finish(mut self) -> Result<Plan> {
        if !self.conflicts.is_empty() {
            let mut error = match self.conflicts.as_slice() {
                [one] => Error::conflict("conflict", one.clone()),
                several => {
                    let count = super::count(several.len(), "conflict");
                    let mut error = Error::conflict("conflict", count);
                    error.details = self.conflicts;
                    error
                }
            };
            error.hints = self.hints;
            return Err(error);
        }
        self.lock.packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        self.write_record()?;
        let paths: BTreeSet<&ProjectPath> = self.before.keys().chain(self.tree.keys()).collect();
        let paths: Vec<ProjectPath> = paths.into_iter().cloned().collect();
        let mut changes = Vec::new();
        for path in paths {
            let before = self.before.get(&path);
            if before == self.tree.get(&path) {
                continue;
            }
            let after = self.tree.get_mut(&path).map(std::mem::take);
            let (by, why) = self.why.get(&path).cloned().unwrap_or_default();
            let sort = if path.as_str().starts_with(".infra/") {
                FileRole::Record
            } else if self.is_private(&path) {
                FileRole::Private
            } else if is_generated(&self.lock, &path) || is_generated(self.known.0, &path) {
                FileRole::Generated
            } else {
                FileRole::Shared
            };
            changes.push(Change {
                path,
                before: before.cloned(),
                after,
                by,
                why,
                sort,
            });
        }
        Ok(Plan {
            changes,
            manual: self.manual,
            notes: self.notes,
            markers: self.markers,
            replacements: self.replacements,
            next: Vec::new(),
        })
    }
}

fn is_generated(lock: &Lock, path: &ProjectPath) -> bool {
    lock.packages
        .iter()
        .any(|package| package.files.iter().any(|file| file.path == *path))
}
