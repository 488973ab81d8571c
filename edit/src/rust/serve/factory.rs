//! The closure that makes the app, once for each worker.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprClosure, Pat, ReturnType, Stmt};

use super::super::tokens::{flatten_tokens, mentions};
use super::super::walk::{Node, Root, Visit, binds, walk};
use super::chain::Chain;
use super::scope::Scope;

/// Where the parts of `HttpServer::new(|| App::new())..` are in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Factory {
    /// `HttpServer::new(..)`
    pub(in super::super) call: Range<usize>,
    /// The closure.
    pub(in super::super) closure: Range<usize>,
    /// Whether it takes what it uses.
    pub(in super::super) moves: bool,
    /// Whether its body is a block.
    pub(in super::super) block: bool,
    /// Whether the app is a name already.
    pub(in super::super) is_name: bool,
    /// The expression that is the app.
    pub(in super::super) tail: Range<usize>,
    /// The dots of the calls on it, in the order of the text.
    pub(in super::super) app_dots: Vec<usize>,
    /// A name for the app.
    pub(in super::super) name: String,
    /// The dots of the calls on the server, in the order of the text.
    pub(in super::super) dots: Vec<usize>,
    /// The end of these calls.
    pub(in super::super) end: usize,
}

/// The names that an app without one may get.
const NAMES: [&str; 2] = ["app", "web_app"];

/// The length of an app that is still shown.
const MAX_SHOWN: usize = 60;

/// What is read of the closure of a server.
pub(super) struct Reading {
    /// The app as it is written, if that is short.
    pub(super) app: Option<String>,
    /// The factory, without the calls on the server, or why it cannot be wired.
    pub(super) factory: Result<Factory, String>,
}

/// Reads the closure of a call that makes a server.
pub(super) fn read(scope: &Scope<'_>, call: &ExprCall) -> Reading {
    let closure = match call.args.first() {
        Some(Expr::Closure(closure)) if call.args.len() == 1 => closure,
        _ => {
            let made = match call.args.first() {
                Some(Expr::Path(path)) => Some(scope.source.snippet(path.span()) + "()"),
                _ => None,
            };
            return Reading {
                app: made.filter(|app| app.len() <= MAX_SHOWN),
                factory: Err("the app is not made by a closure in the call".to_owned()),
            };
        }
    };
    let (before, tail) = match &*closure.body {
        Expr::Block(body) if body.label.is_none() => match body.block.stmts.split_last() {
            Some((Stmt::Expr(tail, None), before)) => (before, Some(tail)),
            _ => (&[][..], None),
        },
        body => (&[][..], Some(body)),
    };
    let written = tail.map(|tail| scope.source.snippet(tail.span()));
    Reading {
        app: written.filter(|app| app.len() <= MAX_SHOWN && !app.starts_with('#')),
        factory: factory(scope, call, closure, before, tail),
    }
}

fn factory(
    scope: &Scope<'_>,
    call: &ExprCall,
    closure: &ExprClosure,
    before: &[Stmt],
    tail: Option<&Expr>,
) -> Result<Factory, String> {
    let plain = closure.attrs.is_empty()
        && closure.lifetimes.is_none()
        && closure.asyncness.is_none()
        && closure.inputs.is_empty()
        && matches!(closure.output, ReturnType::Default);
    let tail = match tail {
        Some(Expr::Macro(_)) | None => {
            return Err("the closure does not end in an app of its own".to_owned());
        }
        Some(tail) if plain => tail,
        Some(_) => return Err("the closure has types or attributes of its own".to_owned()),
    };
    let range = |span| scope.source.range(span);
    // On a statement it may stand, inside of one it may not.
    if scope.source.text[range(tail.span())].starts_with('#') {
        return Err("the app has an attribute".to_owned());
    }
    if may_return_early(Root::Expression(&closure.body)) {
        return Err("the closure may return early".to_owned());
    }
    infer_app(scope, tail, before)?;
    let body = &scope.source.text[range(closure.body.span())];
    let is_free = |name: &&str| !mentions(body, name);
    let chain = Chain::of(scope.source, tail);
    // A name that is used is right too: what uses it comes before.
    let name = NAMES.into_iter().find(is_free).unwrap_or(NAMES[0]);
    Ok(Factory {
        call: range(call.span()),
        closure: range(closure.span()),
        moves: closure.capture.is_some(),
        block: matches!(&*closure.body, Expr::Block(_)),
        is_name: matches!(tail, Expr::Path(_)),
        tail: range(tail.span()),
        app_dots: chain.dots(),
        name: name.to_owned(),
        dots: Vec::new(),
        end: range(call.span()).end,
    })
}

/// Infers that an expression makes an app; else the reason why that is not certain.
fn infer_app(scope: &Scope<'_>, value: &Expr, before: &[Stmt]) -> Result<(), String> {
    let (app, imports) = (&scope.server.app, scope.imports);
    let mut value = value;
    while let Expr::MethodCall(call) = value {
        if !app.is_method(&call.method) {
            return Err(format!(
                "the app is made by `.{}(..)`, which need not return an `{}`",
                call.method,
                app.name()
            ));
        }
        value = &call.receiver;
    }
    match value {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if app.is_constructor(imports, &path.path) => Ok(()),
            Expr::Path(path) => Err(format!(
                "`{}(..)` is not known to make an `{}` of {}",
                last_name(&path.path),
                app.name(),
                app.framework()
            )),
            _ => Err("the app is made in a way that is not understood".to_owned()),
        },
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) => infer_binding(scope, &name.to_string(), before),
            None => Err("the app is not made in the closure".to_owned()),
        },
        _ => Err("the app is made in a way that is not understood".to_owned()),
    }
}

fn last_name(path: &syn::Path) -> String {
    let last = path.segments.last();
    last.map_or_else(String::new, |last| last.ident.to_string())
}

/// The same for a name after some statements. An assignment keeps the type, so it is no matter.
fn infer_binding(scope: &Scope<'_>, name: &str, before: &[Stmt]) -> Result<(), String> {
    for (at, statement) in before.iter().enumerate().rev() {
        let Stmt::Local(local) = statement else {
            continue;
        };
        let pattern = match &local.pat {
            Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        match (pattern, &local.init) {
            (Pat::Ident(ident), Some(init)) if ident.ident == name => {
                let plain = ident.subpat.is_none() && ident.by_ref.is_none();
                if plain && init.diverge.is_none() {
                    return infer_app(scope, &init.expr, &before[..at]);
                }
                return Err(format!("`{name}` is bound in a way that is not understood"));
            }
            (pattern, _) if binds(Root::Pattern(pattern), name) => {
                return Err(format!("`{name}` is bound by a pattern"));
            }
            _ => {}
        }
    }
    Err(format!("`{name}` is not made in the closure"))
}

/// Whether a `return` is there, those of the closures, functions and futures in it aside. An early
/// return by `?` does not count.
pub(super) fn may_return_early(root: Root<'_>) -> bool {
    let mut found = false;
    walk(root, &mut |node| match node {
        Node::Item(_) | Node::Expression(Expr::Closure(_) | Expr::Async(_)) => Visit::Skip,
        Node::Expression(Expr::Return(_)) => {
            found = true;
            Visit::Skip
        }
        Node::Macro(item) => {
            let tokens = flatten_tokens(item.tokens.clone());
            found |= tokens.iter().any(|(token, _)| token == "return");
            Visit::Skip
        }
        _ => Visit::Descend,
    });
    found
}
