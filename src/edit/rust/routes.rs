//! Routes that the user's code has, as far as they are written as plain texts.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ExprMethodCall, Lit};

use super::super::Refusal;
use super::source::{Source, is_test};

/// Methods of a router or an app whose first argument is a path.
const METHODS: [&str; 4] = ["nest", "nest_service", "route", "route_service"];
/// Functions whose first argument is a path.
const FUNCTIONS: [&str; 2] = ["resource", "scope"];
/// Attributes of a handler whose first argument is a path.
const ATTRIBUTES: [&str; 9] = [
    "connect", "delete", "get", "head", "options", "patch", "post", "put", "route",
];

/// Lists the lines on which a file serves a path outside of tests. What is nested under another path
/// in the same expression does not count.
///
/// # Errors
///
/// [`Refusal::Unreadable`] for what is not Rust.
pub fn route_lines(text: &str, path: &str) -> Result<Vec<usize>, Refusal> {
    let source = Source::parse(text)?;
    let mut routes = Routes {
        source: &source,
        path,
        lines: Vec::new(),
    };
    if !is_test(&source.file.attrs) {
        routes.visit_file(&source.file);
    }
    Ok(routes.lines)
}

/// Lists the lines on which a file makes something of actix-web that takes every path, outside of
/// tests: a scope without a path of its own, or files at the root.
///
/// # Errors
///
/// [`Refusal::Unreadable`] for what is not Rust.
pub fn catch_all_lines(text: &str) -> Result<Vec<usize>, Refusal> {
    let source = Source::parse(text)?;
    let mut calls = CatchAll(&source, Vec::new());
    if !is_test(&source.file.attrs) {
        calls.visit_file(&source.file);
    }
    Ok(calls.1)
}

struct CatchAll<'s, 't>(&'s Source<'t>, Vec<usize>);

impl<'ast> Visit<'ast> for CatchAll<'_, '_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        // What is below another path takes only what is there.
        if prefix(&call.receiver).is_some_and(|prefix| !prefix.is_empty()) {
            return self.visit_expr(&call.receiver);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let Expr::Path(path) = &*call.func else {
            return visit::visit_expr_call(self, call);
        };
        let names: Vec<_> = path
            .path
            .segments
            .iter()
            .rev()
            .map(|part| &part.ident)
            .collect();
        let is_files = matches!(names[..], [new, files, ..] if new == "new" && files == "Files");
        let place = call.args.first().and_then(literal);
        let takes_all = match place.as_deref() {
            Some("") => is_files || names.first().is_some_and(|name| *name == "scope"),
            Some("/") => is_files,
            _ => false,
        };
        if takes_all {
            self.1.push(self.0.line(call.span()));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }
}

struct Routes<'s, 't> {
    source: &'s Source<'t>,
    path: &'s str,
    lines: Vec<usize>,
}

impl Routes<'_, '_> {
    fn compare(&mut self, argument: Option<&Expr>) {
        if let Some((argument, text)) = argument.zip(argument.and_then(literal))
            && text == self.path
        {
            self.lines.push(self.source.line(argument.span()));
        }
    }

    fn read_attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            let last = attribute.path().segments.last();
            let is_route =
                last.is_some_and(|last| ATTRIBUTES.iter().any(|name| last.ident == name));
            let first = |input: syn::parse::ParseStream<'_>| {
                let path: syn::LitStr = input.parse()?;
                let _: proc_macro2::TokenStream = input.parse()?;
                Ok(path)
            };
            if is_route
                && let Ok(path) = attribute.parse_args_with(first)
                && path.value() == self.path
            {
                self.lines.push(self.source.line(path.span()));
            }
        }
    }
}

fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The path that a call puts its argument below, or the call before it in a chain.
fn prefix(value: &Expr) -> Option<String> {
    match value {
        Expr::MethodCall(call) => prefix(&call.receiver),
        Expr::Call(call) if is_one_of(call, &["scope"]) => literal(call.args.first()?),
        _ => None,
    }
}

fn is_one_of(call: &ExprCall, names: &[&str]) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| names.iter().any(|name| last.ident == name))
}

impl<'ast> Visit<'ast> for Routes<'_, '_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if prefix(&call.receiver).is_some_and(|prefix| !prefix.is_empty()) {
            // Only the scope itself can be the path.
            self.visit_expr(&call.receiver);
            return;
        }
        if METHODS.iter().any(|method| call.method == method) {
            self.compare(call.args.first());
        }
        let nests = call.method == "nest" || call.method == "nest_service";
        if nests && call.args.first().and_then(literal).is_some() {
            self.visit_expr(&call.receiver);
        } else {
            visit::visit_expr_method_call(self, call);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if is_one_of(call, &FUNCTIONS) {
            self.compare(call.args.first());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.read_attributes(&item.attrs);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}
