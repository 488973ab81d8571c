//! The modules that a file declares.

use syn::{Expr, Item, ItemMod, Lit, Meta};

use super::super::EditError;
use super::attributes::is_test;
use super::source::Source;

/// A module that a file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name, without `r#`.
    pub name: String,
    /// The value of `#[path = ".."]`.
    pub path: Option<String>,
    /// Whether its content is in this file.
    pub inline: bool,
    /// The modules inside it, when it is inline.
    pub modules: Vec<Module>,
    /// Whether only tests have it.
    pub cfg_test: bool,
    /// The line of its name, counted from 1.
    pub line: usize,
}

/// Lists the modules that a file declares, in the order of the text.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn modules(text: &str) -> Result<Vec<Module>, EditError> {
    let source = Source::parse(text)?;
    Ok(list(&source, &source.file.items))
}

/// Tells on which line a file declares a module; `None` also when the file cannot be read.
#[must_use]
pub fn is_declared(text: &str, name: &str) -> Option<usize> {
    modules(text)
        .ok()?
        .into_iter()
        .find(|module| module.name == name)
        .map(|module| module.line)
}

pub(super) fn list(source: &Source<'_>, items: &[Item]) -> Vec<Module> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) => Some(module),
            _ => None,
        })
        .map(|module| Module {
            name: name_of(module),
            path: path_of(module),
            inline: module.content.is_some(),
            modules: module
                .content
                .as_ref()
                .map(|(_, items)| list(source, items))
                .unwrap_or_default(),
            cfg_test: is_test(&module.attrs),
            line: source.line(module.ident.span()),
        })
        .collect()
}

pub(super) fn name_of(module: &ItemMod) -> String {
    module.ident.to_string().trim_start_matches("r#").to_owned()
}

fn path_of(module: &ItemMod) -> Option<String> {
    module.attrs.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(literal) if pair.path.is_ident("path") => match &literal.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        }
    })
}
