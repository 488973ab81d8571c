//! Services: reused where one plays the role already, else added to the compose file, on a host
//! port that is free, in the network of the app.

use crate::{
    edit::{
        EditError, Outcome,
        compose::{self, Compose, File, Service, Value},
        dotenv,
    },
    error::{Error, Result},
    path::ProjectPath,
    render::{Rendering, ServiceBindings},
};

use super::{
    builder::{NO_COMPOSE, PlanBuilder},
    ports::{
        default_port, environment_of, ports_of, substitute, usual_port, volumes_of, with_port,
    },
    shared::located,
    survey::ComposeSurvey,
};

impl PlanBuilder<'_> {
    /// Adds the services of a component, or finds the ones that play their role.
    pub(super) fn serve(&mut self, rendering: &Rendering, skip: bool) -> Result<ServiceBindings> {
        let mut bindings = ServiceBindings::default();
        let Some(fragment) = &rendering.compose else {
            return Ok(bindings);
        };
        let (services, volumes) = fragment_of(&rendering.id, fragment)?;
        let Some(survey) = self.survey(skip) else {
            for (name, value) in services {
                set(&mut bindings, &name, environment_of(&value));
                bindings.ports.insert(name.clone(), usual_port(&value));
                bindings.services.insert(name.clone(), name);
            }
            return Ok(bindings);
        };
        let id = rendering.id.as_str();
        let (mut new, mut plays) = (Vec::new(), false);
        for (name, value) in &services {
            let spec = rendering.manifest.compose.as_ref();
            let families = spec.and_then(|spec| spec.images.get(name));
            let reused =
                survey.find_existing_service(name, value, families.map_or(&[], Vec::as_slice));
            let owned = self.is_ours(&format!("/services/{}", escape(name)));
            match reused.filter(|_| !owned) {
                Some((file, service)) => {
                    let found = (file, service, &survey);
                    self.reuse((id, name, value), found, &mut bindings);
                }
                None => {
                    set(&mut bindings, name, environment_of(value));
                    let value = self.new_service(id, name, value, &survey, &mut bindings);
                    new.extend(value.map(|value| (name.clone(), value)));
                    plays = true;
                }
            }
        }
        if skip {
            return Ok(bindings);
        }
        for (name, value) in &mut new {
            self.fit(name, value, &survey);
        }
        let services = new
            .iter()
            .map(|(name, value)| ("services", name.clone(), value));
        let volumes = volumes.iter().filter(|_| plays);
        let volumes = volumes.map(|(name, value)| ("volumes", self.volume(name, &survey), value));
        let entries: Vec<_> = services.chain(volumes).collect();
        self.add_entries(id, &entries);
        self.connect(rendering, &survey, &bindings)?;
        Ok(bindings)
    }

    fn survey(&mut self, skip: bool) -> Option<ComposeSurvey> {
        let file = self.facts.compose.clone();
        for left in self.facts.compose_left.iter().filter(|_| !skip) {
            self.note(format!(
                "{left} is left alone; to put services there: --compose {left}"
            ));
        }
        let main = match self.read_compose(&file) {
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
            .compose_env
            .iter()
            .flat_map(|env| dotenv::read(self.text(env)));
        Some(ComposeSurvey {
            file,
            main,
            all,
            variables: variables.collect(),
        })
    }

    /// Puts a fragment into a compose file, as [`PlanBuilder::put`].
    pub(super) fn put_compose(
        &mut self,
        file: &ProjectPath,
        address: &str,
        by: &[&str],
        why: &str,
        edit: impl FnOnce(&mut Compose) -> Result<Outcome, EditError>,
    ) -> bool {
        let mut parsed = self.compose(file);
        let outcome = match &mut parsed {
            Ok(compose) => edit(compose),
            Err(refusal) => Err(refusal.clone()),
        };
        self.compose = parsed.ok();
        self.put(file, address, by, why, |_| outcome)
    }

    /// Parses a compose file as it becomes, unless it was parsed with this text before.
    fn compose(&mut self, file: &ProjectPath) -> Result<Compose, EditError> {
        let known = self.compose.take();
        match known.filter(|known| known.text() == self.text(file)) {
            Some(known) => Ok(known),
            None => Compose::parse(self.text(file)),
        }
    }

    /// What a compose file says, as it becomes.
    pub(super) fn read_compose(&mut self, file: &ProjectPath) -> Result<File, EditError> {
        let compose = self.compose(file)?;
        let found = compose.file();
        self.compose = Some(compose);
        Ok(found)
    }

    /// Gives a service other volumes than those that somebody has already.
    fn rename_volumes(&mut self, name: &str, value: &mut Value, survey: &ComposeSurvey) {
        for volume in volumes_of(value) {
            let Some((source, target)) = volume.split_once(':') else {
                continue;
            };
            let free = self.volume(source, survey);
            if free != source {
                self.note(format!(
                    "the volume `{source}` is taken, `{name}` gets `{free}`"
                ));
                *volume = format!("{free}:{target}");
            }
        }
    }

    /// The name for a volume of ours: another where somebody keeps other data under it.
    fn volume(&self, name: &str, survey: &ComposeSurvey) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let is_free = |name: &String| {
            let is_there = survey.main.volumes.contains(name);
            !is_there || self.is_ours(&format!("/volumes/{}", escape(name)))
        };
        names.find(is_free).unwrap_or_else(|| name.to_owned())
    }

    pub(super) fn is_ours(&self, address: &str) -> bool {
        let known = self.lock.fragment(&self.facts.compose, address);
        known.is_some_and(|fragment| !fragment.found)
    }

    fn reuse(
        &mut self,
        (id, name, value): (&str, &str, &Value),
        (file, service, survey): (&ProjectPath, &Service, &ComposeSurvey),
        bindings: &mut ServiceBindings,
    ) {
        let address = format!("/services/{}", escape(&service.name));
        let image = service.image.as_deref().unwrap_or("an image of its own");
        let file = file.clone();
        self.put(&file, &address, &[id], "", |_| Ok(Outcome::AlreadyPresent));
        let published = service.ports.iter().find_map(|port| survey.published(port));
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
        if let Some(profile) = service.profiles.first() {
            let service = &service.name;
            self.note(format!(
                "the service `{service}` only starts with `--profile {profile}`"
            ));
        }
        set(bindings, name, service.environment.clone());
        bindings
            .services
            .insert(name.to_owned(), service.name.clone());
        let port = published.unwrap_or_else(|| usual_port(value));
        bindings.ports.insert(name.to_owned(), port);
    }

    fn new_service(
        &mut self,
        id: &str,
        name: &str,
        value: &Value,
        survey: &ComposeSurvey,
        bindings: &mut ServiceBindings,
    ) -> Option<Value> {
        let file = self.facts.compose.clone();
        let address = format!("/services/{}", escape(name));
        bindings.services.insert(name.to_owned(), name.to_owned());
        let mut value = value.clone();
        if self.is_ours(&address) {
            let ours = survey
                .main
                .services
                .iter()
                .find(|service| service.name == name);
            let port = ours.and_then(|s| s.ports.iter().find_map(|port| survey.published(port)));
            bindings
                .ports
                .extend(port.map(|port| (name.to_owned(), port)));
            let owner = [id];
            self.put(&file, &address, &owner, "", |_| Ok(Outcome::AlreadyPresent));
            return None;
        }
        for port in ports_of(&mut value) {
            let (chosen, taken) = survey.free(port);
            if let Some(by) = taken {
                self.note(format!(
                    "host port {} is taken by the service `{by}`, `{name}` gets {chosen}",
                    default_port(port).unwrap_or_default()
                ));
                *port = with_port(port, chosen);
            }
            let published = survey.published(port).unwrap_or_else(|| chosen.to_string());
            bindings.ports.entry(name.to_owned()).or_insert(published);
        }
        Some(value)
    }

    /// Has a new service keep its data apart from everybody's, and reach the app.
    fn fit(&mut self, name: &str, value: &mut Value, survey: &ComposeSurvey) {
        self.rename_volumes(name, value, survey);
        if let (Some(network), Value::Map(entries)) = (survey.network(&self.facts.name), value)
            && entries.iter().all(|(key, _)| key != "networks")
        {
            let list = Value::List {
                items: vec![Value::string(network)],
                flow: false,
            };
            entries.push(("networks".to_owned(), list));
        }
    }

    /// Adds entries of top-level mappings: together where that can be, else one after another.
    fn add_entries(&mut self, id: &str, entries: &[(&str, String, &Value)]) {
        let file = self.facts.compose.clone();
        let parts: Vec<_> = entries
            .iter()
            .map(|(section, name, value)| (*section, name.as_str(), *value))
            .collect();
        let known = self.compose(&file).ok();
        let together = known.as_ref();
        let together = together.and_then(|compose| compose.add_together(&parts));
        let (together, after) = together.unzip();
        self.compose = after.flatten().or(known);
        let mut together = together.map(Vec::into_iter);
        for (section, name, value) in parts {
            let address = format!("/{section}/{}", escape(name));
            let why = format!("{} {name}", section.trim_end_matches('s'));
            match together.as_mut().and_then(Iterator::next) {
                Some(outcome) => self.put(&file, &address, &[id], &why, |_| Ok(outcome)),
                None => self.put_compose(&file, &address, &[id], &why, |compose| match section {
                    "volumes" => compose.add_volume(name, value),
                    _ => compose.add_service(name, value),
                }),
            };
        }
    }
}

/// Notes how a service is set: as it is written, and with the defaults of its variables.
fn set(bindings: &mut ServiceBindings, name: &str, environment: Vec<(String, String)>) {
    let resolved = environment.iter().map(|(key, value)| {
        // Never with what the env file says: that may be a secret.
        (key.clone(), substitute(value, &|_| None))
    });
    bindings
        .resolved
        .insert(name.to_owned(), resolved.collect());
    let written = environment.into_iter().collect();
    bindings.written.insert(name.to_owned(), written);
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

pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
