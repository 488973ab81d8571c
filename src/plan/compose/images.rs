//! The switch of a service's image to another one that a component exists for.

use std::collections::BTreeSet;

use infra_edit::compose::{self, Service};

use crate::{catalog::manifest::Switch, lock::Owner, path::ProjectPath, render::Rendering};

use super::{
    super::{
        ManualStep,
        builder::PlanBuilder,
        desired::{Content, Scope, Wanted},
    },
    image_name::{family, successor},
    pointer,
};

impl PlanBuilder<'_> {
    /// Switches images of services that other components brought or found. One of the user's own
    /// is switched only with consent; without it the step is left to the user.
    pub(in crate::plan) fn switch_images(
        &mut self,
        rendering: &Rendering,
        replace: bool,
        scope: &Scope,
    ) {
        let spec = rendering.manifest.compose.clone().unwrap_or_default();
        for switch in &spec.switch {
            let found = self.service_of(&rendering.manifest.requires, switch);
            if let Some((file, service)) = found {
                self.switch_image(rendering, switch, (&file, &service), replace, scope);
            }
        }
    }

    fn switch_image(
        &mut self,
        rendering: &Rendering,
        switch: &Switch,
        (file, service): (&ProjectPath, &Service),
        replace: bool,
        scope: &Scope,
    ) {
        let id = rendering.id.as_str();
        let name = &service.name;
        let place = pointer("services", name);
        let pointer = format!("{place}/image");
        let lock = &self.ledger.lock;
        let switched = lock
            .fragment(file, &pointer)
            .filter(|known| known.is_ours());
        let switched = switched.map(|known| known.before.trim_matches(['"', '\'']).to_owned());
        let is_switched = switched.is_some();
        // The image that the service has without this switch.
        let image = switched.unwrap_or_else(|| service.image.clone().unwrap_or_default());
        let mut wanted = Wanted {
            file: file.clone(),
            pointer,
            components: BTreeSet::from([id.to_owned()]),
            content: Content::Existing,
            label: String::new(),
        };
        let family = family(&image);
        if !is_switched && (family == switch.to || switch.also.contains(&family)) {
            // Another package may have switched it.
            if lock.fragment(file, &wanted.pointer).is_some() {
                self.settle(&wanted, scope);
            }
            return;
        }
        let ours = lock
            .fragment(file, &place)
            .is_some_and(|known| known.is_ours());
        let is_main = *file == self.facts.compose;
        match successor(&image, switch) {
            Some(new) if is_main && (ours || replace || is_switched) => {
                wanted.label = format!("image of `{name}`: {image} becomes {new}");
                wanted.content = Content::Image(new);
                self.settle(&wanted, scope);
            }
            _ if is_switched => {
                self.settle(&wanted, scope);
            }
            new => {
                let new = new.filter(|_| is_main).ok_or(switch.to.as_str());
                self.leave_image(id, (file, service), &image, new);
            }
        }
    }

    fn leave_image(
        &mut self,
        id: &str,
        (file, service): (&ProjectPath, &Service),
        image: &str,
        new: Result<String, &str>,
    ) {
        let name = &service.name;
        let (why, line) = match &new {
            Ok(new) => (
                "an image of yours is replaced only with `--on-conflict replace`",
                format!("image: {new}"),
            ),
            Err(family) => (
                "choose one of the same major version on the same C library (alpine or not)",
                format!("image: {family}:TAG"),
            ),
        };
        let at = service.line.map(|line| format!(":{line}"));
        self.manual.push(ManualStep {
            what: format!(
                "give the service `{name}` an image that `{id}` can use, it has `{image}`: {why}"
            ),
            places: vec![format!("{file}{}", at.unwrap_or_default())],
            snippet: line,
        });
        if let Ok(new) = new {
            let what = format!("the image of `{name}` in {file}: {image} becomes {new}");
            self.replacements.push(what);
        }
    }

    /// The service that plays the switched role, brought or found by a required component.
    fn service_of(&self, requires: &[String], switch: &Switch) -> Option<(ProjectPath, Service)> {
        let owners: BTreeSet<Owner> = self.owners(requires.iter().map(String::as_str));
        let mut files = self.facts.compose_others.clone();
        files.insert(0, self.facts.compose.clone());
        let mut played = Vec::new();
        for file in files {
            let services = compose::read(self.text(&file)).map(|found| found.services);
            for service in services.unwrap_or_default() {
                let place = pointer("services", &service.name);
                let fragment = self.ledger.lock.fragment(&file, &place);
                if fragment.is_some_and(|known| !known.owners.is_disjoint(&owners)) {
                    played.push((file.clone(), service));
                }
            }
        }
        played.sort_by_key(|(_, service)| service.name != switch.service);
        played.into_iter().next()
    }
}
