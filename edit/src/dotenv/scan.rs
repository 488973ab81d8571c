//! Finding the variables of an env file, with an eye on quotes.

use std::ops::Range;

use crate::text::{line_content_end, line_of, next_line_start};

/// A variable of an env file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub key: String,
    /// The value without its quotes; `None` when the variable is commented out.
    pub value: Option<String>,
    /// The line of the name, counted from 1.
    pub line: usize,
    /// From the start of the first line to the end of the content of the last one.
    pub(crate) range: Range<usize>,
}

/// Reads the variables in the order of the text; what is no variable is passed over.
///
/// `export K=v`, `K = v`, `K: v`, a bare `K` and `# K=v` count. A value in single or double quotes
/// may have several lines. Backticks quote nothing, as in all programs but those of Node.
#[must_use]
pub fn read(text: &str) -> Vec<Variable> {
    scan(text).0
}

/// The variables, and the one whose quote is never closed.
pub(super) fn scan(text: &str) -> (Vec<Variable>, Option<Variable>) {
    let mut variables = Vec::new();
    let mut unclosed = None;
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while start < text.len() {
        let mut stop = line_content_end(text, start);
        let line = &text[start..stop];
        let commented = line.trim_start().starts_with('#');
        if let Some((key, value)) = definition(line, commented) {
            let mut open = false;
            let value = if commented {
                None
            } else {
                let (value, end) = value_at(text, start + value, stop);
                open = end.is_none();
                stop = line_content_end(text, end.unwrap_or(stop));
                Some(value)
            };
            let variable = Variable {
                key: key.to_owned(),
                value,
                line: line_of(text, start),
                range: start..stop,
            };
            if open && unclosed.is_none() {
                unclosed = Some(variable.clone());
            }
            variables.push(variable);
        }
        start = next_line_start(text, stop);
    }
    (variables, unclosed)
}

/// The name that a line defines, and where its value begins in the line.
fn definition(line: &str, commented: bool) -> Option<(&str, usize)> {
    let mut rest = line.trim_start();
    if commented {
        rest = rest.trim_start_matches('#').trim_start();
    }
    if let Some(exported) = rest.strip_prefix("export")
        && exported.starts_with([' ', '\t'])
    {
        rest = exported.trim_start();
    }
    let length = rest
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || "_.-".contains(letter)))
        .unwrap_or(rest.len());
    let (key, rest) = rest.split_at(length);
    let value = rest.trim_start();
    let value = match value.chars().next() {
        _ if key.is_empty() => return None,
        Some('=') => &value[1..],
        // Behind a `#` these would be prose.
        Some(':') if !commented => &value[1..],
        None if !commented => value,
        _ => return None,
    };
    Some((key, line.len() - value.len()))
}

/// The value, and the offset after its last quote or its line; `None` when a quote stays open.
fn value_at(text: &str, offset: usize, stop: usize) -> (String, Option<usize>) {
    let line = &text[offset..stop];
    let value = line.trim_start();
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => {
            let end = value
                .char_indices()
                .find(|&(at, letter)| {
                    letter == '#' && (at == 0 || value[..at].ends_with([' ', '\t']))
                })
                .map_or(value.len(), |(at, _)| at);
            return (value[..end].trim_end().to_owned(), Some(stop));
        }
    };
    let begin = stop - value.len() + 1;
    let mut escaped = false;
    for (at, letter) in text[begin..].char_indices() {
        if letter == quote && !escaped {
            return (text[begin..begin + at].to_owned(), Some(begin + at + 1));
        }
        escaped = quote == '"' && letter == '\\' && !escaped;
    }
    (value.to_owned(), None)
}
