//! Where a path of the project really is on disk, and that it is inside.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, ErrorCode, Result},
    path::ProjectPath,
};

/// Where the files of a project are. It asks the disk for each folder once, so it is for one pass over
/// a project and not to be kept.
#[derive(Debug)]
pub struct PathResolver<'a> {
    root: &'a Path,
    folders: BTreeMap<String, Place>,
}

#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    is_there: bool,
}

impl<'a> PathResolver<'a> {
    /// The resolver below `root`, which is not asked for symlinks of its own: who begins with a project
    /// resolves it once.
    pub fn new(root: &'a Path) -> Self {
        Self {
            root,
            folders: BTreeMap::new(),
        }
    }

    /// Finds the file that `path` names, following symlinks as long as they stay in the project.
    ///
    /// # Errors
    ///
    /// A symlink leads out of the project or into a folder that is not its own, or a file is where a
    /// folder has to be.
    pub fn locate(&mut self, path: &ProjectPath) -> Result<PathBuf> {
        Ok(self.step(path.as_str(), path)?.path)
    }

    /// Finds a file as [`Self::locate`] does; `None` if a file is where a folder has to be.
    ///
    /// # Errors
    ///
    /// A symlink leads out of the project or into a folder that is not its own.
    pub fn reach(&mut self, path: &ProjectPath) -> Result<Option<PathBuf>> {
        match self.locate(path) {
            Err(error) if error.code == ErrorCode::NotAFolder => Ok(None),
            found => found.map(Some),
        }
    }

    /// The text of a file; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Those of [`Self::locate`], or it cannot be read or is not UTF-8.
    pub fn read(&mut self, path: &ProjectPath) -> Result<Option<String>> {
        let place = self.step(path.as_str(), path)?;
        match place.is_there {
            true => text(&place.path, path),
            false => Ok(None),
        }
    }

    /// The outermost folder that has to be made for a file; none if its folder is there.
    ///
    /// # Errors
    ///
    /// Those of [`Self::locate`].
    pub fn new_folder(&mut self, path: &ProjectPath) -> Result<Option<ProjectPath>> {
        let ends = path.as_str().match_indices('/').map(|(end, _)| end);
        for folder in ends.map(|end| &path.as_str()[..end]) {
            if !self.folder(folder, path)?.is_there {
                // Every beginning of a path is one.
                return Ok(folder.parse().ok());
            }
        }
        Ok(None)
    }

    fn folder(&mut self, folder: &str, path: &ProjectPath) -> Result<Place> {
        if let Some(known) = self.folders.get(folder) {
            return Ok(known.clone());
        }
        let place = self.step(folder, path)?;
        self.folders.insert(folder.to_owned(), place.clone());
        Ok(place)
    }

    /// The last name of `way`, which is `path` or a folder on the way to it.
    fn step(&mut self, way: &str, path: &ProjectPath) -> Result<Place> {
        let (folder, name) = match way.rsplit_once('/') {
            Some((folder, name)) => (self.folder(folder, path)?, name),
            None => (self.root(), way),
        };
        let mut place = folder.path.join(name);
        let is_there = folder.is_there
            && match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => {
                    place = follow(self.root, &place, path)?;
                    true
                }
                Ok(_) => true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                    return Err(occupied(way, path));
                }
                Err(error) => return Err(unreadable(&place, &error)),
            };
        Ok(Place {
            path: place,
            is_there,
        })
    }

    fn root(&self) -> Place {
        Place {
            path: self.root.to_owned(),
            is_there: true,
        }
    }
}

/// Finds one file as [`PathResolver::locate`] does.
///
/// # Errors
///
/// Those of [`PathResolver::locate`].
pub fn locate(root: &Path, path: &ProjectPath) -> Result<PathBuf> {
    PathResolver::new(root).locate(path)
}

/// Reads one file as [`PathResolver::read`] does.
///
/// # Errors
///
/// Those of [`PathResolver::read`].
pub fn read(root: &Path, path: &ProjectPath) -> Result<Option<String>> {
    PathResolver::new(root).read(path)
}

fn follow(root: &Path, link: &Path, path: &ProjectPath) -> Result<PathBuf> {
    let outside = |why: &str| {
        Error::new(
            ErrorCode::PathLeavesProject,
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

/// The error for a file where the folder of another has to be.
fn occupied(way: &str, path: &ProjectPath) -> Error {
    let folder = way.rsplit_once('/').map_or("", |(folder, _)| folder);
    Error::new(
        ErrorCode::NotAFolder,
        format!("`{folder}` is a file, and `{path}` needs a folder there"),
    )
    .hint(format!("move `{folder}` away"))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorCode::Unreadable,
        format!("`{}` cannot be read: {error}", path.display()),
    )
}

fn text(place: &Path, path: &ProjectPath) -> Result<Option<String>> {
    match fs::read(place) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count()
                + 1;
            Error::new(
                ErrorCode::NotUtf8,
                format!("`{path}` is not UTF-8 text, line {line}"),
            )
            .hint("save the file as UTF-8")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(
            ErrorCode::Unreadable,
            format!("`{path}` cannot be read: {error}"),
        )),
    }
}
