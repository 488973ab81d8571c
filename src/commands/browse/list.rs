//! `infra list`.

use std::path::Path;

use super::print_table;
use crate::{
    catalog::ComponentSummary,
    commands::{
        DONE,
        json::{Answer, Document, Listed},
        templates,
    },
    error::{Kind, Result},
    lock::Package,
    project::{Project, TargetOptions},
    ui::Ui,
};

/// Lists the components; in a project it marks what is installed and what is outdated.
///
/// # Errors
///
/// The project's lock is damaged.
pub fn list(target: &TargetOptions, directory: &Path, ui: &Ui) -> Result<u8> {
    let catalog = templates::catalog(target.templates.as_deref())?;
    let package = installed(target, directory)?;
    let summaries = catalog.summaries()?;
    match ui.is_json() {
        true => ui.document(&document(&summaries, package.as_ref())),
        false => print_table(&rows(summaries, package.as_ref()), ui),
    }
    Ok(DONE)
}

fn document<'a>(summaries: &'a [ComponentSummary], package: Option<&'a Package>) -> Document<'a> {
    let components = summaries.iter().map(|summary| Listed {
        id: &summary.id,
        summary: &summary.summary,
        category: &summary.category,
        version: &summary.version,
        requires: &summary.requires,
        installed: package
            .and_then(|package| package.component(&summary.id))
            .map(|known| &known.version),
    });
    Document::from(Answer::List {
        components: components.collect(),
    })
}

/// The rows of the table, its head first, sorted by category.
fn rows(mut summaries: Vec<ComponentSummary>, package: Option<&Package>) -> Vec<Vec<String>> {
    let state = |summary: &ComponentSummary| {
        let known = package?.component(&summary.id)?;
        Some(match known.version < summary.version {
            true => format!("{} -> {}", known.version, summary.version),
            false => known.version.to_string(),
        })
    };
    let mut rows = vec![
        ["COMPONENT", "CATEGORY", "SUMMARY", "NEEDS", "INSTALLED"]
            .map(String::from)
            .to_vec(),
    ];
    summaries.sort_by(|a, b| (&a.category, &a.id).cmp(&(&b.category, &b.id)));
    for summary in summaries {
        let state = state(&summary).unwrap_or_else(|| "-".to_owned());
        let needs = match summary.requires.as_slice() {
            [] => "-".to_owned(),
            requires => requires.join(", "),
        };
        let ComponentSummary {
            id,
            category,
            summary,
            ..
        } = summary;
        rows.push(vec![id, category, summary, needs, state]);
    }
    rows
}

/// The package that the user is in, if it has anything; that there is no project is no failure.
fn installed(target: &TargetOptions, directory: &Path) -> Result<Option<Package>> {
    let project = match Project::find(directory) {
        Ok(project) => project,
        Err(error) if error.kind() == Kind::Unsupported => return Ok(None),
        Err(error) => return Err(error),
    };
    let lock = project.lock()?;
    match lock.packages.as_slice() {
        [] => Ok(None),
        [only] if target.package.is_none() => Ok(Some(only.clone())),
        _ => match project.facts(target, &lock) {
            Ok(facts) => Ok(lock.package(facts.package()).cloned()),
            Err(_) if target.package.is_none() => Ok(None),
            Err(error) => Err(error),
        },
    }
}
