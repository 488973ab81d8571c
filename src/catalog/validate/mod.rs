//! The validation of a component: every fault of its manifest, with file and line.
//!
//! Parsing a manifest checks the types of its keys. This pass checks what the keys refer to: components,
//! options, variables, services, and functions of the generated module. It reads the folder of the
//! component as it stands; nothing is rendered.

use std::{collections::BTreeSet, fmt};

use super::{Catalog, Component, MANIFEST, TemplateFiles, manifest::Manifest, merge::merge};
use node::Node;

mod expressions;
mod node;
mod references;
mod rust_items;
mod variables;

/// Something that is wrong with a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, from the folder that the catalogue was read from.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, in lower case and without a final period.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A manifest with what its keys may refer to.
struct Subject<'a> {
    id: &'a str,
    files: &'a TemplateFiles,
    catalog: &'a Catalog,
    root: Node<'a>,
    /// The top of the manifest, then every `[[when]]`.
    layers: Vec<Node<'a>>,
    /// The components that it requires, directly or not.
    required: Vec<&'a Component>,
    /// The services of its compose.yml.
    services: BTreeSet<String>,
}

/// The faults of one file, by the position of what is wrong.
#[derive(Default)]
struct Faults(Vec<(usize, String)>);

impl Faults {
    fn add(&mut self, position: usize, message: impl Into<String>) {
        self.0.push((position, message.into()));
    }
}

impl Catalog {
    /// The faults of all components.
    pub fn faults(&self) -> Vec<Fault> {
        self.ids().flat_map(|id| self.faults_of(id)).collect()
    }

    /// The faults of one component, in the order of its files and lines; none for an unknown id.
    pub fn faults_of(&self, id: &str) -> Vec<Fault> {
        let Some(entry) = self.components.get(id) else {
            return Vec::new();
        };
        let folder = format!("{}/{id}", self.folder);
        let mut faults = manifest_faults(id, &entry.texts, self, &format!("{folder}/{MANIFEST}"));
        faults.extend(template_faults(&entry.texts, &folder));
        faults
    }
}

fn manifest_faults(id: &str, files: &TemplateFiles, catalog: &Catalog, file: &str) -> Vec<Fault> {
    let text = files.get(MANIFEST).unwrap_or_default();
    let mut faults = Faults::default();
    if let Err(error) = toml::from_str::<Manifest>(text) {
        faults.add(position_of(&error, text), error.message());
    } else if let Ok(parsed) = node::parse(text) {
        let root = Node::new(&parsed);
        check_conditional_tables(text, root, &mut faults);
        if faults.0.is_empty() {
            let subject = Subject::new(id, files, catalog, root);
            references::check(&subject, &mut faults);
            variables::check(&subject, &mut faults);
            expressions::check(&subject, &mut faults);
        }
    }
    faults.0.sort();
    faults.0.dedup();
    let located = faults.0.into_iter().map(|(position, message)| Fault {
        file: file.to_owned(),
        line: line_of(text, position),
        message,
    });
    located.collect()
}

/// Where an error of the schema stands. For an unknown key inside of a flattened table the parser knows
/// only the table, and the key is looked up by the name in the message.
fn position_of(error: &toml::de::Error, text: &str) -> usize {
    let named = error.message().strip_prefix("unknown field `");
    let name = named.and_then(|rest| rest.split('`').next());
    let parsed = node::parse(text).ok();
    let key = name
        .zip(parsed.as_ref())
        .and_then(|(name, parsed)| Node::new(parsed).find_key(name));
    let span = error.span().map_or(0, |span| span.start);
    key.unwrap_or(span)
}

fn line_of(text: &str, position: usize) -> usize {
    let before = text.get(..position).unwrap_or(text);
    before.matches('\n').count() + 1
}

/// Finds unknown keys and wrong types in `[[when]]`, each merged alone into the manifest.
fn check_conditional_tables(text: &str, root: Node<'_>, faults: &mut Faults) {
    let Ok(mut top) = toml::from_str::<toml::Table>(text) else {
        return;
    };
    let Some(toml::Value::Array(conditional)) = top.remove("when") else {
        return;
    };
    for (value, node) in conditional.into_iter().zip(root.list("when")) {
        let toml::Value::Table(mut table) = value else {
            continue;
        };
        if !table.remove("if").is_some_and(|value| value.is_str()) {
            faults.add(node.start(), "`[[when]]` has no `if`");
        }
        let mut merged = top.clone();
        merge(&mut merged, table);
        if let Err(error) = merged.try_into::<Manifest>() {
            let message = error.message();
            let named = message.split('`').nth(1);
            let position = named.and_then(|name| node.find_key(name));
            faults.add(position.unwrap_or(node.start()), message);
        }
    }
}

/// The options that templates name and the manifest does not have.
fn template_faults(files: &TemplateFiles, folder: &str) -> Vec<Fault> {
    let text = files.get(MANIFEST).unwrap_or_default();
    let Ok(manifest) = toml::from_str::<Manifest>(text) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    if let Some(Err(error)) = files.get("compose.yml").map(infra_edit::compose::read) {
        faults.push(Fault {
            file: format!("{folder}/compose.yml"),
            line: 1,
            message: format!("it must be YAML before it is rendered: {error}"),
        });
    }
    for (path, text) in files.below("") {
        let is_template = path == "compose.yml" || path.starts_with("tree/");
        for (index, line) in text.lines().enumerate().filter(|_| is_template) {
            let is_statement = ["//%", "#%", "/*%", "/*="].iter().any(|m| line.contains(m));
            for option in options_in(line).into_iter().filter(|_| is_statement) {
                if !manifest.options.contains_key(option) {
                    faults.push(Fault {
                        file: format!("{folder}/{path}"),
                        line: index + 1,
                        message: format!("there is no option `{option}`"),
                    });
                }
            }
        }
    }
    faults
}

/// The names after `options.` in an expression.
fn options_in(expression: &str) -> Vec<&str> {
    let after = expression.split("options.").skip(1);
    let names = after.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}

impl<'a> Subject<'a> {
    fn new(id: &'a str, files: &'a TemplateFiles, catalog: &'a Catalog, root: Node<'a>) -> Self {
        let layers: Vec<Node<'a>> = [root].into_iter().chain(root.list("when")).collect();
        let mut subject = Self {
            id,
            files,
            catalog,
            root,
            layers,
            required: Vec::new(),
            services: services(files.get("compose.yml")),
        };
        let mut open: Vec<String> = subject.texts_in("requires");
        while let Some(id) = open.pop() {
            let known = subject.required.iter().any(|component| component.id == id);
            if let (false, Ok(component)) = (known, catalog.get(&id)) {
                subject.required.push(component);
                open.extend(component.all_requires());
            }
        }
        subject
    }

    /// The values of a list of strings in all layers, with where each stands.
    fn nodes_in(&self, key: &str) -> Vec<(&'a str, usize)> {
        let values = self.layers.iter().flat_map(|layer| layer.list(key));
        values
            .filter_map(|node| Some((node.text()?, node.start())))
            .collect()
    }

    fn texts_in(&self, key: &str) -> Vec<String> {
        let nodes = self.nodes_in(key).into_iter();
        nodes.map(|(text, _)| text.to_owned()).collect()
    }

    /// The names of its variables.
    fn variables(&self) -> BTreeSet<&'a str> {
        let rows = self.layers.iter().flat_map(|layer| layer.list("env"));
        rows.filter_map(|row| row.text_at("name")).collect()
    }

    /// The names of its options.
    fn options(&self) -> BTreeSet<&'a str> {
        let options = self.layers.iter().filter_map(|layer| layer.get("options"));
        let entries = options.flat_map(Node::entries);
        entries.map(|(name, ..)| name).collect()
    }

    /// The crates that it depends on, by their names in Rust.
    fn crates(&self) -> BTreeSet<String> {
        let tables = ["dependencies", "dev-dependencies"];
        let tables = self
            .layers
            .iter()
            .flat_map(|layer| tables.iter().filter_map(|table| layer.get(table)));
        let entries = tables.flat_map(Node::entries);
        entries.map(|(name, ..)| name.replace('-', "_")).collect()
    }

    /// The field of the hub that holds it.
    fn field(&self) -> Option<&'a str> {
        self.root.at(&["wire", "field"])?.text()
    }
}

/// The services of a compose fragment. Statements of templates are comments of YAML.
fn services(compose: Option<&str>) -> BTreeSet<String> {
    let file = compose.and_then(|text| infra_edit::compose::read(text).ok());
    let services = file.map(|file| file.services).unwrap_or_default();
    services.into_iter().map(|service| service.name).collect()
}

#[cfg(test)]
mod tests;
