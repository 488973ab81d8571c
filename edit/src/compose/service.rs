//! What the editor knows of Compose: services and how they depend, listen and get their settings.

use std::collections::HashMap;

use super::document::Document;
use super::port::{Port, TCP};
use super::yaml_value::YamlValue;
use crate::text::line_of;

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
    /// Whether the file gives it a healthcheck that is not disabled.
    pub healthcheck: bool,
    /// Names of the services it depends on.
    pub depends_on: Vec<String>,
    /// Names of the volumes it mounts.
    pub volumes: Vec<String>,
}

pub(super) fn file(document: &Document) -> File {
    let keys = |name: &str| document.data.get(name).map(names).unwrap_or_default();
    let includes = document
        .data
        .get("include")
        .map(YamlValue::items)
        .unwrap_or_default();
    let paths = |data: &YamlValue| match data.get("path") {
        Some(path) => path
            .text()
            .map_or_else(|| names(path), |path| vec![path.to_owned()]),
        None => data.text().map(str::to_owned).into_iter().collect(),
    };
    let services = document
        .data
        .get("services")
        .map(YamlValue::entries)
        .unwrap_or_default();
    let mut lines = lines(document);
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
fn lines(document: &Document) -> HashMap<&str, usize> {
    let services = document
        .root
        .as_ref()
        .and_then(|root| root.entry("services"));
    let (mut line, mut counted) = (1, 0);
    let keys = services.map_or(&[][..], |(_, all)| all.entries());
    keys.iter()
        .filter_map(|(key, _)| {
            line += line_of(&document.text[counted..], key.start - counted) - 1;
            counted = key.start;
            Some((key.scalar()?, line))
        })
        .collect()
}

fn service(name: &str, data: &YamlValue, line: Option<usize>) -> Service {
    let list = |name: &str| data.get(name).map(names).unwrap_or_default();
    let ports: Vec<_> = data
        .get("ports")
        .map(|ports| ports.items().iter().filter_map(port).collect())
        .unwrap_or_default();
    Service {
        name: name.to_owned(),
        line,
        image: data
            .get("image")
            .and_then(YamlValue::text)
            .map(str::to_owned),
        build: data.get("build").is_some_and(|build| !build.is_empty()),
        ports: ports.iter().map(|(text, _)| text.clone()).collect(),
        port_mappings: ports.into_iter().map(|(_, port)| port).collect(),
        networks: list("networks"),
        host_network: data.get("network_mode").and_then(YamlValue::text) == Some("host"),
        profiles: list("profiles"),
        environment: data.get("environment").map(pairs).unwrap_or_default(),
        healthcheck: has_healthcheck(data),
        depends_on: data.get("depends_on").map(names).unwrap_or_default(),
        volumes: mounted(data),
    }
}

pub(super) fn is_list(data: &YamlValue) -> bool {
    matches!(data.untagged(), YamlValue::List(_))
}

/// The keys of a mapping or the texts of a list.
pub(super) fn names(data: &YamlValue) -> Vec<String> {
    let keys = data.entries().iter().map(|(key, _)| key.to_string());
    let texts = data
        .items()
        .iter()
        .filter_map(YamlValue::text)
        .map(str::to_owned);
    keys.chain(texts).collect()
}

/// The entries of a mapping, or of a list of `key=value`.
fn pairs(data: &YamlValue) -> Vec<(String, String)> {
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
fn port(data: &YamlValue) -> Option<(String, Port)> {
    if let Some(text) = data.text() {
        return Some((text.to_owned(), Port::parse(text)));
    }
    let part = |name: &str| data.get(name).and_then(YamlValue::text).map(str::to_owned);
    let port = Port {
        host_ip: part("host_ip"),
        host: part("published"),
        container: part("target")?,
        protocol: part("protocol").unwrap_or_else(|| TCP.to_owned()),
    };
    Some((port.to_string(), port))
}

/// The names of the volumes that a service mounts: `data` of `data:/var/lib` and of
/// `{type: volume, source: data, target: /var/lib}`.
fn mounted(service: &YamlValue) -> Vec<String> {
    let mounts = service.get("volumes").map(YamlValue::items);
    let source = |mount: &YamlValue| match mount.text() {
        Some(text) => text.split(':').next().map(str::to_owned),
        None => mount
            .get("source")
            .and_then(YamlValue::text)
            .map(str::to_owned),
    };
    let sources = mounts.unwrap_or_default().iter().filter_map(source);
    sources
        .filter(|source| !source.starts_with(['.', '/', '~', '$']))
        .collect()
}

pub(super) fn has_healthcheck(service: &YamlValue) -> bool {
    let Some(check) = service.get("healthcheck").filter(|check| !check.is_empty()) else {
        return false;
    };
    let disabled = check.get("disable").and_then(YamlValue::text) == Some("true");
    let test = check.get("test");
    let first = test.and_then(|test| test.text().or_else(|| test.items().first()?.text()));
    !disabled && first != Some("NONE")
}
