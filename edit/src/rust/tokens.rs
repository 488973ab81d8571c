//! Rust code as a flat list of tokens, for what the syntax tree does not show: the inside of macros.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// The tokens of a stream, with the delimiters of its groups as tokens of their own.
///
/// `f(a, b)` becomes `f`, `(`, `a`, `,`, `b`, `)`.
pub(super) fn flatten_tokens(stream: TokenStream) -> Vec<(String, Span)> {
    let mut tokens = Vec::new();
    for token in stream {
        let TokenTree::Group(group) = token else {
            tokens.push((token.to_string(), token.span()));
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        tokens.push((open.to_owned(), group.span_open()));
        tokens.extend(flatten_tokens(group.stream()));
        tokens.push((close.to_owned(), group.span_close()));
    }
    tokens
}

/// The same for code as text; empty where it has no tokens.
pub(super) fn tokens_of(code: &str) -> Vec<(String, Span)> {
    code.parse().map(flatten_tokens).unwrap_or_default()
}

/// The indices at which a sequence of tokens starts.
pub(super) fn find_sequence<'a>(
    tokens: &'a [(String, Span)],
    sequence: &'a [impl AsRef<str>],
) -> impl Iterator<Item = usize> + 'a {
    tokens
        .windows(sequence.len())
        .enumerate()
        .filter(move |(_, window)| {
            window
                .iter()
                .zip(sequence)
                .all(|((token, _), wanted)| token == wanted.as_ref())
        })
        .map(|(at, _)| at)
}

/// Whether a name is one of the tokens of some code.
pub(super) fn mentions(code: &str, name: &str) -> bool {
    tokens_of(code).iter().any(|(token, _)| token == name)
}
