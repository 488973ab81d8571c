//! Crates: what all components of the package need together, entry by entry of `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::manifest,
    edit::{
        Kept,
        cargo_toml::{self, Dependency, Manifest, Section, Table},
    },
    error::{Error, Result},
    facts::Facts,
    lock::HUB,
    path::ProjectPath,
    versions::{compatible, least},
};

use super::draft::Draft;

/// By crate and feature, the features that it brings.
type Implies = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// What is needed at one place: the crate, and who needs it.
struct Need {
    table: Table,
    dependency: Dependency,
    by: BTreeSet<String>,
}

impl Need {
    /// Whether the tests need more of a crate than the code has; if so, of the same version.
    fn is_missing(&mut self, manifest: &Manifest, implies: &Implies) -> bool {
        let normal = manifest.dependencies.iter().find(|known| {
            known.section == Section::Normal && known.package == self.dependency.name
        });
        let Some(normal) = normal.filter(|normal| normal.on_by_default) else {
            return true;
        };
        let implied = |feature: &String| {
            let implies = implies.get(&self.dependency.name);
            let brought =
                implies.map(|implies| normal.features.iter().filter_map(|f| implies.get(f)));
            brought.is_some_and(|mut brought| brought.any(|all| all.contains(feature)))
        };
        let spared: Vec<String> = self
            .dependency
            .features
            .iter()
            .filter(|feature| normal.features.contains(feature) || implied(feature))
            .cloned()
            .collect();
        self.dependency
            .features
            .retain(|feature| !spared.contains(feature));
        if let Some(requirement) = &normal.requirement {
            self.dependency.requirement.clone_from(requirement);
        }
        !self.dependency.features.is_empty()
    }
}

impl Draft<'_> {
    /// Brings the dependencies of the package to what its components need, and the hub itself.
    pub(super) fn depend(&mut self, hub: Option<&manifest::Manifest>) {
        let mut needs = self.needs(hub);
        let nothing = Implies::new();
        let implies = hub.map_or(&nothing, |hub| &hub.implies);
        self.spare(&mut needs, implies);
        for need in needs.values().filter(|need| need.table == Table::Normal) {
            self.ensure_in_package(need);
        }
        // What the code has anyway, its tests need not name again.
        let manifest = cargo_toml::read(self.text(&self.facts.manifest)).unwrap_or_default();
        needs.retain(|_, need| need.table != Table::Dev || need.is_missing(&manifest, implies));
        self.disown(&needs.keys().cloned().collect());
        for need in needs.values().filter(|need| need.table == Table::Dev) {
            self.ensure_in_package(need);
        }
    }

    /// Leaves out the features that the workspace gives anyway, or that another one brings.
    fn spare(&self, needs: &mut BTreeMap<String, Need>, implies: &Implies) {
        let read = |file: &ProjectPath| cargo_toml::read(self.text(file)).unwrap_or_default();
        let manifest = read(&self.facts.manifest);
        let workspace = self.facts.inherits.as_ref().map(read).unwrap_or_default();
        for need in needs.values_mut() {
            let name = &need.dependency.name;
            let entry = manifest
                .dependencies
                .iter()
                .find(|known| known.section == section(need.table) && known.package == *name);
            let inherited = workspace.dependencies.iter().find(|known| {
                known.section == Section::Workspace
                    && entry.is_some_and(|entry| entry.workspace && entry.key == known.key)
            });
            let inherited = inherited
                .map(|known| known.features.as_slice())
                .unwrap_or_default();
            let own = entry
                .map(|known| known.features.as_slice())
                .unwrap_or_default();
            let brought = implies.get(name).into_iter().flat_map(|implies| {
                let given = inherited.iter().chain(own);
                given.filter_map(|feature| implies.get(feature)).flatten()
            });
            let spared: BTreeSet<&String> = brought.chain(inherited).collect();
            need.dependency
                .features
                .retain(|feature| !spared.contains(feature));
        }
    }

    fn ensure_in_package(&mut self, need: &Need) {
        let inherits = self.facts.inherits.clone();
        if let Some(workspace) = &inherits {
            let entry = Dependency {
                features: BTreeSet::new(),
                ..need.dependency.clone()
            };
            self.ensure(workspace, Table::Workspace, &entry, &need.by, false);
        }
        let manifest = self.facts.manifest.clone();
        let inherit = inherits.is_some();
        self.ensure(&manifest, need.table, &need.dependency, &need.by, inherit);
    }

    /// All crates that the components of this package need, by address.
    fn needs(&self, hub: Option<&manifest::Manifest>) -> BTreeMap<String, Need> {
        let mut needs = BTreeMap::new();
        let package = self.lock.package(self.facts.package());
        let components = package.iter().flat_map(|package| &package.components);
        let components = components.map(|component| {
            let id = component.id.as_str();
            (id, &component.dependencies, &component.dev_dependencies)
        });
        let hub = hub.map(|hub| (HUB, &hub.dependencies, &hub.dev_dependencies));
        for (id, normal, dev) in hub.into_iter().chain(components) {
            for (name, dependency) in normal {
                need(&mut needs, Table::Normal, name, dependency, id);
            }
            for (name, dependency) in dev {
                need(&mut needs, Table::Dev, name, dependency, id);
            }
        }
        needs
    }

    /// Takes this package's names off the crates that it no longer needs.
    fn disown(&mut self, wanted: &BTreeSet<String>) {
        let prefix = format!("{}:", self.facts.package());
        let manifest = &self.facts.manifest;
        let inherits = self.facts.inherits.as_ref();
        for fragment in &mut self.lock.fragments {
            let crate_name = fragment.address.strip_prefix("workspace.dependencies/");
            let is_wanted = match crate_name {
                Some(name) => wanted
                    .iter()
                    .any(|address| address.ends_with(&format!("/{name}"))),
                None => wanted.contains(&fragment.address),
            };
            let is_ours = fragment.file == *manifest || inherits == Some(&fragment.file);
            if is_ours && !fragment.container && !is_wanted {
                fragment.by.retain(|owner| !owner.starts_with(&prefix));
            }
        }
    }

    fn ensure(
        &mut self,
        file: &ProjectPath,
        table: Table,
        dependency: &Dependency,
        by: &BTreeSet<String>,
        inherit: bool,
    ) {
        let address = address(table, &dependency.name);
        let prefix = format!("{}:", self.facts.package());
        let known = self.lock.fragment(file, &address).cloned();
        if let Some(mut fragment) = known.filter(|fragment| !fragment.found) {
            let revised = if fragment.by.iter().all(|owner| owner.starts_with(&prefix)) {
                cargo_toml::revise(self.text(file), &fragment.edit(), table, dependency)
            } else {
                Err(Kept::InUse)
            };
            fragment.by.retain(|owner| !owner.starts_with(&prefix));
            fragment.by.extend(by.iter().map(|id| self.owner(id)));
            match revised {
                Ok((text, edit)) => {
                    if edit != fragment.edit() {
                        self.explain_crate(file, by, dependency);
                    }
                    fragment.before = edit.before;
                    fragment.after = edit.after;
                    self.tree.insert(file.clone(), text);
                    self.keep(fragment);
                    return;
                }
                Err(Kept::Changed | Kept::InUse) => self.keep(fragment),
                Err(Kept::Gone) => self
                    .lock
                    .fragments
                    .retain(|known| known.file != *file || known.address != address),
            }
        }
        let ids: Vec<&str> = by.iter().map(String::as_str).collect();
        let why = dependency.name.clone();
        self.put(file, &address, &ids, &why, |text| {
            cargo_toml::ensure(text, table, dependency, inherit)
        });
    }

    fn keep(&mut self, fragment: crate::lock::Fragment) {
        let known = self
            .lock
            .fragments
            .iter_mut()
            .find(|known| known.file == fragment.file && known.address == fragment.address);
        if let Some(known) = known {
            *known = fragment;
        }
    }

    fn explain_crate(
        &mut self,
        file: &ProjectPath,
        by: &BTreeSet<String>,
        dependency: &Dependency,
    ) {
        for id in by {
            self.explain(file, id, format!("features of {}", dependency.name));
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

fn address(table: Table, name: &str) -> String {
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
    let need = needs.entry(address(table, name)).or_insert_with(|| Need {
        table,
        dependency: Dependency {
            name: name.to_owned(),
            requirement: wanted.version.clone(),
            features: BTreeSet::new(),
            default_features: false,
        },
        by: BTreeSet::new(),
    });
    let features = wanted.features.iter().cloned();
    need.dependency.features.extend(features);
    need.dependency.default_features |= wanted.default_features;
    if least(&wanted.version) > least(&need.dependency.requirement) {
        need.dependency.requirement.clone_from(&wanted.version);
    }
    need.by.insert(by.to_owned());
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
    let mut details = Vec::new();
    for (id, manifest) in manifests {
        for (name, dependency) in &manifest.dependencies {
            let (Some(found), Some(wanted)) =
                (facts.versions.get(name), least(&dependency.version))
            else {
                continue;
            };
            if !compatible(found, &wanted) {
                details.push(format!(
                    "{id} is written for {name} {wanted}, {} uses {name} {found}",
                    facts.name
                ));
            }
        }
        if let (Some(promised), Some(needed)) = (
            &facts.rust_version,
            manifest.rust_version.as_deref().and_then(least),
        ) && *promised < needed
        {
            details.push(format!(
                "{id} needs Rust {}.{}, {} promises to build with {}.{}",
                needed.major, needed.minor, facts.name, promised.major, promised.minor
            ));
        }
    }
    if details.is_empty() {
        return Ok(());
    }
    let mut error = Error::unsupported(
        "unsupported-version",
        "the project holds versions that the generated code is not written for",
    )
    .hint("a second incompatible version would be compiled beside yours, so none is added; update the crate, or raise `rust-version`, first");
    error.details = details;
    Err(error)
}
