//! Routes that the user's code has, as far as they are written as plain texts.

use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprCall, ExprMethodCall, Item, Lit, LitStr};

use super::super::EditError;
use super::source::Source;
use super::walk::{Next, Node, Root, walk};

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
/// [`EditError::Unreadable`] for what is not Rust.
pub fn route_lines(text: &str, path: &str) -> Result<Vec<usize>, EditError> {
    let source = Source::parse(text)?;
    let mut lines = Vec::new();
    let is_meant = |argument: &&Expr| literal(argument).is_some_and(|text| text == path);
    walk(Root::File(&source.file), &mut |node| {
        let argument = match node {
            Node::Item(Item::Fn(item)) => {
                let routes = attributed(&item.attrs).filter(|route| route.value() == path);
                lines.extend(routes.map(|route| source.line(route.span())));
                None
            }
            // Of what is below another path, only the scope itself can be this one.
            Node::Expression(Expr::MethodCall(call)) if is_below(call) => {
                return Next::Only(&call.receiver);
            }
            Node::Expression(Expr::MethodCall(call)) => {
                let is_route = METHODS.iter().any(|method| call.method == method);
                call.args.first().filter(|_| is_route)
            }
            Node::Expression(Expr::Call(call)) if is_one_of(call, &FUNCTIONS) => call.args.first(),
            _ => None,
        };
        lines.extend(
            argument
                .filter(is_meant)
                .map(|path| source.line(path.span())),
        );
        match node {
            Node::Expression(Expr::MethodCall(call)) if nests(call) => Next::Only(&call.receiver),
            _ => Next::Inside,
        }
    });
    Ok(lines)
}

/// Lists the lines on which a file makes something of actix-web that takes every path, outside of
/// tests: a scope without a path of its own, or files at the root.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn catch_all_lines(text: &str) -> Result<Vec<usize>, EditError> {
    let source = Source::parse(text)?;
    let mut lines = Vec::new();
    walk(Root::File(&source.file), &mut |node| {
        match node {
            // What is below another path takes only what is there.
            Node::Expression(Expr::MethodCall(call)) if is_below(call) => {
                return Next::Only(&call.receiver);
            }
            Node::Expression(Expr::Call(call)) if takes_all(call) => {
                lines.push(source.line(call.span()));
            }
            _ => {}
        }
        Next::Inside
    });
    Ok(lines)
}

fn takes_all(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let names = path.path.segments.iter().rev().map(|part| &part.ident);
    let names: Vec<_> = names.collect();
    let is_files = matches!(names[..], [new, files, ..] if new == "new" && files == "Files");
    match call.args.first().and_then(literal).as_deref() {
        Some("") => is_files || names.first().is_some_and(|name| *name == "scope"),
        Some("/") => is_files,
        _ => false,
    }
}

/// The paths that the attributes of a handler name.
fn attributed(attributes: &[Attribute]) -> impl Iterator<Item = LitStr> {
    let routes = attributes.iter().filter(|attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| ATTRIBUTES.iter().any(|name| last.ident == name))
    });
    routes.filter_map(|attribute| {
        let first = |input: syn::parse::ParseStream<'_>| {
            let path: LitStr = input.parse()?;
            let _: proc_macro2::TokenStream = input.parse()?;
            Ok(path)
        };
        attribute.parse_args_with(first).ok()
    })
}

/// Whether a method is called on something that is below a path of its own.
fn is_below(call: &ExprMethodCall) -> bool {
    prefix(&call.receiver).is_some_and(|prefix| !prefix.is_empty())
}

/// Whether a method puts its argument below a path.
fn nests(call: &ExprMethodCall) -> bool {
    let is_nest = call.method == "nest" || call.method == "nest_service";
    is_nest && call.args.first().and_then(literal).is_some()
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
