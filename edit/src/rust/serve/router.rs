//! Whether a name is bound to an axum `Router`.

use syn::{Block, Expr, FnArg, Item, ItemImpl, Pat, ReturnType, Signature, Stmt, Type};

use super::super::function::arguments;
use super::super::source::{Imports, Source};
use super::super::walk::{Next, Node, Root, binds, walk};

/// How sure it is that a name stands for a `Router`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterEvidence {
    /// By its type or by the calls that make it.
    Certain,
    /// If this function returns one: see [`returns_router`].
    NeedsReturnType {
        /// The path it is called by, such as `routes::router`.
        function: String,
        /// Whether its result is awaited.
        awaited: bool,
        /// Whether its result goes through `?`, `unwrap` or `expect`.
        tried: bool,
    },
}

/// Methods that take a router and return one, in axum 0.6 to 0.8.
const METHODS: &[&str] = &[
    "clone",
    "fallback",
    "fallback_service",
    "layer",
    "merge",
    "method_not_allowed_fallback",
    "nest",
    "nest_service",
    "reset_fallback",
    "route",
    "route_layer",
    "route_service",
    "with_state",
    "without_v07_checks",
];

const ROUTERS: [&str; 2] = ["axum::Router", "axum::routing::Router"];

fn is_router(imports: &Imports, path: &syn::Path) -> bool {
    ROUTERS.contains(&&*imports.resolve(path))
}

fn is_router_type(imports: &Imports, of: &Type) -> bool {
    matches!(of, Type::Path(path) if is_router(imports, &path.path))
}

/// Says whether a name is a router after some statements of a function; else the reason why that
/// is not certain.
pub(super) fn prove(
    imports: &Imports,
    name: &str,
    before: &[&Stmt],
    signature: &Signature,
) -> Result<RouterEvidence, String> {
    for (at, statement) in before.iter().enumerate().rev() {
        let Stmt::Local(local) = statement else {
            continue;
        };
        let (pattern, of) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pattern => (pattern, None),
        };
        match pattern {
            Pat::Ident(ident) if ident.ident == name && ident.subpat.is_none() => {
                return bound(imports, name, local, of, &before[..at], signature);
            }
            pattern if binds(Root::Pattern(pattern), name) => {
                return Err(format!("`{name}` is bound by a pattern"));
            }
            _ => {}
        }
    }
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input
            && matches!(&*typed.pat, Pat::Ident(ident) if ident.ident == name)
        {
            return if is_router_type(imports, &typed.ty) {
                Ok(RouterEvidence::Certain)
            } else {
                Err(format!("the parameter `{name}` is not a `Router` of axum"))
            };
        }
    }
    Err(format!("`{name}` is not bound by a `let` before it"))
}

fn bound(
    imports: &Imports,
    name: &str,
    local: &syn::Local,
    of: Option<&Type>,
    before: &[&Stmt],
    signature: &Signature,
) -> Result<RouterEvidence, String> {
    if let Some(of) = of {
        return if is_router_type(imports, of) {
            Ok(RouterEvidence::Certain)
        } else {
            Err(format!("`{name}` has another type than axum's `Router`"))
        };
    }
    match &local.init {
        Some(init) if init.diverge.is_none() => {
            prove_value(imports, name, &init.expr, before, signature)
        }
        _ => Err(format!("`{name}` has no value of its own")),
    }
}

/// The same for what an expression makes.
pub(super) fn prove_value(
    imports: &Imports,
    name: &str,
    value: &Expr,
    before: &[&Stmt],
    signature: &Signature,
) -> Result<RouterEvidence, String> {
    let mut value = value;
    let mut awaited = false;
    let mut tried = false;
    loop {
        match value {
            Expr::MethodCall(call) if METHODS.iter().any(|method| call.method == method) => {
                if awaited || tried {
                    return Err(format!("`{name}` is made in a way that is not understood"));
                }
                value = &call.receiver;
            }
            Expr::MethodCall(call)
                if (call.method == "unwrap" || call.method == "expect") && !awaited =>
            {
                tried = true;
                value = &call.receiver;
            }
            Expr::Try(inner) if !awaited => {
                tried = true;
                value = &inner.expr;
            }
            Expr::Await(inner) => {
                awaited = true;
                value = &inner.base;
            }
            Expr::Paren(inner) => value = &inner.expr,
            Expr::If(_) | Expr::Match(_) | Expr::Block(_) if !awaited && !tried => {
                let proven = branches(value).into_iter().filter_map(|(inside, value)| {
                    let before: Vec<&Stmt> = before.iter().copied().chain(inside).collect();
                    prove_value(imports, name, value, &before, signature).ok()
                });
                return proven
                    .min_by_key(|proof| *proof != RouterEvidence::Certain)
                    .ok_or_else(|| format!("`{name}` is made in a way that is not understood"));
            }
            Expr::Path(path) if !awaited && !tried => {
                return match path.path.get_ident() {
                    Some(ident) => prove(imports, &ident.to_string(), before, signature),
                    None => Err(format!("`{name}` is not made here")),
                };
            }
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else {
                    return Err(format!("`{name}` is made in a way that is not understood"));
                };
                return Ok(called(imports, &path.path, awaited, tried));
            }
            Expr::MethodCall(call) => {
                return Err(format!(
                    "`{name}` is made by `.{}(..)`, which need not return a `Router`",
                    call.method
                ));
            }
            _ => return Err(format!("`{name}` is made in a way that is not understood")),
        }
    }
}

/// What a choice or a block may be, with the statements before it in there. The branches of a choice are
/// of one type, so that one of them tells it for all.
fn branches(value: &Expr) -> Vec<(&[Stmt], &Expr)> {
    match value {
        Expr::Block(block) => tail_of(&block.block).into_iter().collect(),
        Expr::If(branch) => {
            let binds = matches!(&*branch.cond, Expr::Let(_) | Expr::Binary(_));
            let then = tail_of(&branch.then_branch).filter(|_| !binds);
            let other = branch.else_branch.as_ref();
            let other = other.map(|(_, other)| (&[][..], &**other));
            then.into_iter().chain(other).collect()
        }
        Expr::Match(choice) => {
            let arms = choice
                .arms
                .iter()
                .filter(|arm| !is_hidden(&arm.body, &arm.pat));
            arms.map(|arm| (&[][..], &*arm.body)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether what a chain of calls begins with is perhaps bound by a pattern.
fn is_hidden(value: &Expr, by: &Pat) -> bool {
    match value {
        Expr::MethodCall(call) => is_hidden(&call.receiver, by),
        Expr::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| binds(Root::Pattern(by), &name.to_string())),
        Expr::Call(_) => false,
        _ => true,
    }
}

fn tail_of(block: &Block) -> Option<(&[Stmt], &Expr)> {
    match block.stmts.split_last() {
        Some((Stmt::Expr(value, None), inside)) => Some((inside, value)),
        _ => None,
    }
}

/// Whether a path is that of a function that makes an empty router.
pub(super) fn is_new(imports: &Imports, path: &syn::Path) -> bool {
    let path = imports.resolve(path);
    let of = path.rsplit_once("::");
    of.is_some_and(|(of, name)| ["new", "default"].contains(&name) && ROUTERS.contains(&of))
}

fn called(imports: &Imports, path: &syn::Path, awaited: bool, tried: bool) -> RouterEvidence {
    if is_new(imports, path) && !awaited && !tried {
        return RouterEvidence::Certain;
    }
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    RouterEvidence::NeedsReturnType {
        function: names.join("::"),
        awaited,
        tried,
    }
}

/// Tells whether a function of a file returns an axum `Router`, or with `tried` a `Result` of one.
///
/// `function` may be a path, of which the last part is looked for outside tests: below a type's name
/// among the functions of that type, else among those of modules. `None` when there is no such function or the file cannot be read; when there are several, all
/// have to.
#[must_use]
pub fn returns_router(text: &str, function: &str, tried: bool) -> Option<bool> {
    let source = Source::parse(text).ok()?;
    let imports = Imports::of(&source.file);
    let mut parts = function.rsplit("::");
    let name = parts.next().unwrap_or(function);
    // The type that it belongs to.
    let of = parts.next().filter(|of| of.starts_with(char::is_uppercase));
    let mut found = None;
    walk(Root::File(&source.file), &mut |node| match node {
        Node::Item(Item::Fn(_)) if of.is_some() => Next::Past,
        Node::Item(Item::Impl(item)) if !of.is_some_and(|of| is_for(item, of)) => Next::Past,
        // What a trait promises is read where it is kept.
        Node::Item(Item::Trait(_)) => Next::Past,
        Node::Signature(signature) => {
            if signature.ident == name {
                let router = is_router_output(&imports, &signature.output, tried);
                found = Some(found != Some(false) && router);
            }
            Next::Past
        }
        _ => Next::Inside,
    });
    found
}

/// Whether an `impl` is that of a type.
fn is_for(item: &ItemImpl, of: &str) -> bool {
    let Type::Path(path) = &*item.self_ty else {
        return false;
    };
    let last = path.path.segments.last();
    of == "Self" || last.is_some_and(|last| last.ident == of)
}

/// Whether a function returns a `Router`, or with `tried` a `Result` of one.
fn is_router_output(imports: &Imports, output: &ReturnType, tried: bool) -> bool {
    let of = match output {
        ReturnType::Default => return false,
        ReturnType::Type(_, of) => &**of,
    };
    match of {
        Type::Path(path) if tried => {
            let last = path.path.segments.last();
            let of = arguments(&path.path).into_iter().next();
            // Also `AppResult<..>` and the like, of one's own error.
            last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
                && of.is_some_and(|of| is_router_type(imports, of))
        }
        _ => !tried && is_router_type(imports, of),
    }
}
