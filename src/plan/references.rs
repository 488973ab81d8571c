//! What a shared file still refers to: an entry that something uses must not be taken out.

use std::collections::BTreeSet;

use infra_edit::{Format, compose};

use crate::lock::Fragment;

use super::format::format_of;

/// What refers to a fragment in a text from which it was taken out; none if nothing does.
///
/// `inherited` has the crates of the workspace that other packages inherit.
pub(super) fn user_of(
    text: &str,
    fragment: &Fragment,
    inherited: &BTreeSet<String>,
) -> Option<String> {
    // An extended feature list or another image goes back to what it was.
    if !fragment.before.is_empty() {
        return None;
    }
    match format_of(&fragment.file) {
        Format::Compose => service_with(text, &fragment.pointer),
        Format::CargoToml => crate_user(text, &fragment.pointer, inherited),
        Format::Dotenv | Format::Gitignore | Format::Rust => None,
    }
}

/// The service that mounts a volume or waits for a service.
fn service_with(text: &str, pointer: &str) -> Option<String> {
    let parts: Vec<&str> = pointer.split('/').collect();
    let file = compose::read(text).ok()?;
    let is_user = |service: &&compose::Service| match parts.as_slice() {
        ["", "volumes", name] => service.volumes.iter().any(|volume| volume == name),
        ["", "services", name] => service.depends_on.iter().any(|other| other == name),
        _ => false,
    };
    let found = file.services.iter().find(is_user)?;
    Some(format!("the service `{}`", found.name))
}

/// The feature that names a crate, or the other package that inherits it.
fn crate_user(text: &str, pointer: &str, inherited: &BTreeSet<String>) -> Option<String> {
    let (table, name) = pointer.split_once('/')?;
    if table == "workspace.dependencies" {
        let is_used = inherited.contains(name);
        return is_used.then(|| "another package of the workspace".to_owned());
    }
    let manifest: toml::Table = toml::from_str(text).ok()?;
    let remains = |table: &str| manifest.get(table).is_some_and(|t| t.get(name).is_some());
    if table != "dependencies" || remains("dependencies") {
        return None;
    }
    let features = manifest.get("features")?.as_table()?;
    let names_it = |value: &toml::Value| {
        let text = value.as_str().unwrap_or_default();
        let text = text.strip_prefix("dep:").unwrap_or(text);
        let named = text.split_once('/').map_or(text, |(named, _)| named);
        let is_optional =
            text.contains('/') || value.as_str().is_some_and(|v| v.starts_with("dep:"));
        is_optional && named.trim_end_matches('?') == name
    };
    let mut features = features.iter();
    let found = features.find(|(_, list)| {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().any(names_it)
    })?;
    Some(format!("the feature `{}`", found.0))
}
