//! Where each change waits on the disk, and where it will be.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
};

use crate::{
    disk::PathResolver,
    error::{Error, ErrorCode, Result},
    hash::hash,
    path::ProjectPath,
};

use super::{
    FileChange, changed, disk,
    journal::{Entry, Folder, Journal},
};

/// Changes, and where on the disk each of them and each new folder waits and will be.
pub(super) struct Writing<'a> {
    pub changes: &'a [FileChange<'a>],
    pub journal: &'a Journal,
    pub files: Vec<Waiting<'a>>,
    /// With where each waits, and where it will be.
    pub folders: Vec<(&'a ProjectPath, PathBuf, PathBuf)>,
}

pub(super) struct Waiting<'a> {
    pub change: &'a FileChange<'a>,
    pub target: PathBuf,
    /// None if the file is to be removed.
    pub waiting: Option<PathBuf>,
    pub is_in_new_folder: bool,
}

impl<'a> Writing<'a> {
    pub(super) fn of(
        changes: &'a [FileChange<'a>],
        journal: &'a Journal,
        resolver: &mut PathResolver<'_>,
    ) -> Result<Self> {
        let mut writing = Self {
            changes,
            journal,
            files: Vec::new(),
            folders: Vec::new(),
        };
        for folder in &journal.folders {
            let (waiting, target) = (folder.waiting(resolver)?, resolver.locate(&folder.path)?);
            writing.folders.push((&folder.path, waiting, target));
        }
        for (change, entry) in changes.iter().zip(&journal.entries) {
            writing.files.push(Waiting {
                change,
                target: resolver.locate(&change.path)?,
                waiting: journal.waiting(entry, resolver)?,
                is_in_new_folder: journal.folder_of(&change.path).is_some(),
            });
        }
        Ok(writing)
    }

    /// Refuses where somebody has made one of the new folders meanwhile.
    pub(super) fn check_new(&self) -> Result<()> {
        let taken = self
            .folders
            .iter()
            .find(|(_, _, target)| fs::symlink_metadata(target).is_ok());
        match taken {
            Some((folder, ..)) => Err(changed(folder)),
            None => Ok(()),
        }
    }

    /// The folders that hold what waits, each once and with a file below it.
    pub(super) fn waiting_folders(&self) -> Vec<(&ProjectPath, &Path)> {
        let mut found: Vec<(&ProjectPath, &Path)> = Vec::new();
        for file in &self.files {
            let Some(waiting) = &file.waiting else {
                continue;
            };
            let mut new = self.folders.iter().map(|(_, folder, _)| folder);
            let outermost = new
                .find(|folder| waiting.starts_with(folder))
                .unwrap_or(waiting);
            for folder in waiting.ancestors().skip(1) {
                if found.iter().any(|(_, known)| *known == folder) {
                    break;
                }
                found.push((&file.change.path, folder));
                if Some(folder) == outermost.parent() {
                    break;
                }
            }
        }
        found
    }

    /// The resolver that get or lose a name: those of the new folders, and of the files in others.
    pub(super) fn named(&self) -> impl Iterator<Item = &Path> {
        let folders = self.folders.iter().map(|(_, _, target)| target);
        let files = self.files.iter().filter(|file| !file.is_in_new_folder);
        folders
            .chain(files.map(|file| &file.target))
            .map(PathBuf::as_path)
    }
}

impl Waiting<'_> {
    /// The permissions that the file keeps or gets; `None` leaves them to the umask.
    pub(super) fn mode(&self) -> Option<fs::Permissions> {
        let known = (!self.is_in_new_folder).then(|| disk::mode(&self.target));
        known
            .flatten()
            .or_else(|| self.change.private.then(disk::owner_only).flatten())
    }
}

/// The journal of changes.
pub(super) fn journal_of(
    changes: &[FileChange<'_>],
    resolver: &mut PathResolver<'_>,
) -> Result<Journal> {
    let nonce = RandomState::new().hash_one(std::process::id());
    let mut journal = Journal::default();
    for (index, change) in changes.iter().enumerate() {
        let temporary = format!(".infra-tmp-{nonce:016x}-{index}");
        let mut entry = Entry {
            path: change.path.clone(),
            temporary: None,
            before: change.before.map(hash),
            after: change.after.map(hash),
        };
        if change.after.is_some() && journal.folder_of(&change.path).is_none() {
            match resolver.new_folder(&change.path)? {
                Some(path) => {
                    let place = resolver.locate(&path)?;
                    for known in &journal.folders {
                        if resolver.locate(&known.path)? == place {
                            return Err(Error::new(
                                ErrorCode::OneFolder,
                                format!("`{}` and `{path}` are one folder on the disk", known.path),
                            )
                            .hint("replace the symbolic link by a folder of its own"));
                        }
                    }
                    journal.folders.push(Folder { path, temporary });
                }
                None => entry.temporary = Some(temporary),
            }
        }
        journal.entries.push(entry);
    }
    Ok(journal)
}
