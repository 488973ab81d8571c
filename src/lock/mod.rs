//! The lock: what was added to a project, so that it can be updated and removed again.
//!
//! In memory it is one value. On disk it is the folder `.infra/`, with one record for each
//! component of each package, so that two branches that add different components merge:
//!
//! ```text
//! .infra/.gitattributes        marks the folder as generated
//! .infra/hub.toml              the package in the root: module, framework, its shared code
//! .infra/redis.toml            the component `redis` of that package
//! .infra/redis.base.toml       its files as they were rendered (see [`Pristine`])
//! .infra/crates/api/hub.toml   the package in `crates/api`
//! ```
//!
//! The records have types and a schema number of their own (`record`), which do not change when
//! a manifest gets a new key. Records of schema 1, one `lock.toml` for the whole project, are read
//! and replaced by the next command that writes (`schema1`). A record holds no secret, no
//! absolute path and no time, and its order is deterministic.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use infra_edit::Edit;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    catalog::manifest::{Dependency, EnvRow, SettingsSpec, Wire},
    facts::Tree,
    hash,
    path::ProjectPath,
    resolve::{Installed, Options},
};

mod damage;
mod pristine;
mod record;
mod rows;
mod schema1;

pub use damage::RESTORE;
pub use pristine::Pristine;
pub use record::is_record;
pub(crate) use record::write;

/// The folder of the records, from the root of the project.
pub const FOLDER: &str = ".infra";
/// The owner of what belongs to the hub, the code that all components share.
pub const HUB: &str = "hub";

/// Who a fragment belongs to: a component of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The folder of the package, `.` for the root.
    pub package: String,
    /// The id of the component, or [`HUB`].
    pub component: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.package, self.component)
    }
}

impl FromStr for Owner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.rsplit_once(':') {
            Some((package, component)) => Ok(Self {
                package: package.to_owned(),
                component: component.to_owned(),
            }),
            None => Err(format!("`{text}` is not `<package>:<component>`")),
        }
    }
}

/// What was added to a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// The packages, by folder.
    pub packages: Vec<Package>,
    /// Fragments of shared files, in the order they were added.
    pub fragments: Vec<Fragment>,
    /// Shared files that did not exist before.
    pub created: BTreeSet<ProjectPath>,
}

/// What a package has.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Its folder, `.` for the root.
    pub folder: String,
    /// The module that holds the infrastructure.
    pub module: String,
    /// The framework that the code is written for.
    pub framework: String,
    /// The version of the hub.
    pub hub: Version,
    /// What is left alone on request, such as `wire`.
    pub skipped: BTreeSet<String>,
    /// The components, by id.
    pub components: Vec<Component>,
    /// The generated files, by path.
    pub files: Vec<File>,
}

/// A component of a package, with the rows of its manifest as they were rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its id.
    pub id: String,
    /// The version that was rendered.
    pub version: Version,
    /// Whether the user named it; otherwise another component requires it.
    pub explicit: bool,
    /// The components that it requires.
    pub requires: Vec<String>,
    /// The values of its options.
    pub options: Options,
    /// The versions of crates that it was rendered for.
    pub versions: BTreeMap<String, Version>,
    /// The crates that it uses.
    pub dependencies: BTreeMap<String, Dependency>,
    /// The crates that its tests use.
    pub dev_dependencies: BTreeMap<String, Dependency>,
    /// The struct of its settings.
    pub settings: Option<SettingsSpec>,
    /// Its place in the hub.
    pub wire: Option<Wire>,
    /// Its variables.
    pub env: Vec<EnvRow>,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Where it is.
    pub path: ProjectPath,
    /// The component it belongs to, or [`HUB`].
    pub component: String,
    /// The hash of the text as rendered. Files of the hub have none: they depend on all components
    /// of the package, so that two branches would always conflict there.
    pub sha256: Option<String>,
}

/// A fragment of a shared file.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment {
    /// The shared file.
    pub file: ProjectPath,
    /// The place in it, in the syntax of the file's format.
    pub pointer: String,
    /// Its place in the sequence of all fragments: what was added last is taken out first.
    pub order: u32,
    /// Who needs it.
    pub owners: BTreeSet<Owner>,
    /// The owner whose record has the text of the fragment; the records of the others refer to it.
    pub home: Owner,
    /// Whether it was there before. Such a fragment is never removed.
    pub preexisting: bool,
    /// Whether it only holds other fragments, such as a new `[dependencies]`.
    pub container: bool,
    /// The text that was replaced.
    pub before: String,
    /// The text that was inserted.
    pub after: String,
    /// In place of a text that may hold a secret.
    pub fingerprint: Option<Fingerprint>,
}

/// What is kept of a text that must not be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Its length in bytes.
    pub length: usize,
    /// Its SHA-256.
    pub sha256: String,
}

impl Fingerprint {
    /// Keeps what is needed to recognise a text.
    pub fn new(text: &str) -> Self {
        Self {
            length: text.len(),
            sha256: hash::exact(text),
        }
    }

    /// Whether this is the text.
    pub fn is(&self, text: &str) -> bool {
        text.len() == self.length && hash::exact(text) == self.sha256
    }
}

impl Lock {
    /// Reads the records of a tree; files outside of `.infra/` are ignored.
    ///
    /// # Errors
    ///
    /// A record is damaged, names a path outside of the project, or was written by a newer tool.
    pub fn parse(tree: &Tree) -> crate::error::Result<Self> {
        record::read(tree)
    }

    /// The package in this folder.
    pub fn package(&self, folder: &str) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| package.folder == folder)
    }

    /// The package in this folder, to change it.
    pub fn package_mut(&mut self, folder: &str) -> Option<&mut Package> {
        self.packages
            .iter_mut()
            .find(|package| package.folder == folder)
    }

    /// The fragment at a place of a file.
    pub fn fragment(&self, file: &ProjectPath, pointer: &str) -> Option<&Fragment> {
        self.fragments
            .iter()
            .find(|fragment| fragment.file == *file && fragment.pointer == pointer)
    }

    /// Gives every fragment a home that exists: the owner whose record has its text. The home stays
    /// the same while that component needs the fragment, so that other records do not change.
    pub fn settle_homes(&mut self) {
        let exists = |owner: &Owner| {
            self.package(&owner.package).is_some_and(|package| {
                owner.component == HUB || package.component(&owner.component).is_some()
            })
        };
        let hub = self.packages.first().map(|package| package.owner(HUB));
        let homes: Vec<Option<Owner>> = self
            .fragments
            .iter()
            .map(|fragment| {
                let owns = |owner: &Owner| fragment.container || fragment.owners.contains(owner);
                let home = Some(&fragment.home).filter(|home| exists(home) && owns(home));
                let home = home.or_else(|| fragment.owners.iter().find(|owner| exists(owner)));
                let inside = || {
                    let mut inside = self.fragments.iter().filter(|other| {
                        !other.container && other.file == fragment.file && exists(&other.home)
                    });
                    inside.next().map(|other| &other.home)
                };
                home.or_else(inside).or(hub.as_ref()).cloned()
            })
            .collect();
        for (fragment, home) in self.fragments.iter_mut().zip(homes) {
            fragment.home = home.unwrap_or_else(|| fragment.home.clone());
        }
    }

    /// Gives a component another id in all packages, unless one of that id is there.
    pub fn rename_component(&mut self, old: &str, new: &str) {
        let mut renamed = Vec::new();
        for package in &mut self.packages {
            if package.component(old).is_none() {
                continue;
            }
            if package.component(new).is_some() {
                // Both are there: what the old one has belongs to the new one now.
                package.components.retain(|known| known.id != old);
            }
            renamed.push(package.folder.clone());
            let rename = |id: &mut String| {
                if id == old {
                    new.clone_into(id);
                }
            };
            for component in &mut package.components {
                rename(&mut component.id);
                component.requires.iter_mut().for_each(rename);
            }
            for file in &mut package.files {
                rename(&mut file.component);
            }
            package.components.sort_by(|a, b| a.id.cmp(&b.id));
        }
        let renamed =
            |owner: &Owner| match owner.component == old && renamed.contains(&owner.package) {
                true => Owner {
                    component: new.to_owned(),
                    ..owner.clone()
                },
                false => owner.clone(),
            };
        for fragment in &mut self.fragments {
            fragment.owners = fragment.owners.iter().map(renamed).collect();
            fragment.home = renamed(&fragment.home);
        }
    }

    /// The components of all packages.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.packages.iter().flat_map(|package| &package.components)
    }

    /// The generated files of all packages.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.packages.iter().flat_map(|package| &package.files)
    }
}

impl Package {
    /// The component with this id.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.id == id)
    }

    /// The generated files of a component, or of the hub.
    pub fn files_of<'a>(&'a self, component: &'a str) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(move |file| file.component == component)
    }

    /// The options of what is installed.
    pub fn installed(&self) -> Installed {
        self.components
            .iter()
            .map(|component| (component.id.clone(), component.options.clone()))
            .collect()
    }

    /// How a component of this package is named as an owner.
    pub fn owner(&self, component: &str) -> Owner {
        Owner {
            package: self.folder.clone(),
            component: component.to_owned(),
        }
    }
}

impl Fragment {
    /// The edit that made it.
    pub fn edit(&self) -> Edit {
        Edit {
            address: self.pointer.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            container: self.container,
        }
    }

    /// Whether it was added by this tool and is no mere container.
    pub fn is_ours(&self) -> bool {
        !self.preexisting && !self.container
    }

    /// Whether this place lies inside of another one.
    pub fn is_inside(&self, file: &ProjectPath, pointer: &str) -> bool {
        let below = self.pointer.strip_prefix(pointer);
        self.file == *file && below.is_some_and(|below| below.starts_with('/'))
    }
}

/// The version of this tool.
pub fn tool_version() -> Version {
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}
