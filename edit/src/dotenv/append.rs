//! Appends lines.

use super::scan;
use crate::{Edit, EditError, Outcome, line_end};

/// A line that a text shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The name: letters, digits and `_`.
    pub key: String,
    /// The value, without quotes.
    pub value: String,
    /// Whether it is written behind a `#`, for the user to take away.
    pub commented: bool,
    /// What stands above it, without the `#`.
    pub comment: Option<String>,
    /// Whether a blank line comes before it.
    pub gap: bool,
}

/// Appends a line, unless the key is there, commented out or not, with whatever value.
///
/// # Errors
///
/// [`EditError::Unsupported`] for a value that no quotes make safe in all dialects, and for a text with a
/// quote that is never closed: what comes after it would belong to that value.
pub fn append(text: &str, line: &Line) -> Result<Outcome, EditError> {
    let (variables, unclosed) = scan::scan(text);
    if variables.iter().any(|variable| variable.key == line.key) {
        return Ok(Outcome::AlreadyPresent);
    }
    if let Some(open) = unclosed {
        return Err(EditError::Unsupported {
            address: open.key,
            line: Some(open.line),
            reason: "its quote is never closed, so everything after it belongs to its value"
                .to_owned(),
        });
    }
    let block = block(text, line)?;
    let new = format!("{text}{block}");
    let (mut read_again, unclosed) = scan::scan(&new);
    let last = read_again.pop();
    let value = (!line.commented).then(|| line.value.clone());
    let meant = last.is_some_and(|last| last.key == line.key && last.value == value);
    if !meant || unclosed.is_some() || read_again != variables {
        return Err(unsupported(
            line,
            "the text would not be read as it was meant",
        ));
    }
    let edit = Edit {
        address: line.key.clone(),
        before: String::new(),
        after: block,
        container: false,
    };
    Ok(Outcome::Added {
        text: new,
        edits: vec![edit],
    })
}

fn unsupported(line: &Line, reason: &str) -> EditError {
    EditError::Unsupported {
        address: line.key.clone(),
        line: None,
        reason: reason.to_owned(),
    }
}

/// The text to append, with the line ends it needs.
fn block(text: &str, line: &Line) -> Result<String, EditError> {
    let end = line_end(text);
    let before = text.strip_prefix('\u{feff}').unwrap_or(text);
    let closed = before.is_empty() || before.ends_with('\n');
    let mut block = String::new();
    if !closed {
        block.push_str(end);
    }
    let blank = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
    // A shell joins a line to the one before it that ends in a backslash.
    let joined = before.trim_end_matches(['\r', '\n']).ends_with('\\');
    if (line.gap || joined) && !blank {
        block.push_str(end);
    }
    block.push_str(&content(line, end)?);
    if closed {
        block.push_str(end);
    }
    Ok(block)
}

/// The comment and the variable, without a line end after the last line.
pub(super) fn content(line: &Line, end: &str) -> Result<String, EditError> {
    let mut letters = line.key.chars();
    let begins = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !begins || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(unsupported(line, "it is not a name for a variable"));
    }
    let mut content = String::new();
    for comment in line.comment.iter().flat_map(|comment| comment.lines()) {
        content.push_str(format!("# {comment}").trim_end());
        content.push_str(end);
    }
    let mark = if line.commented { "# " } else { "" };
    content.push_str(&format!("{mark}{}={}", line.key, quoted(line)?));
    Ok(content)
}

/// The value as every dialect reads it.
fn quoted(line: &Line) -> Result<String, EditError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_./:@%+,=-".contains(letter);
    if line.value.chars().all(plain) {
        return Ok(line.value.clone());
    }
    let special = |letter: char| letter.is_control() || "$\\\"`".contains(letter);
    if line.value.contains(special) {
        return Err(unsupported(
            line,
            "its value has a character that not every program reads alike: `$`, a backslash, a \
             double quote, a backtick or a control character",
        ));
    }
    Ok(format!("\"{}\"", line.value))
}
