//! What is known of a project: plain data, found by `project` and used by everything pure.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::path::ProjectPath;

/// The texts of a project's files, by path; a file that does not exist is not in it.
pub type Tree = BTreeMap<ProjectPath, String>;

/// One package of a project, and what of the project matters to it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The package's folder below the root; empty for the root itself.
    pub folder: String,
    /// The package's name.
    pub name: String,
    /// The name of the library in Rust, else of the package.
    pub crate_name: String,
    /// Its `Cargo.toml`.
    pub manifest: ProjectPath,
    /// The `Cargo.toml` of its workspace, where dependencies are inherited from there.
    pub inherits: Option<ProjectPath>,
    /// The crates of the workspace that other packages of it inherit.
    pub inherited_elsewhere: BTreeSet<String>,
    /// The root file of the library.
    pub library: Option<ProjectPath>,
    /// The root files of the binaries.
    pub binaries: Vec<ProjectPath>,
    /// Files of the package that seem to serve an app, and those that declare what they call.
    pub sources: Vec<ProjectPath>,
    /// The module that the infrastructure lives in.
    pub module: String,
    /// The web framework.
    pub framework: Framework,
    /// The version of each direct dependency, and of each that could be inherited, from the lock file or
    /// else the lowest allowed.
    pub versions: BTreeMap<String, Version>,
    /// The lowest version that is allowed of each crate that no lock file names: direct
    /// dependencies, and what the package could inherit.
    pub allowed: BTreeMap<String, Version>,
    /// The edition of Rust that it is written in.
    pub edition: u16,
    /// The lowest compiler that the package promises to build with.
    pub rust_version: Option<Version>,
    /// Lints of clippy that the package or its workspace denies.
    pub denied_lints: BTreeSet<String>,
    /// The compose file that services go to.
    pub compose: ProjectPath,
    /// Other compose files, whose ports are taken too.
    pub compose_others: Vec<ProjectPath>,
    /// Compose files that are left alone, where a new one is made.
    pub compose_left: Vec<ProjectPath>,
    /// The `.env` whose variables Compose fills in, if there is one.
    pub compose_env: Option<ProjectPath>,
    /// The `.gitignore` of the project, which may not be there yet; none where git is not used.
    pub gitignore: Option<ProjectPath>,
    /// The files that show what can be set.
    pub env_examples: Vec<ProjectPath>,
    /// The `.env`, if there is one.
    pub env: Option<ProjectPath>,
    /// Whether git tracks the `.env`.
    pub env_tracked: bool,
}

/// A web framework in a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framework {
    /// The name of its crate, or [`NONE`](Self::NONE).
    pub name: String,
    /// The version in use.
    pub version: Version,
}

impl Framework {
    /// The name where there is none: code without routes and extractors, wired by hand.
    pub const NONE: &'static str = "none";

    /// No framework.
    #[must_use]
    pub fn none() -> Self {
        Self {
            name: Self::NONE.to_owned(),
            version: Version::new(0, 0, 0),
        }
    }
}

impl Facts {
    /// The root file of the crate that the module belongs to.
    pub fn crate_root(&self) -> Option<&ProjectPath> {
        self.library.as_ref().or(self.binaries.first())
    }

    /// The folder of the generated module.
    pub fn module_folder(&self) -> String {
        let source = self.crate_root().map_or("src", |root| root.folder());
        match source {
            "" => self.module.clone(),
            source => format!("{source}/{}", self.module),
        }
    }

    /// The file that would be the same module as the folder is.
    pub fn module_file(&self) -> Option<ProjectPath> {
        format!("{}.rs", self.module_folder()).parse().ok()
    }

    /// How the package is named in lock and messages.
    pub fn package(&self) -> &str {
        match self.folder.as_str() {
            "" => ".",
            folder => folder,
        }
    }
}
