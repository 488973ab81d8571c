//! The names that `use` items bring into a file.

use syn::{Item, UseTree};

use super::walk::{Node, Root, Visit, walk};

/// The names that `use` items bring into a file, with the paths they stand for.
#[derive(Default)]
pub(super) struct Imports {
    names: Vec<(String, Vec<String>)>,
    /// The paths of which everything is imported.
    all: Vec<String>,
    /// The types and functions that the file defines, which hide those.
    own: Vec<String>,
}

impl Imports {
    pub(super) fn of(file: &syn::File) -> Self {
        let mut imports = Self::default();
        walk(Root::File(file), &mut |node| {
            match node {
                Node::Item(Item::Use(item)) => imports.add(&item.tree, &[]),
                Node::Item(Item::Struct(item)) => imports.own.push(item.ident.to_string()),
                Node::Item(Item::Enum(item)) => imports.own.push(item.ident.to_string()),
                Node::Item(Item::Type(item)) => imports.own.push(item.ident.to_string()),
                Node::Item(Item::Fn(item)) => imports.own.push(item.sig.ident.to_string()),
                _ => {}
            }
            Visit::Descend
        });
        imports
    }

    /// The full path of a path, as far as the imports tell; generic arguments are left off.
    pub(super) fn resolve(&self, path: &syn::Path) -> String {
        let mut names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if path.leading_colon.is_none() {
            // `use axum::{self, ..}` names itself: one step is enough.
            let mut found = self.names.iter().filter(|(name, _)| *name == names[0]);
            if let (Some((_, full)), others) = (found.next(), found) {
                let mut others = others.map(|(_, full)| full);
                if others.any(|other| other != full) {
                    return format!("?::{}", names.join("::"));
                }
                names.splice(..1, full.iter().cloned());
            }
        }
        names.join("::")
    }

    /// Whether a path names an item, given by its full path such as `axum::Router`.
    ///
    /// After `use axum::*;`, `Router` is `axum::Router` unless the file has a type of that name.
    pub(super) fn names(&self, path: &syn::Path, item: &str) -> bool {
        let resolved = self.resolve(path);
        if resolved == item {
            return true;
        }
        let (of, item) = item.split_once("::").unwrap_or(("", item));
        let name = item.split("::").next().unwrap_or(item);
        let is_own = self.own.iter().any(|own| own == name);
        resolved == item && !is_own && self.all.iter().any(|all| all == of)
    }

    fn add(&mut self, tree: &UseTree, prefix: &[String]) {
        let join = |name: &str| {
            let mut full = prefix.to_vec();
            if name != "self" {
                full.push(name.to_owned());
            }
            full
        };
        match tree {
            UseTree::Path(path) => self.add(&path.tree, &join(&path.ident.to_string())),
            UseTree::Name(name) => {
                let full = join(&name.ident.to_string());
                self.names
                    .extend(full.last().cloned().map(|name| (name, full)));
            }
            UseTree::Rename(rename) => {
                let full = join(&rename.ident.to_string());
                self.names.push((rename.rename.to_string(), full));
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add(tree, prefix);
                }
            }
            UseTree::Glob(_) => self.all.push(prefix.join("::")),
        }
    }
}
