//! Indents and line breaks of calls.
//!
//! This is no second rustfmt. What is added has a form that rustfmt leaves alone wherever it stands:
//! statements of their own, and chains with each call on a line of its own that are too long to be
//! joined. Only a very long path or app gives a line that rustfmt would break, see
//! [`may_need_rustfmt`].

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::super::line_end;
use super::super::super::lines::line_start;

/// The width of a line, and of the arguments of a call, that rustfmt keeps to by default. Of a line
/// that ends in `?;` it wants one column to be free.
const MAX_WIDTH: usize = 100;
const MAX_ARGUMENTS: usize = 60;

/// One step deeper than an indent.
pub(super) fn step(indent: &str) -> &'static str {
    if indent.starts_with('\t') {
        "\t"
    } else {
        "    "
    }
}

/// The white space that the line of an offset begins with.
pub(super) fn indent_at(text: &str, offset: usize) -> &str {
    let line = &text[line_start(text, offset)..];
    &line[..line.len() - line.trim_start().len()]
}

/// The indent for calls on lines of their own: one step deeper than what they are called on, or as
/// deep where that has several lines, as below `)` or `})`.
pub(super) fn chain_indent(text: &str, receiver: &Range<usize>) -> String {
    let indent = indent_at(text, receiver.end);
    match text[receiver.clone()].contains('\n') {
        true => indent.to_owned(),
        false => format!("{indent}{}", step(indent)),
    }
}

/// Whether a dot is the first on its line.
pub(super) fn starts_line(text: &str, dot: usize) -> bool {
    text[line_start(text, dot)..dot].trim().is_empty()
}

/// A part of a text with each of the dots on a line of its own.
///
/// Of `.bind(a)?.run()` that makes `\n    .bind(a)?\n    .run()`; a dot that starts a line stays.
pub(super) fn break_chain(text: &str, part: Range<usize>, dots: &[usize], indent: &str) -> String {
    let mut broken = String::new();
    let mut at = part.start;
    for &dot in dots {
        broken.push_str(&text[at..dot]);
        if !starts_line(text, dot) {
            broken.truncate(broken.trim_end().len());
            broken.push_str(line_end(text));
            broken.push_str(indent);
        }
        at = dot;
    }
    broken.push_str(&text[at..part.end]);
    broken
}

/// The first dot of a chain and the indent of the others, where it shares the line of what it is
/// called on and the others do not.
///
/// rustfmt joins them where the receiver is short and starts a statement, as in
/// `app.route(..)⏎    .service(..)`. Behind `let x = ` the first call gets a line of its own too.
pub(super) fn joined_dot<'t>(text: &'t str, dots: &[usize]) -> Option<(usize, &'t str)> {
    match *dots {
        [first, second, ..] if !starts_line(text, first) && starts_line(text, second) => {
            Some((first, indent_at(text, second)))
        }
        _ => None,
    }
}

/// Tells whether rustfmt may lay out a wired text in another way, with its default settings.
#[must_use]
pub fn may_need_rustfmt(before: &str, after: &str) -> bool {
    let known: BTreeSet<&str> = before.lines().collect();
    let mut added = after.lines().filter(|line| !known.contains(line));
    added.any(is_wide)
}

/// Whether rustfmt may break a line, or the arguments of the call in it that wires.
pub(super) fn is_wide(line: &str) -> bool {
    let width = |part: &str| -> usize {
        let letters = part.chars();
        letters
            .map(|letter| if letter == '\t' { 4 } else { 1 })
            .sum()
    };
    let arguments = line.split_once(".wire(").map_or("", |(_, rest)| rest);
    let arguments = arguments.trim_end_matches([')', ';']);
    width(line) >= MAX_WIDTH || width(arguments) >= MAX_ARGUMENTS
}
