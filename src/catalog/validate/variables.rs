//! The rows of variables: names, kinds, defaults and bounds, and the services that their values name.

use std::collections::BTreeSet;

use super::{Faults, Subject, node::Node, references::suggestion};
use crate::catalog::manifest::EnvKind;

/// The functions that look up a service of the component.
const SERVICE_FUNCTIONS: [&str; 4] = ["port(", "service(", "setting(", "secret("];

pub(super) fn check(subject: &Subject<'_>, faults: &mut Faults) {
    check_names(subject, faults);
    let variables = subject.variables();
    for row in subject.layers.iter().flat_map(|layer| layer.list("env")) {
        check_default(row, faults);
        check_bounds(row, faults);
        for earlier in row.list("renamed-from") {
            let name = earlier.text().unwrap_or_default();
            if variables.contains(name) {
                let message = format!("`renamed-from`: there still is a variable `{name}`");
                faults.add(earlier.start(), message);
            }
        }
        for key in ["example", "compose"] {
            if let Some(value) = row.get(key) {
                check_services(subject, value, faults);
            }
        }
    }
    for next in subject.layers.iter().flat_map(|layer| layer.list("next")) {
        check_services(subject, next, faults);
    }
    let has_rows = subject
        .layers
        .iter()
        .any(|layer| !layer.list("env").is_empty());
    let settings = subject
        .layers
        .iter()
        .find_map(|layer| layer.get("settings"));
    if has_rows && settings.is_none() {
        faults.add(
            0,
            "there are variables, but no `[settings] type` that holds them",
        );
    }
}

/// Names and fields are unique in every combination of `[[when]]`. Two of these may exclude each
/// other, so that only the top of the manifest is compared with each.
fn check_names(subject: &Subject<'_>, faults: &mut Faults) {
    for key in ["name", "field"] {
        let mut top = BTreeSet::new();
        for (index, layer) in subject.layers.iter().enumerate() {
            let mut seen = top.clone();
            for node in layer.list("env").iter().filter_map(|row| row.get(key)) {
                let text = node.text().unwrap_or_default();
                if !seen.insert(text) {
                    let message = format!("another variable has the {key} `{text}`");
                    faults.add(node.start(), message);
                }
            }
            if index == 0 {
                top = seen;
            }
        }
    }
}

fn kind(row: Node<'_>) -> Option<EnvKind> {
    let kind = row.text_at("kind")?;
    toml::Value::String(kind.to_owned()).try_into().ok()
}

fn check_default(row: Node<'_>, faults: &mut Faults) {
    let name = row.text_at("name").unwrap_or_default();
    let may_be_unset = row.is_true("optional") || row.get("required").is_some();
    match (row.get("default"), may_be_unset) {
        (None, false) => faults.add(
            row.start(),
            format!("`{name}` needs `default`, `optional = true` or `required`"),
        ),
        (Some(default), true) => faults.add(
            default.start(),
            format!("`{name}` may be unset, so its `default` is never used"),
        ),
        _ => {}
    }
}

fn check_bounds(row: Node<'_>, faults: &mut Faults) {
    let Some(kind) = kind(row) else {
        return;
    };
    let mut number = |key: &str| -> Option<f64> {
        let node = row.get(key)?;
        let text = node.text()?;
        // The value is an expression, known only when it is rendered.
        if text.contains("/*=") {
            return None;
        }
        match kind.parse(text) {
            Ok(number) => number,
            Err(expected) => {
                faults.add(
                    node.start(),
                    format!("`{key}` must be {expected}, got `{text}`"),
                );
                None
            }
        }
    };
    let (default, min, max) = (number("default"), number("min"), number("max"));
    for (key, other) in [("min", "max"), ("max", "min")] {
        let Some(bound) = row.get(key) else {
            continue;
        };
        if !kind.has_order() {
            let message = format!("`{key}` makes no sense for a value of this kind");
            faults.add(bound.start(), message);
        } else if row.get(other).is_none() || row.get("default").is_none() {
            let message = format!("`{key}` needs `{other}` and `default` beside it");
            faults.add(bound.start(), message);
        }
    }
    let is_outside =
        |value: &f64| min.is_some_and(|min| *value < min) || max.is_some_and(|max| *value > max);
    let outside = default.filter(is_outside).and(row.get("default"));
    if let Some(node) = outside {
        faults.add(node.start(), "`default` is not between `min` and `max`");
    }
}

/// `port('mail')` and its like name a service of the component's compose.yml.
fn check_services(subject: &Subject<'_>, value: Node<'_>, faults: &mut Faults) {
    let text = value.text().unwrap_or_default();
    for function in SERVICE_FUNCTIONS {
        for rest in text.split(function).skip(1) {
            let service = rest.trim_start_matches(['\'', '"']);
            let end = service.find(['\'', '"']).unwrap_or(0);
            let service = &service[..end];
            if !subject.services.contains(service) {
                let known = subject.services.iter().map(String::as_str);
                let meant = suggestion(service, known);
                faults.add(
                    value.start(),
                    format!("compose.yml has no service `{service}`{meant}"),
                );
            }
        }
    }
}
