//! Routes that a component brings and the user has already.

use crate::{
    catalog::manifest::Route,
    edit::{
        dotenv,
        rust::{self, RouteSyntax},
    },
    framework,
    render::Rendering,
};

use super::builder::PlanBuilder;

impl PlanBuilder<'_> {
    /// Says where a path of a component is one of the user's too, and what moves it.
    pub(super) fn compare_routes(&mut self, rendering: &Rendering) {
        let framework = framework::get(&self.facts.framework.name);
        let Some(syntax) = framework.routes else {
            return;
        };
        for route in &rendering.manifest.routes {
            let Some(path) = self.served(route) else {
                continue;
            };
            for place in self.places_of(syntax, &path) {
                let id = &rendering.id;
                let remedy = match (route.moved_by.first(), &route.option) {
                    (Some(variable), _) => format!("set `{variable}` to another path"),
                    (None, Some(option)) => format!("leave it out: --set {id}.{option}=false"),
                    (None, None) => "move one of the two".to_owned(),
                };
                let why = framework.duplicate_route;
                self.note(format!(
                    "`{path}` of {id} is a route of yours already, at {place}: {remedy}, for {why}"
                ));
            }
            for place in self.catch_alls(syntax) {
                self.note(format!(
                    "`{path}` of {} answers only where what is at {place} does not take it: of two that match, the first does",
                    rendering.id
                ));
            }
        }
    }

    /// The path that a route has, as far as the env file tells; none where it is somewhere else.
    fn served(&self, route: &Route) -> Option<String> {
        let variables = self.facts.env.iter();
        let variables: Vec<_> = variables
            .flat_map(|env| dotenv::read(self.text(env)))
            .filter(|known| known.value.as_ref().is_some_and(|value| !value.is_empty()))
            .collect();
        let value = |name: &String| {
            let known = variables.iter().find(|known| known.key == *name);
            known.and_then(|known| known.value.clone())
        };
        let (first, others) = match route.moved_by.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, [].as_slice()),
        };
        if others.iter().any(|name| value(name).is_some()) {
            return None;
        }
        Some(first.and_then(value).unwrap_or_else(|| route.path.clone()))
    }

    /// The places of what matches every path, where the first route that matches answers.
    fn catch_alls(&self, syntax: &RouteSyntax) -> Vec<String> {
        let files = self.facts.sources.iter();
        if syntax.catch_alls.is_empty() {
            return Vec::new();
        }
        let lines = files.flat_map(|file| {
            let lines = rust::catch_all_lines(syntax, self.text(file)).unwrap_or_default();
            lines.into_iter().map(move |line| format!("{file}:{line}"))
        });
        lines.collect()
    }

    fn places_of(&self, syntax: &RouteSyntax, path: &str) -> Vec<String> {
        let quoted = format!("\"{path}\"");
        let files = self.facts.sources.iter().chain(&self.facts.library);
        let mut places: Vec<String> = files
            .filter(|file| self.text(file).contains(&quoted))
            .flat_map(|file| {
                let lines = rust::route_lines(syntax, self.text(file), path).unwrap_or_default();
                lines.into_iter().map(move |line| format!("{file}:{line}"))
            })
            .collect();
        places.dedup();
        places
    }
}
