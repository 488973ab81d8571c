//! The check of every edit: the new text must say what was intended.

use super::dependency::Table;
use super::value;
use crate::{Edit, EditError, Outcome};

/// The outcome, if the new text says what was intended. `expected` begins as
/// the data of the old one.
pub(super) fn added(
    mut expected: Option<toml::Table>,
    text: String,
    edits: Vec<Edit>,
    table: Table,
    intend: impl FnOnce(&mut toml::Table) -> Option<()>,
) -> Result<Outcome, EditError> {
    let meant = expected.as_mut().and_then(intend).is_some();
    if meant && expected == value::data(&text) {
        return Ok(Outcome::Added { text, edits });
    }
    Err(EditError::Unsupported {
        address: edits
            .last()
            .map_or_else(|| table.address().to_owned(), |edit| edit.address.clone()),
        line: None,
        reason: "it is written in a form that cannot be edited without changing its meaning"
            .to_owned(),
    })
}
