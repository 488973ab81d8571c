//! The workspace around a package, by Cargo's own rules.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

use crate::{
    edit::cargo_toml::{self, Manifest},
    error::Result,
    path::ProjectPath,
};

use super::{Project, folders::join, path, unreadable_manifest};

/// A package of the workspace.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its folder from the root.
    pub(super) folder: String,
    pub(super) manifest: Manifest,
}

impl Member {
    /// How its folder is named in the lock and in messages.
    pub(super) fn shown(&self) -> &str {
        match self.folder.as_str() {
            "" => ".",
            folder => folder,
        }
    }

    pub(super) fn name(&self) -> &str {
        let package = self.manifest.package.as_ref();
        package.map_or("", |package| package.name.as_str())
    }
}

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// The folder of the workspace that a manifest belongs to, and of the package if it is one.
pub(super) fn find(folder: &Path) -> Result<(PathBuf, Option<PathBuf>)> {
    let manifest = read(folder)?;
    let package = manifest.package.is_some().then(|| folder.to_owned());
    if manifest.workspace.is_some() {
        return Ok((folder.to_owned(), package));
    }
    for outer in folder.ancestors().skip(1) {
        if !outer.join("Cargo.toml").is_file() {
            continue;
        }
        // A parent that cannot be read is not ours to judge.
        let Ok(manifest) = read(outer) else { break };
        let relative = folder.strip_prefix(outer).unwrap_or(folder);
        if manifest.workspace.is_some() {
            if has_member(&manifest, relative) {
                return Ok((outer.to_owned(), package));
            }
            break;
        }
    }
    Ok((folder.to_owned(), package))
}

fn read(folder: &Path) -> Result<Manifest> {
    let path = folder.join("Cargo.toml");
    let shown = path.display().to_string();
    let bytes = fs::read(&path).unwrap_or_default();
    cargo_toml::read(&String::from_utf8_lossy(&bytes))
        .map_err(|refusal| unreadable_manifest(&shown, &refusal))
}

fn has_member(manifest: &Manifest, relative: &Path) -> bool {
    let Some(workspace) = &manifest.workspace else {
        return false;
    };
    let relative = relative.to_string_lossy().replace('\\', "/");
    let matches = |pattern: &String| {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_with(&relative, OPTIONS))
    };
    let is_excluded = workspace.exclude.iter().any(|outside| {
        let outside = outside.trim_start_matches("./").trim_end_matches('/');
        relative == outside || relative.starts_with(&format!("{outside}/"))
    });
    let is_path_dependency = || {
        // Cargo makes path dependencies below the root members.
        let mut paths = manifest
            .dependencies
            .iter()
            .filter_map(|known| known.path.as_deref());
        let is_named = paths.any(|path| inside("", path).as_deref() == Some(&*relative));
        is_named || (manifest.package.is_some() && workspace.members.is_empty())
    };
    workspace.members.iter().any(matches) || (!is_excluded && is_path_dependency())
}

impl Project {
    /// The manifest of the workspace, or of the only package.
    pub(super) fn workspace_manifest(&self) -> Result<ProjectPath> {
        manifest_of(&self.workspace)
    }

    /// The package in a folder.
    pub(super) fn member(&self, folder: &str) -> Result<Option<Member>> {
        let manifest = self.manifest(&manifest_of(folder)?)?;
        Ok(manifest
            .filter(|manifest| manifest.package.is_some())
            .map(|manifest| Member {
                folder: folder.to_owned(),
                manifest,
            }))
    }

    /// All packages of the workspace, by folder.
    pub(super) fn members(&self) -> Result<Vec<Member>> {
        let Some(root) = self.manifest(&self.workspace_manifest()?)? else {
            return Ok(Vec::new());
        };
        let base = self.root.join(&self.workspace);
        let mut folders = vec![base.clone()];
        let workspace = root.workspace.clone().unwrap_or_default();
        for pattern in &workspace.members {
            let full = format!("{}/{pattern}", Pattern::escape(&base.to_string_lossy()));
            if let Ok(found) = glob::glob_with(&full, OPTIONS) {
                // A pattern may match files too, which Cargo passes over.
                folders.extend(found.filter_map(Result::ok).filter(|found| found.is_dir()));
            }
        }
        let excluded: Vec<PathBuf> = workspace.exclude.iter().map(|e| base.join(e)).collect();
        let mut members: BTreeMap<String, Member> = BTreeMap::new();
        let mut open: Vec<String> = Vec::new();
        for folder in folders {
            if let Ok(relative) = folder.strip_prefix(&self.root) {
                open.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
        while let Some(folder) = open.pop() {
            let place = self.root.join(&folder);
            let is_excluded = excluded.iter().any(|outside| place.starts_with(outside));
            let folder = place.strip_prefix(&self.root).unwrap_or(Path::new(""));
            let folder = folder.components().collect::<PathBuf>();
            let folder = folder.to_string_lossy().replace('\\', "/");
            if is_excluded || members.contains_key(&folder) {
                continue;
            }
            if let Some(member) = self.member(&folder)? {
                open.extend(self.path_dependencies(&member));
                members.insert(folder, member);
            }
        }
        let members = members.into_iter();
        Ok(members.map(|(_, member)| member).collect())
    }

    /// The folders of a member's path dependencies below the workspace: members that nobody lists.
    fn path_dependencies(&self, member: &Member) -> Vec<String> {
        let declared = member.manifest.dependencies.iter();
        let paths = declared.filter_map(|known| inside(&member.folder, known.path.as_deref()?));
        let paths = paths.filter(|path| {
            let below = path.strip_prefix(&self.workspace);
            below.is_some_and(|rest| self.workspace.is_empty() || rest.starts_with('/'))
        });
        paths.collect()
    }
}

/// A path from a folder, without `.` and `..`; none if it leads above where all begins.
fn inside(folder: &str, path: &str) -> Option<String> {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The manifest in a folder.
pub(super) fn manifest_of(folder: &str) -> Result<ProjectPath> {
    path(&join(folder, "Cargo.toml"))
}
