//! Lines of a text by byte offsets, line ends, and splicing: what all editors share.
//!
//! It knows nothing of any format. Offsets are those of the whole text, a byte order mark included.

use std::ops::Range;

/// The line end that most lines have; `"\n"` for a text of one line.
#[must_use]
pub fn line_end(text: &str) -> &'static str {
    if !text.contains('\r') {
        return "\n";
    }
    let crlf = text.matches("\r\n").count();
    if crlf > 0 && crlf * 2 >= text.matches('\n').count() {
        "\r\n"
    } else {
        "\n"
    }
}

/// The text with `"\n"` for every line end.
#[must_use]
pub fn to_lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The text with `end` (`"\n"` or `"\r\n"`) for every line end.
#[must_use]
pub fn with_line_end(text: &str, end: &str) -> String {
    let text = to_lf(text);
    if end == "\n" {
        text
    } else {
        text.replace('\n', end)
    }
}

/// The line of a byte offset, counted from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// The length of the byte order mark: 3 or 0.
pub(crate) fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// The start of the line that an offset is in, after a byte order mark.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    match text[..offset].rfind('\n') {
        Some(newline) => newline + 1,
        None => byte_order_mark(text).min(offset),
    }
}

/// The end of the line that an offset is in, before its line end: of `"a\r\nb"` at 0 it is 1.
pub(crate) fn line_content_end(text: &str, offset: usize) -> usize {
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |newline| offset + newline);
    if text[offset..end].ends_with('\r') {
        end - 1
    } else {
        end
    }
}

/// The start of the next line, or the end of the text: of `"a\r\nb"` at 0 it is 3.
pub(crate) fn next_line_start(text: &str, offset: usize) -> usize {
    text[offset..]
        .find('\n')
        .map_or(text.len(), |newline| offset + newline + 1)
}

/// How many bytes of its line stand before an offset.
pub(crate) fn column(text: &str, offset: usize) -> usize {
    offset - line_start(text, offset)
}

/// Whether a line begins at an offset.
pub(crate) fn is_line_start(text: &str, offset: usize) -> bool {
    line_start(text, offset) == offset
}

/// Whether only spaces stand before an offset in its line.
pub(crate) fn is_first_in_line(text: &str, offset: usize) -> bool {
    text[line_start(text, offset)..offset]
        .bytes()
        .all(|byte| byte == b' ')
}

/// Whether a text begins with a line end.
pub(crate) fn starts_with_line_end(text: &str) -> bool {
    text.starts_with('\n') || text.starts_with("\r\n")
}

/// A text without the line end that it may end with.
pub(crate) fn without_last_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The start of the comment lines that stand directly above a line, or of the line itself.
pub(crate) fn comments_above(
    text: &str,
    offset: usize,
    is_comment: impl Fn(&str) -> bool,
) -> usize {
    let mut start = line_start(text, offset);
    while start > byte_order_mark(text) {
        let previous = line_start(text, start - 1);
        if !is_comment(text[previous..start].trim_start()) {
            break;
        }
        start = previous;
    }
    start
}

/// Replaces ranges of a text, given in any order: `"abc"` with `[(1..2, "x"), (3..3, "d")]` gives
/// `"axcd"`. Insertions at one offset keep their order. The ranges must not overlap.
pub(crate) fn splice<S: AsRef<str>>(text: &str, splices: &[(Range<usize>, S)]) -> String {
    let mut ordered: Vec<_> = splices.iter().collect();
    ordered.sort_by_key(|(range, _)| (range.start, range.end));
    let added: usize = ordered.iter().map(|(_, new)| new.as_ref().len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut copied = 0;
    for (range, new) in ordered {
        result.push_str(&text[copied..range.start]);
        result.push_str(new.as_ref());
        copied = range.end;
    }
    result.push_str(&text[copied..]);
    result
}

/// Replaces one range of a text.
pub(crate) fn replace(text: &str, range: Range<usize>, new: &str) -> String {
    splice(text, &[(range, new)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_of_a_text_is_that_of_most_of_its_lines() {
        assert_eq!(line_end(""), "\n");
        assert_eq!(line_end("a\r\nb"), "\r\n");
        assert_eq!(line_end("a\r\nb\nc\n"), "\n");
        assert_eq!(line_end("a\r\nb\n"), "\r\n");
        assert_eq!(line_end("a\rb\n"), "\n");
    }

    #[test]
    fn line_ends_are_converted_once() {
        assert_eq!(with_line_end("a\nb\r\nc", "\r\n"), "a\r\nb\r\nc");
        assert_eq!(with_line_end("a\nb\r\nc", "\n"), "a\nb\nc");
    }

    #[test]
    fn the_bounds_of_a_line_leave_out_its_line_end_and_a_byte_order_mark() {
        let text = "\u{feff}ab\r\ncd";
        assert_eq!((line_start(text, 4), line_start(text, 8)), (3, 7));
        assert_eq!(
            (line_content_end(text, 3), line_content_end(text, 7)),
            (5, 9)
        );
        assert_eq!((next_line_start(text, 3), next_line_start(text, 7)), (7, 9));
        assert!(is_line_start(text, 3) && is_line_start(text, 7) && !is_line_start(text, 8));
    }

    #[test]
    fn splices_are_applied_in_the_order_of_the_text() {
        let splices = [(3..3, "d"), (1..2, "x"), (3..3, "e"), (0..0, "_")];
        assert_eq!(splice("abc", &splices), "_axcde");
    }
}
