//! The record of schema 1, which version 0.1.0 of the tool wrote: `.infra/lock.toml` for the whole
//! project, and `.infra/base.toml` beside it. It is only read; the next command that writes
//! replaces both by records of the current schema.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::Deserialize;

use super::{
    Component, File, Fingerprint, Fragment, HUB, Lock, Owner, Package, damage,
    rows::{DependencyRow, EnvRow, SettingsRow, WireRow, map},
    tool_version,
};
use crate::{error::Result, path::ProjectPath, resolve::Options};

/// Where the record lies.
pub(super) const LOCK_PATH: &str = ".infra/lock.toml";
/// Where the texts of the generated files lie.
pub(super) const BASE_PATH: &str = ".infra/base.toml";

const SCHEMA: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    #[serde(rename = "schema")]
    _schema: u32,
    #[serde(rename = "writer")]
    _writer: Version,
    #[serde(default, rename = "package")]
    packages: Vec<PackageTable>,
    #[serde(default)]
    created: BTreeSet<ProjectPath>,
    #[serde(default, rename = "fragment")]
    fragments: Vec<FragmentTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PackageTable {
    folder: String,
    module: String,
    framework: String,
    hub: Version,
    #[serde(default)]
    skipped: BTreeSet<String>,
    #[serde(default, rename = "component")]
    components: Vec<ComponentTable>,
    #[serde(default, rename = "file")]
    files: Vec<FileTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ComponentTable {
    id: String,
    version: Version,
    asked: bool,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    versions: BTreeMap<String, Version>,
    #[serde(default)]
    dependencies: BTreeMap<String, DependencyRow>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, DependencyRow>,
    settings: Option<SettingsRow>,
    wire: Option<WireRow>,
    #[serde(default)]
    env: Vec<EnvRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    path: ProjectPath,
    by: String,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FragmentTable {
    file: ProjectPath,
    address: String,
    by: BTreeSet<String>,
    #[serde(default)]
    found: bool,
    #[serde(default)]
    container: bool,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
    sealed: Option<Fingerprint>,
}

/// Reads the record.
///
/// # Errors
///
/// It is damaged or was written by a newer tool.
pub(super) fn read(text: &str) -> Result<Lock> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
        writer: Version,
    }
    let text = &damage::checked(LOCK_PATH, text)?;
    let unreadable = |error: toml::de::Error| damage::unreadable(LOCK_PATH, text, &error);
    let head: Head = toml::from_str(text).map_err(unreadable)?;
    if head.schema > SCHEMA || head.writer > tool_version() {
        return Err(damage::newer(LOCK_PATH, &head.writer));
    }
    let file: LockFile = toml::from_str(text).map_err(unreadable)?;
    let first = file.packages.first().map_or(".", |first| &first.folder);
    let first = Owner {
        package: first.to_owned(),
        component: HUB.to_owned(),
    };
    let fragments = file.fragments.into_iter().zip(0..);
    let fragments = fragments.map(|(table, order)| fragment(table, order, &first));
    Ok(Lock {
        fragments: fragments.collect(),
        packages: file.packages.into_iter().map(package).collect(),
        created: file.created,
    })
}

fn package(table: PackageTable) -> Package {
    let files = table.files.into_iter().map(|file| File {
        sha256: (file.by != HUB).then_some(file.sha256),
        path: file.path,
        component: file.by,
    });
    Package {
        files: files.collect(),
        folder: table.folder,
        module: table.module,
        framework: table.framework,
        hub: table.hub,
        skipped: table.skipped,
        components: table.components.into_iter().map(component).collect(),
    }
}

fn component(table: ComponentTable) -> Component {
    Component {
        dependencies: map(&table.dependencies),
        dev_dependencies: map(&table.dev_dependencies),
        id: table.id,
        version: table.version,
        explicit: table.asked,
        requires: table.requires,
        options: table.options,
        versions: table.versions,
        settings: table.settings.map(Into::into),
        wire: table.wire.map(Into::into),
        env: table.env.into_iter().map(Into::into).collect(),
    }
}

fn fragment(table: FragmentTable, order: u32, hub: &Owner) -> Fragment {
    let owners: BTreeSet<Owner> = table.by.iter().filter_map(|by| by.parse().ok()).collect();
    Fragment {
        file: table.file,
        pointer: table.address,
        order,
        home: owners.first().unwrap_or(hub).clone(),
        owners,
        preexisting: table.found,
        container: table.container,
        before: table.before,
        after: table.after,
        fingerprint: table.sealed,
    }
}
