//! Writes changes to disk, all or nothing.
//!
//! Every new text is first written and synced to a temporary file beside its target, or, if its
//! folder is new, in a temporary folder beside that. Then the list of them gets the name of the
//! journal: that rename is the commit point. A crash before it leaves the old project, a crash after
//! it the new one, as soon as the next changing command has renamed the rest. This room knows files,
//! and not what a component is.
#![expect(clippy::disallowed_methods, reason = "this is the room that writes")]

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{
    disk::PathResolver,
    error::{Error, Result},
    path::ProjectPath,
};

mod disk;
mod journal;
mod restore_point;
mod sync;
mod writing;

pub use journal::{Recovery, is_pending};
pub use restore_point::RestorePoint;
use sync::Syncing;
use writing::{Writing, journal_of};

/// A file before and after; no text is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange<'a> {
    /// The file.
    pub path: ProjectPath,
    /// What it must hold now.
    pub before: Option<&'a str>,
    /// What it shall hold.
    pub after: Option<&'a str>,
    /// Whether nobody but the owner may read it, if it is new.
    pub private: bool,
}

/// The right to change a project; held by one process at a time.
#[derive(Debug)]
pub struct Session {
    root: PathBuf,
    state: PathBuf,
    _lock: File,
}

/// Told of each step before it is taken; an error of it is an error of the step.
pub type Watch<'a> = &'a mut dyn FnMut(&str) -> io::Result<()>;

impl Session {
    /// Takes the right to change the project at `root`, and ends what an interrupted command left.
    ///
    /// `state` is the folder for the journal and the advisory lock, outside of what a clone brings.
    ///
    /// # Errors
    ///
    /// Another process has the right, or the rest of an interrupted command cannot be written.
    pub fn open(root: &Path, state: &Path) -> Result<(Self, Recovery)> {
        let failed = |error: io::Error| {
            Error::failure(
                "unwritable",
                format!("`{}` cannot be written: {error}", state.display()),
            )
        };
        fs::create_dir_all(state).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(state.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failure(
                    "already-running",
                    "another `infra` is changing this project",
                )
                .hint("wait until it has ended, then try again"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let root = fs::canonicalize(root).map_err(failed)?;
        let recovery = journal::recover(&root, state)?;
        let session = Self {
            root,
            state: state.to_owned(),
            _lock: lock,
        };
        Ok((session, recovery))
    }

    /// Makes the folder of a new project, and takes the right to fill it.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn create(root: &Path, state: &Path) -> Result<(Self, Recovery)> {
        fs::create_dir_all(root).map_err(|error| {
            Error::failure(
                "unwritable",
                format!("`{}` cannot be made: {error}", root.display()),
            )
        })?;
        Self::open(root, state)
    }

    /// Removes the empty folder of a new project that could not be filled.
    pub fn abandon(root: &Path) {
        // Not empty is somebody else's.
        fs::remove_dir(root).ok();
    }

    /// Writes all changes, or none.
    ///
    /// # Errors
    ///
    /// A file is not as it was when the changes were planned, or cannot be written. Only an error
    /// after the commit point leaves files changed, and its message says so.
    pub fn apply(&self, changes: &[FileChange<'_>], watch: Watch<'_>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut resolver = PathResolver::new(&self.root);
        for change in changes {
            if resolver.read(&change.path)?.as_deref() != change.before {
                return Err(changed(&change.path));
            }
        }
        let journal = journal_of(changes, &mut resolver)?;
        let writing = Writing::of(changes, &journal, &mut resolver)?;
        let mut writable = Vec::new();
        for place in writing.named() {
            self.check_writable(place, &mut writable)?;
        }
        let staged = self.stage(&writing, watch).or_else(|error| {
            journal::discard(&self.root, &journal)?;
            fs::remove_file(journal::prepared(&self.state)).ok();
            Err(error)
        });
        let syncing = staged?;
        self.commit(&writing, &syncing, watch)
            .map_err(|(path, error)| {
                let mut error =
                    unwritable(&path, &error).hint("run the same command again to finish it");
                error.code = "incomplete";
                error.written = journal.entries.iter().map(|e| e.path.to_string()).collect();
                error
            })
    }

    /// Looks at a file and the innermost folder that it has, at each folder once.
    fn check_writable(&self, target: &Path, writable: &mut Vec<PathBuf>) -> Result<()> {
        let refuse = |path: &Path| {
            let shown = path.strip_prefix(&self.root).unwrap_or(path);
            Err(
                Error::failure("read-only", format!("`{}` is read-only", shown.display()))
                    .hint(format!("chmod u+w {}", shown.display())),
            )
        };
        for path in target.ancestors() {
            if writable.iter().any(|known| known == path) {
                break;
            }
            let found = fs::metadata(path);
            if found
                .as_ref()
                .is_ok_and(|found| found.permissions().readonly())
            {
                return refuse(path);
            }
            if path != target {
                writable.push(path.to_owned());
                if found.is_ok() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Writes the temporary files and the journal, and returns how what follows is to be synced.
    fn stage(&self, writing: &Writing<'_>, watch: Watch<'_>) -> Result<Syncing> {
        let prepared = journal::prepared(&self.state);
        let text = serde_json::to_string(writing.journal)
            .map_err(|error| Error::failure("unwritable", error.to_string()))?;
        let failed = |error: io::Error| {
            Error::failure(
                "unwritable",
                format!("`{}` cannot be written: {error}", prepared.display()),
            )
        };
        watch("prepare").map_err(failed)?;
        disk::create(&prepared, text.as_bytes(), None)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        let syncing = Syncing::of(writing.named().filter_map(Path::parent));
        let mut made: Vec<&Path> = Vec::new();
        let mut written = Vec::new();
        for file in &writing.files {
            let (Some(text), Some(waiting)) = (file.change.after, &file.waiting) else {
                continue;
            };
            let path = &file.change.path;
            let folder = waiting.parent().filter(|folder| !made.contains(folder));
            if let Some(folder) = folder.filter(|_| file.is_in_new_folder) {
                watch("make a folder")
                    .and_then(|()| fs::create_dir_all(folder))
                    .map_err(|error| unwritable(path, &error))?;
                made.push(folder);
            }
            watch("write a temporary file")
                .and_then(|()| disk::create(waiting, text.as_bytes(), file.mode()))
                .map(|written| syncing.begin(&written))
                .map_err(|error| unwritable(path, &error))?;
            written.push((path, waiting.clone()));
        }
        if disk::SYNCS_FOLDERS {
            let folders = writing.waiting_folders().into_iter();
            written.extend(folders.map(|(path, folder)| (path, folder.to_owned())));
        }
        watch("sync the temporary files").map_err(failed)?;
        syncing
            .end(&written, disk::open_to_sync)
            .map_err(|(path, error)| unwritable(path, &error))?;
        writing.check_new()?;
        watch("commit").map_err(failed)?;
        fs::rename(&prepared, journal::committed(&self.state)).map_err(failed)?;
        Ok(syncing)
    }

    fn commit(
        &self,
        writing: &Writing<'_>,
        syncing: &Syncing,
        watch: Watch<'_>,
    ) -> Result<(), (ProjectPath, io::Error)> {
        let last = |error| (writing.changes[0].path.clone(), error);
        watch("sync the journal")
            .and_then(|()| disk::sync_folder(&self.state))
            .map_err(last)?;
        for (folder, waiting, target) in &writing.folders {
            watch("rename a folder")
                .and_then(|()| fs::rename(waiting, target))
                .map_err(|error| ((*folder).clone(), error))?;
        }
        for file in writing.files.iter().filter(|file| !file.is_in_new_folder) {
            watch("rename a file")
                .and_then(|()| match &file.waiting {
                    Some(waiting) => disk::replace(waiting, &file.target),
                    None => disk::delete(&self.root, &file.target),
                })
                .map_err(|error| (file.change.path.clone(), error))?;
        }
        let mut folders: Vec<((), PathBuf)> = Vec::new();
        for folder in writing.named().filter_map(Path::parent) {
            let known = folders.iter().any(|(_, known)| known == folder);
            if disk::SYNCS_FOLDERS && !known && folder.exists() {
                folders.push(((), folder.to_owned()));
            }
        }
        watch("sync the folders")
            .and_then(|()| {
                syncing
                    .end(&folders, disk::open_to_sync)
                    .map_err(|((), error)| error)
            })
            .map_err(last)?;
        watch("forget the journal")
            .and_then(|()| fs::remove_file(journal::committed(&self.state)))
            .map_err(last)
    }
}

fn changed(path: &ProjectPath) -> Error {
    Error::failure(
        "changed-since-planned",
        format!("`{path}` was changed while this command ran"),
    )
    .hint("run the command again")
}

fn unwritable(path: &ProjectPath, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => "make room on the disk, then try again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "look at the owner and the permissions of the file and its folder"
        }
        _ => "look at the file and its folder, then try again",
    };
    Error::failure("unwritable", format!("`{path}` cannot be written: {error}")).hint(hint)
}
