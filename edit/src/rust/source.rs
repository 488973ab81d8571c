//! A parsed file whose spans are offsets of its text.

use std::ops::Range;

use proc_macro2::{Span, TokenStream};

use super::super::{EditError, line_of};

/// A parsed Rust file.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) file: syn::File,
    /// What the parser leaves off at the start: a byte order mark and a `#!` line.
    skipped: usize,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, EditError> {
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        if rest.starts_with("#!") {
            // An inner attribute begins alike; the parser tells them apart, so it is asked.
            let is_attribute = syn::parse_file(rest).is_ok_and(|file| file.shebang.is_none());
            if !is_attribute {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            }
        }
        let skipped = text.len() - rest.len();
        let file = syn::parse_file(rest).map_err(|error| {
            let line = error.span().start().line;
            EditError::Unreadable {
                line: Some(line_of(text, skipped) + line.max(1) - 1),
                reason: format!("not Rust that can be read: {error}"),
            }
        })?;
        Ok(Self {
            text,
            file,
            skipped,
        })
    }

    /// All tokens, comments left out.
    pub(super) fn tokens(&self) -> TokenStream {
        self.text[self.skipped..].parse().unwrap_or_default()
    }

    /// The offsets of a span in the text.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.skipped..range.end + self.skipped
    }

    /// The line of a span, counted from 1.
    pub(super) fn line(&self, span: Span) -> usize {
        line_of(self.text, self.range(span).start)
    }

    /// The text of a span on one line.
    pub(super) fn snippet(&self, span: Span) -> String {
        let text = &self.text[self.range(span)];
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Whether a line, from its first letter on, is a `//` comment that is about what follows.
pub(super) fn is_comment(line: &str) -> bool {
    line.starts_with("//") && !line.starts_with("//!")
}
