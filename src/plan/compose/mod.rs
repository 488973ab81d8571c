//! What components need of a compose file: services, volumes, images, and the app's own service.

use infra_edit::compose::{self, File};

use crate::{
    error::Result,
    path::ProjectPath,
    render::{Rendering, ServiceBindings},
};

use super::{
    builder::{NO_COMPOSE, PlanBuilder},
    desired::Scope,
    format::{Format, located},
    ledger::Settled,
};

mod app;
mod image_name;
mod images;
mod ports;
mod services;
mod survey;

use survey::ComposeSurvey;

/// The pointer of a name in a section of a compose file: `/services/db`.
fn pointer(section: &str, name: &str) -> String {
    format!("/{section}/{}", escape(name))
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl PlanBuilder<'_> {
    /// Brings the services of a component to what it wants, or finds the ones that play their role.
    /// Returns where the services are.
    pub(super) fn settle_compose(
        &mut self,
        rendering: &Rendering,
        scope: &Scope,
    ) -> Result<ServiceBindings> {
        let Some(fragment) = &rendering.compose else {
            return Ok(ServiceBindings::default());
        };
        let template = services::parse(&rendering.id, fragment)?;
        let is_skipped = !scope.formats.contains(&Format::Compose);
        if !is_skipped {
            self.rename_services(rendering);
        }
        let Some(survey) = self.survey(is_skipped) else {
            return Ok(services::unplaced(&template));
        };
        let mut desired = services::desired(self, rendering, &template, &survey);
        let notes = std::mem::take(&mut desired.notes);
        notes.into_iter().for_each(|note| self.note(note));
        if is_skipped {
            return Ok(desired.bindings);
        }
        let settled: Vec<Settled> = desired
            .wanted
            .iter()
            .map(|wanted| self.settle(wanted, scope))
            .collect();
        desired.bindings.is_stale = settled.contains(&Settled::Edited);
        let is_refused = |settled: &Settled| matches!(settled, Settled::Refused(_));
        if !settled.iter().any(is_refused) {
            if let Some(survey) = self.survey(false) {
                services::bind_ports(&mut desired, &survey);
            }
            let app = app::desired(self, rendering, &survey, &desired.bindings)?;
            app.notes.into_iter().for_each(|note| self.note(note));
            for wanted in &app.wanted {
                self.settle(wanted, scope);
            }
        }
        Ok(desired.bindings)
    }

    /// Takes services out that have another name in the new version of a component; they are added
    /// again under that name.
    fn rename_services(&mut self, rendering: &Rendering) {
        let file = self.facts.compose.clone();
        let Some(spec) = &rendering.manifest.compose else {
            return;
        };
        for (new, earlier) in &spec.renamed_from {
            for old in earlier {
                let place = pointer("services", old);
                let known = self.ledger.lock.fragment(&file, &place);
                let package = self.facts.package();
                let is_mine = known.is_some_and(|known| {
                    let mut owners = known.owners.iter();
                    known.is_ours() && owners.all(|owner| owner.package == package)
                });
                if !is_mine {
                    continue;
                }
                if !self.ledger.has_service(&file, old) {
                    // The user has taken it out; it stays out under its new name.
                    self.ledger.rename(&file, &place, &pointer("services", new));
                    continue;
                }
                let why = format!("service {old} renamed to {new}");
                if !self
                    .ledger
                    .take_out_renamed(&file, &place, &rendering.id, &why)
                {
                    self.note(format!(
                        "the service `{old}` in {file} keeps its name: you have edited it, or another service waits for it (the new name is `{new}`)"
                    ));
                }
            }
        }
    }

    /// What the compose files say; none if the file that services go to cannot be read.
    fn survey(&mut self, is_skipped: bool) -> Option<ComposeSurvey> {
        let file = self.facts.compose.clone();
        for left in self.facts.compose_left.iter().filter(|_| !is_skipped) {
            self.note(format!(
                "{left} is left alone; to put services there: --compose {left}"
            ));
        }
        let main = match self.ledger.compose(&file).map(|open| open.file()) {
            Ok(main) => main,
            Err(_) if is_skipped => File::default(),
            Err(error) => {
                self.conflict(located(&file, &error));
                self.hint(NO_COMPOSE);
                self.hint("or put services into another file: --compose FILE");
                return None;
            }
        };
        let mut all: Vec<_> = main
            .services
            .iter()
            .cloned()
            .map(|service| (file.clone(), service))
            .collect();
        for other in self.facts.compose_others.clone() {
            // The ports of a file that cannot be read are not known.
            if let Ok(found) = compose::read(self.text(&other)) {
                let services = found.services.into_iter();
                all.extend(services.map(|service| (other.clone(), service)));
            }
        }
        let variables = self.compose_variables();
        Some(ComposeSurvey {
            file,
            main,
            all,
            variables,
        })
    }

    /// The variables that Compose fills in.
    fn compose_variables(&self) -> Vec<infra_edit::dotenv::Variable> {
        let files: Option<&ProjectPath> = self.facts.compose_env.as_ref();
        let files = files.into_iter();
        files
            .flat_map(|env| infra_edit::dotenv::read(self.text(env)))
            .collect()
    }
}
