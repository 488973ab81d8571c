//! Names and choices in, a selection out: requirements closed, options typed, order settled.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    catalog::{
        Catalog, Component,
        manifest::{OptionKind, OptionSpec},
    },
    error::{Error, Result, did_you_mean},
};

/// The values of a component's options, every one of them.
pub type Options = BTreeMap<String, toml::Value>;

/// A component that is to be there, with its options.
#[derive(Clone, Debug)]
pub struct Selected<'a> {
    /// The component.
    pub component: &'a Component,
    /// Every option with its value.
    pub options: Options,
    /// Whether the user named it, or it is only required.
    pub explicit: bool,
}

/// What is installed: the options by component.
pub type Installed = BTreeMap<String, Options>;

/// A choice on the command line: `--set redis.pubsub=false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The component.
    pub component: String,
    /// Its option.
    pub option: String,
    /// The value as typed.
    pub value: String,
}

/// Closes `asked` over requirements and settles every option: a choice, else what the lock
/// recorded, else the default. Components that are installed and not asked for are left out.
/// Sorted by id, so that the order of names on the command line does not matter.
///
/// # Errors
///
/// An unknown component, option or value, or two components that exclude each other.
pub fn resolve<'a>(
    catalog: &'a Catalog,
    installed: &Installed,
    asked: &[String],
    choices: &[Choice],
) -> Result<Vec<Selected<'a>>> {
    let mut wanted: BTreeMap<&str, (&Component, bool)> = BTreeMap::new();
    let mut open: Vec<(&Component, bool)> = Vec::new();
    for id in asked {
        open.push((catalog.get(id)?, true));
    }
    while let Some((component, named)) = open.pop() {
        let entry = wanted.entry(&component.id).or_insert((component, false));
        entry.1 |= named;
        for id in &component.manifest.requires {
            if !wanted.contains_key(id.as_str()) && !installed.contains_key(id) {
                open.push((catalog.get(id)?, false));
            }
        }
    }
    reject_conflicts(catalog, installed, wanted.keys().copied())?;
    for choice in choices {
        if !wanted.contains_key(choice.component.as_str()) {
            catalog.get(&choice.component)?;
            return Err(Error::usage(
                "option-without-component",
                format!(
                    "`--set {}.{}` chooses for a component that is not being added",
                    choice.component, choice.option
                ),
            )
            .hint(format!("infra add {} --set ..", choice.component)));
        }
    }
    wanted
        .into_iter()
        .map(|(_, (component, explicit))| {
            let options = options(component, installed.get(&component.id), choices)?;
            Ok(Selected {
                component,
                options,
                explicit,
            })
        })
        .collect()
}

fn reject_conflicts<'a>(
    catalog: &Catalog,
    installed: &'a Installed,
    wanted: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let all: BTreeSet<&str> = wanted.chain(installed.keys().map(String::as_str)).collect();
    for id in &all {
        let Ok(component) = catalog.get(id) else {
            continue;
        };
        if let Some(other) = component
            .manifest
            .conflicts
            .iter()
            .find(|other| all.contains(other.as_str()))
        {
            return Err(Error::conflict(
                "components-exclude-each-other",
                format!("`{id}` cannot stand beside `{other}`"),
            ));
        }
    }
    Ok(())
}

fn options(
    component: &Component,
    recorded: Option<&Options>,
    choices: &[Choice],
) -> Result<Options> {
    let specs = &component.manifest.options;
    let mut options: Options = specs
        .iter()
        .map(|(name, spec)| {
            let recorded = recorded.and_then(|options| options.get(name));
            (name.clone(), recorded.unwrap_or(&spec.default).clone())
        })
        .collect();
    for choice in choices {
        if choice.component != component.id {
            continue;
        }
        let Some(spec) = specs.get(&choice.option) else {
            let id = &component.id;
            let error = Error::usage(
                "unknown-option",
                format!("the component `{id}` has no option `{}`", choice.option),
            );
            return Err(
                match did_you_mean(&choice.option, specs.keys().map(String::as_str)) {
                    Some(meant) => error.hint(format!("did you mean `{id}.{meant}`?")),
                    None => error.hint(format!("`infra info {id}` shows its options")),
                },
            );
        };
        options.insert(choice.option.clone(), value(choice, spec)?);
    }
    Ok(options)
}

fn value(choice: &Choice, spec: &OptionSpec) -> Result<toml::Value> {
    let text = choice.value.as_str();
    let value = match spec.kind {
        OptionKind::Bool => text.parse().ok().map(toml::Value::Boolean),
        OptionKind::Integer => text.parse().ok().map(toml::Value::Integer),
        OptionKind::Text => Some(toml::Value::String(text.to_owned())),
        OptionKind::Choice => spec
            .values
            .iter()
            .any(|value| value == text)
            .then(|| toml::Value::String(text.to_owned())),
    };
    value.ok_or_else(|| {
        let error = Error::usage(
            "wrong-option-value",
            format!(
                "`{}.{}` must be {}, got `{text}`",
                choice.component,
                choice.option,
                allowed(spec)
            ),
        );
        match did_you_mean(text, spec.values.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error,
        }
    })
}

/// What an option takes, for messages and `infra info`.
pub fn allowed(spec: &OptionSpec) -> String {
    match spec.kind {
        OptionKind::Bool => "`true` or `false`".to_owned(),
        OptionKind::Integer => "a whole number".to_owned(),
        OptionKind::Text => "text".to_owned(),
        OptionKind::Choice => {
            let values: Vec<String> = spec.values.iter().map(|v| format!("`{v}`")).collect();
            values.join(" or ")
        }
    }
}
