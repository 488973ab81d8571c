//! The app's own service: it waits for the services of a component, and gets their addresses.

use std::collections::BTreeSet;

use infra_edit::compose::Service;

use crate::{
    catalog::manifest::EnvRow,
    error::Result,
    render::{self, Endpoint, Rendering, ServiceBindings},
};

use super::{
    super::{
        builder::PlanBuilder,
        desired::{Content, Wanted},
    },
    escape, pointer,
    services::Desired,
    survey::ComposeSurvey,
};

/// What the app's own service needs for the services of a component; nothing if it is not certain
/// which service the app is.
///
/// # Errors
///
/// An expression of the manifest is wrong.
pub(super) fn desired(
    builder: &PlanBuilder<'_>,
    rendering: &Rendering,
    survey: &ComposeSurvey,
    bindings: &ServiceBindings,
) -> Result<Desired> {
    let mut desired = Desired::default();
    let Some(app) = survey.app(&builder.facts.name) else {
        return Ok(desired);
    };
    let name = &app.name;
    let place = pointer("services", name);
    let mut wanted = Vec::new();
    let want = |pointer: String, content: Content, label: String| Wanted {
        file: survey.file.clone(),
        pointer,
        components: BTreeSet::from([rendering.id.clone()]),
        content,
        label,
    };
    for service in bindings.services.values() {
        if may_wait(builder, app, service, survey) {
            let content = Content::DependsOn {
                app: name.clone(),
                service: service.clone(),
            };
            let pointer = format!("{place}/depends_on/{}", escape(service));
            wanted.push(want(
                pointer,
                content,
                format!("`{name}` waits for `{service}`"),
            ));
        }
    }
    desired.notes = apart(builder, app, bindings, survey);
    for row in &rendering.manifest.env {
        match value(row, app, bindings)? {
            Value::None => {}
            Value::Unknown => {
                let (key, file) = (&row.name, &survey.file);
                desired.notes.push(format!(
                    "set `{key}` of `{name}` in {file}: the password of the service is not copied"
                ));
            }
            Value::Known(value) => {
                let key = &row.name;
                let pointer = format!("{place}/environment/{}", escape(key));
                let is_held = bindings.is_stale && builder.ledger.has(&survey.file, &pointer);
                let content = match is_held {
                    true => Content::Existing,
                    false => Content::Environment {
                        app: name.clone(),
                        key: key.clone(),
                        value,
                    },
                };
                wanted.push(want(pointer, content, format!("{key} of `{name}`")));
            }
        }
    }
    desired.wanted = wanted;
    Ok(desired)
}

/// What a variable needs in the service of the app.
enum Value {
    /// Nothing.
    None,
    /// A value that is not known here, because it contains a password.
    Unknown,
    /// This value.
    Known(String),
}

fn value(row: &EnvRow, app: &Service, bindings: &ServiceBindings) -> Result<Value> {
    // On the network of its host the app sees what this machine sees.
    let (template, side) = match app.host_network {
        true => (row.example.as_ref(), Endpoint::Host),
        false => (row.compose.as_ref(), Endpoint::Container),
    };
    let Some(template) = template.filter(|_| row.compose.is_some()) else {
        return Ok(Value::None);
    };
    let is_set = app.environment.iter().any(|(known, _)| *known == row.name);
    Ok(match render::render_deferred(template, bindings, side)? {
        Some(value) => Value::Known(value),
        None if is_set => Value::None,
        None => Value::Unknown,
    })
}

/// Whether the app can wait for a service: Compose refuses to wait for one that it does not start.
fn may_wait(
    builder: &PlanBuilder<'_>,
    app: &Service,
    service: &str,
    survey: &ComposeSurvey,
) -> bool {
    match survey.service(service) {
        Some(known) => starts_with(app, known),
        // It was added just now.
        None => builder.ledger.has_service(&survey.file, service),
    }
}

/// What is said where the app and a service are in no network together.
fn apart(
    builder: &PlanBuilder<'_>,
    app: &Service,
    bindings: &ServiceBindings,
    survey: &ComposeSurvey,
) -> Vec<String> {
    let name = &app.name;
    let is_apart = |service: &&String| {
        let mut all = survey.all.iter();
        let known = all.find(|(_, known)| known.name == **service);
        let waits = format!(
            "{}/depends_on/{}",
            pointer("services", name),
            escape(service)
        );
        let is_told = builder.old_lock.fragment(&survey.file, &waits).is_some();
        !is_told && known.is_some_and(|(_, known)| !shares_network(app, known))
    };
    let found = bindings.services.values().find(is_apart);
    let notes = found.map(|service| {
        format!(
            "`{name}` and `{service}` are in no network together: without one `{name}` cannot reach it"
        )
    });
    notes.into_iter().collect()
}

/// Whether a service starts whenever the app does.
fn starts_with(app: &Service, service: &Service) -> bool {
    let every = app
        .profiles
        .iter()
        .all(|profile| service.profiles.contains(profile));
    service.profiles.is_empty() || (every && !app.profiles.is_empty())
}

/// Whether one service reaches another; those that name no network are in the default one.
fn shares_network(app: &Service, service: &Service) -> bool {
    let shared = app
        .networks
        .iter()
        .any(|name| service.networks.contains(name));
    let is_default = |service: &Service| {
        service.networks.is_empty() || service.networks.iter().any(|name| name == "default")
    };
    app.host_network || shared || (is_default(app) && is_default(service))
}
