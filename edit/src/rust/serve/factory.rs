//! The closure that makes actix-web's app, once a worker.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprClosure, Pat, ReturnType, Stmt};

use super::super::source::{Imports, Source, words};
use super::super::walk::{Next, Node, Root, binds, walk};
use super::finder::Scope;
use super::shape::Chain;

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
    /// The expression that is the app.
    pub(in super::super) tail: Range<usize>,
    /// The dot of the first call on it.
    pub(in super::super) dot: Option<usize>,
    /// A name for the app.
    pub(in super::super) name: String,
    /// The dots of the calls on the server, in the order of the text.
    pub(in super::super) dots: Vec<usize>,
    /// The end of these calls.
    pub(in super::super) end: usize,
}

/// Methods of an `App` that return one, in actix-web 4.
const METHODS: &[&str] = &[
    "app_data",
    "configure",
    "data",
    "data_factory",
    "default_service",
    "external_resource",
    "route",
    "service",
    "wrap",
    "wrap_fn",
];

/// The names that an app without one may get.
const NAMES: [&str; 2] = ["app", "web_app"];

/// Whether a path is that of the function that makes an empty app.
pub(super) fn is_new(imports: &Imports, path: &syn::Path) -> bool {
    imports.is_of(&imports.resolve(path), "actix_web", "App::new")
}

/// The length of an app that is still shown.
const LONG: usize = 60;

/// What is read of the closure of a server.
pub(super) struct Reading {
    /// The app as it is written, if that is short.
    pub(super) app: Option<String>,
    /// The factory, without the calls on the server, or what stands against it.
    pub(super) factory: Result<Factory, String>,
}

/// Reads the closure of a call of `HttpServer::new`.
pub(super) fn read(scope: &Scope<'_>, call: &ExprCall) -> Reading {
    let closure = match call.args.first() {
        Some(Expr::Closure(closure)) if call.args.len() == 1 => closure,
        _ => {
            let made = match call.args.first() {
                Some(Expr::Path(path)) => Some(scope.source.snippet(path.span()) + "()"),
                _ => None,
            };
            return Reading {
                app: made.filter(|app| app.len() <= LONG),
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
        app: written.filter(|app| app.len() <= LONG && !app.starts_with('#')),
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
    if returns(closure) {
        return Err("the closure may return early".to_owned());
    }
    prove(scope.imports, tail, before)?;
    let text = &scope.source.text[range(closure.body.span())];
    let used = text.parse().map(words).unwrap_or_default();
    let is_free = |name: &&str| used.iter().all(|(word, _)| word != name);
    let chain = Chain::of(scope.source, tail);
    // A name that is used is right too: what uses it comes before.
    let name = NAMES.into_iter().find(is_free).unwrap_or(NAMES[0]);
    Ok(Factory {
        call: range(call.span()),
        closure: range(closure.span()),
        moves: closure.capture.is_some(),
        block: matches!(&*closure.body, Expr::Block(_)),
        tail: range(tail.span()),
        dot: chain.dots().first().copied(),
        name: name.to_owned(),
        dots: Vec::new(),
        end: range(call.span()).end,
    })
}

/// Says that an expression makes an `App`; else the reason why that is not certain.
fn prove(imports: &Imports, value: &Expr, before: &[Stmt]) -> Result<(), String> {
    let mut value = value;
    loop {
        match value {
            Expr::MethodCall(call) if METHODS.iter().any(|method| call.method == method) => {
                value = &call.receiver;
            }
            Expr::MethodCall(call) => {
                return Err(format!(
                    "the app is made by `.{}(..)`, which need not return an `App`",
                    call.method
                ));
            }
            Expr::Call(call) => {
                return match &*call.func {
                    Expr::Path(path) if is_new(imports, &path.path) => Ok(()),
                    Expr::Path(path) => Err(format!(
                        "`{}(..)` is not known to make an `App` of actix-web",
                        path.path
                            .segments
                            .last()
                            .map_or_else(String::new, |last| last.ident.to_string())
                    )),
                    _ => Err("the app is made in a way that is not understood".to_owned()),
                };
            }
            Expr::Path(path) => {
                let Some(name) = path.path.get_ident() else {
                    return Err("the app is not made in the closure".to_owned());
                };
                return bound(imports, &name.to_string(), before);
            }
            _ => return Err("the app is made in a way that is not understood".to_owned()),
        }
    }
}

/// The same for a name after some statements. An assignment keeps the type, so it is no matter.
fn bound(imports: &Imports, name: &str, before: &[Stmt]) -> Result<(), String> {
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
                    return prove(imports, &init.expr, &before[..at]);
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

/// Whether a closure may end before its last expression.
fn returns(closure: &ExprClosure) -> bool {
    leaves(Root::Expression(&closure.body))
}

/// Whether some statements may leave the function that they are in, but by an error.
pub(super) fn leave(statements: &[Stmt]) -> bool {
    let mut statements = statements.iter();
    statements.any(|statement| leaves(Root::Statement(statement)))
}

/// Whether a `return` is there, those of the closures, functions and blocks of a future in it aside.
fn leaves(root: Root<'_>) -> bool {
    let mut found = false;
    walk(root, &mut |node| match node {
        Node::Item(_) | Node::Expression(Expr::Closure(_) | Expr::Async(_)) => Next::Past,
        Node::Expression(Expr::Return(_)) => {
            found = true;
            Next::Past
        }
        Node::Macro(item) => {
            let words = words(item.tokens.clone());
            found |= words.iter().any(|(word, _)| word == "return");
            Next::Past
        }
        _ => Next::Inside,
    });
    found
}

/// Whether a name is a word of a stretch of the text.
pub(super) fn mentions(source: &Source<'_>, range: Range<usize>, name: &str) -> bool {
    let words = source.text[range].parse().map(words).unwrap_or_default();
    words.iter().any(|(word, _)| word == name)
}
