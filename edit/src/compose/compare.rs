//! Comparing data: whether a fragment is there, and whether an edit changed only what it meant to.

use std::rc::Rc;

use super::yaml_value::YamlValue;

/// Says where two pieces of data differ.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) path: Vec<String>,
    pub(super) wanted: String,
    pub(super) found: String,
}

impl YamlValue {
    /// Whether both say the same; the order of keys does not matter.
    pub(super) fn semantically_eq(&self, other: &YamlValue) -> bool {
        match (self, other) {
            (YamlValue::Map(left), YamlValue::Map(right)) => same_entries(left, right, &|_| false),
            (YamlValue::List(left), YamlValue::List(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(a, b)| a.semantically_eq(b))
            }
            (YamlValue::Tagged(left, a), YamlValue::Tagged(right, b)) => {
                left == right && a.semantically_eq(b)
            }
            (left, right) => left == right,
        }
    }

    /// Whether all of `wanted` is here; quotes do not matter, and nothing wanted is always here.
    pub(super) fn is_superset_of(&self, wanted: &YamlValue) -> Result<(), Difference> {
        let differs = || Difference {
            path: Vec::new(),
            wanted: wanted.summarize(),
            found: self.summarize(),
        };
        match (self.untagged(), wanted) {
            (_, YamlValue::Null) => Ok(()),
            (YamlValue::Null, wanted) if wanted.is_empty() => Ok(()),
            (YamlValue::Scalar { text: a, .. }, YamlValue::Scalar { text: b, .. }) if a == b => {
                Ok(())
            }
            (YamlValue::List(items), YamlValue::List(needed)) => {
                let has =
                    |need: &YamlValue| items.iter().any(|item| item.is_superset_of(need).is_ok());
                if needed.iter().all(has) {
                    Ok(())
                } else {
                    Err(differs())
                }
            }
            (YamlValue::Map(_), YamlValue::Map(needed)) => {
                for (key, need) in needed {
                    let found = self.get(key).unwrap_or(&YamlValue::Null);
                    found.is_superset_of(need).map_err(|mut difference| {
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
    pub(super) fn eq_ignoring_quotes(&self, other: &YamlValue) -> bool {
        match (self, other) {
            (YamlValue::Scalar { text: a, .. }, YamlValue::Scalar { text: b, .. }) => a == b,
            (YamlValue::List(a), YamlValue::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignoring_quotes(b))
            }
            (YamlValue::Map(a), YamlValue::Map(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| {
                        other
                            .get(key)
                            .is_some_and(|found| value.eq_ignoring_quotes(found))
                    })
            }
            (a, b) => a == b || (a.is_empty() && b.is_empty()),
        }
    }

    /// Whether this is the list `before` and the string `item` somewhere in it.
    pub(super) fn is_with_item(&self, before: &YamlValue, item: &str) -> bool {
        let Some(at) = self
            .items()
            .iter()
            .rposition(|data| data.text() == Some(item))
        else {
            return false;
        };
        let mut rest = self.items().to_vec();
        rest.remove(at);
        tag(self) == tag(before)
            && YamlValue::List(rest).semantically_eq(&YamlValue::List(before.items().to_vec()))
    }

    /// Whether this is the list `before` with another item at an index.
    pub(super) fn is_with_item_at(
        &self,
        before: &YamlValue,
        index: usize,
        item: &YamlValue,
    ) -> bool {
        let mut expected = before.items().to_vec();
        let Some(old) = expected.get_mut(index) else {
            return false;
        };
        *old = item.clone();
        tag(self) == tag(before)
            && YamlValue::List(expected).semantically_eq(&YamlValue::List(self.items().to_vec()))
    }

    /// One line of at most 60 characters for messages.
    pub(super) fn summarize(&self) -> String {
        let mut line = String::new();
        self.write_summary(&mut line);
        if line.chars().count() > 60 {
            line = line.chars().take(59).collect();
            line.push('…');
        }
        line
    }

    fn write_summary(&self, line: &mut String) {
        // Cut early: the rest is not shown.
        if line.len() > 300 {
            return;
        }
        match self {
            YamlValue::Null => line.push_str("nothing"),
            YamlValue::Scalar { text, .. } => line.push_str(&text.replace(char::is_control, " ")),
            YamlValue::Tagged(tag, inner) => {
                line.push_str(tag);
                line.push(' ');
                inner.write_summary(line);
            }
            YamlValue::List(items) => {
                line.push('[');
                for (index, item) in items.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    item.write_summary(line);
                }
                line.push(']');
            }
            YamlValue::Map(entries) => {
                line.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    line.push_str(if index > 0 { ", " } else { "" });
                    line.push_str(key);
                    line.push_str(": ");
                    value.write_summary(line);
                }
                line.push('}');
            }
        }
    }
}

/// What decides whether the value at a path changed as expected: it gets both values there.
pub(super) type Predicate<'a> = dyn Fn(Option<&YamlValue>, Option<&YamlValue>) -> bool + 'a;

/// Whether `left` and `right` differ only at a path, and the predicate accepts what is there. On the
/// way to the path, absent and null count as empty.
pub(super) fn differ_only_at(
    left: Option<&YamlValue>,
    right: Option<&YamlValue>,
    path: &[&str],
    predicate: &Predicate<'_>,
) -> bool {
    let Some((name, rest)) = path.split_first() else {
        return predicate(left, right);
    };
    let both = left.zip(right);
    if both.is_some_and(|(left, right)| tag(left) != tag(right)) {
        return false;
    }
    let (Some(before), Some(after)) = (entries_or_none(left), entries_or_none(right)) else {
        return false;
    };
    let left = left.and_then(|value| value.get(name));
    let right = right.and_then(|value| value.get(name));
    same_entries(before, after, &|other| other == *name)
        && differ_only_at(left, right, rest, predicate)
}

fn tag(data: &YamlValue) -> Option<&str> {
    match data {
        YamlValue::Tagged(tag, _) => Some(tag),
        _ => None,
    }
}

/// `None` for what can never hold entries.
fn entries_or_none(data: Option<&YamlValue>) -> Option<&[(Rc<str>, YamlValue)]> {
    match data.map(YamlValue::untagged) {
        None | Some(YamlValue::Null) => Some(&[]),
        Some(YamlValue::Map(entries)) => Some(entries),
        Some(_) => None,
    }
}

fn same_entries(
    left: &[(Rc<str>, YamlValue)],
    right: &[(Rc<str>, YamlValue)],
    except: &dyn Fn(&str) -> bool,
) -> bool {
    let counts = |entry: &&(Rc<str>, YamlValue)| !except(&entry.0);
    let (mut left, right) = (left.iter().filter(counts), right.iter().filter(counts));
    if left.clone().count() != right.clone().count() {
        return false;
    }
    // Nearly always in the same order; looked up only where it is not.
    let mut expected = right.clone();
    left.all(|(name, value)| match expected.next() {
        Some((other, found)) if name == other => value.semantically_eq(found),
        _ => right
            .clone()
            .find(|(other, _)| name == other)
            .is_some_and(|(_, found)| value.semantically_eq(found)),
    })
}
