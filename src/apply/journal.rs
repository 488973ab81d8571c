//! The journal: which temporary file or folder becomes which. While it is being prepared a crash leaves
//! the old project; from the moment it has its name, the new one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    disk::PathResolver,
    error::{Error, ErrorCode, Result},
    hash::hash,
    path::ProjectPath,
};

/// One file of a transaction. Its text waits beside it, or in the [`Folder`] that it is new in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The file.
    pub path: ProjectPath,
    /// The name of the temporary file beside it, if it waits there.
    pub temporary: Option<String>,
    /// The hash of its text before; none if there was no file.
    pub before: Option<String>,
    /// The hash of its text afterwards; none if it is to be removed.
    pub after: Option<String>,
}

/// A new folder, which gets its name with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Folder {
    /// The folder.
    pub path: ProjectPath,
    /// The name of the temporary folder beside it.
    pub temporary: String,
}

/// All files of a transaction, and the folders that are made for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    /// The files. Those that wait beside their place are renamed in this order.
    pub entries: Vec<Entry>,
    /// The new folders whose own folder is there.
    pub folders: Vec<Folder>,
}

/// What the next command did about an interrupted one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Files that now have their new text.
    pub finished: Vec<ProjectPath>,
    /// Files that somebody changed meanwhile, left as they are.
    pub left: Vec<ProjectPath>,
    /// Whether an unfinished preparation was thrown away.
    pub discarded: bool,
}

pub(super) fn prepared(state: &Path) -> PathBuf {
    state.join("prepared")
}

pub(super) fn committed(state: &Path) -> PathBuf {
    state.join("journal")
}

/// Whether a command was interrupted while it wrote.
pub fn is_pending(state: &Path) -> bool {
    committed(state).exists()
}

impl Journal {
    fn load(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(path, &error.to_string())),
        };
        let journal: Self =
            serde_json::from_str(&text).map_err(|error| damaged(path, &error.to_string()))?;
        let files = journal.entries.iter().flat_map(|entry| &entry.temporary);
        let folders = journal.folders.iter().map(|folder| &folder.temporary);
        if !files.chain(folders).all(|name| is_temporary(name)) {
            return Err(damaged(path, "it names a file that is not temporary"));
        }
        Ok(Some(journal))
    }

    /// The new folder that a file is in, and where in it.
    pub(super) fn folder_of<'a>(&'a self, path: &'a ProjectPath) -> Option<(&'a Folder, &'a str)> {
        self.folders.iter().find_map(|folder| {
            let inner = path.as_str().strip_prefix(folder.path.as_str())?;
            Some((folder, inner.strip_prefix('/')?))
        })
    }

    /// Where the text of a file waits; none if the file is to be removed.
    pub(super) fn waiting(
        &self,
        entry: &Entry,
        resolver: &mut PathResolver<'_>,
    ) -> Result<Option<PathBuf>> {
        Ok(match (&entry.temporary, self.folder_of(&entry.path)) {
            (Some(name), _) => Some(resolver.locate(&entry.path)?.with_file_name(name)),
            (None, Some((folder, inner))) => Some(folder.waiting(resolver)?.join(inner)),
            (None, None) => None,
        })
    }
}

impl Folder {
    /// Where the folder is until it has its name.
    pub(super) fn waiting(&self, resolver: &mut PathResolver<'_>) -> Result<PathBuf> {
        Ok(resolver.locate(&self.path)?.with_file_name(&self.temporary))
    }
}

/// Whether a name is one that [`super::apply`] gives to temporary files.
fn is_temporary(name: &str) -> bool {
    name.starts_with(".infra-tmp-") && !name.contains(['/', '\\'])
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorCode::DamagedJournal,
        format!("the journal of an interrupted command is damaged: {why}"),
    )
    .hint(format!(
        "look at `git status`, then remove `{}`",
        path.display()
    ))
}

/// Brings what an interrupted command left to an end.
///
/// # Errors
///
/// The journal is damaged or a file cannot be written.
pub(super) fn recover(root: &Path, state: &Path) -> Result<Recovery> {
    let mut recovery = Recovery::default();
    if let Some(journal) = Journal::load(&committed(state))? {
        for folder in &journal.folders {
            finish_folder(root, folder)?;
        }
        for entry in &journal.entries {
            finish(root, &journal, entry, &mut recovery)?;
        }
        sync_folders(root, &journal)?;
        discard(root, &journal)?;
        gone(&committed(state), fs::remove_file)?;
    }
    // Preparations are ours alone; one that cannot be read names nothing that can be removed.
    if let Ok(Some(journal)) = Journal::load(&prepared(state)) {
        discard(root, &journal)?;
        recovery.discarded = true;
    }
    gone(&prepared(state), fs::remove_file)?;
    Ok(recovery)
}

/// Gives a folder its name, unless somebody has taken that meanwhile.
fn finish_folder(root: &Path, folder: &Folder) -> Result<()> {
    let mut resolver = PathResolver::new(root);
    let Some(target) = resolver.reach(&folder.path)? else {
        return Ok(());
    };
    let waiting = folder.waiting(&mut resolver)?;
    if waiting.exists() && !target.exists() {
        fs::rename(waiting, target).map_err(|error| super::unwritable(&folder.path, &error))?;
    }
    Ok(())
}

fn finish(root: &Path, journal: &Journal, entry: &Entry, recovery: &mut Recovery) -> Result<()> {
    let mut resolver = PathResolver::new(root);
    let Some(target) = resolver.reach(&entry.path)? else {
        recovery.left.push(entry.path.clone());
        return Ok(());
    };
    let current = resolver.read(&entry.path)?.map(|text| hash(&text));
    let waiting = journal.waiting(entry, &mut resolver)?;
    let untouched = current == entry.before;
    let done = match waiting.filter(|waiting| waiting.exists()) {
        _ if current == entry.after => Ok(()),
        Some(waiting) if untouched => target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| super::disk::replace(&waiting, &target)),
        None if untouched && entry.after.is_none() => super::disk::delete(root, &target),
        _ => {
            recovery.left.push(entry.path.clone());
            return Ok(());
        }
    };
    done.map_err(|error| super::unwritable(&entry.path, &error))?;
    recovery.finished.push(entry.path.clone());
    Ok(())
}

/// Syncs the folders of what has got its name.
fn sync_folders(root: &Path, journal: &Journal) -> Result<()> {
    let mut resolver = PathResolver::new(root);
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in &journal.entries {
        let Some(target) = resolver.reach(&entry.path)? else {
            continue;
        };
        for folder in target.ancestors().skip(1) {
            if !folder.starts_with(root) || folders.iter().any(|known| known == folder) {
                break;
            }
            if folder.exists() {
                super::disk::sync_folder(folder)
                    .map_err(|error| super::unwritable(&entry.path, &error))?;
                folders.push(folder.to_owned());
            }
        }
    }
    Ok(())
}

/// Removes what waits for a name that it will not get.
pub(super) fn discard(root: &Path, journal: &Journal) -> Result<()> {
    let mut resolver = PathResolver::new(root);
    for entry in journal.entries.iter().filter(|e| e.temporary.is_some()) {
        if resolver.reach(&entry.path)?.is_some()
            && let Some(waiting) = journal.waiting(entry, &mut resolver)?
        {
            gone(&waiting, fs::remove_file)?;
        }
    }
    for folder in &journal.folders {
        if resolver.reach(&folder.path)?.is_some() {
            gone(&folder.waiting(&mut resolver)?, fs::remove_dir_all)?;
        }
    }
    Ok(())
}

fn gone<'a>(path: &'a Path, remove: impl Fn(&'a Path) -> io::Result<()>) -> Result<()> {
    match remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::new(
            ErrorCode::Unwritable,
            format!("`{}` cannot be removed: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}
