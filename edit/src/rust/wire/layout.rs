//! Lines as rustfmt lays them out.

use super::super::super::line_end;
use super::super::super::lines::line_start;
use super::super::serve::shape::Shape;

/// The widths that rustfmt keeps to when it is not told otherwise.
pub(super) const LINE: usize = 100;
pub(super) const CHAIN: usize = 60;
/// Beside a name of this length, at the start of a statement only, the first call of a chain stays.
pub(super) const SHORT: usize = 4;

pub(super) fn width(line: &str) -> usize {
    line.chars()
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

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

/// Whether a dot is the first on its line.
pub(super) fn is_first(text: &str, dot: usize) -> bool {
    text[line_start(text, dot)..dot].trim().is_empty()
}

/// The calls between two offsets, each on a line of its own.
pub(super) fn broken(
    text: &str,
    (from, to): (usize, usize),
    dots: &[usize],
    indent: &str,
    end: &str,
) -> String {
    let mut broken = String::new();
    let mut at = from;
    for &dot in dots {
        broken.push_str(&text[at..dot]);
        if !is_first(text, dot) {
            broken.truncate(broken.trim_end().len());
            broken.push_str(end);
            broken.push_str(indent);
        }
        at = dot;
    }
    broken.push_str(&text[at..to]);
    broken
}

/// Puts the brace of an `if let` below a condition that has several lines now.
pub(super) fn lower_brace(text: &str, shape: &Shape, after: &mut String, stop: &mut usize) {
    if shape.head && text[*stop..].starts_with(" {") {
        after.push_str(line_end(text));
        after.push_str(&text[line_start(text, shape.statement.start)..shape.statement.start]);
        after.push('{');
        *stop += 2;
    }
}
