//! `infra list`, `infra info` and `infra view`.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    catalog::{Catalog, Component, ComponentSummary, manifest::EnvRow},
    error::{Error, Kind, Result, did_you_mean},
    facts::Facts,
    framework,
    lock::Package,
    plan::pluralize,
    project::{Project, TargetOptions},
    render::{self, Rendering},
    resolve::{Choice, Installed, allowed, resolve},
    ui::{Ui, table},
};

use super::DONE;

/// What a `view` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The component.
    pub component: String,
    /// One of its files; all names if there is none.
    pub path: Option<String>,
    /// The place.
    pub target: TargetOptions,
    /// Values of options.
    pub choices: Vec<Choice>,
}

/// Lists the components; in a project it marks what is installed and what is outdated.
///
/// # Errors
///
/// The project's lock is damaged.
pub fn list(target: &TargetOptions, directory: &Path, ui: &Ui) -> Result<u8> {
    let catalog = Catalog::embedded();
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
    let text = table(&rows);
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    ui.data(&format!("{}\n{body}", ui.strong(head)));
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

/// Shows what a component brings: options, variables, crates, files, cost, and its own README.
///
/// # Errors
///
/// There is no such component.
pub fn info(id: &str, ui: &Ui) -> Result<u8> {
    let catalog = Catalog::embedded();
    let component = catalog.get(id)?;
    let rendering = sample(&catalog, id, &[])?;
    let manifest = &rendering.manifest;
    if ui.is_json() {
        ui.document(&info_document(component, &rendering));
        return Ok(DONE);
    }
    let mut text = format!(
        "{} {}\n{}\n",
        ui.strong(id),
        manifest.version,
        manifest.summary
    );
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
    row("category", manifest.category.clone());
    if !manifest.requires.is_empty() {
        row("needs", manifest.requires.join(", "));
    }
    let lines: usize = rendering
        .files
        .values()
        .map(|text| text.lines().count())
        .sum();
    row(
        "files",
        format!(
            "{}, {lines} lines",
            pluralize(rendering.files.len(), "file")
        ),
    );
    if let Some(cost) = manifest.cost {
        row(
            "cold build",
            format!(
                "+{} crates, +{:.0} CPU seconds",
                cost.crates, cost.cpu_seconds
            ),
        );
    }
    if let Some(rust) = &manifest.rust_version {
        row("rust", format!("{rust} or later"));
    }
    let crates: Vec<&str> = manifest.dependencies.keys().map(String::as_str).collect();
    if !crates.is_empty() {
        row("crates", crates.join(", "));
    }
    text.push_str(&format!("\n{}", table(&rows)));
    if !manifest.options.is_empty() {
        text.push_str(&format!("\n{}\n", ui.strong("Options")));
        let rows: Vec<Vec<String>> = manifest
            .options
            .iter()
            .map(|(name, spec)| {
                let name = format!("  --set {id}.{name}={}", plain(&spec.default));
                vec![name, allowed(spec), spec.doc.clone()]
            })
            .collect();
        text.push_str(&table(&rows));
    }
    if !manifest.env.is_empty() {
        text.push_str(&format!("\n{}\n", ui.strong("Variables")));
        let rows: Vec<Vec<String>> = manifest.env.iter().map(variable).collect();
        text.push_str(&table(&rows));
    }
    text.push_str(&format!("\n{}\n", ui.strong("Files")));
    for (path, file) in &rendering.files {
        text.push_str(&format!("  {path} ({} lines)\n", file.lines().count()));
    }
    text.push_str(&format!("\n{}", component.readme()));
    ui.data(&text);
    Ok(DONE)
}

fn variable(row: &EnvRow) -> Vec<String> {
    let default = match &row.default {
        Some(default) => format!("= {default}"),
        None if row.may_be_unset() => "(unset)".to_owned(),
        None => "(must be set)".to_owned(),
    };
    vec![format!("  {}", row.name), default, row.doc.clone()]
}

fn plain(value: &toml::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn info_document(component: &Component, rendering: &Rendering) -> Value {
    let manifest = &rendering.manifest;
    let files: Vec<Value> = rendering
        .files
        .iter()
        .map(|(path, text)| json!({"path": path, "lines": text.lines().count()}))
        .collect();
    json!({
        "schema_version": 1,
        "command": "info",
        "id": component.id,
        "version": manifest.version,
        "summary": manifest.summary,
        "category": manifest.category,
        "requires": manifest.requires,
        "rust_version": manifest.rust_version,
        "options": manifest.options,
        "env": manifest.env,
        "dependencies": manifest.dependencies,
        "cost": manifest.cost,
        "files": files,
        "readme": component.readme(),
    })
}

/// Shows what a component renders to here; outside of a project, in a sample one.
///
/// # Errors
///
/// There is no such component, option or file.
pub fn view(view: &View, directory: &Path, ui: &Ui) -> Result<u8> {
    let catalog = Catalog::embedded();
    let rendering = match Project::find(directory) {
        Ok(project) => {
            let lock = project.lock()?;
            let facts = project.facts(&view.target, &lock)?;
            let package = lock.package(facts.package());
            let installed = package.map(Package::installed).unwrap_or_default();
            rendering(&catalog, &installed, &view.component, &view.choices, &facts)?
        }
        Err(error) if error.kind == Kind::Unsupported => {
            sample(&catalog, &view.component, &view.choices)?
        }
        Err(error) => return Err(error),
    };
    let compose = rendering
        .compose
        .as_deref()
        .map(|text| ("compose.yml", text));
    let files = rendering
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let all: Vec<(&str, &str)> = files.chain(compose).collect();
    if let Some(wanted) = &view.path {
        let found = all
            .iter()
            .find(|(path, _)| path == wanted || path.ends_with(&format!("/{wanted}")));
        let Some((path, text)) = found else {
            let id = &view.component;
            let error = Error::usage("unknown-file", format!("`{id}` renders no file `{wanted}`"));
            return Err(
                match did_you_mean(wanted, all.iter().map(|(path, _)| *path)) {
                    Some(meant) => error.hint(format!("infra view {id} {meant}")),
                    None => error.hint(format!("`infra view {id}` lists its files")),
                },
            );
        };
        match ui.is_json() {
            true => ui.document(
                &json!({"schema_version": 1, "command": "view", "path": path, "text": text}),
            ),
            false => ui.data(text),
        }
        return Ok(DONE);
    }
    if ui.is_json() {
        let files: Vec<Value> = all
            .iter()
            .map(|(path, text)| json!({"path": path, "text": text}))
            .collect();
        ui.document(&json!({"schema_version": 1, "command": "view", "files": files}));
    } else {
        for (path, text) in all {
            ui.data(&format!("{path} ({} lines)\n", text.lines().count()));
        }
    }
    Ok(DONE)
}

fn rendering(
    catalog: &Catalog,
    installed: &Installed,
    id: &str,
    choices: &[Choice],
    facts: &Facts,
) -> Result<Rendering> {
    let selection = resolve(catalog, installed, &[id.to_owned()], choices)?;
    let selected = selection
        .iter()
        .find(|selected| selected.component.id == id)
        .ok_or_else(|| Error::usage("unknown-component", format!("no component `{id}`")))?;
    render::component(selected, facts)
}

/// What a component renders to in a project of the newest framework, with a library.
fn sample(catalog: &Catalog, id: &str, choices: &[Choice]) -> Result<Rendering> {
    let parse = |text: &str| {
        text.parse().map_err(|error: crate::path::InvalidPath| {
            Error::failure("invalid-path", error.to_string())
        })
    };
    let facts = Facts {
        folder: String::new(),
        name: "app".to_owned(),
        crate_name: "app".to_owned(),
        manifest: parse("Cargo.toml")?,
        inherits: None,
        library: Some(parse("src/lib.rs")?),
        binaries: Vec::new(),
        sources: Vec::new(),
        module: "infra".to_owned(),
        framework: framework::usual().into(),
        versions: Default::default(),
        allowed: Default::default(),
        edition: 2024,
        rust_version: None,
        denied_lints: Default::default(),
        compose: parse("compose.yaml")?,
        compose_others: Vec::new(),
        compose_left: Vec::new(),
        compose_env: None,
        env_examples: Vec::new(),
        env: None,
        env_tracked: false,
    };
    rendering(catalog, &Installed::new(), id, choices, &facts)
}
