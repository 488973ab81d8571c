//! What a module of a template defines, as far as its tokens tell. Templates are valid tokens of Rust
//! before they are rendered: their statements and expressions are comments.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::super::TemplateFiles;

/// The names in the files of one module below `tree/infra/`.
#[derive(Debug, Default)]
pub(super) struct ModuleItems {
    /// Functions that other modules can call: `pub fn`, or what a `use` brings.
    public_functions: BTreeSet<String>,
    /// All functions, methods too.
    functions: BTreeSet<String>,
    /// Types, modules and what a `use` brings.
    names: BTreeSet<String>,
    /// Whether a file could not be split into tokens: then nothing can be said.
    is_opaque: bool,
}

impl ModuleItems {
    /// The items of `<module>.rs` and of all files below `<module>/`; `None` if there is no such file.
    pub(super) fn of(files: &TemplateFiles, module: &str) -> Option<Self> {
        let (file, folder) = (format!("{module}.rs"), format!("{module}/"));
        let mut items: Option<Self> = None;
        for (path, text) in files.below("tree/infra") {
            if path == file || (path.starts_with(&folder) && path.ends_with(".rs")) {
                items.get_or_insert_default().read(text);
            }
        }
        items
    }

    fn read(&mut self, text: &str) {
        match text.parse::<TokenStream>() {
            Ok(tokens) => self.collect(tokens),
            Err(_) => self.is_opaque = true,
        }
    }

    fn collect(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.collect(group.stream());
                continue;
            }
            let TokenTree::Ident(word) = token else {
                continue;
            };
            if word == "use" {
                self.collect_use(&tokens[index + 1..]);
            }
            let Some(TokenTree::Ident(name)) = tokens.get(index + 1) else {
                continue;
            };
            if word == "fn" {
                self.functions.insert(name.to_string());
                if is_public(&tokens[..index]) {
                    self.public_functions.insert(name.to_string());
                }
            } else if ["struct", "enum", "type", "trait", "mod", "const"]
                .iter()
                .any(|item| word == item)
            {
                self.names.insert(name.to_string());
            }
        }
    }

    /// Takes every word up to the semicolon: `use other::{First, Second as Third};`.
    fn collect_use(&mut self, tokens: &[TokenTree]) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    self.names.insert(name.to_string());
                    self.public_functions.insert(name.to_string());
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.collect_use(&inner);
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => return,
                _ => {}
            }
        }
    }

    /// Whether another module can call a function of this name.
    pub(super) fn has_public_function(&self, name: &str) -> bool {
        self.is_opaque || self.public_functions.contains(name)
    }

    /// Whether there is a function or method of this name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.is_opaque || self.functions.contains(name)
    }

    /// Whether there is a type or module of this name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.is_opaque || self.names.contains(name)
    }
}

/// Whether the tokens before `fn` begin with `pub`: `pub async fn`, `pub(crate) const fn`.
fn is_public(before: &[TokenTree]) -> bool {
    for token in before.iter().rev() {
        match token {
            TokenTree::Ident(word) if word == "pub" => return true,
            TokenTree::Ident(word) if word == "async" || word == "const" || word == "unsafe" => {}
            TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Parenthesis => {
            }
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_in_all_files_of_a_module() {
        let texts = [
            (
                "tree/infra/mail/mod.rs",
                "pub use send::{Sender, check as test};\nmod send;\n//% if a\npub(crate) async fn start() {}\n//% endif\nfn hidden() {}\n",
            ),
            (
                "tree/infra/mail/send.rs",
                "pub struct Sender;\nimpl Sender { pub const fn new() {} }",
            ),
            ("tree/infra/other.rs", "pub fn other() {}"),
        ];
        let files =
            TemplateFiles::from_iter(texts.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let items = ModuleItems::of(&files, "mail").unwrap();
        for name in ["start", "new", "check", "test"] {
            assert!(items.has_public_function(name), "{name}");
        }
        assert!(items.has_name("Sender") && items.has_name("send"));
        assert!(items.has_function("hidden") && !items.has_public_function("hidden"));
        assert!(!items.has_function("other"));
        assert!(ModuleItems::of(&files, "mai").is_none());
    }
}
