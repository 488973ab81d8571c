//! Generated files: created, replaced, merged with the user's edits, or removed.

use infra_edit::merge;

use crate::{
    facts::Tree,
    hash::hash,
    lock::{File, HUB, Pristine, RESTORE},
    path::ProjectPath,
};

use super::builder::PlanBuilder;

impl PlanBuilder<'_> {
    /// Brings the files of a component, or of the hub, to their new rendering; files that it no
    /// longer has are removed.
    pub(super) fn render(&mut self, by: &str, files: &Tree) {
        let old: Vec<File> = self.files_of(by).cloned().collect();
        for file in old.iter().filter(|file| !files.contains_key(&file.path)) {
            self.delete_generated(file, by, true);
        }
        for (path, text) in files {
            self.generate(by, path, text);
        }
    }

    /// Moves a generated file to the path that it has in the new version, with the user's edits.
    pub(super) fn rename_file(&mut self, by: &str, old: &ProjectPath, new: &ProjectPath) {
        let is_recorded = self.files_of(by).any(|file| file.path == *old);
        if !is_recorded || self.ledger.tree.contains_key(new) {
            return;
        }
        if let Some(text) = self.ledger.tree.remove(old) {
            self.ledger.tree.insert(new.clone(), text);
            self.ledger.explain(old, by, format!("renamed to {new}"));
        }
        if let Some(text) = self.pristine.take(old) {
            self.pristine.insert(new.clone(), text);
        }
        if let Some(package) = self.ledger.lock.package_mut(self.facts.package()) {
            let mut files = package.files.iter_mut();
            if let Some(file) = files.find(|file| file.path == *old) {
                file.path = new.clone();
            }
        }
    }

    fn files_of(&self, by: &str) -> impl Iterator<Item = &File> {
        let package = self.ledger.lock.package(self.facts.package());
        let files = package.into_iter().flat_map(|package| &package.files);
        files.filter(move |file| file.component == by)
    }

    fn generate(&mut self, by: &str, path: &ProjectPath, text: &str) {
        let ours = self.ledger.tree.get(path).cloned();
        let known = self.files_of(by).find(|file| file.path == *path).cloned();
        let base = known
            .as_ref()
            .and_then(|file| self.known_pristine(file, text));
        match (ours, base) {
            // Deleted by the user, and nothing new to say: it stays deleted.
            (None, Some(base)) if base == text => return,
            (None, _) => {
                if known.is_some() {
                    self.note(format!(
                        "you had deleted {path}; it is written again, because its content changed"
                    ));
                }
                self.ledger.tree.insert(path.clone(), text.to_owned());
                self.ledger.explain(path, by, "");
            }
            (Some(ours), None) if hash(&ours) == hash(text) => {}
            (Some(_), None) => {
                self.refuse_generated(path, known.is_some());
                return;
            }
            (Some(ours), Some(base)) => self.merge(by, path, &ours, &base, text),
        }
        self.remember(by, path, text);
    }

    /// The text of a file as it was rendered. Without a record of it, that of the file itself or
    /// of the new rendering, if it is the same.
    fn known_pristine(&self, file: &File, text: &str) -> Option<String> {
        let is_same = |text: &&str| Some(hash(text)) == file.sha256;
        let ours = || self.ledger.tree.get(&file.path).map(String::as_str);
        let pristine = self
            .pristine
            .get(file)
            .or_else(|| ours().filter(is_same))
            .or_else(|| Some(text).filter(is_same));
        pristine.map(str::to_owned)
    }

    /// Refuses to write over a file that has another text, and nothing to merge it with.
    fn refuse_generated(&mut self, path: &ProjectPath, is_known: bool) {
        if is_known {
            self.conflict(Pristine::missing(path));
            self.hint(RESTORE);
            let package = self.old_lock.package(self.facts.package());
            let installed = package.iter().flat_map(|package| &package.components);
            let names: Vec<&str> = installed.map(|known| known.id.as_str()).collect();
            self.hint(format!(
                "or write it again from what is installed: infra add {}",
                names.join(" ")
            ));
        } else {
            self.conflict(format!("{path} exists already and is not generated"));
            self.hint_of_place();
        }
    }

    /// Refuses a file that would be the same module as the folder of the generated ones.
    pub(super) fn refuse_module_file(&mut self) {
        let root = ProjectPath::join(&self.facts.module_folder(), "mod.rs");
        let (Some(file), Ok(root)) = (self.facts.module_file(), root) else {
            return;
        };
        if self.ledger.tree.contains_key(&file) && self.ledger.tree.contains_key(&root) {
            let module = &self.facts.module;
            self.conflict(format!(
                "{file} exists already, and {root} would be the module `{module}` too"
            ));
            self.hint_of_place();
        }
    }

    /// What to do where a generated file would be.
    fn hint_of_place(&mut self) {
        let module = &self.facts.module;
        self.hint(match self.old_lock.package(self.facts.package()) {
            Some(_) => "move it away".to_owned(),
            None => format!(
                "move it away, or choose another module than `{module}` with `--module NAME`"
            ),
        });
    }

    fn merge(&mut self, by: &str, path: &ProjectPath, ours: &str, base: &str, text: &str) {
        if base == text {
            return;
        }
        let is_rust = path.as_str().ends_with(".rs");
        let untouched = hash(ours) == hash(base) || (is_rust && merge::same_code(ours, base));
        let new = if untouched && ours.contains("\r\n") {
            text.replace('\n', "\r\n")
        } else if untouched {
            text.to_owned()
        } else {
            let merged = merge::merge(base, ours, text);
            if merged.conflicts > 0 {
                self.conflicted_files.push(path.clone());
            }
            self.ledger.explain(path, by, "merged with your edits");
            merged.text
        };
        self.ledger.tree.insert(path.clone(), new);
        self.ledger.explain(path, by, "");
    }

    fn remember(&mut self, by: &str, path: &ProjectPath, text: &str) {
        self.pristine.insert(path.clone(), text.to_owned());
        let folder = self.facts.package();
        if let Some(package) = self.ledger.lock.package_mut(folder) {
            package.files.retain(|file| file.path != *path);
            package.files.push(File {
                path: path.clone(),
                component: by.to_owned(),
                sha256: (by != HUB).then(|| hash(text)),
            });
            package.files.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }

    /// Deletes a generated file, unless the user changed it.
    pub(super) fn delete_generated(&mut self, file: &File, by: &str, keep_edited: bool) {
        let path = &file.path;
        let ours = self.ledger.tree.get(path);
        let edited = ours.is_some_and(|ours| is_edited(ours, file, &self.pristine));
        if edited && !keep_edited {
            match self.pristine.get(file) {
                Some(_) => {
                    self.conflict(format!("{path} was edited and would be removed"));
                    self.hint("see the edits: infra diff");
                }
                None => self.refuse_generated(path, true),
            }
            self.hint("keep the edited files as your own: --keep-edited");
            return;
        }
        if edited {
            self.note(format!(
                "{path} was edited and stays; it is yours from now on"
            ));
        } else if self.ledger.tree.remove(path).is_some() {
            self.ledger.explain(path, by, "");
        }
        if let Some(package) = self.ledger.lock.package_mut(self.facts.package()) {
            package.files.retain(|known| known.path != *path);
        }
        self.pristine.take(path);
    }
}

/// Whether a generated file has another text than it was rendered with; another layout of the same
/// code, as by another rustfmt, is no edit.
pub(super) fn is_edited(text: &str, file: &File, pristine: &Pristine) -> bool {
    if Some(hash(text)) == file.sha256 {
        return false;
    }
    let Some(rendered) = pristine.get(file) else {
        return true;
    };
    let is_rust = file.path.as_str().ends_with(".rs");
    hash(text) != hash(rendered) && !(is_rust && merge::same_code(text, rendered))
}
