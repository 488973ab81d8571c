//! The app's own service: it waits for the new ones, and gets their addresses.

use crate::{
    edit::compose::Service,
    error::Result,
    render::{self, Endpoint, Rendering, ServiceBindings},
};

use super::{builder::PlanBuilder, services::escape, survey::ComposeSurvey};

impl PlanBuilder<'_> {
    /// Tells the app's own service about the services of a component.
    pub(super) fn connect(
        &mut self,
        rendering: &Rendering,
        survey: &ComposeSurvey,
        bindings: &ServiceBindings,
    ) -> Result<()> {
        let Some(app) = survey.app(&self.facts.name) else {
            return Ok(());
        };
        let id = rendering.id.as_str();
        for service in bindings.services.values() {
            self.wait_for(id, app, service, survey);
        }
        let apart = bindings.services.values().find(|service| {
            let mut all = survey.all.iter();
            let known = all.find(|(_, known)| known.name == **service);
            known.is_some_and(|(_, known)| !shares_network(app, known))
        });
        if let Some(service) = apart {
            let app = &app.name;
            self.note(format!(
                "`{app}` and `{service}` are in no network together: without one `{app}` cannot reach it"
            ));
        }
        let file = self.facts.compose.clone();
        for row in &rendering.manifest.env {
            // On the network of its host the app sees what this machine sees.
            let (template, side) = match app.host_network {
                true => (row.example.as_ref(), Endpoint::Host),
                false => (row.compose.as_ref(), Endpoint::Container),
            };
            let Some(template) = template.filter(|_| row.compose.is_some()) else {
                continue;
            };
            let key = &row.name;
            let Some(value) = render::render_deferred(template, bindings, side)? else {
                if app.environment.iter().all(|(known, _)| known != key) {
                    let app = &app.name;
                    self.note(format!(
                        "set `{key}` of `{app}` in {file}: the password of the service stays where it is"
                    ));
                }
                continue;
            };
            let app = &app.name;
            let address = format!("/services/{}/environment/{}", escape(app), escape(key));
            let why = format!("{key} of `{app}`");
            self.put_compose(&file, &address, &[id], &why, |compose| {
                compose.add_environment(app, key, &value)
            });
        }
        Ok(())
    }

    fn wait_for(&mut self, id: &str, app: &Service, service: &str, survey: &ComposeSurvey) {
        let known = survey.main.services.iter().find(|s| s.name == service);
        match known {
            // Compose refuses to wait for a service that is not started.
            Some(known) if !starts_with(app, known) => return,
            None if !self.is_ours(&format!("/services/{}", escape(service))) => return,
            _ => {}
        }
        let app = &app.name;
        let file = self.facts.compose.clone();
        let address = format!("/services/{}/depends_on/{}", escape(app), escape(service));
        let why = format!("`{app}` waits for `{service}`");
        self.put_compose(&file, &address, &[id], &why, |compose| {
            compose.add_dependency(app, service)
        });
    }
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
