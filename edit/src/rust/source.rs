//! A parsed file whose spans are offsets of its text.

use std::ops::Range;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{Attribute, Item, Meta, UseTree};

use super::super::{EditError, line_of};
use super::walk::{Next, Node, Root, walk};

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

/// Whether attributes keep an item out of every build but that of the tests.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg")
            && let Meta::List(list) = &attribute.meta
        {
            return needs_test(list.tokens.clone());
        }
        // `#[test]`, `#[tokio::test]`, `#[sqlx::test]`, ..
        path.segments
            .last()
            .is_some_and(|last| last.ident == "test" || last.ident == "rstest")
    })
}

/// Whether a condition holds under `test` only: `test`, or `all(.., test, ..)`.
fn needs_test(condition: TokenStream) -> bool {
    let tokens: Vec<_> = condition.into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(name)] => name == "test",
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "all" => {
            let parts: Vec<_> = group.stream().into_iter().collect();
            parts
                .split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
                .any(|part| needs_test(part.iter().cloned().collect()))
        }
        _ => false,
    }
}

/// The tokens of a stream as words, groups opened.
pub(super) fn words(stream: TokenStream) -> Vec<(String, Span)> {
    let mut words = Vec::new();
    for token in stream {
        let TokenTree::Group(group) = token else {
            words.push((token.to_string(), token.span()));
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        words.push((open.to_owned(), group.span_open()));
        words.extend(self::words(group.stream()));
        words.push((close.to_owned(), group.span_close()));
    }
    words
}

/// The starts of a sequence of words.
pub(super) fn sequences<'a>(
    words: &'a [(String, Span)],
    sequence: &'a [&str],
) -> impl Iterator<Item = usize> + 'a {
    words
        .windows(sequence.len())
        .enumerate()
        .filter(move |(_, window)| {
            window
                .iter()
                .zip(sequence)
                .all(|((word, _), wanted)| word == wanted)
        })
        .map(|(at, _)| at)
}

/// The names that `use` brings into a file, with what they stand for.
#[derive(Default)]
pub(super) struct Imports {
    names: Vec<(String, Vec<String>)>,
    /// The paths of which everything is imported.
    all: Vec<String>,
    /// The types that the file has of its own, which hide those.
    types: Vec<String>,
}

impl Imports {
    pub(super) fn of(file: &syn::File) -> Self {
        let mut imports = Self::default();
        walk(Root::File(file), &mut |node| {
            match node {
                Node::Item(Item::Use(item)) => imports.add(&item.tree, &[]),
                Node::Item(Item::Struct(item)) => imports.types.push(item.ident.to_string()),
                Node::Item(Item::Enum(item)) => imports.types.push(item.ident.to_string()),
                Node::Item(Item::Type(item)) => imports.types.push(item.ident.to_string()),
                _ => {}
            }
            Next::Inside
        });
        imports
    }

    /// The full path of a path, as far as the imports tell; generic arguments are left off.
    pub(super) fn resolve(&self, path: &syn::Path) -> String {
        let mut names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if path.leading_colon.is_none() {
            // `use axum::{self, ..}` names itself: one step is enough.
            let mut found = self.names.iter().filter(|(name, _)| *name == names[0]);
            if let (Some((_, full)), others) = (found.next(), found) {
                let mut others = others.map(|(_, full)| full);
                if others.any(|other| other != full) {
                    return format!("?::{}", names.join("::"));
                }
                names.splice(..1, full.iter().cloned());
            }
        }
        names.join("::")
    }

    /// Whether a resolved path is that of an item of a crate.
    pub(super) fn is_of(&self, resolved: &str, of: &str, item: &str) -> bool {
        let rest = resolved.strip_prefix(of);
        if rest.and_then(|rest| rest.strip_prefix("::")) == Some(item) {
            return true;
        }
        let name = item.split("::").next().unwrap_or(item);
        let is_own = self.types.iter().any(|own| own == name);
        resolved == item && !is_own && self.all.iter().any(|all| all == of)
    }

    fn add(&mut self, tree: &UseTree, prefix: &[String]) {
        let join = |name: &str| {
            let mut full = prefix.to_vec();
            if name != "self" {
                full.push(name.to_owned());
            }
            full
        };
        match tree {
            UseTree::Path(path) => self.add(&path.tree, &join(&path.ident.to_string())),
            UseTree::Name(name) => {
                let full = join(&name.ident.to_string());
                self.names
                    .extend(full.last().cloned().map(|name| (name, full)));
            }
            UseTree::Rename(rename) => {
                let full = join(&rename.ident.to_string());
                self.names.push((rename.rename.to_string(), full));
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add(tree, prefix);
                }
            }
            UseTree::Glob(_) => self.all.push(prefix.join("::")),
        }
    }
}

/// Whether a line, from its first letter on, is a `//` comment that is about what follows.
pub(super) fn is_comment(line: &str) -> bool {
    line.starts_with("//") && !line.starts_with("//!")
}

/// Whether some code has a literal of several lines, whose lines are not to be moved.
pub(super) fn has_long_literal(code: &str) -> bool {
    let words = code.parse().map(words).unwrap_or_default();
    words.iter().any(|(word, _)| word.contains('\n'))
}
