//! The calls of `axum::serve` in the statements of a function.

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, Stmt};

use super::super::function::binds;
use super::super::source::words;
use super::finder::{Found, Scope};
use super::router::{prove, prove_value};
use super::shape::{Chain, Form, Kind, Shape, stands_alone};
use super::{Plan, Served, ServerKind};

/// What the statements of a block say of the calls in them.
pub(super) fn find(scope: &Scope<'_>) -> Vec<Found> {
    let statements = &scope.block.stmts;
    let found = statements.iter().enumerate().filter_map(|(at, statement)| {
        let last = at + 1 == statements.len();
        let form = Form::of(statement, last)?;
        let chain = Chain::of(scope.source, form.inner);
        let Expr::Call(call) = chain.root else {
            return None;
        };
        if !ServerKind::Axum.is_call(scope.imports, call) {
            return None;
        }
        let graceful = chain.is_awaited() && is_graceful(&chain);
        let plan = plan(scope, at, last, call, &form, &chain);
        let app = match plan.as_ref().map(|plan| &plan.served) {
            Ok(Served::Router { name, .. }) => Some(name.clone()),
            Ok(Served::Factory(_)) => None,
            Err(_) => served(call).and_then(name).map(|name| {
                let prepared = prepared(&name, &statements[..at]);
                prepared.map_or(name, |(router, _)| router)
            }),
        };
        Some(Found {
            at: scope.source.range(call.span()).start,
            graceful,
            app,
            plan,
        })
    });
    found.collect()
}

fn is_graceful(chain: &Chain<'_>) -> bool {
    chain
        .methods()
        .any(|method| method.method == "with_graceful_shutdown")
}

fn plan(
    scope: &Scope<'_>,
    at: usize,
    last: bool,
    call: &ExprCall,
    form: &Form<'_>,
    chain: &Chain<'_>,
) -> Result<Plan, String> {
    let mut shape = form.shape(scope.source, chain)?;
    let mut methods = chain.methods();
    if let Some(unknown) = methods.find(|method| method.method != "with_graceful_shutdown") {
        return Err(format!("`.{}(..)` is called on the server", unknown.method));
    }
    shape.graceful = is_graceful(chain);
    if shape.kind == Kind::Return && !last {
        return Err("it is returned before the end of the function".to_owned());
    }
    if binds(scope.all, scope.signature, "infra") {
        return Err("a variable `infra` is in scope already".to_owned());
    }
    let served = served(call).ok_or("it is not called with a listener and an app")?;
    let before: Vec<_> = scope.before(at).collect();
    let Some(name) = name(served) else {
        return unnamed(scope, served, &before, at, shape);
    };
    let (name, at) = match prepared(&name, &scope.block.stmts[..at]) {
        Some((router, at)) => {
            let statement = scope.source.range(scope.block.stmts[at].span());
            if !stands_alone(scope.source.text, &statement) {
                return Err(format!("`{name}` shares its lines with other code"));
            }
            shape.wires = statement.start;
            (router, scope.outer.len() + at)
        }
        None => (name, before.len()),
    };
    let proof = prove(scope.imports, &name, &before[..at], scope.signature)?;
    let made = None;
    Ok(Plan {
        served: Served::Router { name, proof, made },
        shape,
    })
}

/// The plan for a router that is made where it is served: it gets a name.
fn unnamed(
    scope: &Scope<'_>,
    served: &Expr,
    before: &[&Stmt],
    at: usize,
    shape: Shape,
) -> Result<Plan, String> {
    let text = scope.source.text;
    let after = &scope.block.stmts[at + 1..];
    let is_free = |name: &&str| {
        let uses = |statement: &Stmt| {
            let words = text[scope.source.range(statement.span())]
                .parse()
                .map(words);
            words.is_ok_and(|words| words.iter().any(|(word, _)| word == name))
        };
        !binds(scope.all, scope.signature, name) && !after.iter().any(uses)
    };
    let not_a_name = || "what is served is not a plain name".to_owned();
    let name = ["app", "router"].into_iter().find(is_free);
    let name = name.ok_or_else(not_a_name)?.to_owned();
    let proof = prove_value(scope.imports, &name, served, before, scope.signature)?;
    let made = Some(scope.source.range(served.span()));
    let call = &text[shape.call.clone()];
    // Others would have to be laid out anew, or a listener made after the router.
    let listener = call.split(',').next().unwrap_or_default();
    let is_made = listener.matches('(').count() > 1;
    if shape.graceful || is_made || call.contains('\n') {
        return Err(not_a_name());
    }
    Ok(Plan {
        served: Served::Router { name, proof, made },
        shape,
    })
}

/// The router that is served.
fn served(call: &ExprCall) -> Option<&Expr> {
    let mut arguments = call.args.iter();
    let (Some(_), Some(served), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return None;
    };
    Some(router_of(served).unwrap_or(served))
}

/// The router that is made into a service, if an expression does that.
fn router_of(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::MethodCall(method)
            if method.method == "into_make_service"
                || method.method == "into_make_service_with_connect_info" =>
        {
            Some(&method.receiver)
        }
        _ => None,
    }
}

/// The name that an expression is.
fn name(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Of a name that a router was made into a service for: the name of the router, and where.
fn prepared(service: &str, before: &[Stmt]) -> Option<(String, usize)> {
    before.iter().enumerate().rev().find_map(|(at, statement)| {
        let Stmt::Local(local) = statement else {
            return None;
        };
        let syn::Pat::Ident(bound) = &local.pat else {
            return None;
        };
        if bound.ident != service {
            return None;
        }
        let router = name(router_of(&local.init.as_ref()?.expr)?)?;
        Some((router, at))
    })
}
