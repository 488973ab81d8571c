//! `infra status` and `infra diff`.

use std::path::Path;

use serde_json::json;

use crate::{
    edit::diff,
    error::{Error, Result},
    lock::{HUB, base_path},
    plan::{self, State},
    project::Wishes,
    ui::{Ui, table},
};

use super::{DONE, FOUND, Scene};

/// What a `status` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The place.
    pub wishes: Wishes,
    /// Whether drift is to be told by the exit code.
    pub exit_code: bool,
}

/// What a `diff` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// The component; all if there is none.
    pub component: Option<String>,
    /// The place.
    pub wishes: Wishes,
    /// Whether edits are to be told by the exit code.
    pub exit_code: bool,
}

/// Shows how what was added is now.
///
/// # Errors
///
/// The project or its lock cannot be read.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let scene = Scene::read(directory, &options.wishes, ui)?;
    let tree = scene.tree([])?;
    let report = plan::status(&scene.context(&tree));
    let package = scene.lock.package(scene.facts.package());
    let code = if options.exit_code && report.has_drift() {
        FOUND
    } else {
        DONE
    };
    if ui.is_json() {
        let components: Vec<_> = package
            .iter()
            .flat_map(|package| &package.components)
            .map(|known| {
                let current = scene.catalog.get(&known.id).ok();
                json!({
                    "id": known.id,
                    "version": known.version,
                    "embedded": current.map(|current| &current.manifest.version),
                    "asked": known.asked,
                })
            })
            .collect();
        ui.document(&json!({
            "schema_version": 1,
            "command": "status",
            "package": scene.facts.name,
            "components": components,
            "files": report.files,
            "fragments": report.fragments,
            "wired": report.wired,
            "drift": report.has_drift(),
        }));
        return Ok(code);
    }
    let Some(package) = package else {
        ui.data(&format!(
            "nothing is installed in the package `{}`\n",
            scene.facts.name
        ));
        return Ok(DONE);
    };
    let mut rows = Vec::new();
    for known in &package.components {
        let current = scene
            .catalog
            .get(&known.id)
            .map(|c| c.manifest.version.clone());
        let version = match current {
            Ok(current) if current > known.version => {
                format!("{} (there is {current})", known.version)
            }
            Ok(_) => known.version.to_string(),
            Err(_) => format!("{} (unknown to this version of the tool)", known.version),
        };
        rows.push(vec![known.id.clone(), version, files(&report, &known.id)]);
    }
    rows.push(vec![
        "(hub)".to_owned(),
        package.hub.to_string(),
        files(&report, HUB),
    ]);
    let mut text = format!(
        "{}\n{}",
        ui.strong(&format!("package `{}`", scene.facts.name)),
        table(&rows)
    );
    for file in report
        .files
        .iter()
        .filter(|file| file.state != State::Pristine)
    {
        text.push_str(&format!("  {} {}\n", word(file.state), file.path));
    }
    for fragment in report
        .fragments
        .iter()
        .filter(|known| known.state != State::Pristine)
    {
        let state = word(fragment.state);
        text.push_str(&format!(
            "  {state} {} in {}\n",
            fragment.address, fragment.file
        ));
    }
    match report.wired {
        Some(true) => text.push_str("the app is wired\n"),
        Some(false) => text.push_str(&format!(
            "the app is not wired: `infra add {}` shows what to add\n",
            package
                .components
                .first()
                .map_or("", |known| known.id.as_str())
        )),
        None => text.push_str("the app is left alone, as asked with --no-wire\n"),
    }
    ui.data(&text);
    Ok(code)
}

fn files(report: &plan::Report, by: &str) -> String {
    let all: Vec<_> = report.files.iter().filter(|file| file.by == by).collect();
    let changed = all
        .iter()
        .filter(|file| file.state != State::Pristine)
        .count();
    match changed {
        0 => plan::count(all.len(), "file"),
        _ => format!("{}, {changed} changed", plan::count(all.len(), "file")),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Pristine => "pristine  ",
        State::Edited => "edited    ",
        State::Missing => "missing   ",
        State::Conflicted => "conflicted",
    }
}

/// Shows the user's edits of generated files, as a unified diff against what was rendered.
///
/// # Errors
///
/// The component is not installed, or the project cannot be read.
pub fn diff(options: &Diff, directory: &Path, ui: &Ui) -> Result<u8> {
    let scene = Scene::read(directory, &options.wishes, ui)?;
    let package = scene.lock.package(scene.facts.package());
    if let Some(id) = &options.component
        && package.is_none_or(|package| package.component(id).is_none())
    {
        scene.catalog.get(id)?;
        return Err(
            Error::usage("not-installed", format!("`{id}` is not installed"))
                .hint(format!("infra add {id}")),
        );
    }
    let tree = scene.tree([])?;
    let mut text = String::new();
    for file in package.iter().flat_map(|package| &package.files) {
        if options.component.as_ref().is_some_and(|id| *id != file.by) {
            continue;
        }
        let base = tree.get(&base_path(&file.path)?).map_or("", String::as_str);
        let ours = tree.get(&file.path).map_or("", String::as_str);
        let ours = match base.contains('\r') {
            true => ours.to_owned(),
            false => ours.replace("\r\n", "\n"),
        };
        if base != ours {
            let path = &file.path;
            let (old, new) = (format!("a/{path}"), format!("b/{path}"));
            text.push_str(&diff::unified((&old, &new), base, &ours));
        }
    }
    match ui.is_json() {
        true => ui.document(&json!({"schema_version": 1, "command": "diff", "diff": text})),
        false => ui.diff(&text),
    }
    Ok(if options.exit_code && !text.is_empty() {
        FOUND
    } else {
        DONE
    })
}
