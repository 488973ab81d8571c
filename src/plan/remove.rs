//! The plan of `remove`: exactly what was added and is unchanged since.

use std::collections::BTreeSet;

use crate::{
    error::{Error, ErrorCode, Result},
    lock::{HUB, Package},
    render,
};

use super::{Inputs, Plan, Removal, builder::PlanBuilder};

/// Plans to remove components, and those that only they required.
///
/// # Errors
///
/// A component is not installed, another needs it, or a generated file was edited.
pub fn remove(inputs: &Inputs<'_>, removal: &Removal) -> Result<Plan> {
    let folder = inputs.facts.package();
    let Some(package) = inputs.lock.package(folder) else {
        return Err(not_installed(&removal.components, &[]));
    };
    let leaving = leaving(package, &removal.components)?;
    let is_last = package
        .components
        .iter()
        .all(|known| leaving.contains(&known.id));
    let by = removal.components.first().map_or(HUB, String::as_str);
    let mut builder = PlanBuilder::new(inputs)?;
    let files = package.files.iter();
    for file in files.filter(|file| leaving.contains(&file.component)) {
        builder.delete_generated(file, &file.component, removal.keep_edited);
    }
    if let Some(package) = builder.ledger.lock.package_mut(folder) {
        let components = &mut package.components;
        components.retain(|known| !leaving.contains(&known.id));
    }
    let owners = builder.owners(leaving.iter().map(String::as_str));
    builder
        .ledger
        .disown(|owner| owners.contains(owner) || (is_last && owner.package == folder));
    if is_last {
        for file in package.files_of(HUB) {
            builder.delete_generated(file, by, removal.keep_edited);
        }
        let packages = &mut builder.ledger.lock.packages;
        packages.retain(|known| known.folder != folder);
    } else {
        let hub = &render::hub_manifest(inputs.catalog.hub()?, inputs.facts)?;
        builder.render_hub(inputs)?;
        builder.settle_crates(hub, by);
    }
    builder.ledger.take_out_unowned(by);
    builder.finish()
}

/// The components to remove: those named and, in turn, what only they required.
fn leaving(package: &Package, named: &[String]) -> Result<BTreeSet<String>> {
    let installed: Vec<&str> = package.components.iter().map(|c| c.id.as_str()).collect();
    let missing: Vec<String> = named
        .iter()
        .filter(|id| !installed.contains(&id.as_str()))
        .cloned()
        .collect();
    if !missing.is_empty() {
        return Err(not_installed(&missing, &installed));
    }
    let leaving: BTreeSet<String> = named.iter().cloned().collect();
    let mut error = Error::new(
        ErrorCode::StillNeeded,
        "another component needs what would be removed",
    );
    for other in package
        .components
        .iter()
        .filter(|c| !leaving.contains(&c.id))
    {
        for id in other.requires.iter().filter(|id| leaving.contains(*id)) {
            error = error.detail(format!("`{}` needs `{id}`", other.id));
            error.hints = vec![format!("infra remove {} {}", other.id, named.join(" "))];
        }
    }
    if !error.details.is_empty() {
        return Err(error);
    }
    Ok(unrequired(package, &leaving))
}

/// The components that leave with others, and those in turn that only they required.
pub(super) fn unrequired(package: &Package, named: &BTreeSet<String>) -> BTreeSet<String> {
    let mut leaving = named.clone();
    loop {
        let is_required = |id: &str| {
            let mut staying = package.components.iter();
            staying
                .any(|other| !leaving.contains(&other.id) && other.requires.iter().any(|r| r == id))
        };
        let orphan = package.components.iter().find(|known| {
            !known.explicit && !leaving.contains(&known.id) && !is_required(&known.id)
        });
        match orphan {
            Some(orphan) => leaving.insert(orphan.id.clone()),
            None => return leaving,
        };
    }
}

fn not_installed(missing: &[String], installed: &[&str]) -> Error {
    let names: Vec<String> = missing.iter().map(|id| format!("`{id}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let error = Error::new(
        ErrorCode::NotInstalled,
        format!("{} {verb} not installed", names.join(", ")),
    );
    match installed {
        [] => error.hint("nothing is installed here; `infra list` shows what there is"),
        installed => error.hint(format!("installed: {}", installed.join(", "))),
    }
}
