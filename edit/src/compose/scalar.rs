//! How a string is written as a YAML scalar: plain, or in quotes.

use std::fmt::Write as _;

use super::style::Style;

/// Whether a plain scalar is no string, or some YAML 1.1 or 1.2 parser may think so.
pub(super) fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let first = text.chars().next();
    first.is_none_or(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '~' | '=' | '<'))
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A string as YAML: plain if nothing forbids it and `quoted` does not ask for more.
pub(super) fn scalar(text: &str, quoted: bool, style: &Style, flow: bool) -> String {
    if !quoted && plain_is_safe(text, flow) && !is_ambiguous(text) {
        text.to_owned()
    } else {
        quote(text, style.quote)
    }
}

/// The text between quotes, single ones only where they can hold it.
pub(super) fn quote(text: &str, mark: char) -> String {
    if mark == '\'' && !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text without quotes is read back as itself, apart from its type.
pub(super) fn plain_is_safe(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let dash =
        first == '-' && text.len() > 1 && !text.starts_with("- ") && !text.starts_with("---");
    let opens = "-?:,[]{}#&*!|>'\"%@`".contains(first) && !dash;
    let breaks = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
            || (flow && ",[]{}".contains(c))
    };
    !opens
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.chars().any(breaks)
}
