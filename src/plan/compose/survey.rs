//! A survey of the compose files before services are added: which services are there, which ports
//! are taken, which service is the app.

use std::collections::BTreeSet;

use infra_edit::{
    compose::{File, Service, Value},
    dotenv,
};

use crate::path::ProjectPath;

use super::{
    image_name::family,
    ports::{container_port, default_port, host_port, range, substitute},
};

/// Words in the names of compose files whose services do not run on a developer's machine.
const NON_LOCAL_PARTS: [&str; 10] = [
    "ci",
    "e2e",
    "prod",
    "production",
    "release",
    "stage",
    "staging",
    "test",
    "testing",
    "tests",
];

/// What the compose files say before the component is added.
pub(super) struct ComposeSurvey {
    pub(super) file: ProjectPath,
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

fn is_local(file: &ProjectPath) -> bool {
    let mut parts = file.name().split(['.', '-', '_']);
    parts.all(|part| !NON_LOCAL_PARTS.contains(&part))
}

impl ComposeSurvey {
    /// A service that plays the role already: of one of the image families, in the main file or in
    /// one for development, the same name first.
    pub(super) fn find_existing_service<'a>(
        &'a self,
        name: &str,
        value: &Value,
        families: &[String],
    ) -> Option<(&'a ProjectPath, &'a Service)> {
        let brings = image_of(value).map(family);
        let plays = |service: &Service| {
            let image = service.image.as_deref();
            let found = image.map(|image| family(&self.resolve(image)));
            found.is_some_and(|found| families.contains(&found) || brings.as_ref() == Some(&found))
        };
        let found = self
            .all
            .iter()
            .filter(|(file, service)| (*file == self.file || is_local(file)) && plays(service));
        let found = found.min_by_key(|(file, service)| (*file != self.file, service.name != name));
        found.map(|(file, service)| (file, service))
    }

    /// The service that is built from this project; none if that is not certain.
    pub(super) fn app(&self, package: &str) -> Option<&Service> {
        let elsewhere: BTreeSet<&str> = self
            .all
            .iter()
            .filter(|(file, other)| other.build && is_local(file))
            .map(|(_, other)| other.name.as_str())
            .collect();
        let builds =
            |service: &&Service| service.build || elsewhere.contains(service.name.as_str());
        let built: Vec<&Service> = self.main.services.iter().filter(builds).collect();
        match built.as_slice() {
            [only] => Some(only),
            _ => built.into_iter().find(|service| service.name == package),
        }
    }

    /// The network that a new service must join to be reached: that of the app, else one that all
    /// others are in.
    pub(super) fn network(&self, package: &str) -> Option<&str> {
        let app = self.app(package);
        let first = app.or_else(|| self.main.services.first())?;
        let mut shared = first.networks.iter();
        let others = match app {
            Some(_) => &[],
            None => self.main.services.as_slice(),
        };
        let shared = shared.find(|name| others.iter().all(|other| other.networks.contains(name)));
        shared.map(String::as_str)
    }

    /// The host port of a port mapping, as far as variables can be known.
    pub(super) fn published(&self, mapping: &str) -> Option<String> {
        host_port(mapping, &|name| self.variable(name))
    }

    fn resolve(&self, text: &str) -> String {
        substitute(text, &|name| self.variable(name))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let found = self.variables.iter().find(|found| found.key == name);
        found.and_then(|found| found.value.clone())
    }

    /// The host port on which a service can be reached that listens on a port of its container. Where
    /// no mapping leads to that port, the only mapping of the service counts.
    pub(super) fn port_of(&self, service: &Service, container: Option<u16>) -> Option<String> {
        let fits = |port: &&String| container.is_some() && container_port(port) == container;
        let mapping = service.ports.iter().find(fits);
        let only = || match service.ports.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let mapping = mapping.or_else(only);
        self.published(mapping?)
    }

    /// The service of this name in the main file.
    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        self.main.services.iter().find(|known| known.name == name)
    }

    /// The port that a mapping of a service asks for, or the next free one and who has the first.
    pub(super) fn free(&self, name: &str, mapping: &str) -> (u16, Option<String>) {
        let wanted = self.published(mapping).and_then(|port| port.parse().ok());
        let Some(wanted) = wanted.or_else(|| default_port(mapping)) else {
            return (0, None);
        };
        let taken: Vec<_> = self
            .all
            .iter()
            .filter(|(_, service)| service.name != name)
            .flat_map(|(_, service)| service.ports.iter().map(move |port| (port, service)))
            .filter_map(|(port, service)| {
                Some((range(&self.published(port)?)?, service.name.as_str()))
            })
            .collect();
        let by = |port: u16| taken.iter().find(|(others, _)| others.contains(&port));
        let Some((_, holder)) = by(wanted) else {
            return (wanted, None);
        };
        let free = (wanted..u16::MAX).find(|port| by(*port).is_none());
        (free.unwrap_or(wanted), Some((*holder).to_owned()))
    }
}
