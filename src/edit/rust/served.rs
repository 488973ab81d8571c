//! What is handed to `axum::serve`, behind the calls that make it a service.

use syn::{Expr, ExprCall, Stmt};

/// The router that is served.
pub(super) fn served(call: &ExprCall) -> Option<&Expr> {
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
pub(super) fn name(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Of a name that a router was made into a service for: the name of the router, and where.
pub(super) fn prepared(service: &str, before: &[Stmt]) -> Option<(String, usize)> {
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
