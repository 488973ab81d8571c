//! The ground that services are added to: what the compose files say, which ports are taken, which
//! service is the app.

use std::collections::BTreeSet;

use crate::{
    edit::{
        compose::{File, Service, Value},
        dotenv,
    },
    path::ProjectPath,
};

use super::images::family;

/// What the compose files say before the component is added.
pub(super) struct Ground {
    pub(super) main: File,
    pub(super) all: Vec<(ProjectPath, Service)>,
    pub(super) variables: Vec<dotenv::Variable>,
}

fn image_of(value: &Value) -> Option<&str> {
    match value {
        Value::Map(entries) => entries.iter().find_map(|(key, value)| match value {
            Value::Scalar { text, .. } if key == "image" => Some(text.as_str()),
            _ => None,
        }),
        _ => None,
    }
}

impl Ground {
    /// A service that plays the role already: of one of the image families, the same name first.
    pub(super) fn playing<'a>(
        &'a self,
        name: &str,
        value: &Value,
        families: &[String],
    ) -> Option<(&'a ProjectPath, &'a Service)> {
        let brings = image_of(value).map(family);
        let plays = |service: &Service| {
            let found = service.image.as_deref().map(family);
            found.is_some_and(|found| families.contains(&found) || brings.as_ref() == Some(&found))
        };
        let mut same: Vec<_> = self
            .all
            .iter()
            .filter(|(_, service)| plays(service))
            .collect();
        same.sort_by_key(|(_, service)| service.name != name);
        same.first().map(|(file, service)| (file, service))
    }

    /// The service that is built from this project; none if that is not certain.
    pub(super) fn app(&self, package: &str) -> Option<&str> {
        let built: Vec<&Service> = self.main.services.iter().filter(|s| s.build).collect();
        match built.as_slice() {
            [only] => Some(&only.name),
            _ => built
                .iter()
                .find(|service| service.name == package)
                .map(|service| service.name.as_str()),
        }
    }

    /// The network that a new service must join to be reached.
    pub(super) fn network(&self, package: &str) -> Option<&str> {
        let of = |service: &Service| service.networks.first().cloned();
        if let Some(app) = self.app(package) {
            let app = self
                .main
                .services
                .iter()
                .find(|service| service.name == app)?;
            return app.networks.first().map(String::as_str);
        }
        let all: BTreeSet<Option<String>> = self.main.services.iter().map(of).collect();
        match all.len() {
            1 => self
                .main
                .services
                .first()?
                .networks
                .first()
                .map(String::as_str),
            _ => None,
        }
    }

    /// The host port of a port mapping, as far as variables can be known.
    pub(super) fn published(&self, mapping: &str) -> Option<String> {
        host_port(mapping, |name| self.variable(name))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let found = self.variables.iter().find(|found| found.key == name);
        found.and_then(|found| found.value.clone())
    }

    /// The port that a mapping asks for, or the next free one and who has the first.
    pub(super) fn free(&self, mapping: &str) -> (u16, Option<String>) {
        let wanted = self.published(mapping).and_then(|port| port.parse().ok());
        let Some(wanted) = wanted.or_else(|| default_port(mapping)) else {
            return (0, None);
        };
        let taken: Vec<(u16, &str)> = self
            .all
            .iter()
            .flat_map(|(_, service)| service.ports.iter().map(move |port| (port, service)))
            .filter_map(|(port, service)| {
                Some((self.published(port)?.parse().ok()?, service.name.as_str()))
            })
            .collect();
        let by = |port: u16| taken.iter().find(|(other, _)| *other == port);
        let Some((_, holder)) = by(wanted) else {
            return (wanted, None);
        };
        let free = (wanted..u16::MAX).find(|port| by(*port).is_none());
        (free.unwrap_or(wanted), Some((*holder).to_owned()))
    }
}

/// The short port mappings of a service.
pub(super) fn ports_of(service: &mut Value) -> impl Iterator<Item = &mut String> {
    let entries = match service {
        Value::Map(entries) => entries.as_mut_slice(),
        _ => &mut [],
    };
    let ports = entries.iter_mut().find(|(key, _)| key == "ports");
    let list = match ports {
        Some((_, Value::List { items, .. })) => items.as_mut_slice(),
        _ => &mut [],
    };
    list.iter_mut().filter_map(|item| match item {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    })
}

/// The host port of `[ip:]host:container[/protocol]`, with variables resolved.
fn host_port(mapping: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let resolved = substitute(mapping, variable)?;
    let parts: Vec<&str> = resolved.split(':').collect();
    match parts.as_slice() {
        [_] => None,
        [.., host, _] if !host.is_empty() => Some((*host).to_owned()),
        _ => None,
    }
}

/// Replaces `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `$NAME`.
fn substitute(text: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}')?;
            let (name, default) = match inner[..end].split_once([':', '-', '?', '+']) {
                Some((name, tail)) => (name, tail.strip_prefix('-').unwrap_or(tail)),
                None => (&inner[..end], ""),
            };
            let value = variable(name).filter(|value| !value.is_empty());
            out.push_str(value.as_deref().unwrap_or(default));
            rest = &inner[end + 1..];
        } else {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            out.push_str(&variable(&rest[..end]).unwrap_or_default());
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The host port that a service of ours asks for, empty if it publishes none.
pub(super) fn usual_port(service: &Value) -> String {
    let mut service = service.clone();
    let port = ports_of(&mut service).find_map(|port| default_port(port));
    port.map_or_else(String::new, |port| port.to_string())
}

pub(super) fn default_port(mapping: &str) -> Option<u16> {
    host_port(mapping, |_| None)?.parse().ok()
}

/// The mapping with another default port on the host.
pub(super) fn with_port(mapping: &str, port: u16) -> String {
    let old = default_port(mapping).unwrap_or_default();
    match mapping.find(&format!(":-{old}}}")) {
        Some(at) => {
            let end = at + 2 + old.to_string().len();
            format!("{}:-{port}{}", &mapping[..at], &mapping[end..])
        }
        None => mapping.replacen(&format!("{old}:"), &format!("{port}:"), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_port_is_found_through_variables() {
        let port = |mapping| {
            host_port(mapping, |name| {
                (name == "REDIS_PORT").then(|| "8000".to_owned())
            })
        };
        assert_eq!(port("6379:6379").as_deref(), Some("6379"));
        assert_eq!(port("0.0.0.0:${REDIS_PORT}:6379").as_deref(), Some("8000"));
        assert_eq!(
            port("127.0.0.1:${OTHER:-6380}:6379/tcp").as_deref(),
            Some("6380")
        );
        assert_eq!(port("$REDIS_PORT:6379").as_deref(), Some("8000"));
        assert_eq!(port("6379"), None);
    }

    #[test]
    fn another_default_keeps_the_variable() {
        let mapping = "127.0.0.1:${REDIS_PORT:-6379}:6379";
        assert_eq!(
            with_port(mapping, 6380),
            "127.0.0.1:${REDIS_PORT:-6380}:6379"
        );
        assert_eq!(
            with_port("127.0.0.1:6379:6379", 6380),
            "127.0.0.1:6380:6379"
        );
    }
}
