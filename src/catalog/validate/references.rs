//! What a manifest names: components, frameworks, options, variables and services.

use std::collections::BTreeSet;

use super::{
    super::{
        changelog::sections,
        manifest::{OptionKind, OptionSpec},
    },
    Faults, Subject,
    node::Node,
    options_in, services,
};
use crate::error::did_you_mean;

/// Names that no module of Rust and so no component can have.
const RESERVED: [&str; 6] = ["std", "core", "alloc", "crate", "self", "super"];

pub(super) fn check(subject: &Subject<'_>, faults: &mut Faults) {
    check_id(subject, faults);
    for key in ["summary", "category"] {
        if subject.root.text_at(key).is_none_or(str::is_empty) {
            faults.add(0, format!("`{key}` is missing"));
        }
    }
    check_components(subject, faults);
    check_replaced(subject, faults);
    check_keywords(subject, faults);
    check_files(subject, faults);
    check_changelog(subject, faults);
    check_frameworks(subject, faults);
    check_options(subject, faults);
    check_conditions(subject, faults);
    check_dependencies(subject, faults);
    check_routes(subject, faults);
    check_probes(subject, faults);
    check_compose(subject, faults);
}

/// ` (did you mean `x`?)`, or nothing.
pub(super) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(word, known)
        .map(|meant| format!("; did you mean `{meant}`?"))
        .unwrap_or_default()
}

fn check_id(subject: &Subject<'_>, faults: &mut Faults) {
    let id = subject.id;
    let is_word = id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    let is_keyword = syn::parse_str::<syn::Ident>(&id.replace('-', "_")).is_err();
    if !is_word {
        faults.add(
            0,
            format!("`{id}` is no id: lower-case letters, digits and `-` only"),
        );
    } else if is_keyword || RESERVED.contains(&id) {
        faults.add(0, format!("`{id}` is reserved in Rust and cannot be an id"));
    }
}

fn check_components(subject: &Subject<'_>, faults: &mut Faults) {
    for key in ["requires", "conflicts"] {
        for (id, position) in subject.nodes_in(key) {
            if id == subject.id {
                faults.add(position, format!("`{key}` names the component itself"));
            } else if !subject.catalog.components.contains_key(id) {
                let meant = suggestion(id, subject.catalog.ids());
                faults.add(
                    position,
                    format!("`{key}`: there is no component `{id}`{meant}"),
                );
            }
        }
    }
    let required: BTreeSet<&str> = subject.required.iter().map(|c| c.id.as_str()).collect();
    for (id, position) in subject.nodes_in("conflicts") {
        if required.contains(id) {
            faults.add(
                position,
                format!("`{id}` is required and cannot conflict as well"),
            );
        }
    }
}

/// A component that replaces another is not that other.
fn check_replaced(subject: &Subject<'_>, faults: &mut Faults) {
    for (id, position) in subject.nodes_in("replaces") {
        if subject.catalog.components.contains_key(id) {
            faults.add(
                position,
                format!("`replaces`: there still is a component `{id}`"),
            );
        }
    }
}

fn check_keywords(subject: &Subject<'_>, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for (word, position) in subject.nodes_in("keywords") {
        if word.trim().is_empty() || word.to_lowercase() != word {
            faults.add(
                position,
                format!("`{word}` is no keyword: write it in lower case"),
            );
        } else if !seen.insert(word) {
            faults.add(position, format!("the keyword `{word}` is there twice"));
        }
    }
}

/// A changelog, where there is one, has a section of the version.
fn check_changelog(subject: &Subject<'_>, faults: &mut Faults) {
    let Some(text) = subject.files.get("CHANGELOG.md") else {
        return;
    };
    let Some(node) = subject.root.get("version") else {
        return;
    };
    let version = node.text().unwrap_or_default();
    let sections = sections(text);
    if !sections
        .iter()
        .any(|(known, _)| known.to_string() == version)
    {
        let message = format!("CHANGELOG.md has no section `## {version}`");
        faults.add(node.start(), message);
    }
}

/// Renamed files, and the lines of `.gitignore`.
fn check_files(subject: &Subject<'_>, faults: &mut Faults) {
    let exists = |path: &str| subject.files.get(&format!("tree/{path}")).is_some();
    let renamed = subject.root.get("renamed-files").map(Node::entries);
    for (old, position, new) in renamed.unwrap_or_default() {
        if exists(old) {
            faults.add(
                position,
                format!("`renamed-files`: there still is a file `tree/{old}`"),
            );
        }
        let path = new.text().unwrap_or_default();
        if !exists(path) {
            faults.add(
                new.start(),
                format!("`renamed-files`: there is no file `tree/{path}`"),
            );
        }
    }
    for (line, position) in subject.nodes_in("gitignore") {
        let is_pattern = !line.is_empty() && line.trim() == line && !line.starts_with(['!', '#']);
        if !is_pattern || line.contains('\n') {
            faults.add(
                position,
                format!("`gitignore`: `{line}` is no pattern of one line"),
            );
        }
    }
}

fn check_frameworks(subject: &Subject<'_>, faults: &mut Faults) {
    let known = subject.catalog.frameworks();
    let names = || known.iter().map(String::as_str);
    for (name, position) in subject.nodes_in("frameworks") {
        if !known.iter().any(|known| known == name) {
            let meant = suggestion(name, names());
            faults.add(position, format!("there is no framework `{name}`{meant}"));
        }
    }
}

fn check_options(subject: &Subject<'_>, faults: &mut Faults) {
    let options = subject.root.get("options");
    for (name, position, node) in options.map(Node::entries).unwrap_or_default() {
        let Some(spec) = subject.option(name) else {
            continue;
        };
        let default = node.get("default").map_or(position, Node::start);
        if !spec.allows(&spec.default) {
            let allowed = spec.allowed();
            faults.add(
                default,
                format!("the default of `{name}` must be {allowed}"),
            );
        }
        for earlier in node.list("renamed-from") {
            let earlier_name = earlier.text().unwrap_or_default();
            if subject.option(earlier_name).is_some() {
                let message = format!("`renamed-from`: there still is an option `{earlier_name}`");
                faults.add(earlier.start(), message);
            }
        }
        if let (false, Some(values)) = (spec.kind == OptionKind::Choice, node.get("values")) {
            faults.add(
                values.start(),
                "only an option of type `choice` has `values`",
            );
        }
    }
}

fn check_conditions(subject: &Subject<'_>, faults: &mut Faults) {
    let options = subject.options();
    let environment = minijinja::Environment::empty();
    for layer in &subject.layers {
        let Some(condition) = layer.get("if") else {
            continue;
        };
        let text = condition.text().unwrap_or_default();
        match environment.compile_expression(text) {
            Err(error) => {
                faults.add(condition.start(), format!("`if` is no expression: {error}"));
            }
            // Requirements are settled before anything is known of the project.
            Ok(expression) if layer.get("requires").is_some() => {
                let mut names = expression.undeclared_variables(false).into_iter();
                if let Some(name) = names.find(|name| name != "options") {
                    let message = format!(
                        "with `requires` the `if` may ask for `options` only, not for `{name}`"
                    );
                    faults.add(condition.start(), message);
                }
            }
            Ok(_) => {}
        }
        for option in options_in(text) {
            if !options.contains(option) {
                let meant = suggestion(option, options.iter().copied());
                faults.add(
                    condition.start(),
                    format!("there is no option `{option}`{meant}"),
                );
            }
        }
    }
}

fn check_dependencies(subject: &Subject<'_>, faults: &mut Faults) {
    for table in ["dependencies", "dev-dependencies"] {
        let tables = subject.layers.iter().filter_map(|layer| layer.get(table));
        for (name, _, node) in tables.flat_map(Node::entries) {
            let version = node.get("version").unwrap_or(node);
            let Some(text) = version.text() else {
                continue;
            };
            if let Err(error) = semver::VersionReq::parse(text) {
                faults.add(
                    version.start(),
                    format!("`{name}`: `{text}` is no version requirement: {error}"),
                );
            }
        }
    }
}

fn check_routes(subject: &Subject<'_>, faults: &mut Faults) {
    let (variables, options) = (subject.variables(), subject.options());
    for route in subject.layers.iter().flat_map(|layer| layer.list("routes")) {
        for node in route.list("moved-by") {
            let name = node.text().unwrap_or_default();
            if !variables.contains(name) {
                let meant = suggestion(name, variables.iter().copied());
                faults.add(
                    node.start(),
                    format!("`moved-by`: there is no variable `{name}`{meant}"),
                );
            }
        }
        let Some(option) = route.get("option") else {
            continue;
        };
        let name = option.text().unwrap_or_default();
        if !options.contains(name) {
            let meant = suggestion(name, options.iter().copied());
            faults.add(
                option.start(),
                format!("there is no option `{name}`{meant}"),
            );
        }
    }
}

fn check_probes(subject: &Subject<'_>, faults: &mut Faults) {
    let variables = subject.variables();
    for probe in subject.layers.iter().flat_map(|layer| layer.list("probe")) {
        let Some(name) = probe.get("env") else {
            continue;
        };
        let text = name.text().unwrap_or_default();
        if !variables.contains(text) {
            let meant = suggestion(text, variables.iter().copied());
            faults.add(
                name.start(),
                format!("`probe`: there is no variable `{text}`{meant}"),
            );
        }
    }
}

fn check_compose(subject: &Subject<'_>, faults: &mut Faults) {
    let own = &subject.services;
    let required: BTreeSet<String> = subject
        .required
        .iter()
        .flat_map(|component| services(component.compose()))
        .collect();
    for compose in subject
        .layers
        .iter()
        .filter_map(|layer| layer.get("compose"))
    {
        let images = compose.get("images").map(Node::entries);
        for (service, position, _) in images.unwrap_or_default() {
            if !own.contains(service) {
                let meant = suggestion(service, own.iter().map(String::as_str));
                faults.add(
                    position,
                    format!("`compose.images`: compose.yml has no service `{service}`{meant}"),
                );
            }
        }
        let renamed = compose.get("renamed-from").map(Node::entries);
        for (service, position, earlier) in renamed.unwrap_or_default() {
            if !own.contains(service) {
                let message = format!("`renamed-from`: compose.yml has no service `{service}`");
                faults.add(position, message);
            }
            for name in earlier.items() {
                let text = name.text().unwrap_or_default();
                if own.contains(text) {
                    let message = format!("`renamed-from`: there still is a service `{text}`");
                    faults.add(name.start(), message);
                }
            }
        }
        for switch in compose.list("switch") {
            let Some(node) = switch.get("service") else {
                continue;
            };
            let service = node.text().unwrap_or_default();
            if !required.contains(service) {
                faults.add(
                    node.start(),
                    format!("`compose.switch`: no required component has a service `{service}`"),
                );
            }
        }
    }
}

impl Subject<'_> {
    /// The typed form of an option.
    fn option(&self, name: &str) -> Option<OptionSpec> {
        let text = self.files.get(super::MANIFEST)?;
        let table: toml::Table = toml::from_str(text).ok()?;
        let options = table.get("options")?.as_table()?;
        options.get(name)?.clone().try_into().ok()
    }
}
