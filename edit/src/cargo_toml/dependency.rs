//! What is asked for: a dependency, and the table it goes to.

use std::collections::BTreeSet;

/// A table that dependencies are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `[dependencies]`
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[workspace.dependencies]`
    Workspace,
}

impl Table {
    /// Names the table as addresses do.
    #[must_use]
    pub fn address(self) -> &'static str {
        match self {
            Self::Normal => "dependencies",
            Self::Dev => "dev-dependencies",
            Self::Workspace => "workspace.dependencies",
        }
    }

    pub(super) fn from_address(address: &str) -> Option<Self> {
        [Self::Normal, Self::Dev, Self::Workspace]
            .into_iter()
            .find(|table| table.address() == address)
    }

    pub(super) fn path(self) -> &'static [&'static str] {
        match self {
            Self::Normal => &["dependencies"],
            Self::Dev => &["dev-dependencies"],
            Self::Workspace => &["workspace", "dependencies"],
        }
    }
}

/// A dependency that a text shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The name in the registry.
    pub name: String,
    /// The version requirement for the case that the dependency is not there yet.
    pub requirement: String,
    /// The features it needs, by name.
    pub features: BTreeSet<String>,
    /// Whether the default features are wanted when the dependency is written new.
    pub default_features: bool,
}
