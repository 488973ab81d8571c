//! `infra search`.

use std::path::PathBuf;

use super::print_table;
use crate::{
    catalog::{Catalog, Found},
    commands::{
        DONE,
        json::{self, Answer, Document},
        templates,
    },
    error::{Error, ErrorCode, Result},
    ui::Ui,
};

/// The options of `infra search`.
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
        let message = format!("no component matches `{}`", search.word);
        return Err(
            Error::new(ErrorCode::NothingFound, message).hint("`infra list` shows all components")
        );
    }
    match ui.is_json() {
        true => ui.document(&document(&found)),
        false => print_table(&rows(&found), ui),
    }
    Ok(DONE)
}

fn document<'a>(found: &'a [Found<'_>]) -> Document<'a> {
    let components = found.iter().map(|found| json::Found {
        id: found.component,
        summary: found.summary,
        found_in: &found.place,
    });
    Document::from(Answer::Search {
        components: components.collect(),
    })
}

/// The rows of the table, its head first.
fn rows(found: &[Found<'_>]) -> Vec<Vec<String>> {
    let head = ["COMPONENT", "FOUND IN", "SUMMARY"];
    let rows = found
        .iter()
        .map(|found| [found.component, found.place.as_str(), found.summary]);
    let rows = std::iter::once(head).chain(rows);
    rows.map(|row| row.map(String::from).to_vec()).collect()
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
