//! Servers that get the app by value: `axum::serve(listener, app)`.

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, Stmt};

use super::super::function::binds;
use super::super::tokens::mentions;
use super::call::{FoundCall, Plan, ServedApp};
use super::chain::Chain;
use super::router::RouterInference;
use super::scope::Scope;
use super::statement::{ServeStatement, StatementForm, stands_alone};
use super::syntax::{AppSyntax, Handover, ServerSyntax};

/// A call of the server in a statement of a block.
struct Candidate<'a> {
    scope: &'a Scope<'a>,
    /// The index of the statement in the block.
    at: usize,
    call: &'a ExprCall,
    form: StatementForm<'a>,
    chain: Chain<'a>,
}

/// What the statements of a block say of the calls in them.
pub(super) fn find(scope: &Scope<'_>) -> Vec<FoundCall> {
    let statements = &scope.block.stmts;
    let found = statements.iter().enumerate().filter_map(|(at, statement)| {
        let last = at + 1 == statements.len();
        let form = StatementForm::of(statement, last)?;
        let chain = Chain::of(scope.source, form.inner);
        let Expr::Call(call) = chain.root else {
            return None;
        };
        let candidate = Candidate {
            scope,
            at,
            call,
            form,
            chain,
        };
        let is_call = scope.server.is_call(scope.imports, call);
        is_call.then(|| candidate.read())
    });
    found.collect()
}

impl Candidate<'_> {
    fn read(&self) -> FoundCall {
        let plan = self.plan();
        let app = match plan.as_ref().map(|plan| &plan.served) {
            Ok(ServedApp::Router { name, .. }) => Some(name.clone()),
            Ok(ServedApp::Factory(_)) => None,
            Err(_) => self.served().and_then(name_of).map(|name| {
                let router = router_behind(&self.scope.server.app, &name, self.statements_before());
                router.map_or(name, |(router, _)| router)
            }),
        };
        FoundCall {
            at: self.scope.source.range(self.call.span()).start,
            graceful: self.chain.is_awaited() && self.is_graceful(),
            app,
            plan,
        }
    }

    fn statements_before(&self) -> &[Stmt] {
        &self.scope.block.stmts[..self.at]
    }

    fn is_graceful(&self) -> bool {
        match self.scope.server.shutdown_method() {
            Some(shutdown) => self.chain.methods().any(|method| method.method == shutdown),
            None => true,
        }
    }

    fn plan(&self) -> Result<Plan, String> {
        let scope = self.scope;
        let mut statement = self.form.read(scope.source, &self.chain)?;
        let mut methods = self.chain.methods();
        if let Some(unknown) = methods.find(|method| !is_known(scope.server, &method.method)) {
            return Err(format!("`.{}(..)` is called on the server", unknown.method));
        }
        statement.graceful = self.is_graceful();
        let last = self.at + 1 == scope.block.stmts.len();
        let mut statement = statement.check_end(last)?;
        scope.check_names(&statement)?;
        let served = self
            .served()
            .ok_or("it is not called with a listener and an app")?;
        let before: Vec<_> = scope.before(self.at).collect();
        let Some(name) = name_of(served) else {
            return self.plan_unnamed(served, &before, statement);
        };
        let router = router_behind(&scope.server.app, &name, self.statements_before());
        let (name, at) = match router {
            Some((router, at)) => {
                let made = scope.source.range(scope.block.stmts[at].span());
                if !stands_alone(scope.source.text, &made) {
                    return Err(format!("`{name}` shares its lines with other code"));
                }
                statement.wire_before = made.start;
                (router, scope.outer.len() + at)
            }
            None => (name, before.len()),
        };
        let evidence = self.inference().infer_router(&name, &before[..at])?;
        let made = None;
        Ok(Plan {
            served: ServedApp::Router {
                name,
                evidence,
                made,
            },
            statement,
        })
    }

    /// The plan for a router that is made where it is served: it gets a name.
    fn plan_unnamed(
        &self,
        served: &Expr,
        before: &[&Stmt],
        statement: ServeStatement,
    ) -> Result<Plan, String> {
        let scope = self.scope;
        let text = scope.source.text;
        let after = &scope.block.stmts[self.at + 1..];
        let is_free = |name: &&str| {
            let uses =
                |statement: &Stmt| mentions(&text[scope.source.range(statement.span())], name);
            !binds(scope.body, scope.signature, name) && !after.iter().any(uses)
        };
        let not_a_name = || "what is served is not a plain name".to_owned();
        let name = ["app", "router"].into_iter().find(is_free);
        let name = name.ok_or_else(not_a_name)?.to_owned();
        let evidence = self.inference().infer_value(&name, served, before)?;
        let made = Some(scope.source.range(served.span()));
        let call = &text[statement.call.clone()];
        // The listener would be made after the router, or several lines would have to move.
        let listener = call.split(',').next().unwrap_or_default();
        let makes_listener = listener.matches('(').count() > 1;
        if statement.graceful || makes_listener || call.contains('\n') {
            return Err(not_a_name());
        }
        Ok(Plan {
            served: ServedApp::Router {
                name,
                evidence,
                made,
            },
            statement,
        })
    }

    fn inference(&self) -> RouterInference<'_> {
        RouterInference {
            app: &self.scope.server.app,
            imports: self.scope.imports,
            signature: self.scope.signature,
        }
    }

    /// The router that is served.
    fn served(&self) -> Option<&Expr> {
        let server = self.scope.server;
        let served = match server.handover {
            Handover::Method(name) => {
                let mut methods = self.chain.methods();
                let method = methods.find(|method| method.method == name)?;
                method.args.first().filter(|_| method.args.len() == 1)
            }
            _ => self.call.args.last().filter(|_| self.call.args.len() == 2),
        }?;
        Some(router_of(&server.app, served).unwrap_or(served))
    }
}

/// Whether a method may be called on the server without changing how it is wired.
fn is_known(server: &ServerSyntax, method: &syn::Ident) -> bool {
    let handover = matches!(server.handover, Handover::Method(name) if method == name);
    handover
        || server
            .shutdown_method()
            .is_some_and(|shutdown| method == shutdown)
}

/// The router that is made into a service, if an expression does that.
fn router_of<'a>(app: &AppSyntax, value: &'a Expr) -> Option<&'a Expr> {
    match value {
        Expr::MethodCall(method) if app.is_service(&method.method) => Some(&method.receiver),
        _ => None,
    }
}

/// The name that an expression is.
fn name_of(value: &Expr) -> Option<String> {
    match value {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Resolves `let service = app.into_make_service();`: the router's name and the index of the
/// statement.
fn router_behind(app: &AppSyntax, service: &str, before: &[Stmt]) -> Option<(String, usize)> {
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
        let router = name_of(router_of(app, &local.init.as_ref()?.expr)?)?;
        Some((router, at))
    })
}
