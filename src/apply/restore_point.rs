//! A restore point: the files of a project as they were before a command that left conflict markers.
//!
//! It is saved in the state folder before the command writes anything, readable by the owner only.
//! It is removed when the user has resolved the conflicts or gone back, and when the command failed.
//!
//! A crash between the two leaves a restore point of a command that wrote nothing, and `git reset`
//! one of a command whose result is gone. So the caller names the files that nobody edits by hand,
//! such as records: while one of them has the text that the command wrote, the restore point is in
//! use; otherwise the next command removes it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use infra_edit::merge;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, ErrorCode, Result},
    hash,
    path::ProjectPath,
};

use super::{FileChange, Session, disk};

/// The files before a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestorePoint {
    files: Vec<SavedFile>,
    /// The files that got conflict markers.
    pub conflicted: BTreeSet<ProjectPath>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedFile {
    path: ProjectPath,
    before: Option<String>,
    /// The hash of what the command wrote; none if it removed the file.
    after: Option<String>,
    private: bool,
    /// Whether nobody edits this file by hand, so that it shows whether the command wrote.
    is_proof: bool,
}

impl RestorePoint {
    /// What a list of changes replaces. `is_proof` tells which files nobody edits by hand.
    pub fn new(
        changes: &[FileChange<'_>],
        conflicted: &[ProjectPath],
        is_proof: impl Fn(&ProjectPath) -> bool,
    ) -> Self {
        let files = changes.iter().map(|change| SavedFile {
            path: change.path.clone(),
            before: change.before.map(str::to_owned),
            after: change.after.map(hash::exact),
            private: change.private,
            is_proof: is_proof(&change.path),
        });
        Self {
            files: files.collect(),
            conflicted: conflicted.iter().cloned().collect(),
        }
    }

    /// The files that the command changed.
    pub fn paths(&self) -> impl Iterator<Item = &ProjectPath> {
        self.files.iter().map(|file| &file.path)
    }

    /// Whether the result of the command is there, seen from the files that nobody edits by hand.
    pub fn is_in_use(&self, current: impl Fn(&ProjectPath) -> Option<String>) -> bool {
        self.files.iter().filter(|file| file.is_proof).any(|file| {
            let now = current(&file.path);
            now != file.before && now.as_deref().map(hash::exact) == file.after
        })
    }

    /// The files that were edited after the command. A file that still has conflict markers does
    /// not count: what was done to resolve them goes with them.
    pub fn edited_since(
        &self,
        current: impl Fn(&ProjectPath) -> Option<String>,
    ) -> Vec<ProjectPath> {
        let is_edited = |file: &&SavedFile| {
            let now = current(&file.path);
            let is_written = now.as_deref().map(hash::exact) == file.after;
            let has_markers = now
                .as_deref()
                .is_some_and(|now| merge::marker(now).is_some());
            let is_open = self.conflicted.contains(&file.path) && (has_markers || now.is_none());
            !is_written && now != file.before && !is_open
        };
        let edited = self.files.iter().filter(is_edited);
        edited.map(|file| file.path.clone()).collect()
    }

    /// The changes that bring back what was, from the texts as they are now.
    pub fn changes<'a>(
        &'a self,
        current: impl Fn(&ProjectPath) -> Option<&'a str>,
    ) -> Vec<FileChange<'a>> {
        let changes = self.files.iter().map(|file| FileChange {
            path: file.path.clone(),
            before: current(&file.path),
            after: file.before.as_deref(),
            private: file.private,
        });
        changes
            .filter(|change| change.before != change.after)
            .collect()
    }

    /// Reads the restore point of a project, if there is one.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn load(state: &Path) -> Result<Option<Self>> {
        let file = file(state);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&file, &error)),
        };
        let parsed = serde_json::from_str(&text);
        let parsed = parsed.map_err(|error| {
            let what = format!("`{}` is damaged: {error}", file.display());
            Error::new(ErrorCode::DamagedRestorePoint, what)
                .hint(format!("delete it: rm {}", file.display()))
        })?;
        Ok(Some(parsed))
    }
}

impl Session {
    /// Saves a restore point, before the changes are written.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn save(&self, point: &RestorePoint) -> Result<()> {
        let file = file(&self.state);
        let text = serde_json::to_string(point)
            .map_err(|error| Error::new(ErrorCode::Unwritable, error.to_string()))?;
        let waiting = file.with_extension("new");
        fs::remove_file(&waiting).ok();
        disk::create(&waiting, text.as_bytes(), disk::owner_only())
            .and_then(|written| written.sync_all())
            .and_then(|()| fs::rename(&waiting, &file))
            .and_then(|()| disk::sync_folder(&self.state))
            .map_err(|error| failed(&file, &error))
    }

    /// Removes the restore point.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn forget_restore_point(&self) -> Result<()> {
        let file = file(&self.state);
        fs::remove_file(file.with_extension("new")).ok();
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&file, &error)),
            _ => Ok(()),
        }
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("restore-point.json")
}

fn failed(file: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorCode::Unwritable,
        format!("`{}` cannot be written: {error}", file.display()),
    )
}
