//! `infra env`: the variables, never their values.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    catalog::manifest::{EnvKind, EnvRow, Stage},
    edit::dotenv,
    error::Result,
    facts::Tree,
    lock::Component,
    path::ProjectPath,
    project::TargetOptions,
    ui::{Ui, table},
};

use super::{CommandContext, DONE, FOUND};

/// What `env` is asked to show.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The place.
    pub target: TargetOptions,
    /// Whether the exit code reports a variable that must be set and is not.
    pub check: bool,
}

/// Shows the variables of what is installed.
///
/// # Errors
///
/// The project or its lock cannot be read.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::read(directory, &options.target, ui)?;
    let tree = context.tree([])?;
    let package = context.lock.package(context.facts.package());
    let components: Vec<&Component> = package.iter().flat_map(|p| &p.components).collect();
    let rows: Vec<(&Component, &EnvRow)> = components
        .iter()
        .flat_map(|component| component.env.iter().map(move |row| (*component, row)))
        .collect();
    let env = context.facts.env.as_ref();
    let is_set = |row: &EnvRow| is_set(&tree, env, &row.name);
    let missing: Vec<&str> = rows
        .iter()
        .filter(|(_, row)| row.default.is_none() && !row.may_be_unset() && !is_set(row))
        .map(|(_, row)| row.name.as_str())
        .collect();
    let code = if options.check && !missing.is_empty() {
        FOUND
    } else {
        DONE
    };
    if ui.is_json() {
        let variables = rows.iter();
        let variables = variables.map(|(component, row)| document(component, row, is_set(row)));
        ui.document(&json!({
            "schema_version": 1,
            "command": "env",
            "variables": variables.collect::<Vec<Value>>(),
            "missing": missing,
        }));
        return Ok(code);
    }
    if rows.is_empty() {
        ui.data(&format!(
            "the package `{}` has no component with variables\n",
            context.facts.name
        ));
        return Ok(code);
    }
    let mut lines = vec![HEAD.map(String::from).to_vec()];
    let place = env.map_or("-", |env| env.as_str());
    for (component, row) in &rows {
        let place = if is_set(row) { place } else { "-" };
        lines.push(line(component, row, place));
    }
    let text = table(&lines);
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    ui.data(&format!("{}\n{body}", ui.strong(head)));
    for name in missing {
        ui.warn("Missing", &format!("`{name}` must be set"));
    }
    Ok(code)
}

const HEAD: [&str; 6] = [
    "VARIABLE",
    "TYPE",
    "DEFAULT",
    "COMPONENT",
    "SET IN",
    "MEANING",
];

fn line(component: &Component, row: &EnvRow, place: &str) -> Vec<String> {
    vec![
        row.name.clone(),
        kind(row.kind).to_owned(),
        row.default.clone().unwrap_or_else(|| unset(row).to_owned()),
        component.id.clone(),
        place.to_owned(),
        row.doc.clone(),
    ]
}

fn document(component: &Component, row: &EnvRow, is_set: bool) -> Value {
    json!({
        "name": row.name,
        "component": component.id,
        "type": kind(row.kind),
        "default": row.default,
        "optional": row.may_be_unset(),
        "secret": row.is_secret(),
        "min": row.min,
        "max": row.max,
        "doc": row.doc,
        "set": is_set,
    })
}

fn is_set(tree: &Tree, env: Option<&ProjectPath>, name: &str) -> bool {
    let text = env.and_then(|env| tree.get(env)).map_or("", String::as_str);
    let variables = dotenv::read(text);
    variables.iter().any(|known| {
        known.key == name && known.value.as_ref().is_some_and(|value| !value.is_empty())
    })
}

/// What stands where a variable has no default.
fn unset(row: &EnvRow) -> &'static str {
    match (row.required, row.optional) {
        (Some(Stage::Production), _) => "(must be set in production)",
        (None, true) => "(unset)",
        (None, false) => "(must be set)",
    }
}

fn kind(kind: EnvKind) -> &'static str {
    match kind {
        EnvKind::Secret => "secret",
        EnvKind::Text => "text",
        EnvKind::Duration => "duration",
        EnvKind::Bool => "bool",
        EnvKind::U16 | EnvKind::U64 | EnvKind::F64 => "number",
    }
}
