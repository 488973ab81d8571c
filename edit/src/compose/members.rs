//! Edits inside a service: what it depends on, and its environment.

use super::editor::Compose;
use super::insert;
use super::service::{has_healthcheck, is_list, names};
use super::value::Value;
use super::yaml_value::YamlValue;
use crate::{EditError, Outcome};

impl Compose {
    /// Lets a service start after another: a bare name in a list, else with the condition
    /// `service_healthy` (`service_started` if the other one is known to have no healthcheck).
    ///
    /// # Errors
    ///
    /// [`EditError::Unsupported`] if there is no such service, or if the place cannot be edited without
    /// damage.
    pub fn add_dependency(&mut self, service: &str, on: &str) -> Result<Outcome, EditError> {
        let path = ["services", service, "depends_on"];
        self.expect_service(service)?;
        if service == on {
            return Err(self
                .document
                .refuse(&path, "a service cannot depend on itself"));
        }
        let current = self.document.data.at(&path);
        if current.is_some_and(|current| names(current).iter().any(|name| name == on)) {
            return Ok(Outcome::AlreadyPresent);
        }
        if current.is_some_and(is_list) {
            return self.add_item(&path, on, on);
        }
        let other = self.document.data.at(&["services", on]);
        let condition = match other {
            Some(other) if !has_healthcheck(other) => "service_started",
            _ => "service_healthy",
        };
        let value = Value::Map(vec![("condition".to_owned(), Value::string(condition))]);
        self.add_entry(&["services", service, "depends_on", on], &value)
    }

    /// Gives a service an environment variable, unless it has one of this name with any value.
    ///
    /// # Errors
    ///
    /// As [`Compose::add_dependency`].
    pub fn add_environment(
        &mut self,
        service: &str,
        key: &str,
        value: &str,
    ) -> Result<Outcome, EditError> {
        let path = ["services", service, "environment"];
        self.expect_service(service)?;
        let current = self.document.data.at(&path);
        let defines = |name: &String| name.split('=').next() == Some(key);
        if current.is_some_and(|current| names(current).iter().any(defines)) {
            return Ok(Outcome::AlreadyPresent);
        }
        if current.is_some_and(is_list) {
            return self.add_item(&path, key, &format!("{key}={value}"));
        }
        let value = self.like_last_value(&path, value);
        self.add_entry(&["services", service, "environment", key], &value)
    }

    fn expect_service(&self, service: &str) -> Result<(), EditError> {
        let path = ["services", service];
        match self.document.data.at(&path) {
            Some(_) => Ok(()),
            None => Err(self.document.refuse(&path, "there is no such service")),
        }
    }

    /// A string that is quoted if the last value of the mapping at `path` is.
    fn like_last_value(&self, path: &[&str], text: &str) -> Value {
        let map = path.iter().fold(self.document.root.as_ref(), |node, name| {
            node.and_then(|node| node.entry(name))
                .map(|(_, value)| value)
        });
        let quoted = map
            .and_then(|map| map.entries().last())
            .is_some_and(|(_, value)| value.quote().is_some());
        match Value::string(text) {
            Value::Scalar { text, quoted: must } => Value::Scalar {
                text,
                quoted: must || quoted,
            },
            value => value,
        }
    }

    fn add_item(&mut self, path: &[&str], name: &str, item: &str) -> Result<Outcome, EditError> {
        let change = insert::item(&self.document, path, name, item)?;
        let predicate = |before: Option<&YamlValue>, after: Option<&YamlValue>| {
            before
                .zip(after)
                .is_some_and(|(before, after)| after.is_with_item(before, item))
        };
        self.commit(&change, path, &predicate)
    }
}
