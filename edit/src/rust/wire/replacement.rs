//! Parts of a text that are replaced together.

use std::ops::Range;

use super::super::super::Edit;

/// A text that takes the place of a part of another.
pub(super) struct Replacement {
    pub(super) address: &'static str,
    pub(super) range: Range<usize>,
    pub(super) after: String,
}

/// The text with its parts replaced, which come in the order of the text.
pub(super) fn replace(text: &str, replacements: Vec<Replacement>) -> (String, Vec<Edit>) {
    let mut new = String::new();
    let mut at = 0;
    let mut edits = Vec::new();
    for part in replacements {
        new.push_str(&text[at..part.range.start]);
        new.push_str(&part.after);
        at = part.range.end;
        edits.push(Edit {
            address: part.address.to_owned(),
            before: text[part.range].to_owned(),
            after: part.after,
            container: false,
        });
    }
    new.push_str(&text[at..]);
    (new, edits)
}
