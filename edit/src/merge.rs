//! Three texts of a generated file into one: what was rendered, what the user made of it, and what
//! is rendered now.

use diffy::{IncompleteHunkStyle, MergeOptions};
use proc_macro2::{TokenStream, TokenTree};

/// A merge of the user's edits with a new rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The text, with conflict markers where both changed the same lines.
    pub text: String,
    /// The number of conflicts.
    pub conflicts: usize,
}

/// Merges `ours` (the user's) and `theirs` (newly rendered), both made from `base`.
///
/// Conflicts are in diff3 style. The result has the line endings of `ours`.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Merged {
    let crlf = super::line_end(ours) == "\r\n";
    let (base, theirs) = (unix(base), unix(theirs));
    let ours = unix(ours);
    let merged = MergeOptions::new()
        .set_incomplete_hunk_style(IncompleteHunkStyle::Git)
        .merge(&base, &ours, &theirs);
    let (text, conflicts) = match merged {
        Ok(text) => (text, 0),
        Err(marked) => label(&marked),
    };
    Merged {
        text: if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        },
        conflicts,
    }
}

/// Says in the markers of conflicts whose text is whose, and counts them.
fn label(marked: &str) -> (String, usize) {
    let mut conflicts = 0;
    let lines = marked
        .split_inclusive('\n')
        .map(|line| match line.trim_end() {
            "<<<<<<< ours" => {
                conflicts += 1;
                "<<<<<<< yours\n"
            }
            "||||||| original" => "||||||| as it was generated\n",
            ">>>>>>> theirs" => ">>>>>>> as it is generated now\n",
            _ => line,
        });
    (lines.collect(), conflicts)
}

fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The line of the first conflict marker, counted from 1.
pub fn marker(text: &str) -> Option<usize> {
    text.lines()
        .position(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        .map(|index| index + 1)
}

/// Whether a Rust text is another with only its layout changed, as by another rustfmt.
///
/// Comments count, white space and trailing commas do not; literals must be the same to the letter.
pub fn same_code(a: &str, b: &str) -> bool {
    if dense(a) != dense(b) {
        return false;
    }
    match (a.parse::<TokenStream>(), b.parse::<TokenStream>()) {
        (Ok(a), Ok(b)) => {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            literals(a, &mut left);
            literals(b, &mut right);
            left == right
        }
        _ => false,
    }
}

fn dense(text: &str) -> String {
    let mut dense = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if matches!(c, ')' | ']' | '}' | '>') && dense.ends_with(',') {
            dense.pop();
        }
        dense.push(c);
    }
    dense
}

fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Group(group) => literals(group.stream(), found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_in_different_places_survive() {
        let base = "a\nb\nc\nd\ne\n";
        let merged = merge(base, "a\nb\nc\nd\nmine\n", "new\nb\nc\nd\ne\n");
        assert_eq!(merged.text, "new\nb\nc\nd\nmine\n");
        assert_eq!(merged.conflicts, 0);
    }

    #[test]
    fn edits_of_the_same_line_are_marked() {
        let merged = merge("a\nb\nc\n", "a\nmine\nc\n", "a\nnew\nc\n");
        assert_eq!(merged.conflicts, 1);
        assert_eq!(marker(&merged.text), Some(2));
        for line in ["mine", "b", "new", "======="] {
            assert!(merged.text.lines().any(|found| found == line), "{line}");
        }
    }

    #[test]
    fn a_file_with_crlf_keeps_it() {
        let merged = merge("a\nb\nc\n", "a\r\nb\r\nmine\r\n", "new\nb\nc\n");
        assert!(merged.text.lines().count() > 1 && !merged.text.replace("\r\n", "").contains('\n'));
    }

    #[test]
    fn another_layout_is_the_same_code_and_another_comment_is_not() {
        let text = "fn f(a: u8, b: u8) {\n    // why\n    g(\"x y\", a, b)\n}\n";
        let other = "fn f(\n    a: u8,\n    b: u8,\n) {\n    // why\n    g(\"x y\", a, b)\n}\n";
        assert!(same_code(text, other));
        assert!(!same_code(text, &text.replace("why", "because")));
        assert!(!same_code(text, &text.replace("x y", "xy")));
    }
}
