//! Values of a manifest with their positions, as the TOML parser reports them.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

/// A value, and where it stands in the text.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(&'a Spanned<DeValue<'a>>);

/// Parses a manifest. [`Node::new`] makes a node of it.
pub(super) fn parse(text: &str) -> Result<Spanned<DeValue<'_>>, Error> {
    let table = DeTable::parse(text)?;
    Ok(Spanned::new(
        table.span(),
        DeValue::Table(table.into_inner()),
    ))
}

impl<'a> Node<'a> {
    /// The top of a parsed manifest.
    pub(super) fn new(root: &'a Spanned<DeValue<'a>>) -> Self {
        Self(root)
    }

    /// The value below a key; `None` also where this is no table.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let table = self.0.get_ref().as_table()?;
        table.get(key).map(Self)
    }

    /// The value below several keys.
    pub(super) fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The elements of the array below a key.
    pub(super) fn list(self, key: &str) -> Vec<Self> {
        self.get(key).map(Self::items).unwrap_or_default()
    }

    /// The elements of an array.
    pub(super) fn items(self) -> Vec<Self> {
        match self.0.get_ref() {
            DeValue::Array(values) => values.iter().map(Self).collect(),
            _ => Vec::new(),
        }
    }

    /// The keys of a table with their positions and values.
    pub(super) fn entries(self) -> Vec<(&'a str, usize, Self)> {
        let Some(table) = self.0.get_ref().as_table() else {
            return Vec::new();
        };
        table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span().start, Self(value)))
            .collect()
    }

    /// A string.
    pub(super) fn text(self) -> Option<&'a str> {
        self.0.get_ref().as_str()
    }

    /// The string below a key.
    pub(super) fn text_at(self, key: &str) -> Option<&'a str> {
        self.get(key)?.text()
    }

    /// Whether there is a `true` below a key.
    pub(super) fn is_true(self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|node| node.0.get_ref().as_bool() == Some(true))
    }

    /// Where the value starts, in bytes.
    pub(super) fn start(self) -> usize {
        self.span().start
    }

    fn span(self) -> Range<usize> {
        self.0.span()
    }

    /// The position of the first key of this name, at any depth.
    pub(super) fn find_key(self, name: &str) -> Option<usize> {
        let children = self.entries();
        let here = children.iter().find(|(key, ..)| *key == name);
        here.map(|(_, start, _)| *start).or_else(|| {
            let below = children.into_iter().map(|(_, _, node)| node);
            below
                .chain(self.items())
                .find_map(|node| node.find_key(name))
        })
    }
}
