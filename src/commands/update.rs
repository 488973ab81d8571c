//! `infra update`.

use std::path::Path;

use infra_edit::merge;

use crate::{
    disk,
    error::{Error, ErrorCode, Result},
    facts::Tree,
    lock::{HUB, Lock},
    path::ProjectPath,
    plan::{self, Inputs, Installed, Plan, Request},
    project::{Project, TargetOptions},
    render,
    ui::Ui,
};

use super::{
    CommandContext, DONE, FOUND,
    json::{self, Answer, Document},
    report::{self, Verb},
};

/// The options of `infra update`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The components; all that are installed if there is none.
    pub components: Vec<String>,
    /// What to do.
    pub action: Action,
    /// Whether to show a diff.
    pub diff: bool,
    /// The package; all that have something installed if none is named.
    pub target: TargetOptions,
}

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Update.
    #[default]
    Write,
    /// Show what an update would do.
    Preview,
    /// Report by the exit code whether there is something to update.
    Check,
    /// Finish an update whose conflicts are resolved.
    Continue,
    /// Undo an update that left conflicts.
    Abort,
}

/// Updates components to what this version of the tool renders.
///
/// # Errors
///
/// What is in the way; nothing was written then.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    match options.action {
        Action::Continue => finish(directory, ui),
        Action::Abort => abort(directory, ui),
        Action::Write | Action::Preview | Action::Check => update(options, directory, ui),
    }
}

fn update(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let is_preview = options.action != Action::Write;
    let names = packages(options, directory)?;
    let first = TargetOptions {
        package: names.first().cloned(),
        ..options.target.clone()
    };
    let context = CommandContext::for_change(is_preview, directory, &first, ui)?;
    let plan = plan(&context, &names, &options.components)?;
    if options.action == Action::Check {
        return Ok(check(&plan, ui));
    }
    if !is_preview {
        context.apply(&plan)?;
    }
    let updated: Vec<&Installed> = outdated(&plan).collect();
    for one in &updated {
        ui.status("Updating", &described(one));
    }
    show_changelogs(&context, &updated, ui);
    if plan.changes.is_empty() {
        ui.status("Unchanged", "everything is up to date");
    }
    let code = context.exit_code(&plan);
    report::plan(Verb::Update, &plan, is_preview, options.diff, code, ui);
    if !is_preview {
        report::after_install(&plan, ui);
    }
    Ok(code)
}

/// The names of the packages to update.
fn packages(options: &Options, directory: &Path) -> Result<Vec<String>> {
    if let Some(name) = &options.target.package {
        return Ok(vec![name.clone()]);
    }
    let project = Project::find(directory)?;
    let names = project.installed_packages(&project.lock()?)?;
    match names.is_empty() {
        false => Ok(names),
        true => Err(Error::new(
            ErrorCode::NotInstalled,
            "nothing is installed in this project",
        )
        .hint("infra add COMPONENT")),
    }
}

/// Plans the update of several packages, one after the other.
fn plan(context: &CommandContext, names: &[String], components: &[String]) -> Result<Plan> {
    let mut packages = Vec::new();
    let mut tree = Tree::new();
    let mut is_known = components.is_empty();
    for name in names {
        let target = TargetOptions {
            package: Some(name.clone()),
            ..TargetOptions::default()
        };
        let facts = context.project.facts(&target, &context.lock)?;
        let Some(package) = context.lock.package(facts.package()) else {
            let what = format!("nothing is installed in the package `{name}`");
            return Err(Error::new(ErrorCode::NotInstalled, what));
        };
        is_known |= components.iter().all(|id| package.component(id).is_some());
        let renderings =
            plan::update_renderings(&context.catalog, &context.lock, package, &facts, components)?;
        let hub = render::hub(context.catalog.hub()?, &facts, &[])?;
        let targets = renderings.iter().flat_map(|r| r.files.keys());
        let beside = facts.module_file();
        let targets = targets.chain(hub.keys()).chain(&beside);
        tree.extend(context.project.tree(&facts, &context.lock, targets)?);
        packages.push((facts, renderings));
    }
    if !is_known {
        let id = components.first().map_or("", String::as_str);
        context.catalog.get(id)?;
        let what = format!("`{}` is not installed", components.join("`, `"));
        return Err(Error::new(ErrorCode::NotInstalled, what).hint(format!("infra add {id}")));
    }
    let mut whole = Plan::default();
    for (facts, renderings) in packages {
        let inputs = Inputs {
            catalog: &context.catalog,
            facts: &facts,
            tree: &tree,
            lock: &plan::with_current_ids(Lock::parse(&tree)?, &context.catalog)?,
        };
        let request = Request {
            renderings,
            ..Request::default()
        };
        let next = plan::install(&inputs, &request)?;
        tree = next.apply_to(&tree);
        whole = whole.then(next);
    }
    Ok(whole)
}

/// Shows what changed in each component between the two versions, once for all packages.
fn show_changelogs(context: &CommandContext, updated: &[&Installed], ui: &Ui) {
    let mut shown: Vec<&str> = Vec::new();
    for one in updated {
        let component = match one.id.as_str() {
            HUB => context.catalog.hub(),
            id => context.catalog.get(id),
        };
        let (Ok(component), Some(old)) = (component, &one.old) else {
            continue;
        };
        if shown.contains(&one.id.as_str()) || ui.is_json() {
            continue;
        }
        shown.push(&one.id);
        for (version, text) in component.changes_between(old, &one.new) {
            ui.block(&format!("\n{} {version}\n{text}\n\n", one.id));
        }
    }
}

/// The components of a plan that render to something else than what is recorded. The hub follows
/// the components; it counts where its version changes, or where nothing else does.
pub(super) fn outdated(plan: &Plan) -> impl Iterator<Item = &Installed> {
    let is_component = |one: &&Installed| one.is_changed && one.id != HUB;
    plan.installed.iter().filter(move |one| {
        let follows = plan
            .installed
            .iter()
            .filter(is_component)
            .any(|other| other.package == one.package);
        let is_new = one.old.as_ref() != Some(&one.new);
        one.is_changed && (one.id != HUB || is_new || !follows)
    })
}

/// A component and how it changes: `redis 0.1.0 to 0.2.0 in the package `shop``.
pub(super) fn described(one: &Installed) -> String {
    let Installed {
        package, id, new, ..
    } = one;
    let what = match id.as_str() {
        HUB => "shared code",
        id => id,
    };
    let versions = match &one.old {
        Some(old) if old == new => format!("{new} (same version, different code)"),
        Some(old) => format!("{old} to {new}"),
        None => format!("{new}, which is required now"),
    };
    format!("{what} {versions}, in the package `{package}`")
}

/// Shows what an update would change, and reports it by the exit code.
fn check(plan: &Plan, ui: &Ui) -> u8 {
    let found: Vec<&Installed> = outdated(plan).collect();
    if ui.is_json() {
        let outdated = found.iter().map(|one| (*one).into()).collect();
        let answer = Answer::Update(json::Update::Check { outdated });
        ui.document(&Document::from(answer));
    } else if found.is_empty() {
        ui.data("everything is up to date\n");
    } else {
        let lines = found.iter().map(|one| format!("{}\n", described(one)));
        ui.data(&lines.collect::<String>());
        ui.note("to update: infra update");
    }
    match found.is_empty() {
        true => DONE,
        false => FOUND,
    }
}

/// Finishes an update, once no conflict markers are left.
fn finish(directory: &Path, ui: &Ui) -> Result<u8> {
    let (project, session) = super::context::open(directory, ui)?;
    let point = super::context::load_restore_point(&project)?.ok_or_else(nothing_to_finish)?;
    let mut error = Error::new(ErrorCode::MarkersRemain, "conflict markers remain");
    for path in &point.conflicted {
        let text = disk::read(&project.root, path)?.unwrap_or_default();
        if let Some(line) = merge::marker(&text) {
            error = error.detail(format!("{path}:{line}"));
        }
    }
    if !error.details.is_empty() {
        return Err(error.hint("edit the files, then: infra update --continue"));
    }
    session.forget_restore_point()?;
    ui.status("Finished", "the conflicts are resolved");
    if ui.is_json() {
        let answer = json::Update::Continue {
            continued: true,
            exit_code: DONE,
        };
        ui.document(&Document::from(Answer::Update(answer)));
    }
    Ok(DONE)
}

/// Restores every file as it was before the command that left conflicts.
fn abort(directory: &Path, ui: &Ui) -> Result<u8> {
    let (project, session) = super::context::open(directory, ui)?;
    let point = super::context::load_restore_point(&project)?.ok_or_else(nothing_to_finish)?;
    let mut texts = Tree::new();
    for path in point.paths() {
        if let Some(text) = disk::read(&project.root, path)? {
            texts.insert(path.clone(), text);
        }
    }
    let edited = point.edited_since(|path| texts.get(path).cloned());
    if !edited.is_empty() {
        let mut error = Error::new(
            ErrorCode::EditedSince,
            "files without conflicts were edited after the update, and the edits would be lost",
        );
        error.details = edited.iter().map(ProjectPath::to_string).collect();
        return Err(error
            .hint("save these edits elsewhere and revert them, then: infra update --abort")
            .hint("or keep the update: infra update --continue"));
    }
    let changes = point.changes(|path| texts.get(path).map(String::as_str));
    session.apply(&changes, &mut |_| Ok(()))?;
    session.forget_restore_point()?;
    let paths: Vec<&ProjectPath> = changes.iter().map(|change| &change.path).collect();
    for path in &paths {
        ui.status("Restore", path.as_str());
    }
    if ui.is_json() {
        let answer = json::Update::Abort {
            restored: paths,
            exit_code: DONE,
        };
        ui.document(&Document::from(Answer::Update(answer)));
    }
    Ok(DONE)
}

fn nothing_to_finish() -> Error {
    Error::new(ErrorCode::NoUnfinishedUpdate, "no update is in progress")
}
