//! What an update renders: the components of a package with the options that were recorded. The
//! plan itself is that of [`super::install`].

use std::collections::BTreeSet;

use crate::{
    catalog::Catalog,
    error::Result,
    facts::Facts,
    lock::{Lock, Package},
    render::{self, Rendering},
    resolve::{Selected, resolve},
};

/// Replaces the ids of components that were renamed since they were installed.
///
/// # Errors
///
/// A manifest of the catalogue is invalid.
pub fn with_current_ids(mut lock: Lock, catalog: &Catalog) -> Result<Lock> {
    let installed: BTreeSet<String> = lock.components().map(|known| known.id.clone()).collect();
    if installed.iter().all(|id| catalog.get(id).is_ok()) {
        return Ok(lock);
    }
    for component in catalog.components()? {
        for old in &component.manifest.replaces {
            if installed.contains(old) && catalog.get(old).is_err() {
                lock.rename_component(old, &component.id);
            }
        }
    }
    Ok(lock)
}

/// What the components of a package render to now, with their recorded options.
///
/// # Errors
///
/// A recorded option is not allowed any more, or a template is wrong.
pub fn update_renderings(
    catalog: &Catalog,
    lock: &Lock,
    package: &Package,
    facts: &Facts,
    components: &[String],
) -> Result<Vec<Rendering>> {
    let names = connected(lock, package, components);
    let selection = resolve(catalog, &package.installed(), &names, &[])?;
    let render = |selected: Selected<'_>| {
        let selected = Selected {
            // Whether the user named it is recorded, and does not change here.
            explicit: false,
            ..selected
        };
        render::component(&selected, facts)
    };
    selection.into_iter().map(render).collect()
}

/// The components to update: those named, what they require, what requires them, and what uses the
/// same service. They are written for each other.
fn connected(lock: &Lock, package: &Package, components: &[String]) -> Vec<String> {
    let all = package.components.iter();
    if components.is_empty() {
        return all.map(|known| known.id.clone()).collect();
    }
    let mut names: Vec<String> = Vec::new();
    let mut open: Vec<&str> = components.iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        let Some(component) = package.component(id) else {
            continue;
        };
        if names.iter().any(|known| known == id) {
            continue;
        }
        names.push(id.to_owned());
        open.extend(component.requires.iter().map(String::as_str));
        let requires = all
            .clone()
            .filter(|other| other.requires.iter().any(|r| r == id));
        open.extend(requires.map(|other| other.id.as_str()));
        let owner = package.owner(id);
        let services = lock.fragments.iter().filter(|known| {
            known.pointer.starts_with("/services/") && known.owners.contains(&owner)
        });
        let shared = services.flat_map(|known| &known.owners);
        let shared = shared.filter(|other| other.package == package.folder);
        open.extend(shared.map(|other| other.component.as_str()));
    }
    names
}
