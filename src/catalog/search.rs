//! What a word leads to: components by id, keyword, summary, option, and what they bring.

use super::{Catalog, Component};
use crate::error::Result;

/// A component that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The component.
    pub component: &'a str,
    /// Its summary.
    pub summary: &'a str,
    /// Where the word occurs, such as ``keyword `cache` ``.
    pub place: String,
    rank: u8,
}

impl Catalog {
    /// The components that a word leads to, best first. The places count in this order; within one, the
    /// ids are sorted:
    ///
    /// 1. the id is the word,
    /// 2. a keyword is the word,
    /// 3. the id or a keyword has the word,
    /// 4. the summary has it,
    /// 5. an option has it in its name or its documentation,
    /// 6. a variable, a type that handlers take, or a crate has it in its name.
    ///
    /// Case and `-`, `_`, `/` and spaces do not matter, and the word may be the beginning of another.
    ///
    /// # Errors
    ///
    /// A manifest is not valid.
    pub fn search(&self, word: &str) -> Result<Vec<Found<'_>>> {
        let components = self.components()?.into_iter();
        let mut found: Vec<Found<'_>> = components
            .filter_map(|component| find(component, &normalized(word)))
            .collect();
        found.sort_by_key(|found| (found.rank, found.component));
        Ok(found)
    }

    /// The components that have this word as a keyword, or had it as their id. For a word that is no id.
    pub fn suggest(&self, word: &str) -> Vec<&str> {
        let word = normalized(word);
        let names = |component: &Component| {
            let manifest = &component.manifest;
            let words = manifest.keywords.iter().chain(&manifest.replaces);
            words.map(|word| normalized(word)).any(|name| name == word)
        };
        let components = self.components().unwrap_or_default().into_iter();
        components
            .filter(|component| names(component))
            .map(|component| component.id.as_str())
            .collect()
    }
}

/// Lower case, with one space between words.
fn normalized(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '/'));
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

/// Whether a word of the text begins with `word`, which is normalized.
fn has(text: &str, word: &str) -> bool {
    let text = normalized(text);
    let starts = text.match_indices(word).map(|(start, _)| start);
    let mut before = starts.map(|start| text[..start].chars().next_back());
    before.any(|before| before.is_none_or(|c| !c.is_alphanumeric()))
}

fn find<'a>(component: &'a Component, word: &str) -> Option<Found<'a>> {
    if word.is_empty() {
        return None;
    }
    let (rank, place) = place(component, word)?;
    Some(Found {
        component: &component.id,
        summary: &component.manifest.summary,
        place,
        rank,
    })
}

fn place(component: &Component, word: &str) -> Option<(u8, String)> {
    let manifest = &component.manifest;
    if normalized(&component.id) == word {
        return Some((1, "id".to_owned()));
    }
    let mut keywords = manifest.keywords.iter().chain(&manifest.replaces);
    if let Some(keyword) = keywords.find(|keyword| normalized(keyword) == word) {
        return Some((2, format!("keyword `{keyword}`")));
    }
    if has(&component.id, word) {
        return Some((3, "id".to_owned()));
    }
    if let Some(keyword) = manifest.keywords.iter().find(|keyword| has(keyword, word)) {
        return Some((3, format!("keyword `{keyword}`")));
    }
    if has(&manifest.summary, word) {
        return Some((4, "summary".to_owned()));
    }
    let mut options = manifest.options.iter();
    let option = options.find(|(name, spec)| has(name, word) || has(&spec.doc, word));
    if let Some((name, _)) = option {
        return Some((5, format!("option `{name}`")));
    }
    brought(component, word).map(|place| (6, place))
}

/// A variable, a type that handlers take, or a crate.
fn brought(component: &Component, word: &str) -> Option<String> {
    let manifest = &component.manifest;
    let variables = manifest
        .env
        .iter()
        .map(|row| ("variable", row.name.as_str()));
    let extracts = manifest.wire.iter().flat_map(|wire| &wire.extract);
    let types = extracts.map(|extract| ("type", extract.kind.as_str()));
    let crates = manifest.dependencies.keys();
    let crates = crates.map(|name| ("crate", name.as_str()));
    let mut all = variables.chain(types).chain(crates);
    let (what, name) = all.find(|(_, name)| has(name, word))?;
    Some(format!("{what} `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let folder = |id: &str, manifest: &str| {
            let manifest = format!("category = 'c'\nversion = '0.1.0'\n{manifest}");
            let files = [("component.toml".to_owned(), manifest)];
            (id.to_owned(), files.into_iter().collect())
        };
        Catalog::of(
            "templates",
            [
                folder(
                    "mail",
                    "summary = 'Sends messages'\nkeywords = ['smtp', 'e-mail']",
                ),
                folder("cache", "summary = 'Keeps what is read often'"),
                folder(
                    "events",
                    "summary = 's'\nkeywords = ['cache invalidation', 'Cache Line']\nreplaces = ['bus']",
                ),
                folder(
                    "jobs",
                    "summary = 's'\n[options.cron]\ntype = 'bool'\ndefault = true\ndoc = 'schedules'\n[dependencies]\nlettre = '1'\n[[env]]\nname = 'JOBS_URL'\nfield = 'url'\nkind = 'text'\noptional = true\ndoc = 'd'",
                ),
            ],
        )
    }

    fn found(word: &str) -> Vec<String> {
        let catalog = catalog();
        let found = catalog.search(word).unwrap().into_iter();
        found
            .map(|found| format!("{}: {}", found.component, found.place))
            .collect()
    }

    #[test]
    fn the_best_place_decides_the_order() {
        assert_eq!(
            found("cache"),
            ["cache: id", "events: keyword `cache invalidation`"]
        );
        assert_eq!(found("E_Mail"), ["mail: keyword `e-mail`"]);
        assert_eq!(found("message"), ["mail: summary"]);
        assert_eq!(found("schedule"), ["jobs: option `cron`"]);
        assert_eq!(found("lettre"), ["jobs: crate `lettre`"]);
        assert_eq!(found("jobs url"), ["jobs: variable `JOBS_URL`"]);
        assert_eq!(found("ache"), Vec::<String>::new());
        assert_eq!(found(""), Vec::<String>::new());
    }

    #[test]
    fn a_keyword_or_an_earlier_id_suggests_its_component() {
        let catalog = catalog();
        assert_eq!(catalog.suggest("SMTP"), ["mail"]);
        assert_eq!(catalog.suggest("bus"), ["events"]);
        assert!(catalog.suggest("schedules").is_empty());
        let error = catalog.get("smtp").unwrap_err();
        assert_eq!(error.message, "no component `smtp`; it is part of `mail`");
        assert_eq!(
            error.hints,
            ["infra add mail", "`infra info mail` shows what it does"]
        );
    }
}
