//! Values of a manifest that depend on the user's compose file. They are rendered after the plan knows it.

use std::collections::BTreeMap;

use crate::error::Result;

use super::{template_engine::environment, template_error};

/// Texts by name.
type Names = BTreeMap<String, String>;

/// Marks a secret that must not be copied.
const UNKNOWN: char = '\0';

/// Ports, names and environment of a component's services, by the names in the component.
#[derive(Clone, Debug, Default)]
pub struct ServiceBindings {
    /// The port on this machine.
    pub ports: Names,
    /// Whether a service stays as an earlier version added it, because the user has edited it. Then
    /// what depends on its ports stays too.
    pub is_stale: bool,
    /// The name in the compose file.
    pub services: Names,
    /// The `environment` as it is written in the compose file.
    pub written: BTreeMap<String, Names>,
    /// The same with defaults in the place of variables.
    pub resolved: BTreeMap<String, Names>,
}

/// The reader of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A program on this machine.
    Host,
    /// A service in the compose file.
    Container,
}

/// Fills what a row's example or compose value says of services: `port('redis')`, `service('redis')`,
/// `setting('postgres', 'POSTGRES_USER', 'postgres')` (a key of its environment, and what it is where
/// it is missing) and `secret(..)`, the same for what must not be copied: a text of the user's own is
/// `PASSWORD` on this machine. None where such a text would be needed in the compose file.
///
/// # Errors
///
/// The expression is wrong or names a service that the component does not bring.
pub fn render_deferred(
    template: &str,
    bindings: &ServiceBindings,
    side: Endpoint,
) -> Result<Option<String>> {
    let mut environment = environment("component.toml")?;
    for (name, map) in [("port", &bindings.ports), ("service", &bindings.services)] {
        let map = map.clone();
        environment.add_function(name, move |key: String| {
            map.get(&key).cloned().ok_or_else(|| {
                let why = format!("the component brings no service `{key}`");
                minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, why)
            })
        });
    }
    let known = match side {
        Endpoint::Host => bindings.resolved.clone(),
        Endpoint::Container => bindings.written.clone(),
    };
    let get = |known: &BTreeMap<String, Names>, service: &str, key: &str| {
        known.get(service).and_then(|names| names.get(key)).cloned()
    };
    let all = known.clone();
    environment.add_function(
        "setting",
        move |service: String, key: String, other: String| {
            get(&all, &service, &key).unwrap_or(other)
        },
    );
    environment.add_function(
        "secret",
        move |service: String, key: String, other: String| {
            match (get(&known, &service, &key), side) {
                (Some(value), _) if value == other => value,
                // A variable refers to the secret without containing it.
                (Some(value), Endpoint::Container) if value.starts_with("${") => value,
                (_, Endpoint::Host) => "PASSWORD".to_owned(),
                (_, Endpoint::Container) => UNKNOWN.to_string(),
            }
        },
    );
    let text = environment
        .render_str(template, ())
        .map_err(|error| template_error("component", "component.toml", &error))?;
    Ok(Some(text).filter(|text| !text.contains(UNKNOWN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_the_users_is_named_by_its_variable_or_not_at_all() {
        let template = "/*= setting('db', 'NAME', 'app') =*/:/*= secret('db', 'WORD', 'dev') =*/";
        for (written, resolved, inside, here) in [
            ("${WORD}", "", Some("shop:${WORD}"), "shop:PASSWORD"),
            ("${WORD:-dev}", "dev", Some("shop:${WORD:-dev}"), "shop:dev"),
            ("dev", "dev", Some("shop:dev"), "shop:dev"),
            ("hush", "hush", None, "shop:PASSWORD"),
        ] {
            let settings = |word: &str| {
                let names = [("NAME", "shop"), ("WORD", word)];
                let names = names.map(|(key, value)| (key.to_owned(), value.to_owned()));
                BTreeMap::from_iter([("db".to_owned(), Names::from_iter(names))])
            };
            let bindings = ServiceBindings {
                written: settings(written),
                resolved: settings(resolved),
                ..ServiceBindings::default()
            };
            let network = render_deferred(template, &bindings, Endpoint::Container).unwrap();
            assert_eq!(network.as_deref(), inside, "{written}");
            let machine = render_deferred(template, &bindings, Endpoint::Host).unwrap();
            assert_eq!(machine.as_deref(), Some(here), "{written}");
        }
    }
}
