//! What a manifest says, as far as it matters for adding to its package.
//!
//! A value of another type than cargo expects is passed over: cargo itself will complain.

use std::collections::{BTreeMap, BTreeSet};

use super::{spans, value};
use crate::EditError;
use crate::text::line_of;
use toml_edit::{Document, Item, TableLike};

/// A `Cargo.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `[package]`; `None` for a virtual workspace root.
    pub package: Option<Package>,
    /// `[lib]`, when it is written out.
    pub library: Option<Library>,
    /// `[[bin]]`, in the order of the text.
    pub binaries: Vec<Binary>,
    /// `[workspace]`.
    pub workspace: Option<Workspace>,
    /// All dependencies of all tables, in the order of the text within each.
    pub dependencies: Vec<Declared>,
    /// The names in `[features]`.
    pub features: Vec<String>,
    /// Lints of `[lints.clippy]` that are errors.
    pub denied_clippy_lints: Vec<String>,
    /// Whether `[lints]` says `workspace = true`.
    pub lints_inherited: bool,
}

/// `[package]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `name`; empty when it is missing.
    pub name: String,
    /// `edition`, unless it is missing or inherited.
    pub edition: Option<String>,
    /// Whether the edition is `edition.workspace = true`.
    pub edition_inherited: bool,
    /// `rust-version`, unless it is missing or inherited.
    pub rust_version: Option<String>,
    /// Whether the Rust version is `rust-version.workspace = true`.
    pub rust_version_inherited: bool,
    /// `autobins`, on unless it is switched off.
    pub autobins: bool,
}

/// `[lib]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    /// `name`
    pub name: Option<String>,
    /// `path`, relative to the package.
    pub path: Option<String>,
}

/// `[[bin]]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary {
    /// `name`; empty when it is missing.
    pub name: String,
    /// `path`, relative to the package.
    pub path: Option<String>,
}

/// `[workspace]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// `members`, which may be glob patterns.
    pub members: Vec<String>,
    /// `exclude`
    pub exclude: Vec<String>,
    /// `edition` of `[workspace.package]`.
    pub edition: Option<String>,
    /// `rust-version` of `[workspace.package]`.
    pub rust_version: Option<String>,
    /// Lints of `[workspace.lints.clippy]` that are errors.
    pub denied_clippy_lints: Vec<String>,
}

/// The table that a dependency is declared in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// `[dependencies]`
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
    /// `[target.'..'.dependencies]`, with the condition; also its dev- and build-dependencies.
    Target(String),
    /// `[workspace.dependencies]`
    Workspace,
}

/// A dependency as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The key: the name that code knows it by.
    pub key: String,
    /// The real name of the crate.
    pub package: String,
    /// The table.
    pub section: Section,
    /// The version requirement, if there is one here.
    pub requirement: Option<String>,
    /// The features that are named here.
    pub features: Vec<String>,
    /// `optional = true`
    pub optional: bool,
    /// Whether it is always there: not optional, or turned on by the feature `default`.
    pub on_by_default: bool,
    /// `workspace = true`
    pub workspace: bool,
    /// `path`, relative to the manifest's folder.
    pub path: Option<String>,
    /// The line of the key, counted from 1.
    pub line: usize,
}

/// Reads a manifest.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not TOML.
pub fn read(text: &str) -> Result<Manifest, EditError> {
    let document = spans::parse(text)?;
    let root = document.as_item();
    let lints = table(root, "lints");
    let features = features(&document);
    let mut manifest = Manifest {
        package: table(root, "package")
            .or_else(|| table(root, "project"))
            .map(package),
        library: table(root, "lib").map(|library| Library {
            name: owned(library, "name"),
            path: owned(library, "path"),
        }),
        binaries: binaries(&document),
        workspace: table(root, "workspace").map(workspace),
        dependencies: Vec::new(),
        features: features.keys().cloned().collect(),
        denied_clippy_lints: lints.map(denied).unwrap_or_default(),
        lints_inherited: lints.and_then(|lints| value::flag_of(lints, "workspace")) == Some(true),
    };
    let on = turned_on(&features);
    let mut declare = |parent: Option<&Item>, name: &str, section: Section| {
        let entries = parent
            .and_then(|parent| table(parent, name))
            .and_then(Item::as_table_like);
        for (key, item) in entries.iter().flat_map(|entries| entries.iter()) {
            manifest.dependencies.push(declared(
                text,
                *entries.as_ref()?,
                key,
                item,
                &section,
                &on,
            )?);
        }
        Some(())
    };
    for (parent, section) in [(Some(root), None)]
        .into_iter()
        .chain(targets(root).map(|(condition, item)| (Some(item), Some(condition))))
    {
        for (name, plain) in [
            ("dependencies", Section::Normal),
            ("dev-dependencies", Section::Dev),
            ("build-dependencies", Section::Build),
        ] {
            declare(parent, name, section.clone().map_or(plain, Section::Target));
        }
    }
    declare(table(root, "workspace"), "dependencies", Section::Workspace);
    Ok(manifest)
}

fn table<'a>(item: &'a Item, name: &str) -> Option<&'a Item> {
    item.as_table_like()?
        .get(name)
        .filter(|item| item.is_table_like())
}

fn owned(item: &Item, name: &str) -> Option<String> {
    value::text_of(item, name).map(str::to_owned)
}

fn inherited(item: &Item, name: &str) -> bool {
    table(item, name).and_then(|item| value::flag_of(item, "workspace")) == Some(true)
}

fn package(item: &Item) -> Package {
    Package {
        name: owned(item, "name").unwrap_or_default(),
        edition: owned(item, "edition"),
        edition_inherited: inherited(item, "edition"),
        rust_version: owned(item, "rust-version"),
        rust_version_inherited: inherited(item, "rust-version"),
        autobins: value::flag_of(item, "autobins") != Some(false),
    }
}

fn binaries(document: &Document<&str>) -> Vec<Binary> {
    let binary = |table: &dyn TableLike| Binary {
        name: table
            .get("name")
            .and_then(Item::as_str)
            .unwrap_or_default()
            .to_owned(),
        path: table.get("path").and_then(Item::as_str).map(str::to_owned),
    };
    match document.get("bin") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|table| binary(table)).collect(),
        Some(item) => item
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|value| Some(binary(value.as_inline_table()?)))
            .collect(),
        None => Vec::new(),
    }
}

fn workspace(item: &Item) -> Workspace {
    let package = table(item, "package");
    Workspace {
        members: value::texts_of(item, "members"),
        exclude: value::texts_of(item, "exclude"),
        edition: package.and_then(|package| owned(package, "edition")),
        rust_version: package.and_then(|package| owned(package, "rust-version")),
        denied_clippy_lints: table(item, "lints").map(denied).unwrap_or_default(),
    }
}

/// The clippy lints whose level is `deny` or `forbid`.
fn denied(lints: &Item) -> Vec<String> {
    let clippy = table(lints, "clippy").and_then(Item::as_table_like);
    clippy
        .iter()
        .flat_map(|clippy| clippy.iter())
        .filter(|(_, item)| {
            let level = item.as_str().or_else(|| value::text_of(item, "level"));
            matches!(level, Some("deny" | "forbid"))
        })
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn features(document: &Document<&str>) -> BTreeMap<String, Vec<String>> {
    let features = document.get("features").and_then(Item::as_table_like);
    features
        .iter()
        .flat_map(|features| features.iter())
        .map(|(name, item)| {
            let list = item.as_array().map(value::texts).unwrap_or_default();
            (name.to_owned(), list)
        })
        .collect()
}

/// The keys of dependencies that the feature `default` turns on.
fn turned_on(features: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec!["default"];
    while let Some(feature) = open.pop() {
        if !seen.insert(feature) {
            continue;
        }
        for part in features.get(feature).into_iter().flatten() {
            if let Some(key) = part.strip_prefix("dep:") {
                on.insert(key.to_owned());
            } else if let Some((key, _)) = part.split_once('/') {
                // `key?/feature` turns nothing on.
                if !key.ends_with('?') {
                    on.insert(key.to_owned());
                }
            } else if features.contains_key(part) {
                open.push(part);
            } else {
                on.insert(part.clone());
            }
        }
    }
    on
}

fn targets(root: &Item) -> impl Iterator<Item = (String, &Item)> {
    table(root, "target")
        .and_then(Item::as_table_like)
        .into_iter()
        .flat_map(|targets| targets.iter())
        .map(|(condition, item)| (condition.to_owned(), item))
}

fn declared(
    text: &str,
    entries: &dyn TableLike,
    key: &str,
    item: &Item,
    section: &Section,
    on: &BTreeSet<String>,
) -> Option<Declared> {
    let optional = value::flag_of(item, "optional") == Some(true);
    Some(Declared {
        key: key.to_owned(),
        package: value::text_of(item, "package").unwrap_or(key).to_owned(),
        section: section.clone(),
        requirement: value::requirement_of(item).map(str::to_owned),
        features: value::features_of(item),
        optional,
        on_by_default: !optional || on.contains(key),
        workspace: value::flag_of(item, "workspace") == Some(true),
        path: value::text_of(item, "path").map(str::to_owned),
        line: line_of(text, entries.key(key)?.span()?.start),
    })
}
