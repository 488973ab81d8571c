//! Services: reused where one plays the role already, else added to the compose file, on a host
//! port that is free, in the network of the app.

use std::collections::BTreeSet;

use crate::{
    edit::{
        compose::{self, Compose, File, Service, Value},
        dotenv,
    },
    error::{Error, Result},
    path::ProjectPath,
    render::{self, Rendering},
};

use super::{
    Names,
    draft::{Draft, NO_COMPOSE, located},
};

/// Where the services of a component are: the host port and the name of each.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub(super) ports: Names,
    pub(super) services: Names,
}

/// What the compose files say before the component is added.
struct Ground {
    main: File,
    all: Vec<(ProjectPath, Service)>,
    variables: Vec<dotenv::Variable>,
}

impl Draft<'_> {
    /// Adds the services of a component, or finds the ones that play their role.
    pub(super) fn serve(&mut self, rendering: &Rendering, skip: bool) -> Result<Placed> {
        let mut placed = Placed::default();
        let Some(fragment) = &rendering.compose else {
            return Ok(placed);
        };
        let (services, volumes) = fragment_of(&rendering.id, fragment)?;
        let Some(ground) = self.ground(skip) else {
            for (name, value) in services {
                placed.ports.insert(name.clone(), usual_port(&value));
                placed.services.insert(name.clone(), name);
            }
            return Ok(placed);
        };
        let id = rendering.id.as_str();
        let mut added = false;
        for (name, value) in &services {
            let families = rendering.manifest.compose.as_ref().map(|spec| &spec.images);
            let reused = families.and_then(|families| reuse(&ground, name, value, families));
            let owned = self.is_ours(&format!("/services/{}", escape(name)));
            match reused.filter(|_| !owned) {
                Some((file, service)) => {
                    self.reuse(id, name, value, file, service, &ground, &mut placed);
                }
                None => {
                    self.add_service(id, name, value, &ground, skip, &mut placed);
                    added = true;
                }
            }
        }
        if skip {
            return Ok(placed);
        }
        let file = self.facts.compose.clone();
        for (name, value) in volumes.iter().filter(|_| added) {
            let address = format!("/volumes/{}", escape(name));
            let why = format!("volume {name}");
            self.put(&file, &address, &[id], &why, |text| {
                Compose::parse(text)?.add_volume(name, value)
            });
        }
        self.connect(rendering, &ground, &placed)?;
        Ok(placed)
    }

    fn ground(&mut self, skip: bool) -> Option<Ground> {
        let file = self.facts.compose.clone();
        let main = match compose::read(self.text(&file)) {
            Ok(main) => main,
            Err(_) if skip => File::default(),
            Err(refusal) => {
                self.conflict(located(&file, &refusal));
                self.hint(NO_COMPOSE);
                self.hint("or put services into another file: --compose FILE");
                return None;
            }
        };
        let mut all: Vec<_> = main
            .services
            .iter()
            .cloned()
            .map(|s| (file.clone(), s))
            .collect();
        for other in self.facts.compose_others.clone() {
            // What cannot be read there takes no port that we could know of.
            if let Ok(found) = compose::read(self.text(&other)) {
                all.extend(found.services.into_iter().map(|s| (other.clone(), s)));
            }
        }
        let variables = self
            .facts
            .env
            .iter()
            .flat_map(|env| dotenv::read(self.text(env)));
        Some(Ground {
            main,
            all,
            variables: variables.collect(),
        })
    }

    fn is_ours(&self, address: &str) -> bool {
        let known = self.lock.fragment(&self.facts.compose, address);
        known.is_some_and(|fragment| !fragment.found)
    }

    fn reuse(
        &mut self,
        id: &str,
        name: &str,
        value: &Value,
        file: &ProjectPath,
        service: &Service,
        ground: &Ground,
        placed: &mut Placed,
    ) {
        let address = format!("/services/{}", escape(&service.name));
        let image = service.image.as_deref().unwrap_or("an image of its own");
        let file = file.clone();
        self.put(&file, &address, &[id], "", |_| {
            Ok(crate::edit::Outcome::Found)
        });
        let published = service.ports.iter().find_map(|port| ground.published(port));
        let note = match &published {
            Some(port) => format!(
                "uses the service `{}` ({image}) of {file}, on port {port}",
                service.name
            ),
            None => format!(
                "uses the service `{}` ({image}) of {file}, which publishes no port to this machine",
                service.name
            ),
        };
        self.note(note);
        placed
            .services
            .insert(name.to_owned(), service.name.clone());
        let port = published.unwrap_or_else(|| usual_port(value));
        placed.ports.insert(name.to_owned(), port);
    }

    fn add_service(
        &mut self,
        id: &str,
        name: &str,
        value: &Value,
        ground: &Ground,
        skip: bool,
        placed: &mut Placed,
    ) {
        let file = self.facts.compose.clone();
        let address = format!("/services/{}", escape(name));
        placed.services.insert(name.to_owned(), name.to_owned());
        let mut value = value.clone();
        if self.is_ours(&address) {
            let ours = ground
                .main
                .services
                .iter()
                .find(|service| service.name == name);
            let port = ours.and_then(|s| s.ports.iter().find_map(|port| ground.published(port)));
            placed
                .ports
                .extend(port.map(|port| (name.to_owned(), port)));
            let owner = [id];
            self.put(&file, &address, &owner, "", |_| {
                Ok(crate::edit::Outcome::Found)
            });
            return;
        }
        for port in ports_of(&mut value) {
            let (chosen, taken) = ground.free(port);
            if let Some(by) = taken {
                self.note(format!(
                    "host port {} is taken by the service `{by}`, `{name}` gets {chosen}",
                    default_port(port).unwrap_or_default()
                ));
                *port = with_port(port, chosen);
            }
            let published = ground.published(port).unwrap_or_else(|| chosen.to_string());
            placed.ports.entry(name.to_owned()).or_insert(published);
        }
        if skip {
            return;
        }
        if let (Some(network), Value::Map(entries)) = (ground.network(&self.facts.name), &mut value)
            && entries.iter().all(|(key, _)| key != "networks")
        {
            let list = Value::List {
                items: vec![Value::string(network)],
                flow: false,
            };
            entries.push(("networks".to_owned(), list));
        }
        let why = format!("service {name}");
        self.put(&file, &address, &[id], &why, |text| {
            Compose::parse(text)?.add_service(name, &value)
        });
    }

    /// Tells the app's own service about the new one.
    fn connect(&mut self, rendering: &Rendering, ground: &Ground, placed: &Placed) -> Result<()> {
        let Some(app) = ground.app(&self.facts.name) else {
            return Ok(());
        };
        let (file, id, app) = (
            self.facts.compose.clone(),
            rendering.id.as_str(),
            app.to_owned(),
        );
        for service in placed.services.values() {
            let is_here = ground
                .main
                .services
                .iter()
                .any(|known| known.name == *service);
            if !is_here && !self.is_ours(&format!("/services/{}", escape(service))) {
                continue;
            }
            let address = format!("/services/{}/depends_on/{}", escape(&app), escape(service));
            let why = format!("`{app}` waits for `{service}`");
            self.put(&file, &address, &[id], &why, |text| {
                Compose::parse(text)?.add_dependency(&app, service)
            });
        }
        for row in &rendering.manifest.env {
            let Some(template) = &row.compose else {
                continue;
            };
            let value = render::place(template, &placed.ports, &placed.services)?;
            let address = format!(
                "/services/{}/environment/{}",
                escape(&app),
                escape(&row.name)
            );
            let why = format!("{} of `{app}`", row.name);
            self.put(&file, &address, &[id], &why, |text| {
                Compose::parse(text)?.add_environment(&app, &row.name, &value)
            });
        }
        Ok(())
    }
}

type Entries = Vec<(String, Value)>;

/// The services and volumes of a component's compose fragment.
fn fragment_of(id: &str, text: &str) -> Result<(Entries, Entries)> {
    let invalid = |why: String| {
        Error::failure(
            "invalid-component",
            format!("the compose fragment of `{id}` is not valid: {why}"),
        )
    };
    let value = compose::parse_value(text).map_err(|refusal| invalid(refusal.to_string()))?;
    let Value::Map(entries) = value else {
        return Err(invalid("it is not a mapping".to_owned()));
    };
    let (mut services, mut volumes) = (Vec::new(), Vec::new());
    for (key, value) in entries {
        match (key.as_str(), value) {
            ("services", Value::Map(found)) => services = found,
            ("volumes", Value::Map(found)) => volumes = found,
            _ => return Err(invalid(format!("`{key}` is neither services nor volumes"))),
        }
    }
    Ok((services, volumes))
}

/// A service that plays the role already: of one of the image families, the same name first.
fn reuse<'a>(
    ground: &'a Ground,
    name: &str,
    value: &Value,
    families: &[String],
) -> Option<(&'a ProjectPath, &'a Service)> {
    let brings = image_of(value).map(family);
    let mut same: Vec<_> = ground
        .all
        .iter()
        .filter(|(_, service)| {
            let found = service.image.as_deref().map(family);
            found.is_some_and(|found| {
                families.iter().any(|known| *known == found) || brings.as_ref() == Some(&found)
            })
        })
        .collect();
    same.sort_by_key(|(_, service)| service.name != name);
    same.first().map(|(file, service)| (file, service))
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

/// An image without registry, tag and digest: `docker.io/library/redis:8` is `redis`.
fn family(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let start = image.rfind('/').map_or(0, |slash| slash + 1);
    let end = image[start..]
        .find(':')
        .map_or(image.len(), |colon| start + colon);
    let mut names: Vec<&str> = image[..end].split('/').collect();
    let is_registry = |name: &str| name.contains(['.', ':']) || name == "localhost";
    if names.len() > 1 && is_registry(names[0]) {
        names.remove(0);
    }
    if names.len() > 1 && names[0] == "library" {
        names.remove(0);
    }
    names.join("/")
}

impl Ground {
    /// The service that is built from this project; none if that is not certain.
    fn app(&self, package: &str) -> Option<&str> {
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
    fn network(&self, package: &str) -> Option<&str> {
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
    fn published(&self, mapping: &str) -> Option<String> {
        host_port(mapping, |name| self.variable(name))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let found = self.variables.iter().find(|found| found.key == name);
        found.and_then(|found| found.value.clone())
    }

    /// The port that a mapping asks for, or the next free one and who has the first.
    fn free(&self, mapping: &str) -> (u16, Option<String>) {
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
fn ports_of(service: &mut Value) -> impl Iterator<Item = &mut String> {
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
fn usual_port(service: &Value) -> String {
    let mut service = service.clone();
    let port = ports_of(&mut service).find_map(|port| default_port(port));
    port.map_or_else(String::new, |port| port.to_string())
}

fn default_port(mapping: &str) -> Option<u16> {
    host_port(mapping, |_| None)?.parse().ok()
}

/// The mapping with another default port on the host.
fn with_port(mapping: &str, port: u16) -> String {
    let old = default_port(mapping).unwrap_or_default();
    match mapping.find(&format!(":-{old}}}")) {
        Some(at) => {
            let end = at + 2 + old.to_string().len();
            format!("{}:-{port}{}", &mapping[..at], &mapping[end..])
        }
        None => mapping.replacen(&format!("{old}:"), &format!("{port}:"), 1),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_of_its_family_from_any_registry() {
        for image in [
            "redis",
            "redis:8",
            "docker.io/library/redis:8-alpine",
            "redis@sha256:00",
        ] {
            assert_eq!(family(image), "redis", "{image}");
        }
        assert_eq!(family("localhost:5000/valkey/valkey:9"), "valkey/valkey");
        assert_eq!(family("redis/redis-stack"), "redis/redis-stack");
    }

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
