//! What the editor knows of Compose: services and how they depend, listen and get their settings.

use std::collections::HashMap;

use super::data::Data;
use super::insert;
use super::port::{Port, TCP};
use super::{Compose, Tree, Value};
use crate::{EditError, Outcome, line_of};

/// What a Compose file says, as far as adding to it needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// The services in the order of the file.
    pub services: Vec<Service>,
    /// Names of the top-level volumes.
    pub volumes: Vec<String>,
    /// Paths of included files, as written.
    pub includes: Vec<String>,
}

/// A service, with what it gets by aliases and merge keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key under `services`.
    pub name: String,
    /// The line of its key, counted from 1; none if it comes by an alias.
    pub line: Option<usize>,
    /// The image as written, variables included.
    pub image: Option<String>,
    /// Whether it is built from source.
    pub build: bool,
    /// Ports: the short syntax as written, the long one as `host_ip:published:target`.
    pub ports: Vec<String>,
    /// The same ports in their parts.
    pub port_mappings: Vec<Port>,
    /// Names of the networks it joins.
    pub networks: Vec<String>,
    /// Whether it is on the network of its host.
    pub host_network: bool,
    /// Names of the profiles that start it.
    pub profiles: Vec<String>,
    /// Its `environment`, as far as values are given.
    pub environment: Vec<(String, String)>,
}

pub(super) fn file(tree: &Tree) -> File {
    let keys = |name: &str| tree.data.get(name).map(names).unwrap_or_default();
    let includes = tree
        .data
        .get("include")
        .map(Data::items)
        .unwrap_or_default();
    let paths = |data: &Data| match data.get("path") {
        Some(path) => path
            .text()
            .map_or_else(|| names(path), |path| vec![path.to_owned()]),
        None => data.text().map(str::to_owned).into_iter().collect(),
    };
    let services = tree
        .data
        .get("services")
        .map(Data::entries)
        .unwrap_or_default();
    let mut lines = lines(tree);
    File {
        services: services
            .iter()
            .map(|(name, data)| service(name, data, lines.remove(&**name)))
            .collect(),
        volumes: keys("volumes"),
        includes: includes.iter().flat_map(paths).collect(),
    }
}

/// The lines of the services' keys, in one pass.
fn lines(tree: &Tree) -> HashMap<&str, usize> {
    let services = tree.root.as_ref().and_then(|root| root.entry("services"));
    let (mut line, mut counted) = (1, 0);
    let keys = services.map_or(&[][..], |(_, all)| all.entries());
    keys.iter()
        .filter_map(|(key, _)| {
            line += line_of(&tree.text[counted..], key.start - counted) - 1;
            counted = key.start;
            Some((key.scalar()?, line))
        })
        .collect()
}

fn service(name: &str, data: &Data, line: Option<usize>) -> Service {
    let list = |name: &str| data.get(name).map(names).unwrap_or_default();
    let ports: Vec<_> = data
        .get("ports")
        .map(|ports| ports.items().iter().filter_map(port).collect())
        .unwrap_or_default();
    Service {
        name: name.to_owned(),
        line,
        image: data.get("image").and_then(Data::text).map(str::to_owned),
        build: data.get("build").is_some_and(|build| !build.is_empty()),
        ports: ports.iter().map(|(text, _)| text.clone()).collect(),
        port_mappings: ports.into_iter().map(|(_, port)| port).collect(),
        networks: list("networks"),
        host_network: data.get("network_mode").and_then(Data::text) == Some("host"),
        profiles: list("profiles"),
        environment: data.get("environment").map(pairs).unwrap_or_default(),
    }
}

fn is_list(data: &Data) -> bool {
    matches!(data.untagged(), Data::List(_))
}

/// The keys of a mapping or the texts of a list.
fn names(data: &Data) -> Vec<String> {
    let keys = data.entries().iter().map(|(key, _)| key.to_string());
    let texts = data
        .items()
        .iter()
        .filter_map(Data::text)
        .map(str::to_owned);
    keys.chain(texts).collect()
}

/// The entries of a mapping, or of a list of `key=value`.
fn pairs(data: &Data) -> Vec<(String, String)> {
    let entries = data.entries().iter();
    let entries =
        entries.filter_map(|(key, value)| Some((key.to_string(), value.text()?.to_owned())));
    let items = data.items().iter().filter_map(|item| {
        let (key, value) = item.text()?.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    });
    entries.chain(items).collect()
}

/// A port in the short syntax or the long one, with its text.
fn port(data: &Data) -> Option<(String, Port)> {
    if let Some(text) = data.text() {
        return Some((text.to_owned(), Port::parse(text)));
    }
    let part = |name: &str| data.get(name).and_then(Data::text).map(str::to_owned);
    let port = Port {
        host_ip: part("host_ip"),
        host: part("published"),
        container: part("target")?,
        protocol: part("protocol").unwrap_or_else(|| TCP.to_owned()),
    };
    Some((port.to_string(), port))
}

fn has_healthcheck(service: &Data) -> bool {
    let Some(check) = service.get("healthcheck").filter(|check| !check.is_empty()) else {
        return false;
    };
    let disabled = check.get("disable").and_then(Data::text) == Some("true");
    let test = check.get("test");
    let first = test.and_then(|test| test.text().or_else(|| test.items().first()?.text()));
    !disabled && first != Some("NONE")
}

impl Compose {
    /// Lets a service start after another: a bare name in a list, else with the condition
    /// `service_healthy` (`service_started` if the other one is known to have no healthcheck).
    ///
    /// # Errors
    ///
    /// [`EditError::Unsupported`] if there is no such service, or if the place cannot be edited without
    /// damage.
    pub fn add_dependency(&mut self, service: &str, on: &str) -> Result<Outcome, EditError> {
        let path = ["services", service, "depends_on"];
        self.expect_service(service)?;
        if service == on {
            return Err(self.tree.refuse(&path, "a service cannot depend on itself"));
        }
        let current = self.tree.data.at(&path);
        if current.is_some_and(|current| names(current).iter().any(|name| name == on)) {
            return Ok(Outcome::AlreadyPresent);
        }
        if current.is_some_and(is_list) {
            return self.add_item(&path, on, on);
        }
        let other = self.tree.data.at(&["services", on]);
        let condition = match other {
            Some(other) if !has_healthcheck(other) => "service_started",
            _ => "service_healthy",
        };
        let value = Value::Map(vec![("condition".to_owned(), Value::string(condition))]);
        self.add_entry(&["services", service, "depends_on", on], &value)
    }

    /// Gives a service an environment variable, unless it has one of this name with any value.
    ///
    /// # Errors
    ///
    /// As [`Compose::add_dependency`].
    pub fn add_environment(
        &mut self,
        service: &str,
        key: &str,
        value: &str,
    ) -> Result<Outcome, EditError> {
        let path = ["services", service, "environment"];
        self.expect_service(service)?;
        let current = self.tree.data.at(&path);
        let defines = |name: &String| name.split('=').next() == Some(key);
        if current.is_some_and(|current| names(current).iter().any(defines)) {
            return Ok(Outcome::AlreadyPresent);
        }
        if current.is_some_and(is_list) {
            return self.add_item(&path, key, &format!("{key}={value}"));
        }
        let value = self.like_last_value(&path, value);
        self.add_entry(&["services", service, "environment", key], &value)
    }

    fn expect_service(&self, service: &str) -> Result<(), EditError> {
        let path = ["services", service];
        match self.tree.data.at(&path) {
            Some(_) => Ok(()),
            None => Err(self.tree.refuse(&path, "there is no such service")),
        }
    }

    /// A string that is quoted if the last value of the mapping at `path` is.
    fn like_last_value(&self, path: &[&str], text: &str) -> Value {
        let map = path.iter().fold(self.tree.root.as_ref(), |node, name| {
            node.and_then(|node| node.entry(name))
                .map(|(_, value)| value)
        });
        let quoted = map
            .and_then(|map| map.entries().last())
            .is_some_and(|(_, value)| value.quote().is_some());
        match Value::string(text) {
            Value::Scalar { text, quoted: must } => Value::Scalar {
                text,
                quoted: must || quoted,
            },
            value => value,
        }
    }

    fn add_item(&mut self, path: &[&str], name: &str, item: &str) -> Result<Outcome, EditError> {
        let change = insert::item(&self.tree, path, name, item)?;
        let judge = |before: Option<&Data>, after: Option<&Data>| {
            before
                .zip(after)
                .is_some_and(|(before, after)| after.is_with_item(before, item))
        };
        self.commit(&change, path, &judge)
    }
}
