//! The catalogue of a command: the components in this binary, or those of a folder (`--templates`).

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::Command;
use crate::{
    catalog::{Catalog, TemplateFiles},
    error::{Error, Result},
    ui::Ui,
};

/// The components of a folder, each in a folder of its own, or those in this binary.
///
/// # Errors
///
/// A file cannot be read, or is not UTF-8.
pub(super) fn catalog(folder: Option<&Path>) -> Result<Catalog> {
    let Some(folder) = folder else {
        return Ok(Catalog::embedded());
    };
    let mut components = Vec::new();
    for path in folders(folder)? {
        let id = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        components.push((id.unwrap_or_default(), files(&path)?));
    }
    let name = folder.display().to_string();
    Ok(Catalog::of(name.trim_end_matches('/'), components))
}

/// Prints what is wrong with the components of a folder, so that its author sees it.
///
/// # Errors
///
/// As [`catalog`].
pub(crate) fn report_faults(folder: Option<&Path>, ui: &Ui) -> Result<()> {
    if folder.is_some() {
        for fault in catalog(folder)?.faults() {
            ui.warn("Fault", &fault.to_string());
        }
    }
    Ok(())
}

impl Command {
    /// Takes the components from a folder in place of those in this binary.
    pub(crate) fn set_templates(&mut self, folder: &Path) {
        let templates = match self {
            Self::New(options) => &mut options.templates,
            Self::List(target) => &mut target.templates,
            Self::Info(info) => &mut info.templates,
            Self::Search(search) => &mut search.templates,
            Self::View(view) => &mut view.target.templates,
            Self::Add(options) => &mut options.target.templates,
            Self::Remove(options) => &mut options.target.templates,
            Self::Update(options) => &mut options.target.templates,
            Self::Status(options) => &mut options.target.templates,
            Self::Diff(options) => &mut options.target.templates,
            Self::Env(options) => &mut options.target.templates,
            Self::Print(_) => return,
        };
        *templates = Some(folder.to_owned());
    }
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

/// The files of a component by path, with `/` between folders.
fn files(folder: &Path) -> Result<TemplateFiles> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let below = path.strip_prefix(folder).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        files.push((parts.join("/"), text));
    }
    Ok(files.into_iter().collect())
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::failure(
        "unreadable-template",
        format!("`{}` cannot be read: {error}", path.display()),
    )
}
