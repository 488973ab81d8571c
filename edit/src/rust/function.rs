//! What a function returns.

use syn::spanned::Spanned;
use syn::{Block, GenericArgument, PathArguments, ReturnType, Signature, Type, TypeParamBound};

use super::imports::Imports;
use super::source::Source;
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
                    of if accepts_any_error(imports, of) => Returns::AcceptsAnyError,
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

fn accepts_any_error(imports: &Imports, of: &Type) -> bool {
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
        ) => is_universal_error(imports, error),
        _ => false,
    }
}

fn is_universal_error(imports: &Imports, of: &Type) -> bool {
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
