//! What a YAML text says, apart from how it is written: every edit is checked by it.
//!
//! Aliases are replaced by what they stand for and merge keys (`<<`) are applied, so a change that
//! leaks through an anchor shows up as a difference somewhere else.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use granit_parser::ScalarStyle;

use super::scalar::is_ambiguous;
use super::syntax_node::{Kind, SyntaxNode};
use super::value::Value;
use crate::EditError;
use crate::text::line_of;

/// As many values may come from aliases; more is an attack, not a compose file.
const MOST_ALIASED: usize = 500_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum YamlValue {
    Null,
    /// `string` is false for a plain scalar that some parser takes for a number, boolean or date.
    Scalar {
        text: Rc<str>,
        string: bool,
    },
    List(Vec<YamlValue>),
    Map(Vec<(Rc<str>, YamlValue)>),
    Tagged(Rc<str>, Box<YamlValue>),
}

impl YamlValue {
    /// Reads the whole tree; duplicate keys, keys that are no scalars and endless aliases are
    /// refused.
    pub(super) fn from_root(text: &str, root: Option<&SyntaxNode>) -> Result<YamlValue, EditError> {
        let mut reader = Reader {
            text,
            anchors: HashMap::new(),
            aliased: 0,
        };
        root.map_or(Ok(YamlValue::Null), |root| reader.data(root))
    }

    pub(super) fn from_value(value: &Value) -> YamlValue {
        match value {
            Value::Null => YamlValue::Null,
            Value::Scalar { text, quoted } => YamlValue::Scalar {
                text: Rc::from(text.as_str()),
                string: *quoted || !is_ambiguous(text),
            },
            Value::List { items, .. } => {
                YamlValue::List(items.iter().map(YamlValue::from_value).collect())
            }
            Value::Map(entries) => YamlValue::Map(
                entries
                    .iter()
                    .map(|(key, value)| (Rc::from(key.as_str()), YamlValue::from_value(value)))
                    .collect(),
            ),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&YamlValue> {
        self.entries()
            .iter()
            .find(|(key, _)| &**key == name)
            .map(|(_, value)| value)
    }

    pub(super) fn at(&self, path: &[&str]) -> Option<&YamlValue> {
        path.iter().try_fold(self, |data, name| data.get(name))
    }

    pub(super) fn entries(&self) -> &[(Rc<str>, YamlValue)] {
        match self.untagged() {
            YamlValue::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[YamlValue] {
        match self.untagged() {
            YamlValue::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self.untagged() {
            YamlValue::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn untagged(&self) -> &YamlValue {
        match self {
            YamlValue::Tagged(_, inner) => inner.untagged(),
            data => data,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            YamlValue::Null => true,
            YamlValue::List(items) => items.is_empty(),
            YamlValue::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    fn count(&self) -> usize {
        1 + match self {
            YamlValue::List(items) => items.iter().map(YamlValue::count).sum(),
            YamlValue::Map(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
            YamlValue::Tagged(_, inner) => inner.count(),
            _ => 0,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    anchors: HashMap<usize, YamlValue>,
    aliased: usize,
}

impl Reader<'_> {
    fn data(&mut self, node: &SyntaxNode) -> Result<YamlValue, EditError> {
        let data = match &node.kind {
            _ if node.is_null() => YamlValue::Null,
            Kind::Scalar(text, style) => YamlValue::Scalar {
                text: Rc::clone(text),
                string: *style != ScalarStyle::Plain || !is_ambiguous(text),
            },
            Kind::Alias(id) => return self.alias(*id, node),
            Kind::List(items) => {
                let items = items.iter().map(|item| self.data(item));
                YamlValue::List(items.collect::<Result<_, _>>()?)
            }
            Kind::Map(entries) => self.map(entries)?,
        };
        let data = match &node.tag {
            Some(tag) => YamlValue::Tagged(Rc::clone(tag), Box::new(data)),
            None => data,
        };
        if node.anchor != 0 {
            self.anchors.insert(node.anchor, data.clone());
        }
        Ok(data)
    }

    fn alias(&mut self, id: usize, node: &SyntaxNode) -> Result<YamlValue, EditError> {
        let Some(target) = self.anchors.get(&id) else {
            return Err(self.unreadable(node, "an alias refers to itself".to_owned()));
        };
        self.aliased += target.count();
        if self.aliased > MOST_ALIASED {
            return Err(self.unreadable(node, "aliases expand without end".to_owned()));
        }
        Ok(target.clone())
    }

    fn map(&mut self, entries: &[(SyntaxNode, SyntaxNode)]) -> Result<YamlValue, EditError> {
        let mut own = Entries::default();
        own.list.reserve_exact(entries.len());
        let mut inherited = Vec::new();
        for (key, value) in entries {
            let data = self.data(value)?;
            let name = match &key.kind {
                Kind::Scalar(name, ScalarStyle::Plain) if &**name == "<<" => {
                    inherited.push(data);
                    continue;
                }
                Kind::Scalar(name, _) if key.anchor == 0 => Rc::clone(name),
                _ => match self.data(key)? {
                    YamlValue::Scalar { text, .. } => text,
                    _ => return Err(self.unreadable(key, "a key is not a scalar".to_owned())),
                },
            };
            if own.contains(&name) {
                return Err(self.unreadable(key, format!("the key `{name}` is there twice")));
            }
            own.push(name, data);
        }
        for source in &inherited {
            let sources = match source.untagged() {
                YamlValue::List(items) => items.as_slice(),
                _ => std::slice::from_ref(source),
            };
            for (name, value) in sources.iter().flat_map(YamlValue::entries) {
                if !own.contains(name) {
                    own.push(Rc::clone(name), value.clone());
                }
            }
        }
        Ok(YamlValue::Map(own.list))
    }

    fn unreadable(&self, node: &SyntaxNode, reason: String) -> EditError {
        EditError::Unreadable {
            line: Some(line_of(self.text, node.start)),
            reason,
        }
    }
}

/// Entries with different names: most mappings are so small that comparing is cheaper than hashing.
#[derive(Default)]
struct Entries {
    list: Vec<(Rc<str>, YamlValue)>,
    names: HashSet<Rc<str>>,
}

impl Entries {
    const FEW: usize = 16;

    fn contains(&mut self, name: &Rc<str>) -> bool {
        if self.list.len() <= Self::FEW {
            return self.list.iter().any(|(other, _)| other == name);
        }
        if self.names.is_empty() {
            self.names
                .extend(self.list.iter().map(|(name, _)| Rc::clone(name)));
        }
        self.names.contains(name)
    }

    fn push(&mut self, name: Rc<str>, data: YamlValue) {
        if !self.names.is_empty() {
            self.names.insert(Rc::clone(&name));
        }
        self.list.push((name, data));
    }
}
