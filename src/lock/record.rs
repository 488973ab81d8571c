//! The records of `.infra/` as they are on disk, schema 2.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Component, FOLDER, File, Fingerprint, Fragment, HUB, Lock, Owner, Package, damage,
    rows::{DependencyRow, EnvRow, SettingsRow, WireRow, is_false, map},
    schema1, tool_version,
};
use crate::{
    error::{Error, Result},
    facts::Tree,
    path::ProjectPath,
    resolve::Options,
};

/// The number of this format. It moves with every change of these types.
pub(super) const SCHEMA: u32 = 2;
/// The oldest version of the tool that reads this format.
const WRITER: Version = Version::new(0, 2, 0);

mod write;

pub(crate) use write::write;

/// Where the attributes of the folder lie.
pub const ATTRIBUTES: &str = ".infra/.gitattributes";
const ATTRIBUTES_TEXT: &str = "\
# These files are written by `infra`. Reviews may fold them; they merge like any other text.
*.toml linguist-generated
";

const HUB_HEADER: &str = "\
# What `infra` added to this package, so that it can update and remove it. Commit this folder.
# To stop using `infra`, delete the folder: the code does not need it.

";
const COMPONENT_HEADER: &str = "\
# What `infra` added for this component, so that it can update and remove it. Commit this file.

";

/// The record of a package: what all its components share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HubRecord {
    schema: u32,
    writer: Version,
    version: Version,
    module: String,
    framework: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    skipped: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Added::is_empty")]
    added: Added,
}

/// The record of a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ComponentRecord {
    schema: u32,
    writer: Version,
    version: Version,
    explicit: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requires: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    options: Options,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    versions: BTreeMap<String, Version>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dependencies: BTreeMap<String, DependencyRow>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dev_dependencies: BTreeMap<String, DependencyRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SettingsRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wire: Option<WireRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    env: Vec<EnvRow>,
    #[serde(default, skip_serializing_if = "Added::is_empty")]
    added: Added,
}

/// What was added to the project: generated files, and fragments of shared files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    /// Shared files that did not exist before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    created: BTreeSet<ProjectPath>,
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileRow>,
    #[serde(default, rename = "fragment", skip_serializing_if = "Vec::is_empty")]
    fragments: Vec<FragmentRow>,
    /// Fragments whose text is in the record of another component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    uses: Vec<UseRow>,
}

impl Added {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    path: ProjectPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FragmentRow {
    file: ProjectPath,
    pointer: String,
    /// Its place in the sequence of all fragments: what was added last is taken out first.
    order: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    preexisting: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    container: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    before: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    after: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Fingerprint>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseRow {
    file: ProjectPath,
    pointer: String,
}

/// One record, of a package or of a component.
#[derive(Clone, Debug, PartialEq)]
enum Record {
    Hub(Box<HubRecord>),
    Component(Box<ComponentRecord>),
}

/// Whether a file belongs to the records of the tool.
pub fn is_record(path: &ProjectPath) -> bool {
    path.as_str()
        .strip_prefix(FOLDER)
        .is_some_and(|below| below.starts_with('/'))
}

/// The package and the component that a record is of; none for other files of the folder.
fn owner_of(path: &ProjectPath) -> Option<Owner> {
    let below = path.as_str().strip_prefix(".infra/")?;
    let (folder, name) = below.rsplit_once('/').unwrap_or((".", below));
    let component = name.strip_suffix(".toml")?;
    let is_schema_1 = [schema1::LOCK_PATH, schema1::BASE_PATH].contains(&path.as_str());
    let is_other = component.ends_with(".base") || is_schema_1;
    (!is_other).then(|| Owner {
        package: folder.to_owned(),
        component: component.to_owned(),
    })
}

/// Where a file of an owner lies: `.infra/crates/api/redis.toml`.
pub(super) fn path_of(owner: &Owner, ending: &str) -> Result<ProjectPath> {
    let folder = match owner.package.as_str() {
        "." => FOLDER.to_owned(),
        folder => format!("{FOLDER}/{folder}"),
    };
    let path = format!("{folder}/{}{ending}", owner.component);
    path.parse().map_err(Error::from)
}

/// Reads all records of a tree.
///
/// # Errors
///
/// A record is damaged or was written by a newer tool, or records of two schemas are there.
pub(super) fn read(tree: &Tree) -> Result<Lock> {
    let records = read_records(tree)?;
    refuse_lost_record(tree, &records)?;
    let old: ProjectPath = path_of_text(schema1::LOCK_PATH)?;
    match tree.get(&old) {
        Some(text) if records.is_empty() => schema1::read(text),
        Some(_) => Err(damage::damaged(
            schema1::LOCK_PATH,
            1,
            "an earlier version of the tool wrote it, and newer records exist; if every component has a record of its own, delete this file",
        )),
        None => assemble(records),
    }
}

/// Refuses texts of generated files whose record is not there: it was lost, and with it what the
/// component added elsewhere.
fn refuse_lost_record(tree: &Tree, records: &BTreeMap<Owner, Record>) -> Result<()> {
    for path in tree.keys().filter(|path| is_record(path)) {
        let Some(owner) = path.as_str().strip_suffix(".base.toml") else {
            continue;
        };
        let record = format!("{owner}.toml");
        let record: ProjectPath = path_of_text(&record)?;
        let is_there = owner_of(&record).is_some_and(|owner| records.contains_key(&owner));
        if !is_there && !tree.contains_key(&record) {
            return Err(damage::lost(record.as_str(), path.as_str()));
        }
    }
    Ok(())
}

fn path_of_text(path: &str) -> Result<ProjectPath> {
    path.parse().map_err(Error::from)
}

fn read_records(tree: &Tree) -> Result<BTreeMap<Owner, Record>> {
    let mut records = BTreeMap::new();
    for (path, text) in tree {
        let Some(owner) = owner_of(path) else {
            continue;
        };
        let record = match owner.component.as_str() {
            HUB => Record::Hub(Box::new(read_one(path, text)?)),
            _ => Record::Component(Box::new(read_one(path, text)?)),
        };
        records.insert(owner, record);
    }
    Ok(records)
}

/// Reads a record, once its schema is known to be one of this tool.
fn read_one<T: DeserializeOwned>(path: &ProjectPath, text: &str) -> Result<T> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
        writer: Version,
    }
    let path = path.as_str();
    let text = &damage::checked(path, text)?;
    let unreadable = |error: toml::de::Error| damage::unreadable(path, text, &error);
    let head: Head = toml::from_str(text).map_err(unreadable)?;
    if head.schema > SCHEMA || head.writer > tool_version() {
        return Err(damage::newer(path, &head.writer));
    }
    toml::from_str(text).map_err(unreadable)
}

/// Puts the records together into one value.
fn assemble(records: BTreeMap<Owner, Record>) -> Result<Lock> {
    let mut lock = Lock::default();
    let mut fragments: Vec<(u32, Fragment)> = Vec::new();
    let mut uses: Vec<(Owner, UseRow)> = Vec::new();
    // The hub is not the first by name, and the package has to be there before its components.
    let (hubs, components): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|(_, record)| matches!(record, Record::Hub(_)));
    for (owner, record) in hubs.into_iter().chain(components) {
        let added = match record {
            Record::Hub(hub) => {
                lock.packages.push(package_of(&owner, &hub));
                hub.added
            }
            Record::Component(record) => {
                let package = lock.package_mut(&owner.package).ok_or_else(|| {
                    let hub = Owner {
                        component: HUB.to_owned(),
                        ..owner.clone()
                    };
                    let [hub, path] = [hub, owner.clone()].map(|owner| {
                        let path = path_of(&owner, ".toml");
                        path.map_or_else(|_| FOLDER.to_owned(), |path| path.to_string())
                    });
                    damage::lost(&hub, &path)
                })?;
                package.components.push(component_of(&owner, &record));
                record.added
            }
        };
        lock.created.extend(added.created);
        if let Some(package) = lock.package_mut(&owner.package) {
            package
                .files
                .extend(added.files.into_iter().map(|row| File {
                    path: row.path,
                    component: owner.component.clone(),
                    sha256: row.sha256,
                }));
        }
        for row in added.fragments {
            fragments.push((row.order, fragment_of(&owner, row)));
        }
        uses.extend(added.uses.into_iter().map(|row| (owner.clone(), row)));
    }
    fragments.sort_by_key(|(order, _)| *order);
    for (_, fragment) in fragments {
        insert(&mut lock, fragment);
    }
    for (owner, row) in uses {
        add_use(&mut lock, owner, row);
    }
    for package in &mut lock.packages {
        package.components.sort_by(|a, b| a.id.cmp(&b.id));
        package.files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    lock.packages.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(lock)
}

/// Two branches may have added the same fragment; after the merge it belongs to both components.
fn insert(lock: &mut Lock, fragment: Fragment) {
    let known = lock
        .fragments
        .iter_mut()
        .find(|known| known.file == fragment.file && known.pointer == fragment.pointer);
    match known {
        Some(known) => known.owners.extend(fragment.owners),
        None => lock.fragments.push(fragment),
    }
}

/// Adds the use of a fragment that no record has. Nothing says that the tool added it, so it counts
/// as the user's.
fn add_use(lock: &mut Lock, owner: Owner, row: UseRow) {
    let order = lock.fragments.last().map_or(0, |last| last.order + 1);
    insert(
        lock,
        Fragment {
            file: row.file,
            pointer: row.pointer,
            order,
            owners: BTreeSet::from([owner.clone()]),
            home: owner,
            preexisting: true,
            container: false,
            before: String::new(),
            after: String::new(),
            fingerprint: None,
        },
    );
}

fn package_of(owner: &Owner, record: &HubRecord) -> Package {
    Package {
        folder: owner.package.clone(),
        module: record.module.clone(),
        framework: record.framework.clone(),
        hub: record.version.clone(),
        skipped: record.skipped.clone(),
        components: Vec::new(),
        files: Vec::new(),
    }
}

fn component_of(owner: &Owner, record: &ComponentRecord) -> Component {
    Component {
        id: owner.component.clone(),
        version: record.version.clone(),
        explicit: record.explicit,
        requires: record.requires.clone(),
        options: record.options.clone(),
        versions: record.versions.clone(),
        dependencies: map(&record.dependencies),
        dev_dependencies: map(&record.dev_dependencies),
        settings: record.settings.clone().map(Into::into),
        wire: record.wire.clone().map(Into::into),
        env: record.env.iter().cloned().map(Into::into).collect(),
    }
}

fn fragment_of(owner: &Owner, row: FragmentRow) -> Fragment {
    Fragment {
        file: row.file,
        pointer: row.pointer,
        order: row.order,
        owners: BTreeSet::from([owner.clone()]),
        home: owner.clone(),
        preexisting: row.preexisting,
        container: row.container,
        before: row.before,
        after: row.after,
        fingerprint: row.fingerprint,
    }
}

#[cfg(test)]
mod tests;
