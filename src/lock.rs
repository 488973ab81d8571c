//! The model of `.infra/lock.toml`: what was added, so that it can be updated and taken out again.
//!
//! It holds no secret, no absolute path and no time, and its order is deterministic. TemplateFiles of
//! `.env` are kept as length and hash only.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    catalog::manifest::{Dependency, EnvRow, SettingsSpec, Wire},
    edit::Edit,
    error::{Error, Result},
    path::ProjectPath,
    resolve::{Installed, Options},
};

mod base;
mod read;

pub use base::{BASE_PATH, Base};
pub use read::RESTORE;

/// Where the lock lies, from the root of the project.
pub const LOCK_PATH: &str = ".infra/lock.toml";
/// The owner of what belongs to the hub rather than to a component.
pub const HUB: &str = "hub";

const SCHEMA: u32 = 1;
const HEADER: &str = "\
# What `infra` added to this project, so that it can update and remove it. Commit this folder.
# To part with `infra` delete the folder: the code does not need it.

";

/// Everything that `infra` knows of what it did to a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    schema: u32,
    /// The oldest version of the tool that may write this lock.
    writer: Version,
    /// The packages, by folder.
    #[serde(default, rename = "package")]
    pub packages: Vec<Package>,
    /// Shared files that did not exist before.
    #[serde(default)]
    pub created: BTreeSet<ProjectPath>,
    /// Fragments of shared files, in the order they were added.
    #[serde(default, rename = "fragment")]
    pub fragments: Vec<Fragment>,
}

/// What a package has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// Its folder, `.` for the root.
    pub folder: String,
    /// The module that holds the infrastructure.
    pub module: String,
    /// The framework that the code is written for.
    pub framework: String,
    /// The version of the hub.
    pub hub: Version,
    /// What the user asked not to be done, such as `wire`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<String>,
    /// The components, by id.
    #[serde(default, rename = "component")]
    pub components: Vec<Component>,
    /// The generated files, by path.
    #[serde(default, rename = "file")]
    pub files: Vec<File>,
}

/// A component of a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Component {
    /// Its id.
    pub id: String,
    /// The version that was rendered.
    pub version: Version,
    /// Whether the user asked for it, or it is only required by another.
    pub asked: bool,
    /// The components that it builds on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Its options.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: Options,
    /// The versions of crates that it was rendered for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, Version>,
    /// The crates that it uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, Dependency>,
    /// The crates that its tests use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dev_dependencies: BTreeMap<String, Dependency>,
    /// The struct of its settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsSpec>,
    /// Its place in the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<Wire>,
    /// Its variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvRow>,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where it is.
    pub path: ProjectPath,
    /// The component it belongs to, or [`HUB`].
    pub by: String,
    /// The hash of the text as rendered.
    pub sha256: String,
}

/// A fragment of a shared file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fragment {
    /// The shared file.
    pub file: ProjectPath,
    /// The place, in the syntax of the file's editor.
    pub address: String,
    /// Who needs it, as `<package>:<component>`.
    pub by: BTreeSet<String>,
    /// Whether it was there before, so that it is not ours to remove.
    #[serde(default, skip_serializing_if = "is_false")]
    pub found: bool,
    /// Whether it only holds others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub container: bool,
    /// The text that was replaced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// The text that was inserted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// In place of a text that may hold a secret.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sealed")]
    pub fingerprint: Option<Fingerprint>,
}

/// A text that is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Its bytes.
    pub length: usize,
    /// Its hash.
    pub sha256: String,
}

impl Fingerprint {
    /// Keeps what is needed to recognise a text.
    pub fn new(text: &str) -> Self {
        Self {
            length: text.len(),
            sha256: hex(text),
        }
    }

    /// Whether this is the text.
    pub fn is(&self, text: &str) -> bool {
        text.len() == self.length && hex(text) == self.sha256
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            writer: Version::new(0, 1, 0),
            packages: Vec::new(),
            created: BTreeSet::new(),
            fragments: Vec::new(),
        }
    }
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    ///
    /// It is damaged, names a path outside of the project, or was written by a newer tool.
    pub fn parse(text: &str) -> Result<Self> {
        read::read(text)
    }

    /// The text of the lock; empty when there is nothing to remember.
    ///
    /// # Errors
    ///
    /// A value cannot be written as TOML, which the types exclude.
    pub fn to_text(&self) -> Result<String> {
        if self.packages.is_empty() && self.fragments.is_empty() {
            return Ok(String::new());
        }
        let body = toml::Table::try_from(self).and_then(|table| toml::to_string(&table));
        let body = body.map_err(|error| {
            Error::failure(
                "unwritable-lock",
                format!("the lock cannot be written: {error}"),
            )
        })?;
        Ok(format!("{HEADER}{body}"))
    }

    /// The package in this folder.
    pub fn package(&self, folder: &str) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.folder == folder)
    }

    /// The fragment at an address of a file.
    pub fn fragment(&self, file: &ProjectPath, address: &str) -> Option<&Fragment> {
        self.fragments
            .iter()
            .find(|fragment| fragment.file == *file && fragment.address == address)
    }
}

impl Package {
    /// The component with this id.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.id == id)
    }

    /// The options of what is installed.
    pub fn installed(&self) -> Installed {
        self.components
            .iter()
            .map(|component| (component.id.clone(), component.options.clone()))
            .collect()
    }
}

impl Fragment {
    /// The change that made it.
    pub fn edit(&self) -> Edit {
        Edit {
            address: self.address.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            container: self.container,
        }
    }

    /// Whether it is the record of this change, whatever the line endings of the file are now.
    pub fn is_of(&self, edit: &Edit) -> bool {
        let lines = |text: &str| text.replace("\r\n", "\n");
        let known = self.edit();
        known.address == edit.address
            && known.container == edit.container
            && lines(&known.before) == lines(&edit.before)
            && lines(&known.after) == lines(&edit.after)
    }
}

/// The hash of a text, whatever its line endings are.
pub fn hash(text: &str) -> String {
    if text.contains('\r') {
        hex(&text.replace("\r\n", "\n"))
    } else {
        hex(text)
    }
}

fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The version of this tool.
pub fn tool_version() -> Version {
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_do_not_change_a_hash() {
        assert_eq!(hash("a\nb\n"), hash("a\r\nb\r\n"));
        assert_ne!(hash("a\nb\n"), hash("a\nc\n"));
    }
}
