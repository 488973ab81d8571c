//! Comparing data: whether a fragment is there, and whether an edit changed only what it meant to.

use std::collections::BTreeMap;

use std::rc::Rc;

use super::data::Data;

/// Says where two pieces of data differ.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) path: Vec<String>,
    pub(super) wanted: String,
    pub(super) found: String,
}

impl Data {
    /// Whether both say the same; the order of keys does not matter.
    pub(super) fn same(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Map(left), Data::Map(right)) => same_entries(left, right, &|_| false),
            (Data::List(left), Data::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.same(b))
            }
            (Data::Tagged(left, a), Data::Tagged(right, b)) => left == right && a.same(b),
            (left, right) => left == right,
        }
    }

    /// Whether all of `wanted` is here; quotes do not matter, and nothing wanted is always here.
    pub(super) fn covers(&self, wanted: &Data) -> Result<(), Difference> {
        let differs = || Difference {
            path: Vec::new(),
            wanted: wanted.brief(),
            found: self.brief(),
        };
        match (self.untagged(), wanted) {
            (_, Data::Null) => Ok(()),
            (Data::Null, wanted) if wanted.is_empty() => Ok(()),
            (Data::Scalar { text: a, .. }, Data::Scalar { text: b, .. }) if a == b => Ok(()),
            (Data::List(items), Data::List(needed)) => {
                let has = |need: &Data| items.iter().any(|item| item.covers(need).is_ok());
                if needed.iter().all(has) {
                    Ok(())
                } else {
                    Err(differs())
                }
            }
            (Data::Map(_), Data::Map(needed)) => {
                for (key, need) in needed {
                    let found = self.get(key).unwrap_or(&Data::Null);
                    found.covers(need).map_err(|mut difference| {
                        difference.path.insert(0, key.to_string());
                        difference
                    })?;
                }
                Ok(())
            }
            _ => Err(differs()),
        }
    }

    /// Whether both are the same apart from quotes, and each holds nothing the other has not.
    pub(super) fn alike(&self, other: &Data) -> bool {
        match (self, other) {
            (Data::Scalar { text: a, .. }, Data::Scalar { text: b, .. }) => a == b,
            (Data::List(a), Data::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.alike(b))
            }
            (Data::Map(a), Data::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, value)| other.get(key).is_some_and(|found| value.alike(found)))
            }
            (a, b) => a == b || (a.is_empty() && b.is_empty()),
        }
    }

    /// Whether this is the list `before` and the string `item` somewhere in it.
    pub(super) fn is_with_item(&self, before: &Data, item: &str) -> bool {
        let Some(at) = self
            .items()
            .iter()
            .rposition(|data| data.text() == Some(item))
        else {
            return false;
        };
        let mut rest = self.items().to_vec();
        rest.remove(at);
        tag(self) == tag(before) && Data::List(rest).same(&Data::List(before.items().to_vec()))
    }

    /// Whether this is the list `before` with another item at an index.
    pub(super) fn is_with_item_at(&self, before: &Data, index: usize, item: &Data) -> bool {
        let mut expected = before.items().to_vec();
        let Some(old) = expected.get_mut(index) else {
            return false;
        };
        *old = item.clone();
        tag(self) == tag(before) && Data::List(expected).same(&Data::List(self.items().to_vec()))
    }

    /// One line of at most 60 characters for messages.
    pub(super) fn brief(&self) -> String {
        let mut line = String::new();
        self.write_brief(&mut line);
        if line.chars().count() > 60 {
            line = line.chars().take(59).collect();
            line.push('…');
        }
        line
    }

    fn write_brief(&self, line: &mut String) {
        // Cut early: the rest is not shown.
        if line.len() > 300 {
            return;
        }
        match self {
            Data::Null => line.push_str("nothing"),
            Data::Scalar { text, .. } => line.push_str(&text.replace(char::is_control, " ")),
            Data::Tagged(tag, inner) => {
                line.push_str(tag);
                line.push(' ');
                inner.write_brief(line);
            }
            Data::List(items) => {
                line.push('[');
                for (index, item) in items.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    item.write_brief(line);
                }
                line.push(']');
            }
            Data::Map(entries) => {
                line.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    line.push_str(key);
                    line.push_str(": ");
                    value.write_brief(line);
                }
                line.push('}');
            }
        }
    }
}

/// A place that is meant to differ, and what says whether it does as it should.
#[derive(Clone, Copy)]
pub(super) struct Meant<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) judge: &'a dyn Fn(Option<&Data>, Option<&Data>) -> bool,
}

/// Whether `left` and `right` differ nowhere but at some places, none inside another, where their
/// judges decide; what is absent or null counts as empty on the way there.
pub(super) fn differ_only_at(
    left: Option<&Data>,
    right: Option<&Data>,
    places: &[Meant<'_>],
) -> bool {
    if let [Meant { path: [], judge }] = places {
        return judge(left, right);
    }
    let both = left.zip(right);
    if both.is_some_and(|(left, right)| tag(left) != tag(right)) {
        return false;
    }
    let (Some(before), Some(after)) = (entries_or_none(left), entries_or_none(right)) else {
        return false;
    };
    let mut below: BTreeMap<&str, Vec<Meant<'_>>> = BTreeMap::new();
    for place in places {
        let Some((name, rest)) = place.path.split_first() else {
            return false;
        };
        let (path, judge) = (rest, place.judge);
        below.entry(name).or_default().push(Meant { path, judge });
    }
    same_entries(before, after, &|name| below.contains_key(name))
        && below.iter().all(|(name, places)| {
            let left = left.and_then(|data| data.get(name));
            let right = right.and_then(|data| data.get(name));
            differ_only_at(left, right, places)
        })
}

fn tag(data: &Data) -> Option<&str> {
    match data {
        Data::Tagged(tag, _) => Some(tag),
        _ => None,
    }
}

/// `None` for what can never hold entries.
fn entries_or_none(data: Option<&Data>) -> Option<&[(Rc<str>, Data)]> {
    match data.map(Data::untagged) {
        None | Some(Data::Null) => Some(&[]),
        Some(Data::Map(entries)) => Some(entries),
        Some(_) => None,
    }
}

fn same_entries(
    left: &[(Rc<str>, Data)],
    right: &[(Rc<str>, Data)],
    except: &dyn Fn(&str) -> bool,
) -> bool {
    let counts = |entry: &&(Rc<str>, Data)| !except(&entry.0);
    let (mut left, right) = (left.iter().filter(counts), right.iter().filter(counts));
    if left.clone().count() != right.clone().count() {
        return false;
    }
    // Nearly always in the same order; looked up only where it is not.
    let mut expected = right.clone();
    left.all(|(name, value)| match expected.next() {
        Some((other, found)) if name == other => value.same(found),
        _ => right
            .clone()
            .find(|(other, _)| name == other)
            .is_some_and(|(_, found)| value.same(found)),
    })
}
