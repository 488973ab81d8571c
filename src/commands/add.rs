//! `infra add`.

use std::{collections::BTreeSet, path::Path};

use crate::{
    error::{Error, ErrorCode, Result},
    facts::Framework,
    plan::{self, Plan, Request},
    project::TargetOptions,
    render::{self, Rendering},
    resolve::{Choice, Installed, Selected, resolve},
    ui::Ui,
};

use super::{
    CommandContext,
    report::{self, Verb},
    verify,
};

/// The options of `infra add`.
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
    /// What not to edit: `wire`, `compose`, `env`.
    pub skip: BTreeSet<String>,
    /// Whether values of the user may be replaced; if not given, a terminal is asked.
    pub replace: Option<bool>,
    /// The project and package.
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
    if options.replace.is_none() && !options.preview && consents(&plan, ui)? {
        request.replace = true;
        plan = plan_for(&context, &request)?;
    }
    if !options.preview {
        context.apply(&plan)?;
        if options.verify && !plan.changes.is_empty() {
            verify::run(&context, &plan, ui)?;
        }
    }
    show(&plan, &request.renderings, ui);
    let code = context.exit_code(&plan);
    report::plan(Verb::Add, &plan, options.preview, options.diff, code, ui);
    if !options.preview {
        report::after_install(&plan, ui);
    }
    Ok(code)
}

/// Asks on a terminal whether values of the user may be replaced; all or none are.
fn consents(plan: &Plan, ui: &Ui) -> Result<bool> {
    if plan.replacements.is_empty() || !ui.can_ask() {
        return Ok(false);
    }
    for what in &plan.replacements {
        if !ui.confirm(&format!("Replace {what}?"))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Shows what the plan adds and updates, a line for each component.
fn show(plan: &Plan, renderings: &[Rendering], ui: &Ui) {
    let ids: Vec<&str> = renderings.iter().map(|one| one.id.as_str()).collect();
    let installed = plan.installed.iter();
    for one in installed.filter(|one| ids.contains(&one.id.as_str())) {
        let plan::Installed {
            package, id, new, ..
        } = one;
        let is_asked = renderings.iter().any(|r| r.id == *id && r.explicit);
        match (&one.old, is_asked) {
            (Some(old), _) if old == new => {}
            (Some(old), _) => ui.status("Updating", &format!("{id} {old} to {new}")),
            (None, true) => {
                ui.status("Adding", &format!("{id} {new} to the package `{package}`"));
            }
            (None, false) => ui.status("Adding", &format!("{id} {new}, which is required")),
        }
    }
    if plan.changes.is_empty() {
        let names = renderings.iter();
        let names = names.map(|one| format!("{} {}", one.id, one.manifest.version));
        let names: Vec<String> = names.collect();
        let what = format!("{} is already installed", names.join(", "));
        ui.status("Unchanged", &what);
    }
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
    Err(Error::new(
        ErrorCode::UnsupportedFramework,
        format!("the component `{}` {what} {known}", component.id),
    ))
}

/// Lets the user select components on a terminal.
fn pick(context: &CommandContext, installed: &Installed, ui: &Ui) -> Result<Vec<String>> {
    if !ui.can_ask() {
        return Err(Error::new(ErrorCode::NoComponent, "no component is named")
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
    let prompt = "Which components? (space selects, enter adds, esc cancels)";
    let picked = ui.pick(prompt, &items)?;
    if picked.is_empty() {
        return Err(Error::new(
            ErrorCode::NoComponent,
            "no component is selected",
        ));
    }
    Ok(picked
        .into_iter()
        .map(|index| all[index].id.clone())
        .collect())
}
