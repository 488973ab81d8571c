//! The components: embedded templates, read into typed and validated manifests.
//!
//! A component is a folder of data. This room reads manifests and hands out the texts of templates;
//! it renders nothing and knows no project.

use std::{borrow::Cow, collections::BTreeMap};

use include_dir::{Dir, include_dir};

use crate::error::{Error, Result, nearest};

pub mod manifest;

use manifest::Manifest;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static BASE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/base");

/// Texts by path relative to a component's folder.
type Files = BTreeMap<String, Cow<'static, str>>;

/// All components, by id, and what every project gets.
#[derive(Clone, Debug)]
pub struct Catalog {
    components: BTreeMap<String, Component>,
    hub: Component,
    skeletons: Files,
}

/// A component as its folder says it, before options are chosen.
#[derive(Clone, Debug)]
pub struct Component {
    /// The folder's name.
    pub id: String,
    /// The manifest without its `[[when]]` tables merged.
    pub manifest: Manifest,
    /// The manifest as it stands, to merge `[[when]]` into.
    pub(crate) table: toml::Table,
    files: Files,
}

impl Component {
    /// Reads a component from the texts of its folder.
    ///
    /// # Errors
    ///
    /// The manifest is missing or breaks the schema.
    pub fn parse(id: &str, files: Files) -> Result<Self> {
        let invalid = |why: String| {
            Error::failure(
                "invalid-component",
                format!("the component `{id}` is not valid: {why}"),
            )
        };
        let text = files
            .get("component.toml")
            .ok_or_else(|| invalid("it has no `component.toml`".to_owned()))?;
        let table: toml::Table =
            toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let manifest: Manifest = table
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| invalid(error.to_string()))?;
        Ok(Self {
            id: id.to_owned(),
            manifest,
            table,
            files,
        })
    }

    /// The templates of generated files: where each goes, and its text.
    pub fn tree(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.strip_prefix("tree/")?, text.as_ref())))
    }

    /// The compose fragment.
    pub fn compose(&self) -> Option<&str> {
        self.files.get("compose.yml").map(AsRef::as_ref)
    }

    /// What the user of the generated code reads.
    pub fn readme(&self) -> &str {
        self.files.get("README.md").map_or("", AsRef::as_ref)
    }
}

impl Catalog {
    /// The components that are in this binary.
    ///
    /// # Errors
    ///
    /// A manifest is not valid, which the tests exclude.
    pub fn embedded() -> Result<Self> {
        let mut components = BTreeMap::new();
        for folder in TEMPLATES.dirs() {
            let id = folder.path().to_string_lossy().into_owned();
            components.insert(id.clone(), Component::parse(&id, texts(folder, &id))?);
        }
        let hub = BASE.get_dir("hub").map(|folder| texts(folder, "hub"));
        let skeletons = BASE.get_dir("new").map(|folder| texts(folder, "new"));
        let catalog = Self {
            components,
            hub: Component::parse("hub", hub.unwrap_or_default())?,
            skeletons: skeletons.unwrap_or_default(),
        };
        Ok(catalog)
    }

    /// Adds a component, in place of one with the same id.
    #[must_use]
    pub fn with(mut self, component: Component) -> Self {
        self.components.insert(component.id.clone(), component);
        self
    }

    /// All components, by id.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// What every project gets.
    pub fn hub(&self) -> &Component {
        &self.hub
    }

    /// The texts of a skeleton for `new`, by path.
    pub fn skeleton<'a>(&'a self, framework: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let prefix = format!("{framework}/");
        self.skeletons.iter().filter_map(move |(path, text)| {
            Some((path.strip_prefix(prefix.as_str())?, text.as_ref()))
        })
    }

    /// The frameworks that `new` has a skeleton for.
    pub fn skeletons(&self) -> Vec<&str> {
        let folders = self
            .skeletons
            .keys()
            .filter_map(|path| path.split('/').next());
        let mut names: Vec<&str> = folders.collect();
        names.dedup();
        names
    }

    /// The component with this id.
    ///
    /// # Errors
    ///
    /// There is none; the message suggests the one that was probably meant.
    pub fn get(&self, id: &str) -> Result<&Component> {
        self.components.get(id).ok_or_else(|| {
            let error = Error::usage("unknown-component", format!("no component `{id}`"));
            match nearest(id, self.components.keys().map(String::as_str)) {
                Some(meant) => error.hint(format!("did you mean `{meant}`?")),
                None => error.hint("`infra list` shows all components"),
            }
        })
    }
}

fn texts(folder: &'static Dir<'static>, prefix: &str) -> Files {
    let mut files = Files::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().to_string_lossy().replace('\\', "/");
            let path = path.strip_prefix(prefix).unwrap_or(&path);
            if let Some(text) = file.contents_utf8() {
                files.insert(path.trim_start_matches('/').to_owned(), text.into());
            }
        }
    }
    files
}
