//! The calls of `HttpServer::new` in the statements of a function.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMethodCall, Pat, Stmt};

use super::super::function::binds;
use super::super::walk::{self, Root};
use super::factory::{self, leave, mentions};
use super::finder::{Found, Scope};
use super::shape::{Chain, Form, Kind, Shape, stands_alone};
use super::{Plan, Served, ServerKind};

/// What the statements of a block say of the calls in them.
pub(super) fn find(scope: &Scope<'_>) -> Vec<Found> {
    let statements = scope.block.stmts.iter().enumerate();
    let found = statements.filter_map(|(at, statement)| {
        let form = Form::of(statement, at + 1 == scope.block.stmts.len())?;
        let chain = Chain::of(scope.source, form.inner);
        let Expr::Call(call) = chain.root else {
            return None;
        };
        if !ServerKind::ActixWeb.is_call(scope.imports, call) {
            return None;
        }
        let reading = factory::read(scope, call);
        let plan = reading.factory.and_then(|mut factory| {
            let shape = served(scope, at, &form, &chain)?;
            check(scope, call)?;
            factory.dots = chain.dots();
            factory.end = scope.source.range(form.inner.span()).end;
            let served = Served::Factory(factory);
            Ok(Plan { served, shape })
        });
        Some(Found {
            at: scope.source.range(call.span()).start,
            // A server of actix-web listens for the signals itself.
            graceful: true,
            app: reading.app,
            plan,
        })
    });
    found.collect()
}

fn check(scope: &Scope<'_>, call: &ExprCall) -> Result<(), String> {
    let Expr::Path(path) = &*call.func else {
        return Err("it is not called by its name".to_owned());
    };
    let name = scope.imports.resolve(&path.path);
    if !scope.imports.is_of(&name, "actix_web", "HttpServer::new") {
        return Err("`HttpServer` is not known to be that of actix-web".to_owned());
    }
    // Of ours, whatever it is: a constant or what a macro binds is no variable that can be seen.
    let all = scope.source.range(scope.all.span());
    if mentions(scope.source, all, "wired") || binds(scope.all, scope.signature, "wired") {
        return Err("the name `wired` is in use already".to_owned());
    }
    if binds(scope.all, scope.signature, "infra") {
        return Err("a variable `infra` is in scope already".to_owned());
    }
    Ok(())
}

/// The shape of the statement that ends with the server which another statement makes.
fn served(
    scope: &Scope<'_>,
    at: usize,
    form: &Form<'_>,
    chain: &Chain<'_>,
) -> Result<Shape, String> {
    let statements = &scope.block.stmts;
    let made = scope.source.range(statements[at].span());
    let mut shape = if chain.is_awaited() {
        runs(chain)?;
        let shape = form.shape(scope.source, chain)?;
        check_end(shape, at + 1 == statements.len())?
    } else {
        if !stands_alone(scope.source.text, &made) {
            return Err("the statement shares its lines with other code".to_owned());
        }
        held(scope, at, chain)?
    };
    shape.wires = made.start;
    // It always stops on a signal.
    shape.graceful = true;
    Ok(shape)
}

fn check_end(shape: Shape, last: bool) -> Result<Shape, String> {
    if shape.kind == Kind::Return && !last {
        return Err("it is returned before the end of the function".to_owned());
    }
    Ok(shape)
}

/// Whether the last call before `.await` starts the server.
fn runs(chain: &Chain<'_>) -> Result<(), String> {
    match chain.methods().last() {
        Some(method) if is_run(method) => Ok(()),
        _ => Err("the server is not awaited right after `.run()`".to_owned()),
    }
}

fn is_run(method: &ExprMethodCall) -> bool {
    method.method == "run" && method.args.is_empty()
}

/// A server that has a name, by which it is awaited later.
struct Held {
    name: String,
    /// Whether it was started: then only `.await` is left.
    runs: bool,
}

/// Follows a server that is bound to a name until it is awaited.
fn held(scope: &Scope<'_>, at: usize, chain: &Chain<'_>) -> Result<Shape, String> {
    let statements = &scope.block.stmts;
    let Some(name) = bound(&statements[at]) else {
        return Err("the server is not awaited in the function that makes it".to_owned());
    };
    let runs = chain.methods().last().is_some_and(is_run);
    let mut held = Held { name, runs };
    for (end, statement) in statements.iter().enumerate().skip(at + 1) {
        let last = end + 1 == statements.len();
        let range = scope.source.range(statement.span());
        let Some(form) = Form::of(statement, last) else {
            held.passes(scope, statement, &range)?;
            continue;
        };
        let chain = Chain::of(scope.source, form.inner);
        if chain.name().as_deref() != Some(&*held.name) {
            held.passes(scope, statement, &range)?;
            continue;
        }
        if chain.is_awaited() {
            held.ends(&chain)?;
            if leave(&statements[at + 1..end]) {
                return Err("the function may return before the server has ended".to_owned());
            }
            let shape = form.shape(scope.source, &chain)?;
            return check_end(shape, last);
        }
        if form.kind != Kind::Statement {
            return Err("the server is returned before it is awaited".to_owned());
        }
        held.goes_on(statement, &chain)?;
    }
    Err("the server is not awaited by a statement of its block".to_owned())
}

impl Held {
    /// A statement that is no call on the server.
    fn passes(
        &mut self,
        scope: &Scope<'_>,
        statement: &Stmt,
        range: &Range<usize>,
    ) -> Result<(), String> {
        let name = &self.name;
        let (again, value) = match statement {
            Stmt::Local(local) => {
                let value = local.init.as_ref().map(|init| init.expr.span());
                let value = value.map_or(0..0, |span| scope.source.range(span));
                (walk::binds(Root::Pattern(&local.pat), name), value)
            }
            _ => (false, range.clone()),
        };
        let has = |word: &str| mentions(scope.source, value.clone(), word);
        let used = has(name);
        // Builders are often made anew: `let server = if .. { server.bind(..)? } else { .. };`.
        if again && !(used && bound(statement).as_deref() == Some(&**name)) {
            return Err(format!("`{name}` becomes something else"));
        }
        let started = ["run", "spawn", "await"].into_iter().any(has);
        if used && (self.runs || started) && !is_asked(scope, &value, name) {
            return Err("the server is used before it is awaited".to_owned());
        }
        Ok(())
    }

    /// A statement that calls something on the server, and binds what it returns.
    fn goes_on(&mut self, statement: &Stmt, chain: &Chain<'_>) -> Result<(), String> {
        let mut methods = chain.methods();
        let asks = methods.next().is_some_and(|method| {
            let name = method.method.to_string();
            matches!(&*name, "handle" | "addrs" | "addrs_with_scheme")
        });
        if asks {
            let again = bound(statement).is_some_and(|name| name == self.name);
            return match again {
                true => Err(format!("`{}` becomes something else", self.name)),
                false => Ok(()),
            };
        }
        if self.runs {
            return Err("the server is used before it is awaited".to_owned());
        }
        let name =
            bound(statement).ok_or("the server is not awaited in the function that makes it")?;
        self.name = name;
        self.runs = chain.methods().last().is_some_and(is_run);
        Ok(())
    }

    /// The statement that awaits the server.
    fn ends(&self, chain: &Chain<'_>) -> Result<(), String> {
        match self.runs {
            true if chain.methods().next().is_none() => Ok(()),
            false => runs(chain),
            true => Err("the server is not awaited right after `.run()`".to_owned()),
        }
    }
}

/// Whether every use of a name in a stretch asks the running server for its handle.
fn is_asked(scope: &Scope<'_>, range: &Range<usize>, name: &str) -> bool {
    let words = scope.source.text[range.clone()].parse();
    let words = words.map(super::super::source::words).unwrap_or_default();
    let uses = words
        .iter()
        .enumerate()
        .filter(|(_, (word, _))| word == name);
    let mut uses = uses.map(|(at, _)| &words[at + 1..]);
    uses.all(|rest| {
        let next: Vec<_> = rest.iter().take(3).map(|(word, _)| &**word).collect();
        matches!(
            next[..],
            [".", "handle" | "addrs" | "addrs_with_scheme", "("]
        )
    })
}

/// The only name that a statement binds.
fn bound(statement: &Stmt) -> Option<String> {
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
