//! Variables: lines in `.env.example` and, where there is one, in `.env`.

use std::collections::BTreeSet;

use infra_edit::dotenv::{self, Line};

use crate::{
    catalog::manifest::EnvRow,
    error::Result,
    path::ProjectPath,
    render::{self, Endpoint, Rendering, ServiceBindings},
};

use super::{
    builder::PlanBuilder,
    desired::{Content, Scope, Wanted},
    ledger::Settled,
};

impl PlanBuilder<'_> {
    /// Brings the env files to what a component wants. `bindings` tells where its services are.
    pub(super) fn settle_variables(
        &mut self,
        rendering: &Rendering,
        bindings: &ServiceBindings,
        scope: &Scope,
    ) -> Result<()> {
        let rows = &rendering.manifest.env;
        for file in self.facts.env_examples.clone() {
            for row in rows {
                let example = match &row.example {
                    Some(example) => render::render_deferred(example, bindings, Endpoint::Host)?,
                    None => None,
                };
                let line = example_line(row, example.as_deref());
                if bindings.is_stale && example.is_some() && self.ledger.has(&file, &row.name) {
                    self.keep_variable(&rendering.id, &file, &row.name, scope);
                    continue;
                }
                self.settle_variable(&rendering.id, &file, (row, line), scope);
            }
        }
        let Some(file) = self.facts.env.clone() else {
            return Ok(());
        };
        for row in rows {
            // A variable that has a default is set by the user who wants another value.
            let Some(example) = &row.example else {
                continue;
            };
            let Some(value) = render::render_deferred(example, bindings, Endpoint::Host)? else {
                continue;
            };
            let line = Line {
                key: row.name.clone(),
                value,
                commented: row.may_be_unset() || row.default.is_some(),
                comment: Some(sentence(&row.doc)),
                gap: false,
            };
            if bindings.is_stale && self.ledger.has(&file, &row.name) {
                self.keep_variable(&rendering.id, &file, &row.name, scope);
                continue;
            }
            let (key, is_commented) = (line.key.clone(), line.commented);
            let settled = self.settle_variable(&rendering.id, &file, (row, line), scope);
            if settled == Settled::Added {
                if self.facts.env_tracked {
                    self.note(format!("{file} is tracked by git: keep secrets out of it"));
                }
                if is_commented {
                    self.note(format!(
                        "{file} has `{key}` commented out: uncomment it once the service is running"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Leaves a line as it is that depends on a service which stays as it is.
    fn keep_variable(&mut self, id: &str, file: &ProjectPath, key: &str, scope: &Scope) {
        let wanted = Wanted {
            file: file.clone(),
            pointer: key.to_owned(),
            components: BTreeSet::from([id.to_owned()]),
            content: Content::Existing,
            label: key.to_owned(),
        };
        self.settle(&wanted, scope);
    }

    fn settle_variable(
        &mut self,
        id: &str,
        file: &ProjectPath,
        (row, line): (&EnvRow, Line),
        scope: &Scope,
    ) -> Settled {
        let key = line.key.clone();
        for old in &row.renamed_from {
            match self.ledger.rename_variable(file, old, id, &line) {
                Some(Settled::Edited) => {
                    self.note(format!(
                        "rename `{old}` to `{key}` in {file}: you have edited it; the app still reads the old name"
                    ));
                    return Settled::Edited;
                }
                Some(settled) => return settled,
                None => {}
            }
        }
        let variables = dotenv::read(self.text(file));
        let found = variables.into_iter().find(|found| found.key == key);
        let is_recorded = self.ledger.lock.fragment(file, &key).is_some();
        let differs = found
            .and_then(|found| found.value)
            .is_some_and(|value| value != line.value);
        if differs && !is_recorded {
            self.note(format!(
                "{file} sets `{key}` to a value of its own, which stays"
            ));
        }
        let wanted = Wanted {
            file: file.clone(),
            pointer: key.clone(),
            components: BTreeSet::from([id.to_owned()]),
            content: Content::Variable(line),
            label: key,
        };
        self.settle(&wanted, scope)
    }
}

/// The line of an example file: one that works with the compose service, else the default.
fn example_line(row: &EnvRow, example: Option<&str>) -> Line {
    let (value, commented) = match (example, &row.default) {
        (Some(example), _) => (example.to_owned(), false),
        (None, Some(default)) => (default.clone(), true),
        (None, None) => (String::new(), row.may_be_unset()),
    };
    Line {
        key: row.name.clone(),
        value,
        commented,
        comment: Some(sentence(&row.doc)),
        gap: false,
    }
}

/// A doc of the manifest as a sentence of its own.
fn sentence(doc: &str) -> String {
    let mut chars = doc.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
