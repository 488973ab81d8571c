//! A Compose file that is edited step by step.

use super::address::{self, pointer};
use super::change::Change;
use super::compare::{Predicate, differ_only_at};
use super::document::Document;
use super::service::File;
use super::value::Value;
use super::yaml_value::YamlValue;
use super::{insert, revise, service};
use crate::{Edit, EditError, Outcome, UndoError};

/// A Compose file that is being edited; each edit starts from the result of the one before.
#[derive(Debug)]
pub struct Compose {
    pub(super) document: Document,
}

impl Compose {
    /// Reads a text; an empty one, or one of comments only, is a file without services.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`] for what is not YAML, several documents, duplicate keys, and a top
    /// level or `services` that is no mapping.
    pub fn parse(text: impl Into<String>) -> Result<Compose, EditError> {
        let document = Document::parse(text.into())?;
        let unreadable = |path: &[&str], reason: &str| EditError::Unreadable {
            line: document.line(path).or(Some(1)),
            reason: reason.to_owned(),
        };
        let is_map =
            |data: &YamlValue| matches!(data.untagged(), YamlValue::Null | YamlValue::Map(_));
        if !is_map(&document.data) {
            return Err(unreadable(&[], "the top level is not a mapping"));
        }
        if !document.data.get("services").is_none_or(is_map) {
            return Err(unreadable(&["services"], "`services` is not a mapping"));
        }
        Ok(Compose { document })
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.document.text
    }

    /// What the file says.
    #[must_use]
    pub fn file(&self) -> File {
        service::file(&self.document)
    }

    /// Adds a service at the end of `services`.
    ///
    /// # Errors
    ///
    /// [`EditError::Conflict`] if a service of this name differs, [`EditError::Unsupported`] if the place
    /// cannot be edited without damage.
    pub fn add_service(&mut self, name: &str, service: &Value) -> Result<Outcome, EditError> {
        self.add_entry(&["services", name], service)
    }

    /// Adds a volume at the end of the top-level `volumes`; usually the value is [`Value::Null`].
    ///
    /// # Errors
    ///
    /// As [`Compose::add_service`].
    pub fn add_volume(&mut self, name: &str, volume: &Value) -> Result<Outcome, EditError> {
        self.add_entry(&["volumes", name], volume)
    }

    /// Replaces the scalar at an address, as `/services/db/image`; its quotes stay.
    ///
    /// # Errors
    ///
    /// [`EditError::Unsupported`] if there is no such scalar, or if other places share it.
    pub fn replace_scalar(&mut self, address: &str, new: &str) -> Result<Outcome, EditError> {
        let names = address::names(address).unwrap_or_default();
        let path: Vec<&str> = names.iter().map(String::as_str).collect();
        let current = self.document.data.at(&path);
        if current.and_then(YamlValue::text) == Some(new) {
            return Ok(Outcome::AlreadyPresent);
        }
        let change = insert::replacement(&self.document, &path, new)?;
        self.commit(&change, &path, &|before, after| {
            before.is_some() && after.and_then(YamlValue::text) == Some(new)
        })
    }

    /// Undoes one edit. Undo contents before their containers; a container that still holds
    /// something is [`UndoError::NotEmpty`] and can be tried again later.
    ///
    /// # Errors
    ///
    /// Why the edit was kept; the text is as before then.
    pub fn undo(&mut self, edit: &Edit) -> Result<(), UndoError> {
        self.document = edit.in_any_line_ends(&self.document.text, |edit| {
            super::undo::undo(&self.document, edit)
        })?;
        Ok(())
    }

    /// Gives an entry that an edit added another value, in its place; returns the edit to record.
    ///
    /// A mapping entry keeps its indents and quotes, else gets those of the file; a string keeps the quotes of the scalar
    /// it replaces. In a list the item `KEY=old` becomes `KEY=new`, and an item that is a bare name
    /// (`- redis` in `depends_on`) stays. A scalar that [`Compose::replace_scalar`] replaced is
    /// replaced again. When the value is there already, nothing changes. Undoing the returned edit
    /// gives the bytes that undoing the old one gave.
    ///
    /// # Errors
    ///
    /// As [`Compose::undo`], [`UndoError::Modified`] also when the value cannot be written there, and
    /// [`UndoError::NotEmpty`] for a container; the text is as before then.
    pub fn revise(&mut self, edit: &Edit, value: &Value) -> Result<Edit, UndoError> {
        let revised = edit.in_any_line_ends(&self.document.text, |edit| {
            revise::revise(&self.document, edit, value)
        })?;
        match revised {
            Some((document, edit)) => {
                self.document = document;
                Ok(edit)
            }
            None => Ok(edit.clone()),
        }
    }

    /// Whether an edit is still as it was made. A container is, whatever it holds now.
    ///
    /// # Errors
    ///
    /// [`UndoError::Modified`] or [`UndoError::Missing`].
    pub fn state(&self, edit: &Edit) -> Result<(), UndoError> {
        state_in(&self.document, edit)
    }

    pub(super) fn add_entry(&mut self, path: &[&str], value: &Value) -> Result<Outcome, EditError> {
        let wanted = YamlValue::from_value(value);
        if let Some(found) = self.document.data.at(path) {
            return match found.is_superset_of(&wanted) {
                Ok(()) => Ok(Outcome::AlreadyPresent),
                Err(difference) => {
                    let mut path = path.to_vec();
                    path.extend(difference.path.iter().map(String::as_str));
                    Err(EditError::Conflict {
                        address: pointer(&path),
                        line: self.document.line(&path),
                        wanted: difference.wanted,
                        found: difference.found,
                    })
                }
            };
        }
        let change = insert::entry(&self.document, path, value)?;
        self.commit(&change, path, &|before, after| {
            before.is_none() && after.is_some_and(|after| after.semantically_eq(&wanted))
        })
    }

    pub(super) fn commit(
        &mut self,
        change: &Change,
        path: &[&str],
        predicate: &Predicate<'_>,
    ) -> Result<Outcome, EditError> {
        let after = Document::parse(change.apply(&self.document.text)).ok();
        let is_meant = |after: &Document| {
            let (before, after) = (Some(&self.document.data), Some(&after.data));
            differ_only_at(before, after, path, predicate)
        };
        if let Some(after) = after.filter(is_meant) {
            self.document = after;
            return Ok(Outcome::Added {
                text: self.document.text.clone(),
                edits: change.edits.clone(),
            });
        }
        let reason = if self.document.is_anchored(path) {
            "an anchor (`&`) shares it with other places"
        } else {
            "the result would say something else than meant"
        };
        Err(self.document.refuse(path, reason))
    }
}

/// Reads what a Compose file says.
///
/// # Errors
///
/// As [`Compose::parse`].
pub fn read(text: &str) -> Result<File, EditError> {
    Ok(Compose::parse(text)?.file())
}

/// Undoes one edit in a text, as [`Compose::undo`].
///
/// # Errors
///
/// Why the edit was kept; a text that cannot be read counts as changed.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let document = Document::parse(text.to_owned()).map_err(|_| UndoError::Modified)?;
    edit.in_any_line_ends(text, |edit| super::undo::undo(&document, edit))
        .map(|document| document.text)
}

/// Whether an edit is still as it was made, as [`Compose::state`].
///
/// # Errors
///
/// As [`Compose::state`]; a text that cannot be read counts as changed.
pub fn state(text: &str, edit: &Edit) -> Result<(), UndoError> {
    let document = Document::parse(text.to_owned()).map_err(|_| UndoError::Modified)?;
    state_in(&document, edit)
}

fn state_in(document: &Document, edit: &Edit) -> Result<(), UndoError> {
    match edit.in_any_line_ends(&document.text, |edit| super::undo::undo(document, edit)) {
        Ok(_) | Err(UndoError::NotEmpty) => Ok(()),
        Err(kept) => Err(kept),
    }
}
