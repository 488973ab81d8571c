//! Edits of Compose files: services, volumes, `depends_on` and `environment`, in and out again.
//!
//! Places are found with a YAML parser, text is spliced there, and the result, of a long file what is
//! around the change, is parsed and compared with what was meant: all other data the same, and no line
//! touched but our own. What cannot pass is refused. Comments, order, quotes and line endings of the file
//! stay as they are.
//!
//! | room | answers |
//! |---|---|
//! | `node`, `lines` | where does what stand |
//! | `data`, `compare`, `excerpt` | what does it say, and is that what was meant |
//! | `value`, `style` | how is new text written in this file |
//! | `insert`, `place` | where does it go |
//! | `undo`, `remove`, `revise` | how does it come out again, or get another value |
//! | `service` | what the editor knows of Compose: services, dependencies, environments |
//! | `address` | names of places |

mod address;
mod compare;
mod data;
mod excerpt;
mod insert;
mod lines;
mod node;
mod place;
mod remove;
mod revise;
mod service;
mod style;
#[cfg(test)]
mod tests;
mod undo;
mod value;

pub use service::{File, Service, YamlForm};
pub use value::{Value, parse_value};

use std::cell::OnceCell;
use std::ops::Range;

use self::address::pointer;
use self::compare::{Meant, differ_only_at};
use self::data::Data;
use self::node::Node;
use self::style::Style;
use crate::{Edit, EditError, Outcome, UndoError, line_of};

/// A text with its places and its data.
#[derive(Debug)]
struct Tree {
    text: String,
    root: Option<Node>,
    data: Data,
    style: OnceCell<Style>,
}

impl Tree {
    fn parse(text: String) -> Result<Tree, EditError> {
        if let Some(at) = lone_carriage_return(&text) {
            return Err(EditError::Unreadable {
                line: Some(line_of(&text, at)),
                reason: "a carriage return ends a line without a line feed".to_owned(),
            });
        }
        let root = node::parse(&text)?;
        let data = Data::from_root(&text, root.as_ref())?;
        Ok(Tree {
            text,
            root,
            data,
            style: OnceCell::new(),
        })
    }

    /// The line of the deepest node on the path that the text has.
    fn line(&self, path: &[&str]) -> Option<usize> {
        let mut node = self.root.as_ref()?;
        let mut line = None;
        for name in path {
            let Some((key, value)) = node.entry(name) else {
                break;
            };
            line = Some(line_of(&self.text, key.start));
            node = value;
        }
        line
    }

    fn refuse(&self, path: &[&str], reason: &str) -> EditError {
        EditError::Unsupported {
            address: pointer(path),
            line: self.line(path),
            reason: reason.to_owned(),
        }
    }

    /// Whether a node on the path has an anchor, by which an edit could reach other places.
    fn is_anchored(&self, path: &[&str]) -> bool {
        let mut node = self.root.as_ref();
        let mut anchored = false;
        for name in path {
            node = node
                .and_then(|node| node.entry(name))
                .map(|(_, value)| value);
            anchored |= node.is_some_and(|node| node.anchor != 0);
        }
        anchored
    }
}

/// YAML ends a line there, nothing else does: what looks like a place in a line would not be one.
fn lone_carriage_return(text: &str) -> Option<usize> {
    text.match_indices('\r')
        .map(|(at, _)| at)
        .find(|at| !text[at + 1..].starts_with('\n'))
}

/// What is to be written: splices that do not overlap, and the same as records.
#[derive(Debug, Default)]
struct Change {
    splices: Vec<(Range<usize>, String)>,
    edits: Vec<Edit>,
}

impl Change {
    /// Whether splices are apart, or insertions at one point, which keep their order.
    fn is_apart(&self) -> bool {
        let mut ranges: Vec<_> = self.splices.iter().map(|(range, _)| range).collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        ranges
            .windows(2)
            .all(|pair| pair[0].end < pair[1].start || (pair[0] == pair[1] && pair[0].is_empty()))
    }

    fn apply(&self, text: &str) -> String {
        let mut splices: Vec<_> = self.splices.iter().collect();
        splices.sort_by_key(|(range, _)| (range.start, range.end));
        let added: usize = splices.iter().map(|(_, new)| new.len()).sum();
        let mut result = String::with_capacity(text.len() + added);
        let mut copied = 0;
        for (range, new) in splices {
            result.push_str(&text[copied..range.start]);
            result.push_str(new);
            copied = range.end;
        }
        result.push_str(&text[copied..]);
        result
    }
}

/// A Compose file that is being edited; each edit starts from the result of the one before.
#[derive(Debug)]
pub struct Compose {
    tree: Tree,
}

impl Compose {
    /// Reads a text; an empty one, or one of comments only, is a file without services.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`] for what is not YAML, several documents, duplicate keys, and a top
    /// level or `services` that is no mapping.
    pub fn parse(text: impl Into<String>) -> Result<Compose, EditError> {
        let tree = Tree::parse(text.into())?;
        let unreadable = |path: &[&str], reason: &str| EditError::Unreadable {
            line: tree.line(path).or(Some(1)),
            reason: reason.to_owned(),
        };
        let is_map = |data: &Data| matches!(data.untagged(), Data::Null | Data::Map(_));
        if !is_map(&tree.data) {
            return Err(unreadable(&[], "the top level is not a mapping"));
        }
        if !tree.data.get("services").is_none_or(is_map) {
            return Err(unreadable(&["services"], "`services` is not a mapping"));
        }
        Ok(Compose { tree })
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.tree.text
    }

    /// What the file says.
    #[must_use]
    pub fn file(&self) -> File {
        service::file(&self.tree)
    }

    /// Adds a service at the end of `services`.
    ///
    /// # Errors
    ///
    /// [`EditError::Conflict`] if a service of this name differs, [`EditError::Unsupported`] if the place
    /// cannot be edited without damage.
    pub fn add_service(&mut self, name: &str, service: &Value) -> Result<Outcome, EditError> {
        self.add_entry(&["services", name], service)
    }

    /// Adds a volume at the end of the top-level `volumes`; usually the value is [`Value::Null`].
    ///
    /// # Errors
    ///
    /// As [`Compose::add_service`].
    pub fn add_volume(&mut self, name: &str, volume: &Value) -> Result<Outcome, EditError> {
        self.add_entry(&["volumes", name], volume)
    }

    /// Adds a network at the end of the top-level `networks`.
    ///
    /// # Errors
    ///
    /// As [`Compose::add_service`].
    pub fn add_network(&mut self, name: &str, network: &Value) -> Result<Outcome, EditError> {
        self.add_entry(&["networks", name], network)
    }

    /// Adds entries of top-level mappings (the mapping, a name, its value) in one step, and of a large
    /// file reads only a part again. With the file as it is then, where it was read whole. `None` where
    /// one is there or refused, or where the first would change how the others are written; they can be
    /// added one after another.
    #[must_use]
    pub fn add_together(
        &self,
        entries: &[(&str, &str, &Value)],
    ) -> Option<(Vec<Outcome>, Option<Compose>)> {
        // An empty mapping that is filled becomes another neighbour for the ones below it.
        let (first, ..) = entries.first()?;
        self.tree.data.get(first).filter(|data| !data.is_empty())?;
        let mut whole = Change::default();
        let (mut paths, mut wanted, mut edits) = (Vec::new(), Vec::new(), Vec::new());
        for (section, name, value) in entries {
            let path = [*section, *name];
            if self.tree.data.at(&path).is_some() {
                return None;
            }
            let change = insert::entry(&self.tree, &path, value).ok()?;
            whole.splices.extend(change.splices);
            edits.push(change.edits);
            paths.push(path);
            wanted.push(Data::from_value(value));
        }
        if !whole.is_apart() {
            return None;
        }
        let judges: Vec<_> = wanted
            .iter()
            .map(|wanted| {
                move |before: Option<&Data>, after: Option<&Data>| {
                    before.is_none() && after.is_some_and(|after| after.same(wanted))
                }
            })
            .collect();
        let meant = paths.iter().zip(&judges);
        let meant: Vec<_> = meant.map(|(path, judge)| Meant { path, judge }).collect();
        let text = whole.apply(&self.tree.text);
        let (before, after) = match excerpt::around(&self.tree, &whole) {
            Some((before, after)) => (Some(before), after),
            None => (None, Tree::parse(text.clone()).ok()?),
        };
        let is_whole = before.is_none();
        let before = before.as_ref().unwrap_or(&self.tree);
        // What was written in the style of the file before is what would be written in that of now.
        if !differ_only_at(Some(&before.data), Some(&after.data), &meant)
            || before.style() != after.style()
        {
            return None;
        }
        let added = edits.into_iter().map(|edits| Outcome::Added {
            text: text.clone(),
            edits,
        });
        Some((added.collect(), is_whole.then_some(Compose { tree: after })))
    }

    /// Replaces the scalar at an address, as `/services/db/image`; its quotes stay.
    ///
    /// # Errors
    ///
    /// [`EditError::Unsupported`] if there is no such scalar, or if other places share it.
    pub fn replace_scalar(&mut self, address: &str, new: &str) -> Result<Outcome, EditError> {
        let names = address::names(address).unwrap_or_default();
        let path: Vec<&str> = names.iter().map(String::as_str).collect();
        let current = self.tree.data.at(&path);
        if current.and_then(Data::text) == Some(new) {
            return Ok(Outcome::AlreadyPresent);
        }
        let change = insert::replacement(&self.tree, &path, new)?;
        self.commit(&change, &path, &|before, after| {
            before.is_some() && after.and_then(Data::text) == Some(new)
        })
    }

    /// Takes one edit back. Undo contents before their containers; a container that still holds
    /// something is [`UndoError::NotEmpty`] and can be tried again later.
    ///
    /// # Errors
    ///
    /// Why the edit was kept; the text is as before then.
    pub fn undo(&mut self, edit: &Edit) -> Result<(), UndoError> {
        self.tree = undo::undo(&self.tree, edit)?;
        Ok(())
    }

    /// Gives an entry that an edit added another value, in its place; returns the edit to record.
    ///
    /// A mapping entry is written in the style of the file; a string keeps the quotes of the scalar
    /// it replaces. In a list the item `KEY=old` becomes `KEY=new`, and an item that is a bare name
    /// (`- redis` in `depends_on`) stays. A scalar that [`Compose::replace_scalar`] replaced is
    /// replaced again. When the value is there already, nothing changes. Undoing the returned edit
    /// gives the bytes that undoing the old one gave.
    ///
    /// # Errors
    ///
    /// As [`Compose::undo`], [`UndoError::Modified`] also when the value cannot be written there, and
    /// [`UndoError::NotEmpty`] for a container; the text is as before then.
    pub fn revise(&mut self, edit: &Edit, value: &Value) -> Result<Edit, UndoError> {
        let (tree, edit) = revise::revise(&self.tree, edit, value)?;
        if let Some(tree) = tree {
            self.tree = tree;
        }
        Ok(edit)
    }

    /// Why an edit could not be taken back now; `None` while it is there unchanged.
    #[must_use]
    pub fn state(&self, edit: &Edit) -> Option<UndoError> {
        undo::undo(&self.tree, edit).err()
    }

    fn add_entry(&mut self, path: &[&str], value: &Value) -> Result<Outcome, EditError> {
        let wanted = Data::from_value(value);
        if let Some(found) = self.tree.data.at(path) {
            return match found.covers(&wanted) {
                Ok(()) => Ok(Outcome::AlreadyPresent),
                Err(difference) => {
                    let mut path = path.to_vec();
                    path.extend(difference.path.iter().map(String::as_str));
                    Err(EditError::Conflict {
                        address: pointer(&path),
                        line: self.tree.line(&path),
                        wanted: difference.wanted,
                        found: difference.found,
                    })
                }
            };
        }
        let change = insert::entry(&self.tree, path, value)?;
        self.commit(&change, path, &|before, after| {
            before.is_none() && after.is_some_and(|after| after.same(&wanted))
        })
    }

    fn commit(
        &mut self,
        change: &Change,
        path: &[&str],
        judge: &dyn Fn(Option<&Data>, Option<&Data>) -> bool,
    ) -> Result<Outcome, EditError> {
        let meant = [Meant { path, judge }];
        let after = Tree::parse(change.apply(&self.tree.text)).ok();
        let is_meant =
            |after: &Tree| differ_only_at(Some(&self.tree.data), Some(&after.data), &meant);
        if let Some(after) = after.filter(is_meant) {
            self.tree = after;
            return Ok(Outcome::Added {
                text: self.tree.text.clone(),
                edits: change.edits.clone(),
            });
        }
        let reason = if self.tree.is_anchored(path) {
            "an anchor (`&`) shares it with other places"
        } else {
            "the result would say something else than meant"
        };
        Err(self.tree.refuse(path, reason))
    }
}

/// Reads what a Compose file says.
///
/// # Errors
///
/// As [`Compose::parse`].
pub fn read(text: &str) -> Result<File, EditError> {
    Ok(Compose::parse(text)?.file())
}

/// Takes one edit back from a text, as [`Compose::undo`].
///
/// # Errors
///
/// Why the edit was kept; a text that cannot be read counts as changed.
pub fn undo(text: &str, edit: &Edit) -> Result<String, UndoError> {
    let tree = Tree::parse(text.to_owned()).map_err(|_| UndoError::Modified)?;
    undo::undo(&tree, edit).map(|tree| tree.text)
}

/// Why an edit could not be taken back now; `None` while it is there unchanged.
#[must_use]
pub fn state(text: &str, edit: &Edit) -> Option<UndoError> {
    undo(text, edit).err()
}
