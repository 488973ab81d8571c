//! `infra add`.

use std::{collections::BTreeSet, path::Path};

use crate::{
    error::{Error, Result},
    facts::Framework,
    plan::{self, Plan, Request},
    project::TargetOptions,
    render::{self, Rendering},
    resolve::{Choice, Installed, Selected, resolve},
    ui::Ui,
};

use super::{CommandContext, report, verify};

/// What an `add` is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The components; asked for on a terminal if there is none.
    pub components: Vec<String>,
    /// Values of options.
    pub choices: Vec<Choice>,
    /// Whether to write nothing.
    pub preview: bool,
    /// Whether to show a diff.
    pub diff: bool,
    /// Whether to run `cargo check` afterwards.
    pub verify: bool,
    /// What to leave alone: `wire`, `compose`, `env`.
    pub skip: BTreeSet<String>,
    /// Whether values of the user may be replaced; asked for on a terminal if it is not said.
    pub replace: Option<bool>,
    /// The place.
    pub target: TargetOptions,
}

/// Adds components to a project.
///
/// # Errors
///
/// What is in the way; nothing was written then.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::for_change(options.preview, directory, &options.target, ui)?;
    let package = context.lock.package(context.facts.package());
    let installed = package
        .map(|package| package.installed())
        .unwrap_or_default();
    let asked = match options.components.as_slice() {
        [] => pick(&context, &installed, ui)?,
        names => super::browse::ids_of(names, &context.catalog, ui)?,
    };
    let selection = resolve(&context.catalog, &installed, &asked, &options.choices)?;
    let mut request = Request {
        renderings: render(&context, &selection)?,
        skip: options.skip.clone(),
        replace: options.replace.unwrap_or(false),
    };
    let mut plan = plan_for(&context, &request)?;
    if options.replace.is_none() && !options.preview && ui.can_ask() {
        request.replace = !plan.replacements.is_empty();
        for what in &plan.replacements {
            request.replace &= ui.confirm(&format!("Replace {what}?"))?;
        }
        if request.replace {
            plan = plan_for(&context, &request)?;
        }
    }
    let renderings = request.renderings;
    if !options.preview {
        context.apply(&plan)?;
        if options.verify && !plan.changes.is_empty() {
            verify::run(&context, &plan, ui)?;
        }
    }
    for rendering in &renderings {
        let id = &rendering.id;
        let version = &rendering.manifest.version;
        let place = format!("the package `{}`", context.facts.name);
        match (installed.contains_key(id), rendering.explicit) {
            (true, _) => {
                let known = package.and_then(|package| package.component(id));
                if let Some(known) = known.filter(|known| known.version != *version) {
                    ui.status("Updating", &format!("{id} {} to {version}", known.version));
                }
            }
            (false, true) => ui.status("Adding", &format!("{id} {version} to {place}")),
            (false, false) => ui.status("Adding", &format!("{id} {version}, which is required")),
        }
    }
    if plan.changes.is_empty() {
        let names: Vec<String> = renderings
            .iter()
            .map(|rendering| format!("{} {}", rendering.id, rendering.manifest.version))
            .collect();
        ui.status(
            "Unchanged",
            &format!("{} is installed already", names.join(", ")),
        );
    }
    report::plan(
        "add",
        &plan,
        options.preview,
        options.diff,
        context.exit_code(&plan),
        ui,
    );
    if !options.preview {
        report::after_add(&plan, ui);
    }
    Ok(context.exit_code(&plan))
}

fn render(context: &CommandContext, selection: &[Selected<'_>]) -> Result<Vec<Rendering>> {
    let render = |selected| {
        reject_framework(selected, context)?;
        render::component(selected, &context.facts)
    };
    selection.iter().map(render).collect()
}

fn plan_for(context: &CommandContext, request: &Request) -> Result<Plan> {
    let hub = render::hub(context.catalog.hub()?, &context.facts, &[])?;
    let targets = request.renderings.iter().flat_map(|r| r.files.keys());
    let beside = context.facts.module_file();
    let tree = context.tree(targets.chain(hub.keys()).chain(&beside))?;
    plan::install(&context.inputs(&tree), request)
}

fn reject_framework(selected: &Selected<'_>, context: &CommandContext) -> Result<()> {
    let component = selected.component;
    let frameworks = &component.manifest.frameworks;
    let framework = &context.facts.framework.name;
    if frameworks.is_empty() || frameworks.contains(framework) {
        return Ok(());
    }
    let known = frameworks.join(", ");
    let what = match framework == Framework::NONE {
        true => "needs a web framework:".to_owned(),
        false => format!("has no code for {framework}, only for"),
    };
    Err(Error::unsupported(
        "unsupported-framework",
        format!("the component `{}` {what} {known}", component.id),
    ))
}

/// Lets the user pick components on a terminal.
fn pick(context: &CommandContext, installed: &Installed, ui: &Ui) -> Result<Vec<String>> {
    if !ui.can_ask() {
        return Err(Error::usage("no-component", "no component is named")
            .hint("infra add COMPONENT")
            .hint("`infra list` shows all components"));
    }
    let all = context.catalog.summaries()?;
    let width = all
        .iter()
        .map(|summary| summary.id.len())
        .max()
        .unwrap_or(0);
    let items: Vec<String> = all
        .iter()
        .map(|summary| {
            let mark = if installed.contains_key(&summary.id) {
                " (installed)"
            } else {
                ""
            };
            format!("{:width$}  {}{mark}", summary.id, summary.summary)
        })
        .collect();
    let prompt = "Which components? (space picks, enter adds, esc leaves)";
    let picked = ui.pick(prompt, &items)?;
    if picked.is_empty() {
        return Err(Error::usage("no-component", "no component is picked"));
    }
    Ok(picked
        .into_iter()
        .map(|index| all[index].id.clone())
        .collect())
}
