//! Crates: what all components of the package need together, entry by entry of `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};

use infra_edit::cargo_toml::{self, Declared, Dependency, Manifest, Section, Table};
use semver::Version;

use crate::{
    catalog::manifest,
    error::{Error, ErrorCode, Result},
    facts::Facts,
    lock::{HUB, Owner},
    path::ProjectPath,
    versions::{compatible, min_version},
};

use super::{
    builder::PlanBuilder,
    desired::{Content, Scope, Wanted},
    format::Format,
    ledger::Settled,
};

/// By crate and feature, the features that it brings.
type Implies = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// What is needed at one place: the crate, and who needs it.
struct Need {
    table: Table,
    dependency: Dependency,
    components: BTreeSet<String>,
}

/// What the manifests declare already.
struct Declarations<'a> {
    manifest: Manifest,
    workspace: Option<Manifest>,
    implies: &'a Implies,
}

impl Declarations<'_> {
    fn entry(&self, section: &Section, name: &str) -> Option<&Declared> {
        let declared = self.manifest.dependencies.iter();
        let mut found = declared.filter(|known| known.section == *section && known.package == name);
        found.next()
    }

    /// The features that come without being named: from the workspace, or brought by others.
    fn implied_features(&self, entry: Option<&Declared>, name: &str) -> BTreeSet<String> {
        let key = entry.map_or(name, |entry| entry.key.as_str());
        let inherits = entry.is_none_or(|entry| entry.workspace);
        let workspace = self.workspace.iter().filter(|_| inherits);
        let inherited: BTreeSet<String> = workspace
            .flat_map(|workspace| &workspace.dependencies)
            .filter(|known| known.section == Section::Workspace && known.key == key)
            .flat_map(|known| known.features.iter().cloned())
            .collect();
        let own = entry
            .map(|known| known.features.as_slice())
            .unwrap_or_default();
        let implies = self.implies.get(name);
        let brought = inherited
            .iter()
            .chain(own)
            .filter_map(|feature| implies?.get(feature))
            .flatten();
        brought.chain(&inherited).cloned().collect()
    }

    /// Leaves out the features that come anyway.
    fn drop_implied_features(&self, need: &mut Need) {
        let dependency = &mut need.dependency;
        let entry = self.entry(&section(need.table), &dependency.name);
        let given = self.implied_features(entry, &dependency.name);
        dependency
            .features
            .retain(|feature| !given.contains(feature));
    }

    /// Whether the tests need more of a crate than the code has; if so, of the same version.
    fn needs_dev_entry(&self, need: &mut Need) -> bool {
        let dependency = &mut need.dependency;
        let normal = self.entry(&Section::Normal, &dependency.name);
        let Some(normal) = normal.filter(|normal| normal.on_by_default) else {
            return true;
        };
        let given = self.implied_features(Some(normal), &dependency.name);
        dependency
            .features
            .retain(|feature| !given.contains(feature) && !normal.features.contains(feature));
        if let Some(requirement) = &normal.requirement {
            dependency.requirement.clone_from(requirement);
        }
        !dependency.features.is_empty()
    }
}

impl PlanBuilder<'_> {
    /// Brings the crates of the package to what all its components and the hub need together.
    /// `by` is for whom the files change.
    pub(super) fn settle_crates(&mut self, hub: &manifest::Manifest, by: &str) {
        let mut needs = self.needs(hub);
        let declared = self.declarations(&hub.implies);
        for need in needs.values_mut() {
            declared.drop_implied_features(need);
        }
        for need in needs.values().filter(|need| need.table == Table::Normal) {
            self.settle_crate(need);
        }
        // A dev-dependency repeats only what `[dependencies]` does not have. So the crates that the
        // code no longer needs go first.
        self.release_crates(&needs.keys().cloned().collect(), by);
        let declared = self.declarations(&hub.implies);
        needs.retain(|_, need| need.table != Table::Dev || declared.needs_dev_entry(need));
        self.release_crates(&needs.keys().cloned().collect(), by);
        for need in needs.values().filter(|need| need.table == Table::Dev) {
            self.settle_crate(need);
        }
    }

    fn declarations<'a>(&self, implies: &'a Implies) -> Declarations<'a> {
        let read = |file: &ProjectPath| cargo_toml::read(self.text(file)).unwrap_or_default();
        Declarations {
            manifest: read(&self.facts.manifest),
            workspace: self.facts.inherits.as_ref().map(read),
            implies,
        }
    }

    /// All crates that the hub and the components of this package need, by pointer.
    fn needs(&self, hub: &manifest::Manifest) -> BTreeMap<String, Need> {
        let mut needs = BTreeMap::new();
        let package = self.ledger.lock.package(self.facts.package());
        let components = package.iter().flat_map(|package| &package.components);
        let components = components.map(|component| {
            let id = component.id.as_str();
            (id, &component.dependencies, &component.dev_dependencies)
        });
        let hub = (HUB, &hub.dependencies, &hub.dev_dependencies);
        for (id, normal, dev) in [hub].into_iter().chain(components) {
            for (name, dependency) in normal {
                need(&mut needs, Table::Normal, name, dependency, id);
            }
            for (name, dependency) in dev {
                need(&mut needs, Table::Dev, name, dependency, id);
            }
        }
        needs
    }

    /// Takes out the crates that this package no longer needs.
    fn release_crates(&mut self, wanted: &BTreeSet<String>, by: &str) {
        let package = self.facts.package().to_owned();
        let manifest = &self.facts.manifest;
        let inherits = self.facts.inherits.as_ref();
        for fragment in &mut self.ledger.lock.fragments {
            let crate_name = fragment.pointer.strip_prefix("workspace.dependencies/");
            let is_wanted = match crate_name {
                Some(name) => wanted
                    .iter()
                    .any(|pointer| pointer.ends_with(&format!("/{name}"))),
                None => wanted.contains(&fragment.pointer),
            };
            let is_manifest = fragment.file == *manifest || inherits == Some(&fragment.file);
            if is_manifest && !fragment.container && !is_wanted {
                fragment.owners.retain(|owner| owner.package != package);
            }
        }
        self.ledger.take_out_unowned(by);
    }

    fn settle_crate(&mut self, need: &Need) {
        // An entry of the package's own does not use the one of the workspace.
        let inherits = self
            .facts
            .inherits
            .clone()
            .filter(|_| !self.has_own_entry(&need.dependency.name));
        if let Some(workspace) = &inherits {
            let dependency = Dependency {
                features: BTreeSet::new(),
                ..need.dependency.clone()
            };
            self.settle_entry(workspace, Table::Workspace, dependency, need, false);
        }
        let manifest = self.facts.manifest.clone();
        let inherit = inherits.is_some();
        self.settle_entry(
            &manifest,
            need.table,
            need.dependency.clone(),
            need,
            inherit,
        );
    }

    /// Whether the package declares a crate without inheriting it from the workspace.
    fn has_own_entry(&self, name: &str) -> bool {
        let manifest = cargo_toml::read(self.text(&self.facts.manifest)).unwrap_or_default();
        let mut declared = manifest.dependencies.iter();
        declared.any(|known| {
            let is_here = matches!(known.section, Section::Normal | Section::Dev);
            is_here && known.package == name && !known.workspace
        })
    }

    fn settle_entry(
        &mut self,
        file: &ProjectPath,
        table: Table,
        dependency: Dependency,
        need: &Need,
        inherit: bool,
    ) {
        let name = dependency.name.clone();
        let wanted = Wanted {
            file: file.clone(),
            pointer: pointer(table, &name),
            components: need.components.clone(),
            content: Content::Crate {
                table,
                dependency,
                inherit,
            },
            label: name.clone(),
        };
        let scope = Scope {
            owners: self.package_owners(),
            formats: BTreeSet::from([Format::CargoToml]),
        };
        if let Settled::Refused(_) = self.settle(&wanted, &scope) {
            self.hint_optional(file, &name);
        }
    }

    /// All owners of this package.
    fn package_owners(&self) -> BTreeSet<Owner> {
        let package = self.facts.package();
        let fragments = self.ledger.lock.fragments.iter();
        let owners = fragments.flat_map(|fragment| &fragment.owners);
        owners
            .filter(|owner| owner.package == package)
            .cloned()
            .collect()
    }

    /// Says how a crate of the user's becomes one that the code can rely on.
    fn hint_optional(&mut self, file: &ProjectPath, name: &str) {
        let manifest = cargo_toml::read(self.text(file)).unwrap_or_default();
        let mut declared = manifest.dependencies.into_iter();
        if let Some(found) = declared.find(|known| known.package == name)
            && found.optional
        {
            let key = found.key;
            self.hint(format!(
                "make it non-optional, or say `default = [\"dep:{key}\"]` in [features]"
            ));
        }
    }
}

fn section(table: Table) -> Section {
    match table {
        Table::Normal => Section::Normal,
        Table::Dev => Section::Dev,
        Table::Workspace => Section::Workspace,
    }
}

fn pointer(table: Table, name: &str) -> String {
    let table = match table {
        Table::Normal => "dependencies",
        Table::Dev => "dev-dependencies",
        Table::Workspace => "workspace.dependencies",
    };
    format!("{table}/{name}")
}

fn need(
    needs: &mut BTreeMap<String, Need>,
    table: Table,
    name: &str,
    wanted: &manifest::Dependency,
    by: &str,
) {
    let need = needs.entry(pointer(table, name)).or_insert_with(|| Need {
        table,
        dependency: Dependency {
            name: name.to_owned(),
            requirement: wanted.version.clone(),
            features: BTreeSet::new(),
            default_features: false,
        },
        components: BTreeSet::new(),
    });
    let features = wanted.features.iter().cloned();
    need.dependency.features.extend(features);
    need.dependency.default_features |= wanted.default_features;
    if min_version(&wanted.version) > min_version(&need.dependency.requirement) {
        need.dependency.requirement.clone_from(&wanted.version);
    }
    need.components.insert(by.to_owned());
}

/// Refuses what would bring a second incompatible version of a direct dependency.
///
/// # Errors
///
/// Every crate that the package has in another version than the generated code is written for.
pub(super) fn check_versions<'a>(
    facts: &Facts,
    manifests: impl Iterator<Item = (&'a str, &'a manifest::Manifest)>,
) -> Result<()> {
    let mut error = Error::new(
        ErrorCode::UnsupportedVersion,
        "the project holds versions that the generated code is not written for",
    );
    let mut hints = BTreeSet::new();
    for (id, manifest) in manifests {
        for (name, dependency) in &manifest.dependencies {
            let (versions, allowed) = (&facts.versions, facts.allowed.get(name));
            let Some(found) = versions.get(name).or(allowed) else {
                continue;
            };
            let Err(wanted) = works_with(dependency, found, allowed.is_none()) else {
                continue;
            };
            let written = if compatible(found, &wanted) {
                hints.insert(format!("cargo update {name} --recursive"));
                "needs at least"
            } else {
                hints.insert(format!(
                    "update {name} first: a second incompatible version beside yours is never added"
                ));
                "is written for"
            };
            let package = &facts.name;
            error = error.detail(format!(
                "{id} {written} {name} {wanted}, {package} uses {name} {found}"
            ));
        }
        if let (Some(promised), Some(needed)) = (
            &facts.rust_version,
            manifest.rust_version.as_deref().and_then(min_version),
        ) && *promised < needed
        {
            let (major, minor) = (needed.major, needed.minor);
            hints.insert("raise `rust-version` in Cargo.toml first".to_owned());
            error = error.detail(format!(
                "{id} needs Rust {major}.{minor}, {} promises to build with {}.{}",
                facts.name, promised.major, promised.minor
            ));
        }
    }
    error.hints = hints.into_iter().collect();
    match error.details.is_empty() {
        true => Ok(()),
        false => Err(error),
    }
}

/// Whether the code works with a version of a crate; if not, the version that it would work with.
/// One that is not locked is the lowest allowed, and stands for all that are compatible with it.
fn works_with(
    dependency: &manifest::Dependency,
    found: &Version,
    locked: bool,
) -> std::result::Result<(), Version> {
    let Some(newest) = min_version(&dependency.version) else {
        return Ok(());
    };
    let series = |oldest: &&Version| compatible(found, oldest);
    match dependency.oldest.iter().find(series) {
        Some(oldest) if locked && found < oldest => Err(oldest.clone()),
        Some(_) => Ok(()),
        None if compatible(found, &newest) => Ok(()),
        None => Err(newest),
    }
}
