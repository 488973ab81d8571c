//! Where a path of the project really is on disk, and that it is inside.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    path::ProjectPath,
};

/// Finds the file that `path` names, following symlinks as long as they stay in the project.
///
/// `root` is not asked for symlinks of its own: who begins with a project resolves it once.
///
/// # Errors
///
/// A symlink leads out of the project or into a folder that is not its own.
pub fn locate(root: &Path, path: &ProjectPath) -> Result<PathBuf> {
    let mut place = root.to_owned();
    let mut names = path.as_str().split('/').peekable();
    while let Some(name) = names.next() {
        place.push(name);
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => {
                place = follow(root, &place, path)?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                place.extend(names);
                return Ok(place);
            }
            Err(error) => return Err(unreadable(&place, &error)),
        }
    }
    Ok(place)
}

fn follow(root: &Path, link: &Path, path: &ProjectPath) -> Result<PathBuf> {
    let outside = |why: &str| {
        Error::failure(
            "path-leaves-project",
            format!("`{path}` leads through a symbolic link {why}"),
        )
        .hint("replace the link by the file or folder that it stands for")
    };
    let place = fs::canonicalize(link).map_err(|_| outside("that leads nowhere"))?;
    let relative = place
        .strip_prefix(root)
        .map_err(|_| outside("that leads out of the project"))?;
    let relative = relative.to_string_lossy().replace('\\', "/");
    match relative.as_str() {
        "" => Ok(place),
        relative => match relative.parse::<ProjectPath>() {
            Ok(_) => Ok(place),
            Err(error) => Err(outside(&format!("and {error}"))),
        },
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::failure(
        "unreadable",
        format!("`{}` cannot be read: {error}", path.display()),
    )
}

/// The text of a file; `None` if there is none.
///
/// # Errors
///
/// It leads out of the project, cannot be read or is not UTF-8.
pub fn read(root: &Path, path: &ProjectPath) -> Result<Option<String>> {
    let place = locate(root, path)?;
    match fs::read(&place) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count()
                + 1;
            Error::failure(
                "not-utf8",
                format!("`{path}` is not UTF-8 text, line {line}"),
            )
            .hint("save the file as UTF-8")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::failure(
            "unreadable",
            format!("`{path}` cannot be read: {error}"),
        )),
    }
}
