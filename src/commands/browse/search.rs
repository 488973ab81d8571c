//! `infra search`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::print_table;
use crate::{
    catalog::Catalog,
    commands::{DONE, templates},
    error::{Error, Result},
    ui::Ui,
};

/// What a `search` is asked to find.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The word.
    pub word: String,
    /// A folder of components, in place of those in this binary.
    pub templates: Option<PathBuf>,
}

/// Finds components by a word, best first.
///
/// # Errors
///
/// No component has the word.
pub fn search(search: &Search, ui: &Ui) -> Result<u8> {
    let catalog = templates::catalog(search.templates.as_deref())?;
    let found = catalog.search(&search.word)?;
    if found.is_empty() {
        let message = format!("no component has the word `{}`", search.word);
        return Err(
            Error::usage("nothing-found", message).hint("`infra list` shows all components")
        );
    }
    if ui.is_json() {
        let rows = found.iter().map(|found| {
            json!({
                "id": found.component,
                "summary": found.summary,
                "found_in": found.place,
            })
        });
        let rows: Vec<Value> = rows.collect();
        ui.document(&json!({"schema_version": 1, "command": "search", "components": rows}));
        return Ok(DONE);
    }
    let mut rows = vec![
        ["COMPONENT", "FOUND IN", "SUMMARY"]
            .map(String::from)
            .to_vec(),
    ];
    for found in found {
        rows.push(vec![
            found.component.to_owned(),
            found.place,
            found.summary.to_owned(),
        ]);
    }
    print_table(&rows, ui);
    Ok(DONE)
}

/// The ids of what the user named. A word that is no id and a keyword of one component is replaced by
/// that component where the user, asked on a terminal, agrees; every other word stays, so that looking it
/// up fails with a hint.
///
/// # Errors
///
/// The user interrupted.
pub fn ids_of(words: &[String], catalog: &Catalog, ui: &Ui) -> Result<Vec<String>> {
    let id_of = |word: &String| {
        let is_id = catalog.ids().any(|id| id == word);
        match catalog.suggest(word).as_slice() {
            [id] if !is_id
                && ui.can_ask()
                && ui.confirm(&format!("`{word}` is in `{id}`; add it?"))? =>
            {
                Ok((*id).to_owned())
            }
            _ => Ok(word.clone()),
        }
    };
    words.iter().map(id_of).collect()
}
