//! The journal: which temporary file becomes which file. While it is being prepared a crash leaves
//! the old project; from the moment it has its name, the new one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    lock::hash,
    path::ProjectPath,
    place,
};

/// One file of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The file.
    pub path: ProjectPath,
    /// The name of the temporary file beside it; none if the file is to be removed.
    pub temporary: Option<String>,
    /// The hash of its text before; none if there was no file.
    pub before: Option<String>,
    /// The hash of its text afterwards; none if it is to be removed.
    pub after: Option<String>,
}

/// All files of a transaction, and the folders that are made for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    /// The files, in the order they are renamed.
    pub entries: Vec<Entry>,
    /// New folders, outermost first.
    pub folders: Vec<ProjectPath>,
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
        for name in journal
            .entries
            .iter()
            .filter_map(|entry| entry.temporary.as_ref())
        {
            if !is_temporary(name) {
                return Err(damaged(path, "it names a file that is not temporary"));
            }
        }
        Ok(Some(journal))
    }
}

/// Whether a name is one that [`super::apply`] gives to temporary files.
pub(super) fn is_temporary(name: &str) -> bool {
    name.starts_with(".infra-tmp-") && !name.contains(['/', '\\'])
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::failure(
        "damaged-journal",
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
        for entry in &journal.entries {
            finish(root, entry, &mut recovery)?;
        }
        remove(&committed(state))?;
    }
    // Preparations are ours alone; one that cannot be read names nothing that can be removed.
    if let Ok(Some(journal)) = Journal::load(&prepared(state)) {
        discard(root, &journal)?;
        recovery.discarded = true;
    }
    remove(&prepared(state))?;
    Ok(recovery)
}

fn finish(root: &Path, entry: &Entry, recovery: &mut Recovery) -> Result<()> {
    let target = place::locate(root, &entry.path)?;
    let current = place::read(root, &entry.path)?.map(|text| hash(&text));
    let temporary = entry
        .temporary
        .as_ref()
        .map(|name| target.with_file_name(name));
    if current == entry.after {
        recovery.finished.push(entry.path.clone());
    } else if current == entry.before {
        let done = match &temporary {
            Some(temporary) if !temporary.exists() => {
                recovery.left.push(entry.path.clone());
                return Ok(());
            }
            Some(temporary) => super::disk::replace(temporary, &target),
            None => super::disk::delete(root, &target),
        };
        done.map_err(|error| super::unwritable(&entry.path, &error))?;
        recovery.finished.push(entry.path.clone());
    } else {
        recovery.left.push(entry.path.clone());
    }
    if let Some(temporary) = temporary {
        remove(&temporary)?;
    }
    Ok(())
}

/// Removes the temporary files and the empty folders of a transaction that never began.
pub(super) fn discard(root: &Path, journal: &Journal) -> Result<()> {
    for entry in &journal.entries {
        if let Some(name) = &entry.temporary {
            let target = place::locate(root, &entry.path)?;
            remove(&target.with_file_name(name))?;
        }
    }
    for folder in journal.folders.iter().rev() {
        // Not empty is somebody else's.
        fs::remove_dir(place::locate(root, folder)?).ok();
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::failure(
            "unwritable",
            format!("`{}` cannot be removed: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}
