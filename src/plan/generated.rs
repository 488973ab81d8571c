//! Generated files: created, replaced, merged with the user's edits, or removed.

use crate::{
    edit::merge,
    facts::Tree,
    lock::{Base, File, RESTORE, hash},
    path::ProjectPath,
};

use super::builder::PlanBuilder;

impl PlanBuilder<'_> {
    /// Brings the files of `by` to their new rendering; files that it no longer has are removed.
    pub(super) fn render(&mut self, by: &str, files: &Tree) {
        let old: Vec<File> = self.files_of(by).cloned().collect();
        for file in old.iter().filter(|file| !files.contains_key(&file.path)) {
            self.discard(file, by, true);
        }
        for (path, text) in files {
            self.generate(by, path, text);
        }
    }

    fn files_of(&self, by: &str) -> impl Iterator<Item = &File> {
        let package = self.lock.package(self.facts.package());
        let files = package.into_iter().flat_map(|package| &package.files);
        files.filter(move |file| file.by == by)
    }

    fn generate(&mut self, by: &str, path: &ProjectPath, text: &str) {
        let ours = self.tree.get(path).cloned();
        let known = self.files_of(by).find(|file| file.path == *path).cloned();
        let base = known.as_ref().and_then(|file| self.pristine(file, text));
        match (ours, base) {
            // Deleted by the user, and nothing new to say: it stays deleted.
            (None, Some(base)) if base == text => return,
            (None, _) => {
                if known.is_some() {
                    self.note(format!(
                        "{path} was deleted and is there again, in a new version"
                    ));
                }
                self.tree.insert(path.clone(), text.to_owned());
                self.explain(path, by, "");
            }
            (Some(ours), None) if hash(&ours) == hash(text) => {}
            (Some(_), None) => {
                self.refuse(path, known.is_some());
                return;
            }
            (Some(ours), Some(base)) => self.merge(by, path, &ours, &base, text),
        }
        self.remember(by, path, text);
    }

    /// The text of a file as it was rendered. Without a record of it, that of the file itself or
    /// of the new rendering, if it is the same.
    fn pristine(&self, file: &File, text: &str) -> Option<String> {
        let is_same = |text: &&str| hash(text) == file.sha256;
        let ours = || self.tree.get(&file.path).map(String::as_str);
        let pristine = self
            .base
            .get(file)
            .or_else(|| ours().filter(is_same))
            .or_else(|| Some(text).filter(is_same));
        pristine.map(str::to_owned)
    }

    /// Refuses to write over a file that has another text, and nothing to merge it with.
    fn refuse(&mut self, path: &ProjectPath, is_known: bool) {
        if is_known {
            self.conflict(Base::lacks(path));
            self.hint(RESTORE);
            let package = self.known.0.package(self.facts.package());
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
        if self.tree.contains_key(&file) && self.tree.contains_key(&root) {
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
        self.hint(match self.known.0.package(self.facts.package()) {
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
                self.markers.push(path.clone());
            }
            self.explain(path, by, "merged with your edits");
            merged.text
        };
        self.tree.insert(path.clone(), new);
        self.explain(path, by, "");
    }

    fn remember(&mut self, by: &str, path: &ProjectPath, text: &str) {
        self.base.insert(path.clone(), text.to_owned());
        let folder = self.facts.package().to_owned();
        let packages = &mut self.lock.packages;
        if let Some(package) = packages.iter_mut().find(|known| known.folder == folder) {
            package.files.retain(|file| file.path != *path);
            package.files.push(File {
                path: path.clone(),
                by: by.to_owned(),
                sha256: hash(text),
            });
            package.files.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }

    /// Removes a generated file, unless the user changed it.
    pub(super) fn discard(&mut self, file: &File, by: &str, keep_edited: bool) {
        let path = &file.path;
        let edited = match (self.tree.get(path), self.base.get(file)) {
            (None, _) => false,
            (Some(ours), _) if hash(ours) == file.sha256 => false,
            (Some(ours), Some(base)) => {
                !(path.as_str().ends_with(".rs") && merge::same_code(ours, base))
            }
            (Some(_), None) => true,
        };
        if edited && !keep_edited {
            match self.base.get(file) {
                Some(_) => {
                    self.conflict(format!("{path} was edited and would be removed"));
                    self.hint("see the edits: infra diff");
                }
                None => self.refuse(path, true),
            }
            self.hint("keep the edited files as your own: --keep-edited");
            return;
        }
        if edited {
            self.note(format!(
                "{path} was edited and stays; it is yours from now on"
            ));
        } else if self.tree.remove(path).is_some() {
            self.explain(path, by, "");
        }
        let folder = self.facts.package().to_owned();
        for package in &mut self.lock.packages {
            if package.folder == folder {
                package.files.retain(|known| known.path != *path);
            }
        }
    }
}
