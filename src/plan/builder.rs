//! A plan while it is being made: what becomes of the files, and what the user is told.

use std::collections::BTreeSet;

use infra_edit::{EditError, Outcome};

use crate::{
    error::{Error, ErrorCode, Result},
    facts::Facts,
    lock::{self, Lock, Owner, Pristine},
    path::ProjectPath,
};

use super::{
    Change, FileRole, Inputs, ManualStep, Plan,
    desired::{Content, Scope, Wanted},
    format::{Format, format_of, label_of, located},
    ledger::{Ledger, Settled},
    revise::rendered_like,
};

/// What to do when the compose file is in the way.
pub(super) const NO_COMPOSE: &str = "leave the compose file alone: --no-compose";

/// What to do about a file that cannot be read.
const FIX_FILE: &str = "fix the file, then run the command again";

/// A plan in the making.
pub(super) struct PlanBuilder<'a> {
    pub(super) facts: &'a Facts,
    inputs: Inputs<'a>,
    /// The lock as it was.
    pub(super) old_lock: &'a Lock,
    old_pristine: Pristine,
    /// Tree and lock as they become.
    pub(super) ledger: Ledger<'a>,
    pub(super) pristine: Pristine,
    pub(super) manual: Vec<ManualStep>,
    pub(super) replacements: Vec<String>,
    pub(super) conflicted_files: Vec<ProjectPath>,
    notes: Vec<String>,
    conflicts: Vec<String>,
    hints: Vec<String>,
}

impl<'a> PlanBuilder<'a> {
    pub(super) fn new(inputs: &Inputs<'a>) -> Result<Self> {
        let old_pristine = Pristine::parse(inputs.tree)?;
        let pristine = inputs.completed(old_pristine.clone())?;
        let facts = inputs.facts;
        let lock = inputs.lock.clone();
        Ok(Self {
            facts,
            inputs: *inputs,
            old_lock: inputs.lock,
            old_pristine,
            ledger: Ledger::new(inputs.tree, lock, facts),
            pristine,
            manual: Vec::new(),
            replacements: Vec::new(),
            conflicted_files: Vec::new(),
            notes: Vec::new(),
            conflicts: Vec::new(),
            hints: Vec::new(),
        })
    }

    /// The text of a file as it becomes; empty if there is none.
    pub(super) fn text(&self, path: &ProjectPath) -> &str {
        self.ledger.text(path)
    }

    pub(super) fn conflict(&mut self, what: impl Into<String>) {
        push(&mut self.conflicts, what.into());
    }

    pub(super) fn hint(&mut self, hint: impl Into<String>) {
        push(&mut self.hints, hint.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        push(&mut self.notes, note.into());
    }

    /// The generated files as they were rendered before.
    pub(super) fn old_pristine(&self) -> &Pristine {
        &self.old_pristine
    }

    /// The components of this package as owners.
    pub(super) fn owners<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> BTreeSet<Owner> {
        ids.into_iter().map(|id| self.ledger.owner(id)).collect()
    }

    /// Brings a fragment to what is wanted, and tells the user what could not be done.
    pub(super) fn settle(&mut self, wanted: &Wanted, scope: &Scope) -> Settled {
        let settled = self.ledger.settle(wanted, scope);
        match &settled {
            Settled::Refused(error) => self.refuse(&wanted.file, error),
            Settled::Edited => self.tell_edited(wanted),
            _ => {}
        }
        settled
    }

    /// Puts a fragment into a shared file that its editor can only add, and records it. Returns
    /// whether it is there now.
    pub(super) fn put(
        &mut self,
        file: &ProjectPath,
        pointer: &str,
        components: &[&str],
        label: &str,
        edit: impl FnOnce(&str) -> Result<Outcome, EditError>,
    ) -> bool {
        let outcome = edit(self.ledger.text(file));
        let wanted = Wanted {
            file: file.clone(),
            pointer: pointer.to_owned(),
            components: components.iter().map(|&id| id.to_owned()).collect(),
            content: Content::Existing,
            label: label.to_owned(),
        };
        match self.ledger.enter(&wanted, outcome) {
            Settled::Refused(error) => {
                self.refuse(file, &error);
                false
            }
            _ => true,
        }
    }

    fn refuse(&mut self, file: &ProjectPath, error: &EditError) {
        self.conflict(located(file, error));
        if format_of(file) == Format::Compose {
            self.hint(NO_COMPOSE);
        } else if matches!(error, EditError::Unreadable { .. }) {
            self.hint(FIX_FILE);
        }
    }

    /// Leaves a fragment that the user has edited and that should say something else now, and shows
    /// what. It is told once: from now on it counts as an edit of the new content.
    fn tell_edited(&mut self, wanted: &Wanted) {
        let Wanted { file, label, .. } = wanted;
        if let Content::Crate { dependency, .. } = &wanted.content {
            let (name, needed) = (&dependency.name, &dependency.requirement);
            self.manual.push(ManualStep {
                what: format!(
                    "raise `{name}` to {needed}: the code needs it, and you have edited that entry"
                ),
                places: vec![file.to_string()],
                snippet: String::new(),
            });
            return;
        }
        if self.facts.env.as_ref() == Some(file) {
            self.note(format!(
                "`{label}` in {file} was edited and stays; `.env.example` shows the new line"
            ));
            self.ledger.accept_edited(wanted);
            return;
        }
        let known = self.ledger.lock.fragment(file, &wanted.pointer);
        let new = known.and_then(|known| rendered_like(known, &wanted.content));
        let snippet = new.map_or_else(String::new, |new| {
            new.after.trim_matches(['\r', '\n']).to_owned()
        });
        self.manual.push(ManualStep {
            what: format!(
                "compare {label} with the new version; you have edited it, so it was not changed"
            ),
            places: vec![file.to_string()],
            snippet,
        });
        self.ledger.accept_edited(wanted);
    }

    /// Says what is not needed any more and stays, because the user has edited it.
    fn tell_kept(&mut self) {
        for fragment in std::mem::take(&mut self.ledger.kept) {
            let (pointer, file) = (&fragment.pointer, &fragment.file);
            self.note(format!(
                "`{pointer}` in {file} was changed since it was added and stays"
            ));
        }
        for (fragment, user) in std::mem::take(&mut self.ledger.used) {
            let (label, file) = (label_of(&fragment), &fragment.file);
            self.note(format!("{label} stays in {file}: {user} uses it"));
        }
        for (file, error) in std::mem::take(&mut self.ledger.unreadable) {
            self.conflict(located(&file, &error));
            self.hint(FIX_FILE);
        }
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// All conflicts at once.
    pub(super) fn finish(mut self) -> Result<Plan> {
        self.tell_kept();
        if !self.conflicts.is_empty() {
            let mut error = match self.conflicts.as_slice() {
                [one] => Error::new(ErrorCode::Conflict, one.clone()),
                several => {
                    let count = super::pluralize(several.len(), "conflict");
                    let mut error = Error::new(ErrorCode::Conflict, count);
                    error.details = self.conflicts;
                    error
                }
            };
            error.hints = self.hints;
            return Err(error);
        }
        self.write_records()?;
        Ok(Plan {
            changes: self.changes(),
            manual: self.manual,
            notes: self.notes,
            conflicted_files: self.conflicted_files,
            replacements: self.replacements,
            ..Plan::default()
        })
    }

    /// Brings the records up to date, if what they say has changed.
    fn write_records(&mut self) -> Result<()> {
        let lock = &mut self.ledger.lock;
        lock.packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        lock.settle_homes();
        let is_same = lock == self.old_lock && self.pristine == self.old_pristine;
        if !is_same {
            let old = (self.old_lock, &self.old_pristine);
            let new = (&self.ledger.lock, &self.pristine);
            lock::write(&mut self.ledger.tree, old, new)?;
        }
        Ok(())
    }

    fn changes(&self) -> Vec<Change> {
        let (before, after) = (self.inputs.tree, &self.ledger.tree);
        let paths: BTreeSet<&ProjectPath> = before.keys().chain(after.keys()).collect();
        let changed = paths
            .into_iter()
            .filter(|path| before.get(*path) != after.get(*path));
        changed
            .map(|path| {
                let (by, why) = self.ledger.reasons(path);
                Change {
                    path: path.clone(),
                    before: before.get(path).cloned(),
                    after: after.get(path).cloned(),
                    by,
                    why,
                    role: self.role(path),
                }
            })
            .collect()
    }

    fn role(&self, path: &ProjectPath) -> FileRole {
        let mut generated = self.ledger.lock.files().chain(self.old_lock.files());
        if lock::is_record(path) {
            FileRole::Record
        } else if self.facts.env.as_ref() == Some(path) {
            FileRole::Private
        } else if generated.any(|file| file.path == *path) {
            FileRole::Generated
        } else {
            FileRole::Shared
        }
    }
}

fn push(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}
