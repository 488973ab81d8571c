//! The components: embedded templates, read into typed and validated manifests.
//!
//! A component is a folder of data. This room reads manifests and hands out the texts of templates;
//! it renders nothing and knows no project.

use std::{collections::BTreeMap, sync::OnceLock};

use include_dir::{Dir, include_dir};

use crate::error::{Error, Result, nearest};

pub mod manifest;
mod texts;

use manifest::Manifest;
pub use texts::Texts;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static BASE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/base");

/// All components, by id, and what every project gets. Each is read when it is first asked for.
#[derive(Clone, Debug)]
pub struct Catalog {
    components: BTreeMap<String, Entry>,
    hub: Entry,
    skeletons: Texts,
}

/// A component that is perhaps not read yet.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    texts: Texts,
    read: OnceLock<Component>,
}

impl Entry {
    fn embedded(id: &str, texts: Texts) -> Self {
        Self {
            id: id.to_owned(),
            texts,
            read: OnceLock::new(),
        }
    }

    fn component(&self) -> Result<&Component> {
        if let Some(known) = self.read.get() {
            return Ok(known);
        }
        let component = Component::parse(&self.id, self.texts.clone())?;
        Ok(self.read.get_or_init(|| component))
    }
}

/// A component as its folder says it, before options are chosen.
#[derive(Clone, Debug)]
pub struct Component {
    /// The folder's name.
    pub id: String,
    /// The manifest without its `[[when]]` tables merged.
    pub manifest: Manifest,
    texts: Texts,
}

impl Component {
    /// Reads a component from the texts of its folder.
    ///
    /// # Errors
    ///
    /// The manifest is missing or breaks the schema.
    pub fn parse(id: &str, texts: Texts) -> Result<Self> {
        let manifest = table(id, &texts)?;
        // From the text itself would be faster, but would be a second parser of the whole schema.
        let manifest = manifest.try_into();
        Ok(Self {
            id: id.to_owned(),
            manifest: manifest.map_err(|error: toml::de::Error| invalid(id, &error))?,
            texts,
        })
    }

    /// The manifest as it stands, to merge `[[when]]` into.
    pub(crate) fn table(&self) -> Result<toml::Table> {
        table(&self.id, &self.texts)
    }

    /// The templates of generated files: where each goes, and its text. Sorted.
    pub fn tree(&self) -> Vec<(String, &str)> {
        self.texts.below("tree")
    }

    /// The compose fragment.
    pub fn compose(&self) -> Option<&str> {
        self.texts.get("compose.yml")
    }

    /// What the user of the generated code reads.
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
            let entry = Entry::embedded(id, Texts::embedded(folder));
            Some((id.to_owned(), entry))
        });
        let base = |name| BASE.get_dir(name).map(Texts::embedded).unwrap_or_default();
        Self {
            components: folders.collect(),
            hub: Entry::embedded("hub", base("hub")),
            skeletons: base("new"),
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

    /// All components, by id.
    ///
    /// # Errors
    ///
    /// A manifest is not valid, which the tests exclude.
    pub fn components(&self) -> Result<Vec<&Component>> {
        self.components.values().map(Entry::component).collect()
    }

    /// What every project gets.
    ///
    /// # Errors
    ///
    /// As [`Catalog::components`].
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

    /// The component with this id.
    ///
    /// # Errors
    ///
    /// There is none; the message suggests the one that was probably meant.
    pub fn get(&self, id: &str) -> Result<&Component> {
        if let Some(entry) = self.components.get(id) {
            return entry.component();
        }
        let error = Error::usage("unknown-component", format!("no component `{id}`"));
        Err(match nearest(id, self.ids()) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint("`infra list` shows all components"),
        })
    }
}

fn table(id: &str, texts: &Texts) -> Result<toml::Table> {
    let Some(text) = texts.get("component.toml") else {
        return Err(invalid(id, &"it has no `component.toml`"));
    };
    toml::from_str(text).map_err(|error| invalid(id, &error))
}

fn invalid(id: &str, why: &dyn std::fmt::Display) -> Error {
    Error::failure(
        "invalid-component",
        format!("the component `{id}` is not valid: {why}"),
    )
}
