//! `infra info`.

use std::path::PathBuf;

use super::sample;
use crate::{
    catalog::{
        Component,
        manifest::{EnvRow, Manifest},
    },
    commands::{
        DONE,
        json::{self, Answer, Document, FileLines},
        templates,
    },
    error::Result,
    plan::pluralize,
    render::Rendering,
    ui::{Ui, table},
};

/// The options of `infra info`.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// The component.
    pub component: String,
    /// A folder of components, in place of those in this binary.
    pub templates: Option<PathBuf>,
}

/// Shows what a component adds: options, variables, crates, files, cost, and its own README.
///
/// # Errors
///
/// There is no such component.
pub fn info(info: &Info, ui: &Ui) -> Result<u8> {
    let catalog = templates::catalog(info.templates.as_deref())?;
    let id = info.component.as_str();
    let component = catalog.get(id)?;
    let rendering = sample(&catalog, id, &[])?;
    match ui.is_json() {
        true => ui.document(&document(component, &rendering)),
        false => ui.data(&text(component, &rendering, ui)),
    }
    Ok(DONE)
}

fn text(component: &Component, rendering: &Rendering, ui: &Ui) -> String {
    let manifest = &rendering.manifest;
    let mut text = format!(
        "{} {}\n{}\n\n{}",
        ui.strong(&component.id),
        manifest.version,
        manifest.summary,
        table(&properties(rendering))
    );
    let mut section = |title: &str, rows: &[Vec<String>]| {
        if !rows.is_empty() {
            text.push_str(&format!("\n{}\n{}", ui.strong(title), table(rows)));
        }
    };
    section("Options", &options(&component.id, manifest));
    let variables: Vec<Vec<String>> = manifest.env.iter().map(variable).collect();
    section("Variables", &variables);
    text.push_str(&format!("\n{}\n", ui.strong("Files")));
    for (path, file) in &rendering.files {
        text.push_str(&format!("  {path} ({} lines)\n", file.lines().count()));
    }
    text.push_str(&format!("\n{}", component.readme()));
    text
}

/// The rows of the first table: category, requirements, size, cost, compiler and crates.
fn properties(rendering: &Rendering) -> Vec<Vec<String>> {
    let manifest = &rendering.manifest;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
    row("category", manifest.category.clone());
    if !manifest.requires.is_empty() {
        row("needs", manifest.requires.join(", "));
    }
    let files = rendering.files.values();
    let lines: usize = files.map(|text| text.lines().count()).sum();
    row(
        "files",
        format!(
            "{}, {lines} lines",
            pluralize(rendering.files.len(), "file")
        ),
    );
    if let Some(cost) = manifest.cost {
        let (crates, seconds) = (cost.crates, cost.cpu_seconds);
        row(
            "cold build",
            format!("+{crates} crates, +{seconds:.0} CPU seconds"),
        );
    }
    if let Some(rust) = &manifest.rust_version {
        row("rust", format!("{rust} or later"));
    }
    let crates: Vec<&str> = manifest.dependencies.keys().map(String::as_str).collect();
    if !crates.is_empty() {
        row("crates", crates.join(", "));
    }
    rows
}

fn options(id: &str, manifest: &Manifest) -> Vec<Vec<String>> {
    let options = manifest.options.iter();
    options
        .map(|(name, spec)| {
            let name = format!("  --set {id}.{name}={}", plain(&spec.default));
            vec![name, spec.allowed(), spec.doc.clone()]
        })
        .collect()
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

fn document<'a>(component: &'a Component, rendering: &'a Rendering) -> Document<'a> {
    let manifest = &rendering.manifest;
    let options = manifest.options.iter();
    let dependencies = manifest.dependencies.iter();
    let files = rendering.files.iter().map(|(path, text)| FileLines {
        path: path.as_str(),
        lines: text.lines().count(),
    });
    Document::from(Answer::Info(json::Info {
        id: &component.id,
        version: &manifest.version,
        summary: &manifest.summary,
        category: &manifest.category,
        requires: &manifest.requires,
        keywords: &manifest.keywords,
        rust_version: manifest.rust_version.as_deref(),
        options: options
            .map(|(name, spec)| (name.as_str(), spec.into()))
            .collect(),
        env: manifest.env.iter().map(Into::into).collect(),
        dependencies: dependencies
            .map(|(name, dependency)| (name.as_str(), dependency.into()))
            .collect(),
        cost: manifest.cost.map(Into::into),
        files: files.collect(),
        readme: component.readme(),
    }))
}
