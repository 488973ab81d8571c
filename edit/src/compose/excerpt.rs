//! A long file without the services in its middle, which is enough to judge a change elsewhere.
//!
//! What an entry of a block mapping says depends on its own lines, as long as no anchor leads out
//! of them. So entries that a change does not touch need not be read a second time.

use std::ops::Range;

use super::change::Change;
use super::document::Document;
use super::syntax_node::{Kind, SyntaxNode};
use super::yaml_value::YamlValue;
use crate::text::is_first_in_line;
use crate::text::{column, line_start};

/// With fewer services the whole file is read again.
const MANY: usize = 8;

/// The file before and after a change, both without the same services, none of which it touches.
/// `None` where nothing can be left out.
pub(super) fn around(document: &Document, change: &Change) -> Option<(Document, Document)> {
    let text = document.text.as_str();
    let root = document.root.as_ref()?;
    let (_, services) = root.entry("services")?;
    let entries = services.entries();
    if root.flow || services.flow || entries.len() < MANY || is_shared(root) {
        return None;
    }
    let (first, _) = &entries[1];
    let (next, _) = &entries[entries.len() - 2];
    let in_line = |key: &SyntaxNode| {
        is_first_in_line(text, key.start) && column(text, key.start) == column(text, first.start)
    };
    let middle = line_start(text, first.start)..line_start(text, next.start);
    let is_non_overlapping =
        |(range, _): &(Range<usize>, String)| range.end < middle.start || middle.end < range.start;
    if !in_line(first) || !in_line(next) || !change.splices.iter().all(is_non_overlapping) {
        return None;
    }
    let before = Document::parse(without(text, &middle)).ok()?;
    if !is_rest(&document.data, &before.data, entries.len()) {
        return None;
    }
    let (mut added, mut removed) = (0, 0);
    for (range, new) in &change.splices {
        if range.end < middle.start {
            added += new.len();
            removed += range.len();
        }
    }
    let moved = middle.start + added - removed..middle.end + added - removed;
    let after = Document::parse(without(&change.apply(text), &moved)).ok()?;
    Some((before, after))
}

fn without(text: &str, middle: &Range<usize>) -> String {
    [&text[..middle.start], &text[middle.end..]].concat()
}

/// Whether an anchor, an alias or a tag is there, which may reach or be reached from anywhere.
fn is_shared(node: &SyntaxNode) -> bool {
    let own = node.anchor != 0 || node.tag.is_some();
    own || match &node.kind {
        Kind::Scalar(..) => false,
        Kind::Alias(_) => true,
        Kind::List(items) => items.iter().any(is_shared),
        Kind::Map(entries) => {
            let mut nodes = entries.iter().flat_map(|(key, value)| [key, value]);
            nodes.any(is_shared)
        }
    }
}

/// Whether `rest` is what is left of `whole`, which has so many services, without those in the middle.
fn is_rest(whole: &YamlValue, rest: &YamlValue, count: usize) -> bool {
    let (whole, rest) = (whole.entries(), rest.entries());
    let same = |a: &[(_, YamlValue)], b: &[(_, YamlValue)]| {
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .all(|(a, b)| a.0 == b.0 && a.1.semantically_eq(&b.1))
    };
    whole.len() == rest.len()
        && whole
            .iter()
            .zip(rest)
            .all(|((name, whole), (other, rest))| {
                if **name != *"services" {
                    return name == other && whole.semantically_eq(rest);
                }
                let (whole, rest) = (whole.entries(), rest.entries());
                name == other
                    && whole.len() == count
                    && rest.len() == 3
                    && same(&whole[..1], &rest[..1])
                    && same(&whole[count - 2..], &rest[1..])
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(services: usize, last: &str) -> Document {
        let services: String = (0..services)
            .map(|number| format!("  s{number}:\n    image: a:{number}\n"))
            .collect();
        Document::parse(format!("name: x\nservices:\n{services}{last}")).unwrap()
    }

    fn at(document: &Document, target: &str, new: &str) -> Change {
        let at = document.text.find(target).unwrap();
        Change {
            splices: vec![(at..at, new.to_owned())],
            edits: Vec::new(),
        }
    }

    #[test]
    fn the_first_and_the_last_two_services_stay() {
        let document = file(40, "volumes:\n  v:\n");
        let change = at(&document, "volumes:", "  new:\n    image: b\n");
        let (before, after) = around(&document, &change).unwrap();
        let kept = "name: x\nservices:\n  s0:\n    image: a:0\n  s38:\n    image: a:38\n  s39:\n    image: a:39\n";
        assert_eq!(before.text, format!("{kept}volumes:\n  v:\n"));
        assert_eq!(
            after.text,
            format!("{kept}  new:\n    image: b\nvolumes:\n  v:\n")
        );
        let above = at(&document, "services:", "networks:\n  w:\n");
        let (_, after) = around(&document, &above).unwrap();
        assert!(
            after
                .text
                .starts_with("name: x\nnetworks:\n  w:\nservices:\n  s0:\n")
        );
        assert!(after.text.ends_with("    image: a:39\nvolumes:\n  v:\n"));
    }

    #[test]
    fn nothing_is_left_out_where_it_may_matter() {
        let append = |document: &Document| {
            let end = document.text.len();
            Change {
                splices: vec![(end..end, "  new:\n    image: b\n".to_owned())],
                edits: Vec::new(),
            }
        };
        let few = file(MANY - 1, "");
        assert!(around(&few, &append(&few)).is_none());
        let many = file(MANY, "");
        assert!(around(&many, &append(&many)).is_some());
        assert!(around(&many, &at(&many, "  s3:", "  new:\n")).is_none());
        let append_to = |services: &str| {
            let document = file(40, "");
            let document = Document::parse(document.text.replacen(
                "  s1:\n    image: a:1\n",
                services,
                1,
            ))
            .unwrap();
            around(&document, &append(&document)).is_some()
        };
        assert!(append_to("  s1:\n    image: b\n"));
        // It says more than its own lines, or does not begin its line.
        assert!(!append_to("  <<: {z: {image: b}}\n"));
        assert!(!append_to("  ? s1\n  : image: b\n"));
        for shared in [
            "x: &a 1\n",
            "  s: &a\n    image: b\n",
            "  s:\n    image: !reset b\n",
        ] {
            let document = file(40, shared);
            assert!(around(&document, &append(&document)).is_none(), "{shared}");
        }
    }
}
