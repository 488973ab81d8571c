//! Routes that the user's code has, as far as they are written as plain texts.

use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprCall, ExprMethodCall, Item, Lit, LitStr};

use super::super::EditError;
use super::source::Source;
use super::walk::{Node, Root, Visit, walk};

/// How routes are written with a web framework.
#[derive(Debug, PartialEq, Eq)]
pub struct RouteSyntax {
    /// Methods of the app whose first argument is a path: `.route("/a", ..)`.
    pub methods: &'static [&'static str],
    /// Those of them that put what they add below the path: `.nest("/api", ..)`.
    pub nesting_methods: &'static [&'static str],
    /// Functions whose first argument is a path: `resource("/a")`.
    pub functions: &'static [&'static str],
    /// Those of them that put the calls on them below the path: `scope("/api").route(..)`.
    pub nesting_functions: &'static [&'static str],
    /// Attributes of a handler whose first argument is a path: `#[get("/a")]`.
    pub attributes: &'static [&'static str],
    /// Calls that match every path, where an app asks one route after the other: the end of the
    /// function's path, and the first argument.
    pub catch_alls: &'static [(&'static [&'static str], &'static str)],
}

/// Lists the lines on which a file serves a path outside of tests. What is nested under another path
/// in the same expression does not count.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn route_lines(syntax: &RouteSyntax, text: &str, path: &str) -> Result<Vec<usize>, EditError> {
    let source = Source::parse(text)?;
    let mut lines = Vec::new();
    let is_path = |argument: &&Expr| literal(argument).is_some_and(|text| text == path);
    walk(Root::File(&source.file), &mut |node| {
        let argument = match node {
            Node::Item(Item::Fn(item)) => {
                let routes = attribute_paths(syntax, &item.attrs);
                let routes = routes.filter(|route| route.value() == path);
                lines.extend(routes.map(|route| source.line(route.span())));
                None
            }
            // Of what is below another path, only the scope itself can be this one.
            Node::Expression(Expr::MethodCall(call)) if syntax.is_below(call) => {
                return Visit::DescendInto(&call.receiver);
            }
            Node::Expression(Expr::MethodCall(call)) => {
                let is_route = syntax.methods.iter().any(|method| call.method == method);
                call.args.first().filter(|_| is_route)
            }
            Node::Expression(Expr::Call(call)) if ends_in_any(call, syntax.functions) => {
                call.args.first()
            }
            _ => None,
        };
        lines.extend(
            argument
                .filter(is_path)
                .map(|path| source.line(path.span())),
        );
        match node {
            Node::Expression(Expr::MethodCall(call)) if syntax.nests(call) => {
                Visit::DescendInto(&call.receiver)
            }
            _ => Visit::Descend,
        }
    });
    Ok(lines)
}

/// Lists the lines on which a file adds something that matches every path, outside of tests.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not Rust.
pub fn catch_all_lines(syntax: &RouteSyntax, text: &str) -> Result<Vec<usize>, EditError> {
    let source = Source::parse(text)?;
    let mut lines = Vec::new();
    walk(Root::File(&source.file), &mut |node| {
        match node {
            // What is below another path matches only what is there.
            Node::Expression(Expr::MethodCall(call)) if syntax.is_below(call) => {
                return Visit::DescendInto(&call.receiver);
            }
            Node::Expression(Expr::Call(call)) if syntax.is_catch_all(call) => {
                lines.push(source.line(call.span()));
            }
            _ => {}
        }
        Visit::Descend
    });
    Ok(lines)
}

impl RouteSyntax {
    fn is_catch_all(&self, call: &ExprCall) -> bool {
        let path = call.args.first().and_then(literal);
        self.catch_alls.iter().any(|(function, argument)| {
            path.as_deref() == Some(argument) && ends_in(call, function)
        })
    }

    /// Whether a method is called on something that is below a path of its own.
    fn is_below(&self, call: &ExprMethodCall) -> bool {
        self.prefix(&call.receiver)
            .is_some_and(|prefix| !prefix.is_empty())
    }

    /// Whether a method puts its argument below a path.
    fn nests(&self, call: &ExprMethodCall) -> bool {
        let mut nesting = self.nesting_methods.iter();
        nesting.any(|method| call.method == method) && call.args.first().and_then(literal).is_some()
    }

    /// The path that a call puts its argument below, or the call before it in a chain.
    fn prefix(&self, value: &Expr) -> Option<String> {
        match value {
            Expr::MethodCall(call) => self.prefix(&call.receiver),
            Expr::Call(call) if ends_in_any(call, self.nesting_functions) => {
                literal(call.args.first()?)
            }
            _ => None,
        }
    }
}

/// The paths that the attributes of a handler name.
fn attribute_paths(syntax: &RouteSyntax, attributes: &[Attribute]) -> impl Iterator<Item = LitStr> {
    let routes = attributes.iter().filter(|attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| syntax.attributes.iter().any(|name| last.ident == name))
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

fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the path of a called function ends in one of these names.
fn ends_in_any(call: &ExprCall, names: &[&str]) -> bool {
    names.iter().any(|name| ends_in(call, &[name]))
}

/// Whether the path of a called function ends in these names.
fn ends_in(call: &ExprCall, names: &[&str]) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let path = path.path.segments.iter().rev();
    let last = path.take(names.len()).map(|part| part.ident.to_string());
    last.eq(names.iter().rev().map(|name| (*name).to_owned()))
}
