//! Fragments that no component needs any more: they are taken out, unless the user has edited them
//! or something still refers to them.

use std::collections::BTreeSet;

use infra_edit::{Format, UndoError};

use crate::{
    lock::{Fragment, Owner},
    path::ProjectPath,
};

use super::{
    super::{
        desired::Scope,
        format::{self, format_of, label_of, undo},
        references,
    },
    Ledger,
};

impl Ledger<'_> {
    /// Takes the owners of the scope off what is not wanted any more, and takes out what nobody
    /// needs then. `by` is for whom the files change.
    pub(in crate::plan) fn release(&mut self, scope: &Scope, by: &str) {
        for fragment in &mut self.lock.fragments {
            let key = (fragment.file.clone(), fragment.pointer.clone());
            if scope.covers(&fragment.file) && !fragment.container && !self.wanted.contains(&key) {
                fragment
                    .owners
                    .retain(|owner| !scope.owners.contains(owner));
            }
        }
        self.take_out_unowned(by);
    }

    /// Takes owners off everything they have.
    pub(in crate::plan) fn disown(&mut self, is_leaving: impl Fn(&Owner) -> bool) {
        for fragment in &mut self.lock.fragments {
            fragment.owners.retain(|owner| !is_leaving(owner));
        }
    }

    /// Takes out what nobody needs any more, and the containers that this leaves empty.
    pub(in crate::plan) fn take_out_unowned(&mut self, by: &str) {
        let (mut kept, unowned): (Vec<_>, Vec<_>) = std::mem::take(&mut self.lock.fragments)
            .into_iter()
            .partition(|fragment| fragment.container || !fragment.owners.is_empty());
        let unowned: Vec<Fragment> = unowned
            .into_iter()
            .filter(|known| !known.preexisting)
            .collect();
        let staying = self.still_used(&unowned);
        // What was added last goes first: its text may stand on what was added before it.
        for fragment in unowned.iter().rev() {
            match staying.iter().find(|(known, _)| known == fragment) {
                Some(used) => self.used.push(used.clone()),
                None => self.take_out(fragment, by),
            }
        }
        loop {
            let count = kept.len();
            for index in (0..kept.len()).rev() {
                if kept[index].container && self.take_out_container(&kept, index) {
                    kept.remove(index);
                }
            }
            if kept.len() == count {
                break;
            }
        }
        self.lock.fragments = kept;
        self.drop_created(by);
    }

    /// The fragments that what remains refers to, and what refers to them: a volume that a service
    /// of the user's mounts, a crate that another package inherits. They stay.
    fn still_used(&self, unowned: &[Fragment]) -> Vec<(Fragment, String)> {
        let mut staying: Vec<(Fragment, String)> = Vec::new();
        loop {
            let is_going = |known: &&Fragment| staying.iter().all(|(staying, _)| staying != *known);
            let going: Vec<&Fragment> = unowned.iter().filter(is_going).collect();
            let files: BTreeSet<&ProjectPath> = going.iter().map(|known| &known.file).collect();
            let mut found = Vec::new();
            for file in files {
                let mut text = self.text(file).to_owned();
                let of_file = going.iter().filter(|known| known.file == *file);
                for fragment in of_file.clone().rev() {
                    text = undo(&text, fragment).unwrap_or(text);
                }
                for fragment in of_file {
                    let user = references::user_of(&text, fragment, &self.inherited_elsewhere);
                    found.extend(user.map(|user| ((*fragment).clone(), user)));
                }
            }
            if found.is_empty() {
                return staying;
            }
            staying.extend(found);
        }
    }

    fn take_out(&mut self, fragment: &Fragment, by: &str) {
        let file = &fragment.file;
        let Some(text) = self.tree.get(file) else {
            return;
        };
        match undo(text, fragment) {
            Ok(text) => {
                self.tree.insert(file.clone(), text);
                self.explain(file, by, "");
                if self.names_released {
                    let names = self.released.entry(file.clone()).or_default();
                    names.push(label_of(fragment));
                }
            }
            Err(why) => match format::check(&self.tree, file) {
                // Its record would be lost, and the fragment would stay for good.
                Err(error) => self.unreadable.push((file.clone(), error)),
                Ok(()) if why == UndoError::Missing => {}
                Ok(()) => self.kept.push(fragment.clone()),
            },
        }
    }

    /// Whether a container is out of the file now, or is the user's.
    fn take_out_container(&mut self, kept: &[Fragment], index: usize) -> bool {
        let container = &kept[index];
        let Some(text) = self.tree.get(&container.file) else {
            return true;
        };
        // The compose editor would say the same after it has parsed the whole file.
        let is_used = kept
            .iter()
            .any(|known| !known.container && known.is_inside(&container.file, &container.pointer));
        if is_used && format_of(&container.file) == Format::Compose {
            return false;
        }
        match undo(text, container) {
            Ok(text) => {
                self.tree.insert(container.file.clone(), text);
                true
            }
            Err(UndoError::Missing) => true,
            Err(UndoError::NotEmpty) => false,
            // What the user made of it is the user's, once it can be read.
            Err(UndoError::Modified) => format::check(&self.tree, &container.file).is_ok(),
        }
    }

    /// Removes files that this tool created and that hold nothing any more.
    fn drop_created(&mut self, by: &str) {
        for file in self.lock.created.clone() {
            let in_use = self.lock.fragments.iter().any(|known| known.file == file);
            if in_use {
                continue;
            }
            self.lock.created.remove(&file);
            if self.text(&file).trim().is_empty() && self.tree.remove(&file).is_some() {
                self.explain(&file, by, "");
            }
        }
    }
}
