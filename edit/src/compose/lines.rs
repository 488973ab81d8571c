//! Lines of a text: where they begin and end, and what is a comment in them.

/// The start of the line that `offset` is in, after a byte order mark.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    match text[..offset].rfind('\n') {
        Some(newline) => newline + 1,
        None => byte_order_mark(text).min(offset),
    }
}

/// The end of the line that `offset` is in, before its line ending.
pub(super) fn line_stop(text: &str, offset: usize) -> usize {
    let stop = text[offset..]
        .find('\n')
        .map_or(text.len(), |newline| offset + newline);
    if stop > offset && text[..stop].ends_with('\r') {
        stop - 1
    } else {
        stop
    }
}

/// Whether a text begins with the end of a line.
pub(super) fn ends_line(text: &str) -> bool {
    text.starts_with('\n') || text.starts_with("\r\n")
}

/// How many bytes of its line stand before `offset`.
pub(super) fn column(text: &str, offset: usize) -> usize {
    offset - line_start(text, offset)
}

pub(super) fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// A line without its comment.
pub(super) fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let hash = (0..bytes.len()).find(|&at| {
        bytes[at] == b'#' && (at == 0 || bytes[at - 1] == b' ' || bytes[at - 1] == b'\t')
    });
    &line[..hash.unwrap_or(line.len())]
}
