//! `infra status` and `infra diff`.

use std::path::Path;

use serde_json::json;

use crate::{
    edit::diff,
    error::{Error, Result},
    hash::hash,
    lock::{FOLDER, HUB, Package, Pristine, RESTORE},
    plan::{self, Request, State},
    project::TargetOptions,
    ui::{Ui, table},
};

use super::{CommandContext, DONE, FOUND};

/// What a `status` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The place.
    pub target: TargetOptions,
    /// Whether drift is to be told by the exit code.
    pub exit_code: bool,
}

/// What a `diff` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// The component; all if there is none.
    pub component: Option<String>,
    /// The place.
    pub target: TargetOptions,
    /// Whether edits are to be told by the exit code.
    pub exit_code: bool,
}

/// Shows how what was added is now.
///
/// # Errors
///
/// The project or its lock cannot be read.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::read(directory, &options.target, ui)?;
    let tree = context.tree([])?;
    let report = plan::status(&context.inputs(&tree))?;
    let outdated = outdated(&context)?;
    let package = context.lock.package(context.facts.package());
    let code = if options.exit_code && report.has_drift() {
        FOUND
    } else {
        DONE
    };
    if ui.is_json() {
        ui.document(&document(&context, &report, &outdated));
        return Ok(code);
    }
    ui.data(&match package {
        Some(package) => {
            let mut text = text(&context, package, &report, ui);
            for one in &outdated {
                text.push_str(&format!("{one}: `infra update` updates it\n"));
            }
            text
        }
        None => format!(
            "nothing is installed in the package `{}`\n",
            context.facts.name
        ),
    });
    Ok(code)
}

/// What an update would bring, a line each; nothing if it cannot be told.
fn outdated(context: &CommandContext) -> Result<Vec<String>> {
    let Some(package) = context.lock.package(context.facts.package()) else {
        return Ok(Vec::new());
    };
    let Ok(renderings) = plan::update_renderings(&context.catalog, package, &context.facts, &[])
    else {
        return Ok(Vec::new());
    };
    let targets = renderings
        .iter()
        .flat_map(|rendering| rendering.files.keys());
    let tree = context.tree(targets)?;
    let request = Request {
        renderings: renderings.clone(),
        ..Request::default()
    };
    let Ok(plan) = plan::install(&context.inputs(&tree), &request) else {
        return Ok(Vec::new());
    };
    Ok(super::update::outdated(&plan)
        .map(super::update::described)
        .collect())
}

fn document(
    context: &CommandContext,
    report: &plan::Report,
    outdated: &[String],
) -> serde_json::Value {
    let package = context.lock.package(context.facts.package());
    let components: Vec<_> = package
        .iter()
        .flat_map(|package| &package.components)
        .map(|known| {
            let current = context.catalog.get(&known.id).ok();
            json!({
                "id": known.id,
                "version": known.version,
                "embedded": current.map(|current| &current.manifest.version),
                "explicit": known.explicit,
            })
        })
        .collect();
    json!({
        "schema_version": 1,
        "command": "status",
        "package": context.facts.name,
        "components": components,
        "files": report.files,
        "fragments": report.fragments,
        "unrecorded": report.unrecorded,
        "unreadable": report.unreadable,
        "wired": report.wired,
        "drift": report.has_drift(),
        "outdated": outdated,
    })
}

fn text(context: &CommandContext, package: &Package, report: &plan::Report, ui: &Ui) -> String {
    let mut text = format!(
        "{}\n{}",
        ui.strong(&format!("package `{}`", context.facts.name)),
        table(&rows(context, package, report))
    );
    let files = report.files.iter();
    for file in files.filter(|file| file.state != State::Pristine) {
        text.push_str(&format!("  {} {}\n", word(file.state), file.path));
    }
    let fragments = report.fragments.iter();
    for fragment in fragments.filter(|known| known.state != State::Pristine) {
        let state = word(fragment.state);
        let (address, file) = (&fragment.address, &fragment.file);
        text.push_str(&format!("  {state} {address} in {file}\n"));
    }
    for file in &report.unreadable {
        text.push_str(&format!("  unreadable {}\n", file.reason));
    }
    let first = package.components.first();
    if !report.unrecorded.is_empty() {
        text.push_str(&format!(
            "`{FOLDER}` lacks {} as generated: `infra add {}` writes it again\n",
            plan::pluralize(report.unrecorded.len(), "file"),
            first.map_or("", |known| known.id.as_str())
        ));
    }
    text.push_str(&match report.wired {
        Some(true) => "the app is wired\n".to_owned(),
        Some(false) => format!(
            "the app is not wired: `infra add {}` shows what to add\n",
            first.map_or("", |known| known.id.as_str())
        ),
        None if package.skipped.contains("wire") => {
            "the app is left alone, as asked with --no-wire\n".to_owned()
        }
        None => "whether the app is wired cannot be told\n".to_owned(),
    });
    text
}

fn rows(context: &CommandContext, package: &Package, report: &plan::Report) -> Vec<Vec<String>> {
    let components = package.components.iter().map(|known| {
        let current = context.catalog.get(&known.id);
        let version = match current.map(|current| current.manifest.version.clone()) {
            Ok(current) if current > known.version => {
                format!("{} (there is {current})", known.version)
            }
            Ok(_) => known.version.to_string(),
            Err(_) => format!("{} (unknown to this version of the tool)", known.version),
        };
        vec![known.id.clone(), version, files(report, &known.id)]
    });
    let hub = vec![
        "(hub)".to_owned(),
        package.hub.to_string(),
        files(report, HUB),
    ];
    components.chain([hub]).collect()
}

fn files(report: &plan::Report, by: &str) -> String {
    let all: Vec<_> = report.files.iter().filter(|file| file.by == by).collect();
    let changed = all
        .iter()
        .filter(|file| file.state != State::Pristine)
        .count();
    match changed {
        0 => plan::pluralize(all.len(), "file"),
        _ => format!("{}, {changed} changed", plan::pluralize(all.len(), "file")),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Pristine => "pristine  ",
        State::Edited => "edited    ",
        State::Missing => "missing   ",
        State::Conflicted => "conflicted",
        State::Unknown => "unknown   ",
    }
}

/// Shows the user's edits of generated files, as a unified diff against what was rendered.
///
/// # Errors
///
/// The component is not installed, or the project cannot be read.
pub fn diff(options: &Diff, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::read(directory, &options.target, ui)?;
    let package = context.lock.package(context.facts.package());
    if let Some(id) = &options.component
        && package.is_none_or(|package| package.component(id).is_none())
    {
        context.catalog.get(id)?;
        return Err(
            Error::usage("not-installed", format!("`{id}` is not installed"))
                .hint(format!("infra add {id}")),
        );
    }
    let tree = context.tree([])?;
    let base = context.inputs(&tree).pristine()?;
    let (mut text, mut unknown) = (String::new(), Vec::new());
    for file in package.iter().flat_map(|package| &package.files) {
        if options
            .component
            .as_ref()
            .is_some_and(|id| *id != file.component)
        {
            continue;
        }
        let ours = tree.get(&file.path).map_or("", String::as_str);
        if Some(hash(ours)) == file.sha256 {
            continue;
        }
        let path = &file.path;
        let Some(base) = base.get(file) else {
            unknown.push(path);
            continue;
        };
        let (old, new) = (format!("a/{path}"), format!("b/{path}"));
        let ours = ours.replace("\r\n", "\n");
        text.push_str(&diff::unified((&old, &new), base, &ours));
    }
    match ui.is_json() {
        true => ui.document(&json!({
            "schema_version": 1, "command": "diff", "diff": text, "unknown": unknown,
        })),
        false => ui.diff(&text),
    }
    for path in &unknown {
        ui.warn("Unknown", &Pristine::missing(path));
    }
    if !unknown.is_empty() {
        ui.note(RESTORE);
    }
    Ok(
        if options.exit_code && !(text.is_empty() && unknown.is_empty()) {
            FOUND
        } else {
            DONE
        },
    )
}
