//! The clippy lints that a crate denies.

use proc_macro2::{TokenStream, TokenTree};
use syn::AttrStyle;

use super::super::EditError;
use super::source::Source;
use super::tokens::flatten_tokens;

/// Lists the clippy lints that a crate's root denies or forbids, without `clippy::`; also those
/// behind `cfg_attr`, since they hold for some builds.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn denied_clippy_lints(text: &str) -> Result<Vec<String>, EditError> {
    let source = Source::parse(text)?;
    let mut denied = Vec::new();
    for attribute in &source.file.attrs {
        if !matches!(attribute.style, AttrStyle::Inner(_)) {
            continue;
        }
        let meta = &attribute.meta;
        let tokens = match meta {
            syn::Meta::List(list) => list.tokens.clone(),
            _ => continue,
        };
        if meta.path().is_ident("deny") || meta.path().is_ident("forbid") {
            denied.extend(lints(tokens));
        } else if meta.path().is_ident("cfg_attr") {
            let mut level = false;
            for token in tokens {
                match token {
                    TokenTree::Ident(name) => level = name == "deny" || name == "forbid",
                    TokenTree::Group(group) if level => denied.extend(lints(group.stream())),
                    _ => level = false,
                }
            }
        }
    }
    Ok(denied)
}

fn lints(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<_> = flatten_tokens(tokens)
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    tokens
        .windows(4)
        .filter(|window| window[..3] == ["clippy", ":", ":"])
        .map(|window| window[3].clone())
        .collect()
}
