//! The plan of `add` and of `update`: what the components should have, brought about by the ledger.

use std::collections::{BTreeMap, BTreeSet};

use infra_edit::cargo_toml;
use semver::Version;

use crate::{
    catalog::manifest::Manifest,
    error::{Error, ErrorCode, Result},
    facts::{Facts, Framework},
    lock::{self, HUB, Lock, Package},
    render::{self, Endpoint, Rendering},
};

use super::{
    Inputs, Installed, Plan, Request, builder::PlanBuilder, crates, desired::Scope, format::Format,
    remove::unrequired, rows,
};

/// Plans to install components, or to bring installed ones to what they render to now.
///
/// # Errors
///
/// All conflicts at once; versions that the generated code is not written for; a component that a
/// newer version of the tool has installed.
pub fn install(inputs: &Inputs<'_>, request: &Request) -> Result<Plan> {
    let Inputs { catalog, facts, .. } = inputs;
    let hub = &render::hub_manifest(catalog.hub()?, facts)?;
    let manifests = request
        .renderings
        .iter()
        .map(|rendering| (rendering.id.as_str(), &rendering.manifest));
    crates::check_versions(facts, manifests.chain([("the generated code", hub)]))?;
    let known = inputs.lock.package(facts.package());
    refuse_older(known, request, &hub.version)?;
    refuse_other_framework(inputs, known)?;

    let mut builder = PlanBuilder::new(inputs)?;
    builder.ledger.names_released = true;
    register(&mut builder.ledger.lock, request, facts, &hub.version);
    for rendering in &request.renderings {
        for (old, new) in &rendering.renamed {
            builder.rename_file(&rendering.id, old, new);
        }
        builder.render(&rendering.id, &rendering.files);
    }
    builder.release_unrequired(known)?;
    builder.render_hub(inputs)?;
    builder.refuse_module_file();
    builder.settle_crates(hub, HUB);
    let skipped = skipped(&builder.ledger.lock, facts.package());
    let scope = scope(&builder, request, &skipped);
    let next = settle_services(&mut builder, request, known, &scope)?;
    if !skipped.contains("compose") {
        for rendering in &request.renderings {
            builder.switch_images(rendering, request.replace, &scope);
        }
    }
    if !skipped.contains("wire") {
        builder.wire(known.is_some());
    }
    for rendering in &request.renderings {
        builder.compare_routes(rendering);
    }
    builder.ledger.release(&scope, HUB);
    let installed = installed(&builder, request, &hub.version);
    let plan = builder.finish()?;
    Ok(Plan {
        next,
        installed,
        ..plan
    })
}

/// Brings compose services and variables to what the components want. Returns what to do next, for
/// the components that are new.
fn settle_services(
    builder: &mut PlanBuilder<'_>,
    request: &Request,
    known: Option<&Package>,
    scope: &Scope,
) -> Result<Vec<String>> {
    let mut next = Vec::new();
    for rendering in &request.renderings {
        let bindings = builder.settle_compose(rendering, scope)?;
        if known.is_none_or(|package| package.component(&rendering.id).is_none()) {
            for line in &rendering.manifest.next {
                next.extend(render::render_deferred(line, &bindings, Endpoint::Host)?);
            }
        }
        builder.settle_ignored(rendering, scope);
        if scope.formats.contains(&Format::Dotenv) {
            builder.settle_variables(rendering, &bindings, scope)?;
        }
    }
    Ok(next)
}

/// What is compared with the desired state: compose and env files, as far as they are not left
/// alone on request, for the components that were rendered. Crates have a scope of their own, as
/// all components of the package share them; the wiring is only ever added.
fn scope(builder: &PlanBuilder<'_>, request: &Request, skipped: &BTreeSet<String>) -> Scope {
    let mut scope = Scope {
        owners: builder.owners(request.renderings.iter().map(|known| known.id.as_str())),
        formats: BTreeSet::from([Format::Gitignore]),
    };
    for (name, format) in [("compose", Format::Compose), ("env", Format::Dotenv)] {
        if !skipped.contains(name) {
            scope.formats.insert(format);
        }
    }
    scope
}

impl PlanBuilder<'_> {
    /// Takes out components that were only required, and that nothing requires any more.
    fn release_unrequired(&mut self, known: Option<&Package>) -> Result<()> {
        let folder = self.facts.package().to_owned();
        let (Some(old), Some(new)) = (known, self.ledger.lock.package(&folder)) else {
            return Ok(());
        };
        let leaving = unrequired(new, &BTreeSet::new());
        for id in &leaving {
            for file in old.files_of(id) {
                self.delete_generated(file, id, true);
            }
            self.note(format!(
                "`{id}` is removed: no component requires it any more"
            ));
        }
        let owners = self.owners(leaving.iter().map(String::as_str));
        self.ledger.disown(|owner| owners.contains(owner));
        if let Some(package) = self.ledger.lock.package_mut(&folder) {
            let components = &mut package.components;
            components.retain(|known| !leaving.contains(&known.id));
        }
        Ok(())
    }

    /// Renders the hub from the rows of everything that is installed, as they were recorded.
    pub(super) fn render_hub(&mut self, inputs: &Inputs<'_>) -> Result<()> {
        let package = self.ledger.lock.package(self.facts.package()).cloned();
        let components = package
            .map(|package| package.components)
            .unwrap_or_default();
        let files = render::hub(inputs.catalog.hub()?, self.facts, &rows(&components))?;
        self.render(HUB, &files);
        Ok(())
    }
}

/// What is left alone on request in this package.
fn skipped(lock: &Lock, folder: &str) -> BTreeSet<String> {
    lock.package(folder)
        .map(|package| package.skipped.clone())
        .unwrap_or_default()
}

/// Refuses to replace what a newer version of the tool has installed.
fn refuse_older(known: Option<&Package>, request: &Request, hub: &Version) -> Result<()> {
    let Some(known) = known else {
        return Ok(());
    };
    let components = request.renderings.iter().filter_map(|rendering| {
        let component = known.component(&rendering.id)?;
        Some((
            rendering.id.as_str(),
            &component.version,
            &rendering.manifest.version,
        ))
    });
    let mut all = components.chain([(HUB, &known.hub, hub)]);
    match all.find(|(_, recorded, embedded)| recorded > embedded) {
        None => Ok(()),
        Some((id, recorded, embedded)) => Err(Error::new(
            ErrorCode::OlderTool,
            format!("`{id}` {recorded} is installed, and this version of the tool has {embedded}"),
        )
        .hint("install a newer version of this tool")),
    }
}

/// Refuses to render for a framework that the package no longer has.
fn refuse_other_framework(inputs: &Inputs<'_>, known: Option<&Package>) -> Result<()> {
    let facts = inputs.facts;
    let framework = &facts.framework.name;
    if known.is_none() || framework == Framework::NONE {
        return Ok(());
    }
    let text = inputs.tree.get(&facts.manifest).map_or("", String::as_str);
    let Ok(manifest) = cargo_toml::read(text) else {
        return Ok(());
    };
    let mut declared = manifest.dependencies.iter();
    if declared.any(|known| known.package == *framework) {
        return Ok(());
    }
    let (package, file) = (&facts.name, &facts.manifest);
    Err(Error::new(
        ErrorCode::UnsupportedFramework,
        format!("the code in `{package}` is written for {framework}, which {file} no longer has"),
    )
    .hint("remove all components, then add them for the framework of today"))
}

/// Enters the components into the lock.
fn register(lock: &mut Lock, request: &Request, facts: &Facts, hub: &Version) {
    let folder = facts.package();
    if lock.package(folder).is_none() {
        lock.packages.push(Package {
            folder: folder.to_owned(),
            module: facts.module.clone(),
            framework: facts.framework.name.clone(),
            hub: hub.clone(),
            skipped: BTreeSet::new(),
            components: Vec::new(),
            files: Vec::new(),
        });
    }
    let Some(package) = lock.package_mut(folder) else {
        return;
    };
    package.hub = hub.clone();
    package.skipped.extend(request.skip.iter().cloned());
    for rendering in &request.renderings {
        let known = package.component(&rendering.id);
        let is_explicit = known.is_some_and(|known| known.explicit);
        package.components.retain(|known| known.id != rendering.id);
        let mut component = component(rendering, facts);
        component.explicit |= is_explicit;
        package.components.push(component);
    }
    package.components.sort_by(|a, b| a.id.cmp(&b.id));
}

fn component(rendering: &Rendering, facts: &Facts) -> lock::Component {
    let manifest: &Manifest = &rendering.manifest;
    let framework = &facts.framework;
    lock::Component {
        id: rendering.id.clone(),
        version: manifest.version.clone(),
        explicit: rendering.explicit,
        requires: manifest.requires.clone(),
        options: rendering.options.clone(),
        versions: BTreeMap::from([(framework.name.clone(), framework.version.clone())]),
        dependencies: manifest.dependencies.clone(),
        dev_dependencies: manifest.dev_dependencies.clone(),
        settings: manifest.settings.clone(),
        wire: manifest.wire.clone(),
        env: manifest.env.clone(),
    }
}

/// What became of the components that were rendered, and of the hub.
fn installed(builder: &PlanBuilder<'_>, request: &Request, hub: &Version) -> Vec<Installed> {
    let folder = builder.facts.package();
    let old = builder.old_lock.package(folder);
    let new = builder.ledger.lock.package(folder);
    let mut installed: Vec<Installed> = request
        .renderings
        .iter()
        .map(|rendering| {
            let id = rendering.id.as_str();
            let was = old.and_then(|package| package.component(id));
            let is = new.and_then(|package| package.component(id));
            let rows = |component: &lock::Component| lock::Component {
                explicit: true,
                versions: BTreeMap::new(),
                ..component.clone()
            };
            Installed {
                package: builder.facts.name.clone(),
                id: id.to_owned(),
                old: was.map(|was| was.version.clone()),
                new: rendering.manifest.version.clone(),
                is_changed: was.map(rows) != is.map(rows) || builder.differs(id),
            }
        })
        .collect();
    installed.push(Installed {
        package: builder.facts.name.clone(),
        id: HUB.to_owned(),
        old: old.map(|package| package.hub.clone()),
        new: hub.clone(),
        is_changed: old.map(|package| &package.hub) != Some(hub) || builder.differs(HUB),
    });
    installed
}

impl PlanBuilder<'_> {
    /// Whether a generated file or a fragment of a component is recorded otherwise than before.
    fn differs(&self, id: &str) -> bool {
        let folder = self.facts.package();
        let texts = |lock: &Lock, pristine: &lock::Pristine| -> Vec<(String, Option<String>)> {
            let package = lock.package(folder);
            let files = package.into_iter().flat_map(|package| package.files_of(id));
            files
                .map(|file| {
                    let text = pristine.get(file).map(str::to_owned);
                    (file.path.to_string(), text)
                })
                .collect()
        };
        let owner = self.ledger.owner(id);
        let fragments = |lock: &Lock| -> BTreeSet<(String, String, String, String)> {
            let owned = lock.fragments.iter();
            let owned = owned.filter(|known| known.is_ours() && known.owners.contains(&owner));
            owned
                .map(|known| {
                    let mark = known.fingerprint.as_ref();
                    let after = mark.map_or_else(|| known.after.clone(), |m| m.sha256.clone());
                    let file = known.file.to_string();
                    (file, known.pointer.clone(), known.before.clone(), after)
                })
                .collect()
        };
        texts(self.old_lock, self.old_pristine()) != texts(&self.ledger.lock, &self.pristine)
            || fragments(self.old_lock) != fragments(&self.ledger.lock)
    }
}
