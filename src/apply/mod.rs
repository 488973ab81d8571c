//! Writes changes to disk, all or nothing.
//!
//! Every new text is first written and synced to a temporary file beside its target. Then the list
//! of them gets the name of the journal: that rename is the commit point. A crash before it leaves
//! the old project, a crash after it the new one, as soon as the next changing command has renamed
//! the rest. This room knows files, and not what a component is.
#![expect(clippy::disallowed_methods, reason = "this is the room that writes")]

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

use crate::{
    error::{Error, Result},
    lock::hash,
    path::ProjectPath,
    place,
};

mod journal;

/// How many files are synced at once.
const AT_ONCE: usize = 8;

use journal::{Entry, Journal};
pub use journal::{Recovery, is_pending};

/// A file before and after; no text is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file.
    pub path: ProjectPath,
    /// What it must hold now.
    pub before: Option<String>,
    /// What it shall hold.
    pub after: Option<String>,
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
    pub fn apply(&self, changes: &[FileChange], watch: Watch<'_>) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        for change in changes {
            self.check(change)?;
        }
        let journal = self.journal(changes)?;
        if let Err(error) = self.stage(changes, &journal, watch) {
            journal::discard(&self.root, &journal)?;
            fs::remove_file(journal::prepared(&self.state)).ok();
            return Err(error);
        }
        self.commit(&journal, watch).map_err(|(path, error)| {
            let mut error =
                unwritable(&path, &error).hint("run the same command again to finish it");
            error.code = "incomplete";
            error.written = journal.entries.iter().map(|e| e.path.to_string()).collect();
            error
        })
    }

    fn check(&self, change: &FileChange) -> Result<()> {
        if place::read(&self.root, &change.path)? != change.before {
            return Err(Error::failure(
                "changed-since-planned",
                format!("`{}` was changed while this command ran", change.path),
            )
            .hint("run the command again"));
        }
        let target = place::locate(&self.root, &change.path)?;
        let folder = target.ancestors().skip(1).find(|path| path.exists());
        for path in [Some(target.as_path()), folder].into_iter().flatten() {
            if fs::metadata(path).is_ok_and(|found| found.permissions().readonly()) {
                let shown = path.strip_prefix(&self.root).unwrap_or(path);
                return Err(Error::failure(
                    "read-only",
                    format!("`{}` is read-only", shown.display()),
                )
                .hint(format!("chmod u+w {}", shown.display())));
            }
        }
        Ok(())
    }

    fn journal(&self, changes: &[FileChange]) -> Result<Journal> {
        let nonce = RandomState::new().hash_one(std::process::id());
        let mut folders = BTreeSet::new();
        let mut entries = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            entries.push(Entry {
                path: change.path.clone(),
                temporary: change
                    .after
                    .is_some()
                    .then(|| format!(".infra-tmp-{nonce:016x}-{index}")),
                before: change.before.as_deref().map(hash),
                after: change.after.as_deref().map(hash),
            });
            let mut folder = change.path.folder();
            while change.after.is_some() && !folder.is_empty() {
                let Ok(path) = folder.parse::<ProjectPath>() else {
                    break;
                };
                if place::locate(&self.root, &path)?.exists() {
                    break;
                }
                folders.insert(path);
                folder = folder.rsplit_once('/').map_or("", |(outer, _)| outer);
            }
        }
        Ok(Journal {
            entries,
            folders: folders.into_iter().collect(),
        })
    }

    fn stage(&self, changes: &[FileChange], journal: &Journal, watch: Watch<'_>) -> Result<()> {
        let prepared = journal::prepared(&self.state);
        let text = serde_json::to_string(journal)
            .map_err(|error| Error::failure("unwritable", error.to_string()))?;
        let failed = |error: io::Error| {
            Error::failure(
                "unwritable",
                format!("`{}` cannot be written: {error}", prepared.display()),
            )
        };
        watch("prepare").map_err(failed)?;
        write(&prepared, text.as_bytes(), None)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        for folder in &journal.folders {
            watch("make a folder")
                .and_then(|()| {
                    fs::create_dir(place::locate(&self.root, folder).map_err(io::Error::other)?)
                })
                .map_err(|error| unwritable(folder, &error))?;
        }
        let mut written = Vec::new();
        for (change, entry) in changes.iter().zip(&journal.entries) {
            let (Some(text), Some(name)) = (&change.after, &entry.temporary) else {
                continue;
            };
            let target = place::locate(&self.root, &change.path)?;
            let temporary = target.with_file_name(name);
            watch("write a temporary file")
                .and_then(|()| {
                    let mode = mode(&target, change.private);
                    write(&temporary, text.as_bytes(), mode)
                })
                .map(drop)
                .map_err(|error| unwritable(&change.path, &error))?;
            written.push((&change.path, temporary));
        }
        watch("sync the temporary files").map_err(failed)?;
        sync_all(&written, |path| OpenOptions::new().write(true).open(path))
            .map_err(|(path, error)| unwritable(path, &error))?;
        watch("commit").map_err(failed)?;
        fs::rename(&prepared, journal::committed(&self.state)).map_err(failed)?;
        sync_folder(&self.state).map_err(failed)
    }

    fn commit(&self, journal: &Journal, watch: Watch<'_>) -> Result<(), (ProjectPath, io::Error)> {
        let mut folders = BTreeSet::new();
        for entry in &journal.entries {
            let step = || {
                let target = place::locate(&self.root, &entry.path).map_err(io::Error::other)?;
                match &entry.temporary {
                    Some(name) => replace(&target.with_file_name(name), &target)?,
                    None => delete(&self.root, &target)?,
                }
                Ok(target.parent().map(Path::to_owned))
            };
            let folder = watch("rename")
                .and_then(|()| step())
                .map_err(|error| (entry.path.clone(), error))?;
            folders.extend(folder);
        }
        let last = |error| (journal.entries[0].path.clone(), error);
        folders.retain(|folder| folder.exists());
        let folders: Vec<((), PathBuf)> = folders.into_iter().map(|folder| ((), folder)).collect();
        watch("sync the folders")
            .and_then(|()| sync_all(&folders, |path| File::open(path)).map_err(|((), error)| error))
            .map_err(last)?;
        watch("forget the journal")
            .and_then(|()| fs::remove_file(journal::committed(&self.state)))
            .map_err(last)
    }
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

/// The permissions that a file keeps or gets; `None` leaves them to the umask.
fn mode(target: &Path, private: bool) -> Option<fs::Permissions> {
    match fs::metadata(target) {
        Ok(found) => Some(found.permissions()),
        Err(_) if private => owner_only(),
        Err(_) => None,
    }
}

#[cfg(unix)]
fn owner_only() -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;

    Some(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn owner_only() -> Option<fs::Permissions> {
    None
}

fn write(path: &Path, bytes: &[u8], mode: Option<fs::Permissions>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if path
        .file_name()
        .is_some_and(|name| journal::is_temporary(&name.to_string_lossy()))
    {
        options.create_new(true);
    } else {
        options.create(true).truncate(true);
    }
    let mut file = options.open(path)?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.write_all(bytes)?;
    Ok(file)
}

/// Syncs files or folders, several at once: a disk takes hardly longer for them than for one.
fn sync_all<T: Copy + Send + Sync>(
    all: &[(T, PathBuf)],
    open: impl Fn(&Path) -> io::Result<File> + Sync,
) -> Result<(), (T, io::Error)> {
    let share = all.len().div_ceil(AT_ONCE).max(1);
    let sync = |(name, path): &(T, PathBuf)| {
        let synced = open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| (*name, error))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().try_for_each(sync)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Puts a temporary file in the place of its target.
fn replace(temporary: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(temporary, target) {
        // A file that is a mount of its own can only be written in place.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
            ) =>
        {
            let text = fs::read(temporary)?;
            let mut file = OpenOptions::new().write(true).truncate(true).open(target)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::remove_file(temporary)
        }
        done => done,
    }
}

/// Removes a file and the folders that it leaves empty, up to the root.
fn delete(root: &Path, target: &Path) -> io::Result<()> {
    match fs::remove_file(target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in target.ancestors().skip(1) {
        if folder == root || !folder.starts_with(root) || fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
