//! Finds out what a project is: its root, packages, framework, files. Reads, and never writes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{
    disk::{self, PathResolver},
    edit::cargo_toml::{self, Manifest},
    error::{Error, ErrorCode, Result},
    facts::{Facts, Tree},
    lock::{self, Lock},
    path::ProjectPath,
};

mod cargo_lock;
mod compose_files;
mod detection;
mod env_files;
mod folders;
mod git;
mod package;
mod sources;
mod workspace;

pub use package::TargetOptions;

/// A project on disk.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that all paths are relative to.
    pub root: PathBuf,
    /// The folder of the journal and the advisory lock.
    pub state: PathBuf,
    /// The folder of the workspace's (or only package's) manifest, from the root.
    workspace: String,
    /// The folder of the package that the user is in, from the root.
    here: Option<String>,
}

impl Project {
    /// Finds the project that `start` is in.
    ///
    /// # Errors
    ///
    /// `start` is no folder, or no `Cargo.toml` is in it or above.
    pub fn find(start: &Path) -> Result<Self> {
        let start = fs::canonicalize(start)
            .ok()
            .filter(|start| start.is_dir())
            .ok_or_else(|| {
                Error::new(
                    ErrorCode::NoFolder,
                    format!("`{}` is no folder", start.display()),
                )
            })?;
        let manifest = nearest_manifest(&start)?;
        let (workspace, package) = workspace::find(&manifest)?;
        let root = root_of(&workspace);
        let below = |folder: &Path| -> Result<String> {
            let relative = folder.strip_prefix(&root).unwrap_or(Path::new(""));
            let text = relative.to_str().ok_or_else(|| {
                Error::new(
                    ErrorCode::NotUtf8,
                    format!("the path `{}` is not UTF-8", folder.display()),
                )
            })?;
            Ok(text.replace('\\', "/"))
        };
        Ok(Self {
            state: git::state_folder(&root)?,
            workspace: below(&workspace)?,
            here: match package {
                Some(package) => Some(below(&package)?),
                None => None,
            },
            root,
        })
    }

    /// What was added before.
    ///
    /// # Errors
    ///
    /// A record is damaged or newer than this tool.
    pub fn lock(&self) -> Result<Lock> {
        let mut records = Tree::new();
        let mut resolver = PathResolver::new(&self.root);
        for path in self.records()? {
            if let Some(text) = resolver.read(&path)? {
                records.insert(path, text);
            }
        }
        Lock::parse(&records)
    }

    /// The `.gitignore` in the root, where it is there or the project is in a git repository.
    fn gitignore(&self) -> Result<Option<ProjectPath>> {
        let file = ".gitignore";
        let in_git = self
            .root
            .ancestors()
            .any(|folder| folder.join(".git").exists());
        (in_git || self.exists(file))
            .then(|| path(file))
            .transpose()
    }

    /// The names of the packages that have something installed.
    ///
    /// # Errors
    ///
    /// A package that the records name is not there any more.
    pub fn installed_packages(&self, lock: &Lock) -> Result<Vec<String>> {
        let names = lock.packages.iter().map(|package| {
            let folder = match package.folder.as_str() {
                "." => "",
                folder => folder,
            };
            let member = self.member(folder)?.ok_or_else(|| {
                let shown = &package.folder;
                let what = format!("the records name a package in `{shown}`, which does not exist");
                Error::new(ErrorCode::PackageIsGone, what)
                    .hint("if you renamed its folder, rename it back before you update or remove")
                    .hint(format!(
                        "if it is gone for good, delete the records of its components in `{}`; \
                         what they added to shared files stays",
                        lock::FOLDER
                    ))
            })?;
            Ok(member.name().to_owned())
        });
        names.collect()
    }

    /// The files of the folder of the records, which may not be there.
    fn records(&self) -> Result<Vec<ProjectPath>> {
        let folder = self.root.join(lock::FOLDER);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let Ok(entry) = entry else {
                continue;
            };
            let path = entry.path().strip_prefix(&self.root).ok();
            let name = path
                .and_then(Path::to_str)
                .map(|name| name.replace('\\', "/"));
            let is_record =
                |name: &String| name.ends_with(".toml") || name.ends_with("/.gitattributes");
            if let Some(name) = name.filter(is_record)
                && !entry.file_type().is_dir()
            {
                paths.push(self::path(&name)?);
            }
        }
        Ok(paths)
    }

    /// The texts of everything that a plan can read or change: shared files, sources, what the lock
    /// names, and `targets`, the files that are to be generated.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is not UTF-8 or leads out of the project.
    pub fn tree<'a>(
        &self,
        facts: &Facts,
        lock: &'a Lock,
        targets: impl IntoIterator<Item = &'a ProjectPath>,
    ) -> Result<Tree> {
        let mut paths = self.records()?;
        paths.extend([facts.manifest.clone(), facts.compose.clone()]);
        paths.extend(facts.inherits.clone());
        paths.extend(facts.library.clone());
        paths.extend(facts.binaries.iter().cloned());
        paths.extend(facts.sources.iter().cloned());
        paths.extend(facts.compose_others.iter().cloned());
        paths.extend(facts.compose_env.clone());
        paths.extend(facts.gitignore.clone());
        paths.extend(facts.env_examples.iter().cloned());
        paths.extend(facts.env.clone());
        paths.extend(lock.fragments.iter().map(|fragment| fragment.file.clone()));
        let generated = lock.files().map(|file| &file.path).chain(targets);
        paths.extend(generated.cloned());
        paths.sort();
        paths.dedup();
        let mut tree = Tree::new();
        let mut resolver = PathResolver::new(&self.root);
        for path in paths {
            if let Some(text) = resolver.read(&path)? {
                tree.insert(path, text);
            }
        }
        Ok(tree)
    }

    /// Whether a file exists.
    fn exists(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    /// Reads a manifest; `None` if there is none.
    fn manifest(&self, path: &ProjectPath) -> Result<Option<Manifest>> {
        match disk::read(&self.root, path)? {
            Some(text) => cargo_toml::read(&text)
                .map(Some)
                .map_err(|refusal| unreadable_manifest(path.as_str(), &refusal)),
            None => Ok(None),
        }
    }
}

fn unreadable_manifest(path: &str, refusal: &crate::edit::EditError) -> Error {
    let text = refusal.to_string();
    let text = match text.strip_prefix("line ") {
        Some(rest) => format!("`{path}` cannot be read, line {rest}"),
        None => format!("`{path}` cannot be read: {text}"),
    };
    Error::new(ErrorCode::UnreadableManifest, text)
        .hint("cargo metadata --no-deps shows what cargo says")
}

fn path(text: &str) -> Result<ProjectPath> {
    text.parse().map_err(Error::from)
}

fn nearest_manifest(start: &Path) -> Result<PathBuf> {
    let mut folders = start.ancestors();
    folders
        .find(|folder| folder.join("Cargo.toml").is_file())
        .map(Path::to_owned)
        .ok_or_else(|| {
            let error = Error::new(
                ErrorCode::NotACargoProject,
                format!("no `Cargo.toml` in `{}` or above", start.display()),
            );
            let found = below(start);
            let hint =
                |error: Error, found| error.hint(format!("did you mean `infra -C {found} ..`?"));
            match found.is_empty() {
                false => found.iter().take(3).fold(error, hint),
                true => error.hint("start a project: infra new my-app"),
            }
        })
}

/// Folders below that have a manifest, as a project is often two folders down in its repository; those
/// that name a framework, if there are some.
fn below(start: &Path) -> Vec<String> {
    let is_looked_into = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "node_modules")
    };
    let walk = WalkDir::new(start).max_depth(4).sort_by_file_name();
    let walk = walk.into_iter().filter_entry(is_looked_into);
    let manifests = walk
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() == "Cargo.toml");
    let mut found: Vec<(String, bool)> = manifests
        .filter_map(|entry| {
            let folder = entry.path().parent()?.strip_prefix(start).ok()?;
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let serves = cargo_toml::read(&text).is_ok_and(|found| detection::is_supported(&found));
            Some((folder.display().to_string(), serves))
        })
        .collect();
    if found.iter().any(|(_, serves)| *serves) {
        found.retain(|(_, serves)| *serves);
    }
    found.into_iter().map(|(folder, _)| folder).collect()
}

/// The nearest folder with `.infra` at or above the workspace, else that of `.git`, else its own.
fn root_of(workspace: &Path) -> PathBuf {
    let git = workspace
        .ancestors()
        .find(|folder| folder.join(".git").exists());
    let within = |folder: &&Path| git.is_none_or(|git| folder.starts_with(git));
    let marked = workspace
        .ancestors()
        .take_while(within)
        .find(|folder| folder.join(lock::FOLDER).is_dir());
    marked.or(git).unwrap_or(workspace).to_owned()
}
