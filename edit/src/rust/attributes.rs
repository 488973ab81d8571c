//! Attributes that decide whether an item is compiled.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Meta};

/// Whether attributes keep an item out of every build except that of the tests.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg")
            && let Meta::List(list) = &attribute.meta
        {
            return requires_test(list.tokens.clone());
        }
        // `#[test]`, `#[tokio::test]`, `#[sqlx::test]`, ..
        path.segments
            .last()
            .is_some_and(|last| last.ident == "test" || last.ident == "rstest")
    })
}

/// Whether a condition holds under `test` only: `test`, or `all(.., test, ..)`.
fn requires_test(condition: TokenStream) -> bool {
    let tokens: Vec<_> = condition.into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(name)] => name == "test",
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "all" => {
            let parts: Vec<_> = group.stream().into_iter().collect();
            parts
                .split(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
                .any(|part| requires_test(part.iter().cloned().collect()))
        }
        _ => false,
    }
}
