//! Fragments that have another name or place in a new version of a component.

use infra_edit::{Edit, UndoError, dotenv};

use crate::{lock::Fragment, path::ProjectPath};

use super::{
    super::{desired::Content, format::undo, references, revise::revise_in},
    Ledger, Settled,
};

impl Ledger<'_> {
    /// Gives a variable that was added under an earlier name its new name and line, in its place.
    /// None if there is no such variable. One that the user has edited stays, and stays recorded.
    pub(in crate::plan) fn rename_variable(
        &mut self,
        file: &ProjectPath,
        old: &str,
        id: &str,
        line: &dotenv::Line,
    ) -> Option<Settled> {
        let known = self.lock.fragment(file, old)?.clone();
        let is_shared = known
            .owners
            .iter()
            .any(|owner| owner.package != self.package);
        if !known.is_ours() || is_shared || self.lock.fragment(file, &line.key).is_some() {
            return None;
        }
        let content = Content::Variable(line.clone());
        match revise_in(self.text(file), &known, &content) {
            Ok((text, edit)) => {
                self.tree.insert(file.clone(), text);
                self.replace(&known, &edit);
                self.wanted.insert((file.clone(), line.key.clone()));
                self.explain(file, id, format!("{old} renamed to {}", line.key));
                Some(Settled::Revised)
            }
            // The user has taken it out; it stays out under its new name.
            Err(UndoError::Missing) => {
                let edit = Edit {
                    address: line.key.clone(),
                    ..known.edit()
                };
                self.replace(&known, &edit);
                self.wanted.insert((file.clone(), line.key.clone()));
                Some(Settled::Missing)
            }
            Err(UndoError::Modified | UndoError::NotEmpty) => {
                self.wanted.insert((file.clone(), old.to_owned()));
                Some(Settled::Edited)
            }
        }
    }

    /// A compose file without the entries of `depends_on` that this tool added for a service.
    fn without_waits(&self, text: &str, service: &Fragment) -> String {
        let name = service.pointer.rsplit('/').next().unwrap_or_default();
        let ending = format!("/depends_on/{name}");
        let waits = self.lock.fragments.iter().rev().filter(|known| {
            known.file == service.file && known.is_ours() && known.pointer.ends_with(&ending)
        });
        waits.fold(text.to_owned(), |text, wait| {
            undo(&text, wait).unwrap_or(text)
        })
    }

    /// Gives a recorded fragment another place, without a change of the file.
    pub(in crate::plan) fn rename(&mut self, file: &ProjectPath, old: &str, new: &str) {
        let mut fragments = self.lock.fragments.iter_mut();
        if let Some(known) = fragments.find(|f| f.file == *file && f.pointer == old) {
            new.clone_into(&mut known.pointer);
        }
    }

    /// Takes a fragment out now that has another place in the new version. Returns whether it is
    /// out; one that the user has edited stays.
    pub(in crate::plan) fn take_out_renamed(
        &mut self,
        file: &ProjectPath,
        pointer: &str,
        id: &str,
        why: &str,
    ) -> bool {
        let Some(known) = self.lock.fragment(file, pointer).cloned() else {
            return true;
        };
        let inside = self.lock.fragments.iter().rev();
        let inside: Vec<Fragment> = inside
            .filter(|part| part.is_inside(file, pointer) && part.is_ours())
            .cloned()
            .collect();
        let mut text = self.text(file).to_owned();
        for part in inside.iter().chain([&known]) {
            match undo(&text, part) {
                Ok(undone) => text = undone,
                Err(UndoError::Missing) => {}
                Err(UndoError::Modified | UndoError::NotEmpty) => return false,
            }
        }
        if references::user_of(
            &self.without_waits(&text, &known),
            &known,
            &self.inherited_elsewhere,
        )
        .is_some()
        {
            return false;
        }
        self.tree.insert(file.clone(), text);
        for part in inside.iter().chain([&known]) {
            self.forget(part);
        }
        self.explain(file, id, why);
        true
    }
}
