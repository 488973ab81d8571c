//! The plan of `add`, and of everything that renders again.

use std::collections::BTreeSet;

use crate::{
    error::Result,
    lock::{self, HUB, Lock, Package},
    render::{self, Rendering, Row, Side},
};

use super::{Context, Plan, Request, dependencies, draft::Draft};

/// Plans to add components, or to bring installed ones to what they render to now.
///
/// # Errors
///
/// All conflicts at once, or versions that the generated code is not written for.
pub fn add(context: &Context<'_>, request: &Request) -> Result<Plan> {
    let Context { catalog, facts, .. } = context;
    let hub = &render::hub_manifest(catalog.hub()?, facts)?;
    let manifests = request
        .renderings
        .iter()
        .map(|r| (r.id.as_str(), &r.manifest));
    dependencies::check_versions(facts, manifests.chain([("the generated code", hub)]))?;

    let mut draft = Draft::new(context)?;
    register(&mut draft, request, &hub.version);
    for rendering in &request.renderings {
        draft.render(&rendering.id, &rendering.files);
    }
    draft.render_hub(context)?;
    draft.refuse_module_file();
    draft.depend(hub, HUB);
    let skipped = skipped(&draft.lock, facts.package());
    let installed = context.lock.package(facts.package());
    let mut next = Vec::new();
    for rendering in &request.renderings {
        let placed = draft.serve(rendering, skipped.contains("compose"))?;
        if installed.is_none_or(|package| package.component(&rendering.id).is_none()) {
            for line in &rendering.manifest.next {
                next.extend(render::place(line, &placed, Side::Machine)?);
            }
        }
        if !skipped.contains("env") {
            let rows = &rendering.manifest.env;
            draft.declare(&rendering.id, rows, &placed)?;
        }
    }
    if !skipped.contains("compose") {
        for rendering in &request.renderings {
            draft.switch_images(rendering, request.replace);
        }
    }
    if !skipped.contains("wire") {
        draft.wire(installed.is_some());
    }
    for rendering in &request.renderings {
        draft.compare_routes(rendering);
    }
    draft.withdraw(HUB);
    let plan = draft.finish()?;
    Ok(Plan { next, ..plan })
}

impl Draft<'_> {
    /// Renders the hub from the rows of everything that is installed, as they were recorded.
    pub(super) fn render_hub(&mut self, context: &Context<'_>) -> Result<()> {
        let package = self.lock.package(self.facts.package()).cloned();
        let rows: Vec<Row<'_>> = package
            .iter()
            .flat_map(|package| &package.components)
            .filter_map(|component| {
                Some(Row {
                    id: &component.id,
                    wire: component.wire.as_ref()?,
                    settings: component.settings.as_ref(),
                    env: &component.env,
                })
            })
            .collect();
        let files = render::hub(context.catalog.hub()?, self.facts, &rows)?;
        self.render(HUB, &files);
        Ok(())
    }
}

/// What was asked not to be done in this package.
fn skipped(lock: &Lock, folder: &str) -> BTreeSet<String> {
    lock.package(folder)
        .map(|package| package.skipped.clone())
        .unwrap_or_default()
}

/// Enters the components into the lock of the draft.
fn register(draft: &mut Draft<'_>, request: &Request, hub: &semver::Version) {
    let facts = draft.facts;
    let folder = facts.package();
    if draft.lock.package(folder).is_none() {
        draft.lock.packages.push(Package {
            folder: folder.to_owned(),
            module: facts.module.clone(),
            framework: facts.framework.name.clone(),
            hub: hub.clone(),
            skipped: BTreeSet::new(),
            components: Vec::new(),
            files: Vec::new(),
        });
    }
    let packages = &mut draft.lock.packages;
    let Some(package) = packages.iter_mut().find(|known| known.folder == folder) else {
        return;
    };
    package.hub = hub.clone();
    package.skipped.extend(request.skip.iter().cloned());
    for rendering in &request.renderings {
        let asked = package
            .component(&rendering.id)
            .is_some_and(|known| known.asked);
        package.components.retain(|known| known.id != rendering.id);
        let mut component = component(rendering, facts);
        component.asked |= asked;
        package.components.push(component);
    }
    package.components.sort_by(|a, b| a.id.cmp(&b.id));
}

fn component(rendering: &Rendering, facts: &crate::facts::Facts) -> lock::Component {
    let manifest = &rendering.manifest;
    let framework = &facts.framework;
    let versions = [(framework.name.clone(), framework.version.clone())];
    lock::Component {
        id: rendering.id.clone(),
        version: manifest.version.clone(),
        asked: rendering.asked,
        requires: manifest.requires.clone(),
        options: rendering.options.clone(),
        versions: versions.into_iter().collect(),
        dependencies: manifest.dependencies.clone(),
        dev_dependencies: manifest.dev_dependencies.clone(),
        settings: manifest.settings.clone(),
        wire: manifest.wire.clone(),
        env: manifest.env.clone(),
    }
}
