//! `infra status`.

use std::path::Path;

use crate::{
    error::Result,
    lock::{FOLDER, HUB, Package},
    plan::{self, Request, State},
    project::TargetOptions,
    ui::{Ui, table},
};

use super::{
    CommandContext, DONE, FOUND,
    json::{self, Answer, Document, InstalledComponent},
};

/// The options of `infra status`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The project and package.
    pub target: TargetOptions,
    /// Whether the exit code reports drift.
    pub exit_code: bool,
}

/// Shows whether installed files and edits are unchanged.
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
                text.push_str(&format!("{one}\n"));
            }
            if !outdated.is_empty() {
                text.push_str("to update: infra update\n");
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

/// What an update would change, a line each; nothing if it cannot be determined.
fn outdated(context: &CommandContext) -> Result<Vec<String>> {
    let Some(package) = context.lock.package(context.facts.package()) else {
        return Ok(Vec::new());
    };
    let Ok(renderings) = plan::update_renderings(
        &context.catalog,
        &context.lock,
        package,
        &context.facts,
        &[],
    ) else {
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
    let plan = match plan::install(&context.inputs(&tree), &request) {
        Ok(plan) => plan,
        Err(error) => return Ok(vec![format!("an update is not possible now: {error}")]),
    };
    Ok(super::update::outdated(&plan)
        .map(super::update::described)
        .collect())
}

fn document<'a>(
    context: &'a CommandContext,
    report: &'a plan::Report,
    outdated: &'a [String],
) -> Document<'a> {
    let package = context.lock.package(context.facts.package());
    let components = package.iter().flat_map(|package| &package.components);
    let components = components.map(|known| {
        let embedded = context.catalog.get(&known.id).ok();
        InstalledComponent {
            id: &known.id,
            version: &known.version,
            embedded: embedded.map(|embedded| &embedded.manifest.version),
            explicit: known.explicit,
        }
    });
    Document::from(Answer::Status(json::Status {
        package: &context.facts.name,
        components: components.collect(),
        files: &report.files,
        fragments: &report.fragments,
        unrecorded: &report.unrecorded,
        unreadable: &report.unreadable,
        wired: report.wired,
        drift: report.has_drift(),
        outdated,
    }))
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
            "`{FOLDER}` does not contain the generated text of {}: `infra add {}` restores it\n",
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
            "the app is not wired, as requested with `--no-wire`\n".to_owned()
        }
        None => "could not determine whether the app is wired\n".to_owned(),
    });
    text
}

fn rows(context: &CommandContext, package: &Package, report: &plan::Report) -> Vec<Vec<String>> {
    let components = package.components.iter().map(|known| {
        let current = context.catalog.get(&known.id);
        let version = match current.map(|current| current.manifest.version.clone()) {
            Ok(current) if current > known.version => {
                format!("{} ({current} is available)", known.version)
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
