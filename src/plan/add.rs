//! The plan of `add`, and of everything that renders again.

use std::collections::BTreeSet;

use crate::{
    error::Result,
    lock::{self, HUB, Lock, Package},
    render::{self, Endpoint, Rendering, Row},
};

use super::{Inputs, Plan, Request, builder::PlanBuilder, dependencies};

/// Plans to add components, or to bring installed ones to what they render to now.
///
/// # Errors
///
/// All conflicts at once, or versions that the generated code is not written for.
pub fn add(inputs: &Inputs<'_>, request: &Request) -> Result<Plan> {
    let Inputs { catalog, facts, .. } = inputs;
    let hub = &render::hub_manifest(catalog.hub()?, facts)?;
    let manifests = request
        .renderings
        .iter()
        .map(|r| (r.id.as_str(), &r.manifest));
    dependencies::check_versions(facts, manifests.chain([("the generated code", hub)]))?;

    let mut builder = PlanBuilder::new(inputs)?;
    register(&mut builder, request, &hub.version);
    for rendering in &request.renderings {
        builder.render(&rendering.id, &rendering.files);
    }
    builder.render_hub(inputs)?;
    builder.refuse_module_file();
    builder.depend(hub, HUB);
    let skipped = skipped(&builder.lock, facts.package());
    let installed = inputs.lock.package(facts.package());
    let mut next = Vec::new();
    for rendering in &request.renderings {
        let bindings = builder.serve(rendering, skipped.contains("compose"))?;
        if installed.is_none_or(|package| package.component(&rendering.id).is_none()) {
            for line in &rendering.manifest.next {
                next.extend(render::render_deferred(line, &bindings, Endpoint::Host)?);
            }
        }
        if !skipped.contains("env") {
            let rows = &rendering.manifest.env;
            builder.declare(&rendering.id, rows, &bindings)?;
        }
    }
    if !skipped.contains("compose") {
        for rendering in &request.renderings {
            builder.switch_images(rendering, request.replace);
        }
    }
    if !skipped.contains("wire") {
        builder.wire(installed.is_some());
    }
    for rendering in &request.renderings {
        builder.compare_routes(rendering);
    }
    builder.withdraw(HUB);
    let plan = builder.finish()?;
    Ok(Plan { next, ..plan })
}

impl PlanBuilder<'_> {
    /// Renders the hub from the rows of everything that is installed, as they were recorded.
    pub(super) fn render_hub(&mut self, inputs: &Inputs<'_>) -> Result<()> {
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
        let files = render::hub(inputs.catalog.hub()?, self.facts, &rows)?;
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

/// Enters the components into the lock of the builder.
fn register(builder: &mut PlanBuilder<'_>, request: &Request, hub: &semver::Version) {
    let facts = builder.facts;
    let folder = facts.package();
    if builder.lock.package(folder).is_none() {
        builder.lock.packages.push(Package {
            folder: folder.to_owned(),
            module: facts.module.clone(),
            framework: facts.framework.name.clone(),
            hub: hub.clone(),
            skipped: BTreeSet::new(),
            components: Vec::new(),
            files: Vec::new(),
        });
    }
    let packages = &mut builder.lock.packages;
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
