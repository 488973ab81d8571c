//! Lines of a text, by the offsets of their parts.

/// The start of the line that an offset is in, behind a byte order mark.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    if start == 0 && text.starts_with('\u{feff}') && offset >= 3 {
        3
    } else {
        start
    }
}

/// The end of the content of the line that an offset is in, before its line ending.
pub(super) fn line_stop(text: &str, offset: usize) -> usize {
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    if text[offset..end].ends_with('\r') {
        end - 1
    } else {
        end
    }
}

/// The start of the next line, or the end of the text.
pub(super) fn line_after(text: &str, offset: usize) -> usize {
    text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at + 1)
}

/// The start of the comment lines that stand directly above a line, or of the line itself.
pub(super) fn comments_above(
    text: &str,
    offset: usize,
    is_comment: impl Fn(&str) -> bool,
) -> usize {
    let mut start = line_start(text, offset);
    while start > 0 && text[..start] != *"\u{feff}" {
        let previous = line_start(text, start - 1);
        if !is_comment(text[previous..start].trim_start()) {
            break;
        }
        start = previous;
    }
    start
}
