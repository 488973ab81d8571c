//! Renders templates for the facts of a project. A component sees no other component; only the hub is
//! rendered from the rows of all that are installed.

use std::collections::BTreeSet;

use minijinja::{Environment, Value, value::Serde};
use serde::Serialize;

use crate::{
    catalog::{
        Component,
        manifest::{EnvKind, EnvRow, Manifest, SettingsSpec, Wire},
        merge::merge,
    },
    error::{Error, Result},
    facts::{Facts, Tree},
    path::ProjectPath,
    resolve::{Options, Selected},
};

mod deferred;
mod template_engine;

pub use deferred::{Endpoint, ServiceBindings, render_deferred};
use template_engine::environment;

/// The file of the hub that names its modules.
const HUB_ROOT: &str = "infra/mod.rs";

/// A component, rendered for one package.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The component.
    pub id: String,
    /// Whether the user named it.
    pub explicit: bool,
    /// Its options.
    pub options: Options,
    /// Its manifest for these options and versions.
    pub manifest: Manifest,
    /// Its files.
    pub files: Tree,
    /// Files that had another path in an earlier version: the old path and the new one.
    pub renamed: Vec<(ProjectPath, ProjectPath)>,
    /// Its compose fragment.
    pub compose: Option<String>,
}

/// What the templates of the hub see of an installed component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row<'a> {
    /// The component.
    pub id: &'a str,
    /// Its place in the hub.
    pub wire: &'a Wire,
    /// Its settings.
    pub settings: Option<&'a SettingsSpec>,
    /// Its variables.
    pub env: &'a [EnvRow],
}

/// Renders a component for a package.
///
/// # Errors
///
/// A template or an expression of the manifest is wrong.
pub fn component(selected: &Selected<'_>, facts: &Facts) -> Result<Rendering> {
    let component = selected.component;
    let context = context(facts, &selected.options);
    let manifest = manifest(component, &context)?;
    let mut files = Tree::new();
    for (path, template) in component.tree() {
        let text = text(&component.id, &path, template, &context)?;
        if !text.trim().is_empty() {
            files.insert(destination(&component.id, &path, facts)?, text);
        }
    }
    let mut renamed = Vec::new();
    for (old, new) in &manifest.renamed_files {
        let old = destination(&component.id, old, facts)?;
        renamed.push((old, destination(&component.id, new, facts)?));
    }
    let compose = match component.compose() {
        Some(template) => Some(text(&component.id, "compose.yml", template, &context)?),
        None => None,
    };
    Ok(Rendering {
        id: component.id.clone(),
        explicit: selected.explicit,
        options: selected.options.clone(),
        manifest,
        files,
        renamed,
        compose: compose.filter(|text| !text.trim().is_empty()),
    })
}

/// The manifest of the hub, for a package.
///
/// # Errors
///
/// An expression of the manifest is wrong.
pub fn hub_manifest(hub: &Component, facts: &Facts) -> Result<Manifest> {
    manifest(hub, &context(facts, &Options::new()))
}

/// Renders the hub from the rows of everything that is installed.
///
/// # Errors
///
/// A template of the hub is wrong.
pub fn hub(hub: &Component, facts: &Facts, rows: &[Row<'_>]) -> Result<Tree> {
    let mut rows: Vec<&Row<'_>> = rows.iter().collect();
    rows.sort_by_key(|row| (row.wire.order, row.id));
    let extracts: Vec<_> = rows.iter().flat_map(|row| &row.wire.extract).collect();
    let kinds: Vec<EnvKind> = rows
        .iter()
        .flat_map(|row| row.env)
        .map(|row| row.kind)
        .collect();
    let has_renamed = rows
        .iter()
        .flat_map(|row| row.env)
        .any(|row| !row.renamed_from.is_empty());
    let framework = facts.framework.name.as_str();
    let has_layer = |row: &&&Row<'_>| {
        let web = row.wire.web(framework);
        web.is_some_and(|web| web.layer.is_some())
    };
    let mut layers: Vec<&Row<'_>> = rows.iter().filter(has_layer).copied().collect();
    layers.sort_by_key(|row| (row.wire.layer_order(framework), row.id));
    let fields: Vec<&str> = rows.iter().map(|row| row.wire.field.as_str()).collect();
    let mut context = minijinja::context! {
        components => to_template_value(&rows)?,
        layers => to_template_value(&layers)?,
        extracts => to_template_value(&extracts)?,
        has_renamed,
        kinds => to_template_value(&kinds)?,
        fields => fields.join(", "),
        ..context(facts, &Options::new())
    };
    let mut files = Tree::new();
    let mut modules: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.wire.kind.split("::").next())
        .collect();
    let (roots, others): (Vec<_>, Vec<_>) = hub
        .tree()
        .into_iter()
        .partition(|(path, _)| path == HUB_ROOT);
    for (path, template) in &others {
        let text = text("hub", path, template, &context)?;
        if !text.trim().is_empty() {
            files.insert(destination("hub", path, facts)?, text);
            let module = path
                .strip_prefix("infra/")
                .and_then(|name| name.strip_suffix(".rs"));
            modules.extend(module.filter(|name| !name.contains('/')));
        }
    }
    context = minijinja::context! { modules => Value::from_iter(modules), ..context };
    for (path, template) in &roots {
        let text = text("hub", path, template, &context)?;
        files.insert(destination("hub", path, facts)?, text);
    }
    Ok(files)
}

/// Renders a skeleton file of `new`.
///
/// # Errors
///
/// The template is wrong.
pub fn skeleton(path: &str, template: &str, name: &str) -> Result<String> {
    let values = minijinja::context! { name, crate => name.replace('-', "_") };
    text("new", path, template, &values)
}

fn destination(id: &str, path: &str, facts: &Facts) -> Result<ProjectPath> {
    let (place, rest) = path.split_once('/').unwrap_or(("", path));
    let folder = match place {
        "infra" => facts.module_folder(),
        "package" => facts.folder.clone(),
        "project" => String::new(),
        _ => {
            return Err(Error::failure(
                "invalid-component",
                format!("the component `{id}` has a file outside of its three trees: `{path}`"),
            ));
        }
    };
    ProjectPath::join(&folder, rest)
        .map_err(|error| Error::failure("invalid-component", error.to_string()))
}

fn manifest(component: &Component, context: &Value) -> Result<Manifest> {
    let environment = environment("component.toml")?;
    let mut table = component.table().clone();
    for when in &component.manifest.when {
        let mut when = when.clone();
        let Some(toml::Value::String(condition)) = when.remove("if") else {
            return Err(Error::failure(
                "invalid-component",
                format!(
                    "a `[[when]]` of the component `{}` has no `if`",
                    component.id
                ),
            ));
        };
        let holds = environment
            .compile_expression(&condition)
            .and_then(|expression| expression.eval(context))
            .map_err(|error| template_error(&component.id, "component.toml", &error))?;
        if holds.is_true() {
            merge(&mut table, when);
        }
    }
    table.remove("when");
    for (key, value) in &mut table {
        if !matches!(key.as_str(), "next" | "options") {
            fill(value, &environment, context)
                .map_err(|error| template_error(&component.id, "component.toml", &error))?;
        }
    }
    toml::Value::Table(table)
        .try_into()
        .map_err(|error: toml::de::Error| {
            Error::failure(
                "invalid-component",
                format!("the component `{}` is not valid: {error}", component.id),
            )
        })
}

/// Renders the strings of a manifest that hold expressions. Those that depend on the user's compose
/// file wait until the plan knows it: what to do next, and two values of a variable.
fn fill(
    value: &mut toml::Value,
    environment: &Environment<'_>,
    context: &Value,
) -> Result<(), minijinja::Error> {
    match value {
        toml::Value::String(text) if text.contains("/*=") => {
            *text = environment.render_str(text, context.clone())?;
        }
        toml::Value::Array(values) => {
            for value in values {
                fill(value, environment, context)?;
            }
        }
        toml::Value::Table(table) => {
            for (key, value) in table {
                if !matches!(key.as_str(), "example" | "compose" if value.is_str()) {
                    fill(value, environment, context)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn context(facts: &Facts, options: &Options) -> Value {
    let versions = facts.versions.iter();
    let framework = (&facts.framework.name, &facts.framework.version);
    let versions = versions.chain([framework]);
    let versions = versions.map(|(name, version)| (name.clone(), version.to_string().into()));
    let versions: toml::Table = versions.collect();
    let options = options.iter();
    let options = options.map(|(name, value)| (name.clone(), value.clone()));
    let options: toml::Table = options.collect();
    minijinja::context! {
        framework => facts.framework.name.as_str(),
        versions => Serde(&versions),
        options => Serde(&options),
        crate => facts.crate_name.as_str(),
        crate_kind => if facts.library.is_some() { "lib" } else { "bin" },
        module => facts.module.as_str(),
        edition => facts.edition,
    }
}

/// A value as templates see it. By way of TOML: that is how the same types are written to the lock.
fn to_template_value(value: &impl Serialize) -> Result<Value> {
    let value = toml::Value::try_from(value);
    let value = value.map_err(|error| Error::failure("invalid-component", error.to_string()))?;
    Ok(Value::from(Serde(value)))
}

fn text(id: &str, path: &str, template: &str, context: &Value) -> Result<String> {
    if !template_engine::has_template_syntax(template) {
        return Ok(template.to_owned());
    }
    environment(path)?
        .render_str(template, context.clone())
        .map_err(|error| template_error(id, path, &error))
}

fn template_error(id: &str, path: &str, error: &minijinja::Error) -> Error {
    let line = error
        .line()
        .map_or(String::new(), |line| format!(":{line}"));
    Error::failure(
        "invalid-template",
        format!("the template `{id}/{path}{line}` cannot be rendered: {error:#}"),
    )
}
