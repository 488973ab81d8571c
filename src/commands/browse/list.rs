//! `infra list`.

use std::path::Path;

use serde_json::{Value, json};

use super::print_table;
use crate::{
    catalog::ComponentSummary,
    commands::{DONE, templates},
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
    let state = |summary: &ComponentSummary| {
        let known = package.as_ref()?.component(&summary.id)?;
        Some(match known.version < summary.version {
            true => format!("{} -> {}", known.version, summary.version),
            false => known.version.to_string(),
        })
    };
    if ui.is_json() {
        let rows: Vec<Value> = catalog
            .summaries()?
            .into_iter()
            .map(|summary| {
                let known = package.as_ref().and_then(|p| p.component(&summary.id));
                json!({
                    "id": summary.id,
                    "summary": summary.summary,
                    "category": summary.category,
                    "version": summary.version,
                    "requires": summary.requires,
                    "installed": known.map(|known| &known.version),
                })
            })
            .collect();
        ui.document(&json!({"schema_version": 1, "command": "list", "components": rows}));
        return Ok(DONE);
    }
    let mut rows = vec![
        ["COMPONENT", "CATEGORY", "SUMMARY", "NEEDS", "INSTALLED"]
            .map(String::from)
            .to_vec(),
    ];
    let mut summaries = catalog.summaries()?;
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
    print_table(&rows, ui);
    Ok(DONE)
}

/// The package that the user is in, if it has anything; that there is no project is no failure.
fn installed(target: &TargetOptions, directory: &Path) -> Result<Option<Package>> {
    let project = match Project::find(directory) {
        Ok(project) => project,
        Err(error) if error.kind == Kind::Unsupported => return Ok(None),
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
