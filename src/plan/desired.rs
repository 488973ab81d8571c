//! Desired state as plain values: the fragments of shared files that a package should have.
//!
//! These values do not depend on what the files hold now. [`super::ledger`] compares these values with the lock and
//! the tree, and adds, adopts, revises or releases.

use std::collections::BTreeSet;

use infra_edit::{
    cargo_toml::{Dependency, Table},
    compose::Value,
    dotenv::Line,
};

use crate::{lock::Owner, path::ProjectPath};

use super::format::{Format, format_of};

/// A fragment that a shared file should have.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The shared file.
    pub(super) file: ProjectPath,
    /// The place in it.
    pub(super) pointer: String,
    /// The components of the package that need it.
    pub(super) components: BTreeSet<String>,
    /// What it says.
    pub(super) content: Content,
    /// What it is called in the summary: `service redis`.
    pub(super) label: String,
}

/// What a fragment says, by format.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A crate in a table of `Cargo.toml`; with `inherit` a new entry says `workspace = true`.
    Crate {
        table: Table,
        dependency: Dependency,
        inherit: bool,
    },
    /// An entry of `services` or `volumes`.
    ComposeEntry { name: String, value: Value },
    /// The image of a service, in place of another one.
    Image(String),
    /// A service that the app's own service waits for.
    DependsOn { app: String, service: String },
    /// A variable of the app's own service.
    Environment {
        app: String,
        key: String,
        value: String,
    },
    /// A line of an env file.
    Variable(Line),
    /// A pattern of `.gitignore`.
    Ignored,
    /// Something of the user's that is used as it is, such as a service with the right image.
    Existing,
}

/// Which recorded fragments are compared with the desired state: those of these owners, in these
/// formats. What is in the scope and is not wanted any more is released.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) owners: BTreeSet<Owner>,
    pub(super) formats: BTreeSet<Format>,
}

impl Scope {
    /// Whether fragments of a file are in the scope.
    pub(super) fn covers(&self, file: &ProjectPath) -> bool {
        self.formats.contains(&format_of(file))
    }
}
