//! The catalogue: the folders of the components and the base, with typed manifests.
//!
//! A component is a folder of data. This room reads manifests and hands out the texts of templates;
//! it renders nothing and knows no project.

use std::collections::BTreeMap;

use std::sync::OnceLock;

use include_dir::{Dir, include_dir};
use minijinja::value::Serde;
use semver::Version;
use serde::Deserialize;

use crate::{
    error::{Error, Result, did_you_mean},
    facts::Framework,
};

mod changelog;
pub mod manifest;
pub(crate) mod merge;
mod search;
mod template_files;
mod validate;

use manifest::Manifest;
pub use search::Found;
pub use template_files::TemplateFiles;
pub use validate::Fault;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static BASE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/base");

/// What `infra list` shows of a component.
#[derive(Clone, Debug, Deserialize)]
pub struct ComponentSummary {
    /// The folder's name.
    #[serde(skip)]
    pub id: String,
    /// As in the [`Manifest`].
    pub summary: String,
    /// As in the [`Manifest`].
    pub category: String,
    /// As in the [`Manifest`].
    pub version: Version,
    /// As in the [`Manifest`].
    #[serde(default)]
    pub requires: Vec<String>,
}

/// All components by id, the base, and the skeletons of `new`. A manifest is parsed when it is first used.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Where the folders of the components lie, for messages.
    folder: String,
    components: BTreeMap<String, Entry>,
    hub: Entry,
    skeletons: TemplateFiles,
}

/// A component whose manifest is parsed on first use.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    texts: TemplateFiles,
    read: OnceLock<Component>,
}

impl Entry {
    fn new(id: &str, texts: TemplateFiles) -> Self {
        Self {
            id: id.to_owned(),
            texts,
            read: OnceLock::new(),
        }
    }

    /// Parses the manifest up to its first table.
    fn summary(&self) -> Result<ComponentSummary> {
        let text = self.texts.get(MANIFEST).unwrap_or_default();
        let head = text.split("\n[").next().unwrap_or_default();
        let summary = parsed(&self.id, head)?.try_into();
        Ok(ComponentSummary {
            id: self.id.clone(),
            ..summary.map_err(|error: toml::de::Error| invalid(&self.id, &error))?
        })
    }

    fn component(&self) -> Result<&Component> {
        if let Some(known) = self.read.get() {
            return Ok(known);
        }
        let component = Component::parse(&self.id, self.texts.clone())?;
        Ok(self.read.get_or_init(|| component))
    }
}

/// A component, before its options are chosen.
#[derive(Clone, Debug)]
pub struct Component {
    /// The folder's name.
    pub id: String,
    /// The manifest without its `[[when]]` tables merged.
    pub manifest: Manifest,
    table: toml::Table,
    texts: TemplateFiles,
}

impl Component {
    /// Reads a component from the texts of its folder.
    ///
    /// # Errors
    ///
    /// The manifest is missing or breaks the schema.
    pub fn parse(id: &str, texts: TemplateFiles) -> Result<Self> {
        let table = table(id, &texts)?;
        // From the text itself would be faster, but would be a second parser of the whole schema.
        let manifest = table.clone().try_into();
        Ok(Self {
            id: id.to_owned(),
            manifest: manifest.map_err(|error: toml::de::Error| invalid(id, &error))?,
            table,
            texts,
        })
    }

    /// The components that it requires with these options.
    ///
    /// # Errors
    ///
    /// The `if` of a `[[when]]` with `requires` is wrong, which [`Catalog::faults`] finds.
    pub(crate) fn requires(&self, options: &BTreeMap<String, toml::Value>) -> Result<Vec<String>> {
        let mut requires = self.manifest.requires.clone();
        for (condition, ids) in self.conditional_requires() {
            if holds(condition, options).map_err(|error| invalid(&self.id, &error))? {
                requires.extend(ids.into_iter().map(str::to_owned));
            }
        }
        Ok(requires)
    }

    /// The components that it requires with any options.
    fn all_requires(&self) -> Vec<String> {
        let conditional = self.conditional_requires().into_iter();
        let conditional = conditional.flat_map(|(_, ids)| ids).map(str::to_owned);
        let always = self.manifest.requires.iter().cloned();
        always.chain(conditional).collect()
    }

    /// The conditions of the `[[when]]` tables that require components, and these.
    fn conditional_requires(&self) -> Vec<(&str, Vec<&str>)> {
        let tables = self.manifest.when.iter();
        tables
            .filter_map(|table| {
                let ids = table.get("requires")?.as_array()?.iter();
                let ids = ids.filter_map(toml::Value::as_str).collect();
                Some((table.get("if")?.as_str()?, ids))
            })
            .collect()
    }

    /// The manifest as it stands, to merge `[[when]]` into.
    pub(crate) fn table(&self) -> &toml::Table {
        &self.table
    }

    /// The templates of generated files: where each goes, and its text. Sorted.
    pub fn tree(&self) -> Vec<(String, &str)> {
        self.texts.below("tree")
    }

    /// The compose fragment.
    pub fn compose(&self) -> Option<&str> {
        self.texts.get("compose.yml")
    }

    /// The README for the user of the generated code.
    pub fn readme(&self) -> &str {
        self.texts.get("README.md").unwrap_or_default()
    }
}

impl Catalog {
    /// The components that are in this binary.
    #[must_use]
    pub fn embedded() -> Self {
        let folders = TEMPLATES.dirs().filter_map(|folder| {
            let id = folder.path().to_str()?;
            let entry = Entry::new(id, TemplateFiles::embedded(folder));
            Some((id.to_owned(), entry))
        });
        let base = |name| {
            BASE.get_dir(name)
                .map(TemplateFiles::embedded)
                .unwrap_or_default()
        };
        Self {
            folder: "templates".to_owned(),
            components: folders.collect(),
            hub: Entry::new("hub", base("hub")),
            skeletons: base("new"),
        }
    }

    /// The catalogue of these folders, each by its id, on the base of this binary. Nothing is parsed yet.
    /// `folder` is where they lie, for messages.
    #[must_use]
    pub fn of(folder: &str, folders: impl IntoIterator<Item = (String, TemplateFiles)>) -> Self {
        let entry = |(id, files): (String, TemplateFiles)| {
            let entry = Entry::new(&id, files);
            (id, entry)
        };
        Self {
            folder: folder.to_owned(),
            components: folders.into_iter().map(entry).collect(),
            ..Self::embedded()
        }
    }

    /// Adds a component, in place of one with the same id.
    #[must_use]
    pub fn with(mut self, component: Component) -> Self {
        let entry = Entry {
            id: component.id.clone(),
            texts: component.texts.clone(),
            read: component.into(),
        };
        self.components.insert(entry.id.clone(), entry);
        self
    }

    /// The names of all components, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.components.keys().map(String::as_str)
    }

    /// The summaries of all components, sorted by id.
    ///
    /// # Errors
    ///
    /// A manifest is not valid, which the tests exclude.
    pub fn summaries(&self) -> Result<Vec<ComponentSummary>> {
        self.components.values().map(Entry::summary).collect()
    }

    /// All components, sorted by id.
    ///
    /// # Errors
    ///
    /// As [`Catalog::summaries`].
    pub fn components(&self) -> Result<Vec<&Component>> {
        self.components.values().map(Entry::component).collect()
    }

    /// The base, which every project gets.
    ///
    /// # Errors
    ///
    /// As [`Catalog::summaries`].
    pub fn hub(&self) -> Result<&Component> {
        self.hub.component()
    }

    /// The texts of a skeleton for `new`, by path.
    pub fn skeleton(&self, framework: &str) -> Vec<(String, &str)> {
        self.skeletons.below(framework)
    }

    /// The frameworks that `new` has a skeleton for.
    pub fn skeletons(&self) -> Vec<String> {
        let texts = self.skeletons.below("");
        let folders = texts.iter().filter_map(|(path, _)| path.split('/').next());
        let mut names: Vec<String> = folders.map(str::to_owned).collect();
        names.dedup();
        names
    }

    /// The names that `framework` can have in templates: those of the skeletons, and none.
    pub(crate) fn frameworks(&self) -> Vec<String> {
        let mut names = self.skeletons();
        names.push(Framework::NONE.to_owned());
        names
    }

    /// The component with this id.
    ///
    /// # Errors
    ///
    /// There is none; the message suggests the one that was probably meant.
    pub fn get(&self, id: &str) -> Result<&Component> {
        if let Some(entry) = self.components.get(id) {
            return entry.component();
        }
        let mut message = format!("no component `{id}`");
        let suggested = self.suggest(id);
        if let [only] = suggested.as_slice() {
            message.push_str(&format!("; it is part of `{only}`"));
        }
        let error = Error::usage("unknown-component", message);
        Err(match (suggested.as_slice(), did_you_mean(id, self.ids())) {
            ([only], _) => error
                .hint(format!("infra add {only}"))
                .hint(format!("`infra info {only}` shows what it does")),
            ([_, _, ..], _) => error.hint(format!("`infra search {id}` shows who has it")),
            ([], Some(meant)) => error.hint(format!("did you mean `{meant}`?")),
            ([], None) => error.hint("`infra list` shows all components"),
        })
    }
}

const MANIFEST: &str = "component.toml";

/// Whether a condition that names nothing but options holds.
fn holds(
    condition: &str,
    options: &BTreeMap<String, toml::Value>,
) -> std::result::Result<bool, minijinja::Error> {
    let environment = minijinja::Environment::empty();
    let expression = environment.compile_expression(condition)?;
    let value = expression.eval(minijinja::context! { options => Serde(options) })?;
    Ok(value.is_true())
}

fn table(id: &str, texts: &TemplateFiles) -> Result<toml::Table> {
    match texts.get(MANIFEST) {
        Some(text) => parsed(id, text),
        None => Err(invalid(id, &format!("it has no `{MANIFEST}`"))),
    }
}

fn parsed(id: &str, text: &str) -> Result<toml::Table> {
    toml::from_str(text).map_err(|error| invalid(id, &error))
}

fn invalid(id: &str, why: &dyn std::fmt::Display) -> Error {
    Error::failure(
        "invalid-component",
        format!("the component `{id}` is not valid: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_says_what_the_whole_manifest_does() {
        let catalog = Catalog::embedded();
        let components = catalog.components().unwrap();
        assert!(!components.is_empty());
        for (summary, component) in catalog.summaries().unwrap().iter().zip(components) {
            let manifest = &component.manifest;
            assert_eq!(summary.id, component.id);
            assert_eq!(summary.summary, manifest.summary);
            assert_eq!(summary.category, manifest.category);
            assert_eq!(summary.version, manifest.version);
            assert_eq!(summary.requires, manifest.requires);
        }
    }

    #[test]
    fn texts_in_the_binary_and_in_memory_are_found_alike() {
        let embedded = TemplateFiles::embedded(BASE.get_dir("new").unwrap());
        let all = embedded.below("").into_iter();
        let owned: TemplateFiles = all.map(|(path, text)| (path, text.to_owned())).collect();
        assert_eq!(embedded.below("axum"), owned.below("axum"));
        assert!(!owned.below("axum").is_empty());
        for (path, text) in owned.below("") {
            assert_eq!(embedded.get(&path), Some(text), "{path}");
        }
        assert_eq!((embedded.get("axum"), owned.get("axum")), (None, None));
    }
}
