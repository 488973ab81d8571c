//! Services: found where one plays the role already, else wanted in the compose file, on a host
//! port that is free and in the network of the app.

use std::collections::BTreeSet;

use infra_edit::compose::{self, Service, Value};

use crate::{
    error::{Error, ErrorCode, Result},
    lock::{Fragment, Lock},
    path::ProjectPath,
    render::{Rendering, ServiceBindings},
};

use super::{
    super::{
        builder::PlanBuilder,
        desired::{Content, Wanted},
        revise::recorded_value,
    },
    pointer,
    ports::{
        container_port, default_port, environment_of, first_container_port, ports_of, substitute,
        usual_port, volumes_of, with_port,
    },
    survey::ComposeSurvey,
};

type Entries = Vec<(String, Value)>;

/// The compose fragment of a component, as its template says it.
pub(super) struct Template {
    services: Entries,
    volumes: Entries,
}

/// What a component wants of a compose file.
#[derive(Default)]
pub(super) struct Desired {
    pub(super) wanted: Vec<Wanted>,
    pub(super) bindings: ServiceBindings,
    pub(super) notes: Vec<String>,
}

/// Reads the compose fragment of a component.
///
/// # Errors
///
/// It is not YAML, or has something else than services and volumes.
pub(super) fn parse(id: &str, text: &str) -> Result<Template> {
    let invalid = |why: String| {
        Error::new(
            ErrorCode::InvalidComponent,
            format!("the compose fragment of `{id}` is not valid: {why}"),
        )
    };
    let value = compose::parse_value(text).map_err(|error| invalid(error.to_string()))?;
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
    Ok(Template { services, volumes })
}

/// Where the services would be, if nothing is known of the compose file.
pub(super) fn unplaced(template: &Template) -> ServiceBindings {
    let mut bindings = ServiceBindings::default();
    for (name, value) in &template.services {
        bind(
            &mut bindings,
            name,
            name,
            environment_of(value),
            usual_port(value),
        );
    }
    bindings
}

/// What a component wants, given what the compose files say and what was added before.
pub(super) fn desired(
    builder: &PlanBuilder<'_>,
    rendering: &Rendering,
    template: &Template,
    survey: &ComposeSurvey,
) -> Desired {
    let mut placement = Placement {
        lock: &builder.ledger.lock,
        survey,
        rendering,
        is_same_version: is_same_version(builder, rendering),
        app: &builder.facts.name,
        volumes: Vec::new(),
        desired: Desired::default(),
    };
    let mut brings_one = false;
    for (name, value) in &template.services {
        brings_one |= placement.place(name, value);
    }
    if brings_one {
        for (name, value) in &template.volumes {
            placement.want_volume(name, value);
        }
    }
    placement.desired
}

/// Binds the ports of the services that a component brings to what the file says now: the user may
/// have edited them.
pub(super) fn bind_ports(desired: &mut Desired, survey: &ComposeSurvey) {
    for wanted in &desired.wanted {
        let Content::ComposeEntry { name, value } = &wanted.content else {
            continue;
        };
        let Some(service) = survey.service(name) else {
            continue;
        };
        let is_service = wanted.pointer == pointer("services", name);
        let port = survey.port_of(service, first_container_port(value));
        if let Some(port) = port.filter(|_| is_service) {
            desired.bindings.ports.insert(name.clone(), port);
        }
    }
}

/// Whether the component was installed in the version that is rendered now, so that what its
/// services got in this project, such as another host port, stays.
fn is_same_version(builder: &PlanBuilder<'_>, rendering: &Rendering) -> bool {
    let package = builder.old_lock.package(builder.facts.package());
    let known = package.and_then(|package| package.component(&rendering.id));
    known.is_some_and(|known| known.version == rendering.manifest.version)
}

/// The placement of a component's services in a compose file.
struct Placement<'a> {
    lock: &'a Lock,
    survey: &'a ComposeSurvey,
    rendering: &'a Rendering,
    is_same_version: bool,
    /// The package, whose name the app's own service may have.
    app: &'a str,
    /// The volumes of the template that have another name in this file: theirs and ours.
    volumes: Vec<(String, String)>,
    desired: Desired,
}

impl Placement<'_> {
    /// Places a service. Returns whether it is one that the component brings.
    fn place(&mut self, name: &str, value: &Value) -> bool {
        let recorded = self.recorded("services", name).cloned();
        let present = self.survey.service(name);
        if let (Some(recorded), Some(_)) = (&recorded, present) {
            let value = self.adapt(name, value, Some(recorded));
            let environment = environment_of(&value);
            let port = self.published(&value);
            bind(&mut self.desired.bindings, name, name, environment, port);
            self.want_service(name, value);
            return true;
        }
        let spec = self.rendering.manifest.compose.as_ref();
        let families = spec.and_then(|spec| spec.images.get(name));
        let families = families.map_or(&[][..], Vec::as_slice);
        if let Some((file, service)) = self.survey.find_existing_service(name, value, families) {
            self.reuse(name, value, file, service);
            return false;
        }
        let value = self.adapt(name, value, recorded.as_ref());
        if recorded.is_some() {
            let file = &self.survey.file;
            self.desired.notes.push(format!(
                "the service `{name}` was taken out of {file} and is not added again"
            ));
        }
        let published = self.published(&value);
        bind(
            &mut self.desired.bindings,
            name,
            name,
            environment_of(&value),
            published,
        );
        self.want_service(name, value);
        true
    }

    fn recorded(&self, section: &str, name: &str) -> Option<&Fragment> {
        let known = self
            .lock
            .fragment(&self.survey.file, &pointer(section, name));
        known.filter(|fragment| fragment.is_ours())
    }

    fn published(&self, value: &Value) -> String {
        let mut ports = value.clone();
        let port = ports_of(&mut ports).find_map(|port| self.survey.published(port));
        port.unwrap_or_else(|| usual_port(value))
    }

    fn want(&mut self, pointer: String, content: Content, label: String) {
        self.desired.wanted.push(Wanted {
            file: self.survey.file.clone(),
            pointer,
            components: BTreeSet::from([self.rendering.id.clone()]),
            content,
            label,
        });
    }

    fn want_service(&mut self, name: &str, value: Value) {
        let content = Content::ComposeEntry {
            name: name.to_owned(),
            value,
        };
        self.want(
            pointer("services", name),
            content,
            format!("service {name}"),
        );
    }

    fn want_volume(&mut self, name: &str, value: &Value) {
        let renamed = self.volumes.iter().find(|(theirs, _)| theirs == name);
        let name = match renamed {
            Some((_, ours)) => ours.clone(),
            None => self.free_volume(name),
        };
        let content = Content::ComposeEntry {
            name: name.clone(),
            value: value.clone(),
        };
        self.want(pointer("volumes", &name), content, format!("volume {name}"));
    }

    /// Uses a service of the user's as it is.
    fn reuse(&mut self, name: &str, value: &Value, file: &ProjectPath, service: &Service) {
        let place = pointer("services", &service.name);
        let is_known = self.lock.fragment(file, &place).is_some();
        let published = self.survey.port_of(service, first_container_port(value));
        if !is_known {
            let image = service.image.as_deref().unwrap_or("an image of its own");
            let used = format!("uses the service `{}` ({image}) of {file}", service.name);
            self.desired.notes.push(match &published {
                Some(port) => format!("{used}, on port {port}"),
                None => format!("{used}, which publishes no port to this machine"),
            });
            if let Some(profile) = service.profiles.first() {
                let service = &service.name;
                self.desired.notes.push(format!(
                    "the service `{service}` only starts with `--profile {profile}`"
                ));
            }
        }
        let port = published.unwrap_or_else(|| usual_port(value));
        let environment = service.environment.clone();
        bind(
            &mut self.desired.bindings,
            name,
            &service.name,
            environment,
            port,
        );
        self.desired.wanted.push(Wanted {
            file: file.clone(),
            pointer: place,
            components: BTreeSet::from([self.rendering.id.clone()]),
            content: Content::Existing,
            label: String::new(),
        });
    }

    /// The service as it fits into this file: on a free host port, with volumes of its own, in the
    /// network of the app. What an earlier add chose stays.
    fn adapt(&mut self, name: &str, value: &Value, recorded: Option<&Fragment>) -> Value {
        let recorded = recorded.and_then(recorded_value);
        let mut value = value.clone();
        self.choose_ports(name, &mut value, recorded.as_ref());
        self.choose_volumes(name, &mut value);
        let network = match &recorded {
            Some(Value::Map(entries)) => {
                let known = entries.iter().find(|(key, _)| key == "networks");
                known.map(|(_, networks)| networks.clone())
            }
            _ => self.survey.network(self.app).map(|network| Value::List {
                items: vec![Value::string(network)],
                flow: false,
            }),
        };
        if let (Some(network), Value::Map(entries)) = (network, &mut value)
            && entries.iter().all(|(key, _)| key != "networks")
        {
            entries.push(("networks".to_owned(), network));
        }
        value
    }

    fn choose_ports(&mut self, name: &str, value: &mut Value, recorded: Option<&Value>) {
        let mut recorded = recorded.cloned();
        let recorded: Vec<String> = recorded
            .iter_mut()
            .flat_map(ports_of)
            .map(|port| port.clone())
            .collect();
        for port in ports_of(value) {
            let container = container_port(port);
            let mut earlier = recorded.iter();
            let earlier = earlier.find(|known| container_port(known) == container);
            let earlier = earlier.and_then(|known| default_port(known));
            if let Some(earlier) = earlier
                && (self.is_same_version || Some(earlier) == default_port(port))
            {
                *port = with_port(port, earlier);
                continue;
            }
            let (chosen, taken) = self.survey.free(name, port);
            let Some(by) = taken else {
                continue;
            };
            self.desired.notes.push(format!(
                "host port {} is taken by the service `{by}`, `{name}` gets {chosen}",
                default_port(port).unwrap_or_default()
            ));
            *port = with_port(port, chosen);
        }
    }

    /// Gives a service other volumes than those in which somebody keeps other data.
    fn choose_volumes(&mut self, name: &str, value: &mut Value) {
        for mount in volumes_of(value) {
            let Some((source, target)) = mount.split_once(':') else {
                continue;
            };
            let free = self.free_volume(source);
            if free == source {
                continue;
            }
            if self.recorded("volumes", &free).is_none() {
                self.desired.notes.push(format!(
                    "the volume `{source}` is taken, `{name}` gets `{free}`"
                ));
            }
            self.volumes.push((source.to_owned(), free.clone()));
            *mount = format!("{free}:{target}");
        }
    }

    /// A free name for a volume of the component, with a number if the user has a volume of that name.
    fn free_volume(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let is_free = |name: &String| {
            !self.survey.main.volumes.contains(name) || self.recorded("volumes", name).is_some()
        };
        names.find(is_free).unwrap_or_else(|| name.to_owned())
    }
}

/// Notes where a service is: its name in the file, how it is set, and its port on this machine.
fn bind(
    bindings: &mut ServiceBindings,
    role: &str,
    service: &str,
    environment: Vec<(String, String)>,
    port: String,
) {
    let resolved = environment.iter().map(|(key, value)| {
        // The env file is not asked: its value may be a secret.
        (key.clone(), substitute(value, &|_| None))
    });
    bindings
        .resolved
        .insert(role.to_owned(), resolved.collect());
    let written = environment.into_iter().collect();
    bindings.written.insert(role.to_owned(), written);
    bindings
        .services
        .insert(role.to_owned(), service.to_owned());
    bindings.ports.insert(role.to_owned(), port);
}
