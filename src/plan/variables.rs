//! Variables: lines in `.env.example` and, where there is one, in `.env`.

use crate::{
    catalog::manifest::EnvRow,
    edit::dotenv::{self, Line},
    error::Result,
    path::ProjectPath,
    render::{self, Endpoint, ServiceBindings},
};

use super::builder::PlanBuilder;

impl PlanBuilder<'_> {
    /// Adds the variables of a component to the env files.
    ///
    /// `bindings` tells where the services of the component are.
    pub(super) fn declare(
        &mut self,
        by: &str,
        rows: &[EnvRow],
        bindings: &ServiceBindings,
    ) -> Result<()> {
        for file in self.facts.env_examples.clone() {
            for row in rows {
                let example = match &row.example {
                    Some(example) => render::render_deferred(example, bindings, Endpoint::Host)?,
                    None => None,
                };
                if let Some(line) = shown(row, example.as_deref()) {
                    self.declare_one(by, &file, line);
                }
            }
        }
        let Some(file) = self.facts.env.clone() else {
            return Ok(());
        };
        if self.facts.env_tracked {
            self.note(format!("{file} is tracked by git: keep secrets out of it"));
        }
        for row in rows {
            // A value that has a default is set by who wants another.
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
            if line.commented
                && dotenv::read(self.text(&file))
                    .iter()
                    .all(|v| v.key != line.key)
            {
                self.note(format!(
                    "{file} has `{}` commented out: take the `#` away when the service runs",
                    line.key
                ));
            }
            self.declare_one(by, &file, line);
        }
        Ok(())
    }

    fn declare_one(&mut self, by: &str, file: &ProjectPath, mut line: Line) {
        let variables = dotenv::read(self.text(file));
        let recorded = self.lock.fragment(file, &line.key).is_some();
        if let Some(found) = variables.iter().find(|found| found.key == line.key)
            && !recorded
            && found
                .value
                .as_ref()
                .is_some_and(|value| *value != line.value)
        {
            let key = &line.key;
            self.note(format!(
                "{file} sets `{key}` to a value of its own, which stays"
            ));
        }
        // One blank line sets a component's block apart.
        let owner = self.owner(by);
        let begun = self
            .lock
            .fragments
            .iter()
            .any(|known| known.file == *file && known.by.contains(&owner) && !known.found);
        line.gap = !begun && !self.text(file).trim().is_empty();
        let key = line.key.clone();
        self.put(file, &key, &[by], &key, |text| dotenv::append(text, &line));
    }
}

/// The line of an example file: one that works with the compose service, else the default.
fn shown(row: &EnvRow, example: Option<&str>) -> Option<Line> {
    let (value, commented) = match (example, &row.default) {
        (Some(example), _) => (example.to_owned(), false),
        (None, Some(default)) => (default.clone(), true),
        (None, None) => (String::new(), row.may_be_unset()),
    };
    Some(Line {
        key: row.name.clone(),
        value,
        commented,
        comment: Some(sentence(&row.doc)),
        gap: false,
    })
}

/// A doc of the manifest as a sentence of its own.
fn sentence(doc: &str) -> String {
    let mut chars = doc.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
