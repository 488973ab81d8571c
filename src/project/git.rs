//! The git directory: a place that a clone does not bring, for the journal and the advisory lock.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorCode, Result};

/// The folder for the journal of the project at `root`.
///
/// # Errors
///
/// There is neither a git directory nor a home.
pub(super) fn state_folder(root: &Path) -> Result<PathBuf> {
    let repository = root.ancestors().find(|folder| folder.join(".git").exists());
    if let Some(repository) = repository
        && let Some(directory) = directory(repository)
    {
        let inner = root.strip_prefix(repository).unwrap_or(Path::new(""));
        let folder = directory.join("infra");
        return Ok(match inner.as_os_str().is_empty() {
            true => folder,
            false => folder.join(name_of(inner)),
        });
    }
    Ok(user_state_folder()?.join("infra").join(name_of(root)))
}

fn directory(repository: &Path) -> Option<PathBuf> {
    let git = repository.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    // In a worktree or a submodule it is a file that names the folder.
    let text = fs::read_to_string(git).ok()?;
    let directory = repository.join(text.strip_prefix("gitdir:")?.trim());
    directory.is_dir().then_some(directory)
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the user's state lies is a matter of the environment"
)]
fn user_state_folder() -> Result<PathBuf> {
    let absolute = |name: &str| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .or_else(|| absolute("LOCALAPPDATA"))
        .ok_or_else(|| {
            Error::new(
                ErrorCode::NoStateFolder,
                "there is no place for the journal: no git repository, and `HOME` is not set",
            )
            .hint("git init")
        })
}

fn name_of(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether git tracks a file, as far as its index shows.
pub(super) fn tracks(root: &Path, path: &str) -> bool {
    let repository = root.ancestors().find(|folder| folder.join(".git").exists());
    let Some(repository) = repository else {
        return false;
    };
    let Some(index) = directory(repository).and_then(|git| fs::read(git.join("index")).ok()) else {
        return false;
    };
    let inner = root.strip_prefix(repository).unwrap_or(Path::new(""));
    let mut name = inner.join(path).into_os_string().into_encoded_bytes();
    // A whole name stands before its end and behind two bytes of flags, the length among them.
    name.push(0);
    let length = (name.len() - 1).min(0xfff) as u16;
    index.windows(name.len() + 2).any(|window| {
        let flags = u16::from_be_bytes([window[0], window[1]]);
        flags & 0xfff == length && window[2..] == name
    })
}
