//! Names and options from the command line to the components to install, with all that they require.

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

/// A component to install, with its options.
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

/// An option on the command line: `--set redis.pubsub=false`.
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
/// An unknown component, option or value, a recorded value that the option does not allow, or two
/// components that conflict.
pub fn resolve<'a>(
    catalog: &'a Catalog,
    installed: &Installed,
    asked: &[String],
    choices: &[Choice],
) -> Result<Vec<Selected<'a>>> {
    let mut selected: BTreeMap<&str, Selected<'a>> = BTreeMap::new();
    let mut open: Vec<(&Component, bool)> = Vec::new();
    for id in asked {
        open.push((catalog.get(id)?, true));
    }
    while let Some((component, explicit)) = open.pop() {
        if let Some(known) = selected.get_mut(component.id.as_str()) {
            known.explicit |= explicit;
            continue;
        }
        let options = options(component, installed.get(&component.id), choices)?;
        for id in component.requires(&options)? {
            if !installed.contains_key(&id) {
                open.push((catalog.get(&id)?, false));
            }
        }
        let selection = Selected {
            component,
            options,
            explicit,
        };
        selected.insert(&component.id, selection);
    }
    reject_conflicts(catalog, installed, selected.keys().copied())?;
    reject_stray_choices(catalog, &selected, choices)?;
    Ok(selected.into_values().collect())
}

/// A choice for a component that is not being added would have no effect.
fn reject_stray_choices(
    catalog: &Catalog,
    selected: &BTreeMap<&str, Selected<'_>>,
    choices: &[Choice],
) -> Result<()> {
    for choice in choices {
        if !selected.contains_key(choice.component.as_str()) {
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
    Ok(())
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
                format!("`{id}` conflicts with `{other}`"),
            ));
        }
    }
    Ok(())
}

/// Every option of a component with its value. A choice wins over what the lock recorded, and that
/// over the default; a recorded option that no longer exists is dropped.
fn options(
    component: &Component,
    recorded: Option<&Options>,
    choices: &[Choice],
) -> Result<Options> {
    let specs = &component.manifest.options;
    let mut options = Options::new();
    for choice in choices {
        if choice.component != component.id {
            continue;
        }
        let Some(spec) = specs.get(&choice.option) else {
            return Err(unknown_option(component, &choice.option));
        };
        options.insert(choice.option.clone(), value(choice, spec)?);
    }
    for (name, spec) in specs {
        if options.contains_key(name) {
            continue;
        }
        let value = match recorded.and_then(|options| recorded_value(options, name, spec)) {
            Some(value) if spec.allows(value) => value,
            Some(value) => return Err(wrong_record(component, name, spec, value)),
            None => &spec.default,
        };
        options.insert(name.clone(), value.clone());
    }
    Ok(options)
}

/// What the lock recorded for an option, under its name or an earlier one.
fn recorded_value<'a>(
    recorded: &'a Options,
    name: &str,
    spec: &OptionSpec,
) -> Option<&'a toml::Value> {
    let earlier = || spec.renamed_from.iter().find_map(|old| recorded.get(old));
    recorded.get(name).or_else(earlier)
}

fn wrong_record(
    component: &Component,
    name: &str,
    spec: &OptionSpec,
    value: &toml::Value,
) -> Error {
    let id = &component.id;
    let text = |value: &toml::Value| {
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| value.to_string())
    };
    Error::conflict(
        "wrong-recorded-option",
        format!(
            "`.infra/` records `{}` for the option `{id}.{name}`, which must be {}",
            text(value),
            spec.allowed()
        ),
    )
    .hint(format!(
        "infra add {id} --set {id}.{name}={}",
        text(&spec.default)
    ))
}

fn unknown_option(component: &Component, name: &str) -> Error {
    let (id, specs) = (&component.id, &component.manifest.options);
    let error = Error::usage(
        "unknown-option",
        format!("the component `{id}` has no option `{name}`"),
    );
    let is_earlier = |spec: &OptionSpec| spec.renamed_from.iter().any(|old| old == name);
    if let Some((new, _)) = specs.iter().find(|(_, spec)| is_earlier(spec)) {
        return error.hint(format!("it is called `{id}.{new}` now"));
    }
    match did_you_mean(name, specs.keys().map(String::as_str)) {
        Some(meant) => error.hint(format!("did you mean `{id}.{meant}`?")),
        None => error.hint(format!("`infra info {id}` shows its options")),
    }
}

fn value(choice: &Choice, spec: &OptionSpec) -> Result<toml::Value> {
    let text = choice.value.as_str();
    let value = match spec.kind {
        OptionKind::Bool => text.parse().ok().map(toml::Value::Boolean),
        OptionKind::Integer => text.parse().ok().map(toml::Value::Integer),
        OptionKind::Text | OptionKind::Choice => Some(toml::Value::String(text.to_owned())),
    };
    let value = value.filter(|value| spec.allows(value));
    value.ok_or_else(|| {
        let error = Error::usage(
            "wrong-option-value",
            format!(
                "`{}.{}` must be {}, got `{text}`",
                choice.component,
                choice.option,
                spec.allowed()
            ),
        );
        match did_you_mean(text, spec.values.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error,
        }
    })
}

#[cfg(test)]
mod tests;
