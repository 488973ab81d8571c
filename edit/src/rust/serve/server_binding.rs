//! A server that is bound to a name and awaited by a later statement.

use syn::spanned::Spanned;
use syn::{ExprMethodCall, Pat, Stmt};

use super::super::tokens::{mentions, tokens_of};
use super::super::walk::{self, Root};
use super::chain::Chain;
use super::factory::may_return_early;
use super::scope::Scope;
use super::statement::{ServeStatement, StatementForm, StatementKind};

/// The method that starts a server.
#[derive(Clone, Copy)]
pub(super) struct Run(pub(super) &'static str);

impl Run {
    fn is(self, method: &ExprMethodCall) -> bool {
        method.method == self.0 && method.args.is_empty()
    }

    fn starts(self, chain: &Chain<'_>) -> bool {
        chain.methods().last().is_some_and(|method| self.is(method))
    }

    fn not_awaited(self) -> String {
        format!("the server is not awaited right after `.{}()`", self.0)
    }

    /// Checks that the last call before `.await` starts the server.
    pub(super) fn check_await(self, chain: &Chain<'_>) -> Result<(), String> {
        match self.starts(chain) {
            true => Ok(()),
            false => Err(self.not_awaited()),
        }
    }
}

/// The name that a server has at some statement.
struct ServerBinding {
    name: String,
    /// Whether it was started: then only `.await` is left.
    started: bool,
    run: Run,
}

/// Follows a server that is bound to a name until it is awaited.
///
/// ```text
/// let server = HttpServer::new(|| App::new());   // `server`, not started: statement `at`
/// let server = server.bind(address)?.run();      // rebound: `server`, started
/// let handle = server.handle();                  // only asks it
/// server.await                                   // the end: this statement is returned
/// ```
pub(super) fn follow(
    scope: &Scope<'_>,
    run: Run,
    at: usize,
    chain: &Chain<'_>,
) -> Result<ServeStatement, String> {
    let statements = &scope.block.stmts;
    let Some(name) = bound_name(&statements[at]) else {
        return Err("the server is not awaited in the function that makes it".to_owned());
    };
    let started = run.starts(chain);
    let mut binding = ServerBinding { name, started, run };
    for (end, statement) in statements.iter().enumerate().skip(at + 1) {
        let last = end + 1 == statements.len();
        let call = StatementForm::of(statement, last)
            .map(|form| (Chain::of(scope.source, form.inner), form))
            .filter(|(chain, _)| chain.name().as_deref() == Some(&*binding.name));
        let Some((chain, form)) = call else {
            binding.check_use(scope, statement)?;
            continue;
        };
        if chain.is_awaited() {
            binding.check_await(&chain)?;
            let mut between = statements[at + 1..end].iter();
            if between.any(|statement| may_return_early(Root::Statement(statement))) {
                return Err("the function may return before the server has ended".to_owned());
            }
            return form.read(scope.source, &chain)?.check_end(last);
        }
        if matches!(form.kind, StatementKind::Tail | StatementKind::Return) {
            return Err("the server is returned before it is awaited".to_owned());
        }
        binding.rebind(statement, &chain)?;
    }
    Err("the server is not awaited by a statement of its block".to_owned())
}

impl ServerBinding {
    /// Checks a statement that is no call on the server: `spawn(watch(server.handle()));` only asks
    /// it, `spawn(server);` takes it away.
    fn check_use(&self, scope: &Scope<'_>, statement: &Stmt) -> Result<(), String> {
        let name = &self.name;
        let (binds_again, value) = match statement {
            Stmt::Local(local) => {
                let value = local.init.as_ref().map(|init| init.expr.span());
                (walk::binds(Root::Pattern(&local.pat), name), value)
            }
            _ => (false, Some(statement.span())),
        };
        let value = value.map_or("", |span| &scope.source.text[scope.source.range(span)]);
        let is_used = mentions(value, name);
        // Builders are often made anew: `let server = if .. { server.bind(..)? } else { .. };`.
        if binds_again && !(is_used && bound_name(statement).as_deref() == Some(&**name)) {
            return Err(format!("`{name}` becomes something else"));
        }
        let mut starters = [self.run.0, "spawn", "await"].into_iter();
        let may_start = self.started || starters.any(|word| mentions(value, word));
        if is_used && may_start && !only_queries_handle(value, name) {
            return Err("the server is used before it is awaited".to_owned());
        }
        Ok(())
    }

    /// Follows a statement that calls something on the server and binds what it returns.
    fn rebind(&mut self, statement: &Stmt, chain: &Chain<'_>) -> Result<(), String> {
        let first = chain.methods().next().map(|call| call.method.to_string());
        if first.is_some_and(|method| QUERIES.contains(&&*method)) {
            return match bound_name(statement).is_some_and(|name| name == self.name) {
                true => Err(format!("`{}` becomes something else", self.name)),
                false => Ok(()),
            };
        }
        if self.started {
            return Err("the server is used before it is awaited".to_owned());
        }
        self.name = bound_name(statement)
            .ok_or("the server is not awaited in the function that makes it")?;
        self.started = self.run.starts(chain);
        Ok(())
    }

    /// Checks the statement that awaits the server: `server.await` once it is started, else
    /// `server.run().await`.
    fn check_await(&self, chain: &Chain<'_>) -> Result<(), String> {
        match self.started {
            true if chain.methods().next().is_none() => Ok(()),
            true => Err(self.run.not_awaited()),
            false => self.run.check_await(chain),
        }
    }
}

/// Methods that only tell something about a server.
const QUERIES: [&str; 3] = ["handle", "addrs", "addrs_with_scheme"];

/// Whether every use of a server in some code is a call of one of the [`QUERIES`].
fn only_queries_handle(code: &str, name: &str) -> bool {
    let tokens = tokens_of(code);
    let uses = (0..tokens.len()).filter(|&at| tokens[at].0 == name);
    let mut uses = uses.map(|at| tokens[at + 1..].iter().map(|(token, _)| token.as_str()));
    uses.all(|mut next| {
        next.next() == Some(".")
            && next.next().is_some_and(|method| QUERIES.contains(&method))
            && next.next() == Some("(")
    })
}

/// The only name that a statement binds.
fn bound_name(statement: &Stmt) -> Option<String> {
    let Stmt::Local(local) = statement else {
        return None;
    };
    let pattern = match &local.pat {
        Pat::Type(typed) => &*typed.pat,
        pattern => pattern,
    };
    match pattern {
        Pat::Ident(ident) if ident.subpat.is_none() => Some(ident.ident.to_string()),
        _ => None,
    }
}
