//! What a function returns, and what a crate forbids.

use proc_macro2::TokenTree;
use syn::spanned::Spanned;
use syn::{
    AttrStyle, Block, GenericArgument, PathArguments, ReturnType, Signature, Type, TypeParamBound,
};

use super::super::EditError;
use super::source::{Imports, Source, words};
use super::walk::{self, Root};

/// The function around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its name, counted from 1.
    pub line: usize,
    /// Whether it is an `async fn`.
    pub asynchronous: bool,
    /// What it returns.
    pub returns: Returns,
}

/// What a function returns, as far as `?` is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returns {
    /// A `Result` whose error every error converts into: a boxed error, that of `anyhow` or
    /// `eyre`, or an `io::Error`.
    AcceptsAnyError,
    /// Nothing.
    Unit,
    /// Something else, as it is written.
    Other(String),
}

impl Function {
    pub(super) fn of(source: &Source<'_>, imports: &Imports, signature: &Signature) -> Self {
        Self {
            name: signature.ident.to_string(),
            line: source.line(signature.ident.span()),
            asynchronous: signature.asyncness.is_some(),
            returns: match &signature.output {
                ReturnType::Default => Returns::Unit,
                ReturnType::Type(_, of) => match &**of {
                    Type::Tuple(tuple) if tuple.elems.is_empty() => Returns::Unit,
                    of if fits(imports, of) => Returns::AcceptsAnyError,
                    of => Returns::Other(source.snippet(of.span())),
                },
            },
        }
    }
}

/// The types in the angle brackets at the end of a path.
pub(super) fn arguments(path: &syn::Path) -> Vec<&Type> {
    match path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(of) => Some(of),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn fits(imports: &Imports, of: &Type) -> bool {
    let Type::Path(path) = of else {
        return false;
    };
    let name = imports.resolve(&path.path);
    let arguments = arguments(&path.path);
    match (&*name, &arguments[..]) {
        (
            "anyhow::Result"
            | "eyre::Result"
            | "color_eyre::Result"
            | "color_eyre::eyre::Result"
            | "std::io::Result",
            [_],
        ) => true,
        (
            "Result"
            | "std::result::Result"
            | "core::result::Result"
            | "anyhow::Result"
            | "eyre::Result"
            | "color_eyre::Result"
            | "color_eyre::eyre::Result",
            [_, error],
        ) => error_fits(imports, error),
        _ => false,
    }
}

fn error_fits(imports: &Imports, of: &Type) -> bool {
    let Type::Path(path) = of else {
        return false;
    };
    let name = imports.resolve(&path.path);
    match &*name {
        "anyhow::Error"
        | "eyre::Error"
        | "eyre::Report"
        | "color_eyre::Report"
        | "color_eyre::eyre::Error"
        | "color_eyre::eyre::Report"
        | "std::io::Error" => true,
        "Box" | "std::boxed::Box" => matches!(
            arguments(&path.path)[..],
            [Type::TraitObject(object)] if object.bounds.iter().any(|bound| matches!(
                bound,
                TypeParamBound::Trait(bound) if matches!(
                    &*imports.resolve(&bound.path),
                    "std::error::Error" | "core::error::Error"
                )
            ))
        ),
        _ => false,
    }
}

/// Whether a block, or the head of its function, binds a name.
pub(super) fn binds(block: &Block, signature: &Signature, name: &str) -> bool {
    walk::binds(Root::Signature(signature), name) || walk::binds(Root::Block(block), name)
}

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

fn lints(tokens: proc_macro2::TokenStream) -> Vec<String> {
    let words: Vec<_> = words(tokens).into_iter().map(|(word, _)| word).collect();
    words
        .windows(4)
        .filter(|window| window[..3] == ["clippy", ":", ":"])
        .map(|window| window[3].clone())
        .collect()
}
