//! Servers that get a closure which makes the app: `HttpServer::new(|| App::new())`.

use syn::spanned::Spanned;
use syn::{Expr, ExprCall};

use super::super::function::binds;
use super::super::tokens::mentions;
use super::call::{FoundCall, Plan, ServedApp};
use super::chain::Chain;
use super::factory;
use super::scope::Scope;
use super::server_binding::{self, Run};
use super::statement::{ServeStatement, StatementForm, stands_alone};

/// What the statements of a block say of the calls in them. `run` is the method that starts a
/// server.
pub(super) fn find(scope: &Scope<'_>, run: &'static str) -> Vec<FoundCall> {
    let statements = scope.block.stmts.iter().enumerate();
    let found = statements.filter_map(|(at, statement)| {
        let form = StatementForm::of(statement, at + 1 == scope.block.stmts.len())?;
        let chain = Chain::of(scope.source, form.inner);
        let Expr::Call(call) = chain.root else {
            return None;
        };
        if !scope.server.is_call(scope.imports, call) {
            return None;
        }
        let reading = factory::read(scope, call);
        let plan = reading.factory.and_then(|mut factory| {
            let statement = serve_statement(scope, Run(run), at, &form, &chain)?;
            check(scope, call)?;
            scope.check_names(&statement)?;
            factory.dots = chain.dots();
            factory.end = scope.source.range(form.inner.span()).end;
            let served = ServedApp::Factory(factory);
            Ok(Plan { served, statement })
        });
        Some(FoundCall {
            at: scope.source.range(call.span()).start,
            graceful: scope.server.shutdown_method().is_none(),
            app: reading.app,
            plan,
        })
    });
    found.collect()
}

fn check(scope: &Scope<'_>, call: &ExprCall) -> Result<(), String> {
    if !scope.server.is_certain_call(scope.imports, call) {
        let shown = scope.server.shown;
        return Err(format!(
            "`{}` is not known to be that of {}",
            shown.split("::").next().unwrap_or(shown),
            scope.server.app.framework()
        ));
    }
    // Any use of the name is in the way: a constant, or what a macro binds, is no variable that can
    // be seen.
    let body = &scope.source.text[scope.source.range(scope.body.span())];
    if mentions(body, "wired") || binds(scope.body, scope.signature, "wired") {
        return Err("the name `wired` is in use already".to_owned());
    }
    Ok(())
}

/// The statement that ends with the server which another statement makes.
fn serve_statement(
    scope: &Scope<'_>,
    run: Run,
    at: usize,
    form: &StatementForm<'_>,
    chain: &Chain<'_>,
) -> Result<ServeStatement, String> {
    let statements = &scope.block.stmts;
    let made = scope.source.range(statements[at].span());
    let mut statement = if chain.is_awaited() {
        run.check_await(chain)?;
        let statement = form.read(scope.source, chain)?;
        statement.check_end(at + 1 == statements.len())?
    } else {
        if !stands_alone(scope.source.text, &made) {
            return Err("the statement shares its lines with other code".to_owned());
        }
        server_binding::follow(scope, run, at, chain)?
    };
    statement.wire_before = made.start;
    statement.graceful = true;
    Ok(statement)
}
