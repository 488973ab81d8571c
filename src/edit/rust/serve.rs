//! The places where an app is served.

use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, Signature, Stmt};

use super::super::Refusal;
use super::function::{Function, Returns, binds};
use super::router::{Proof, prove, prove_value};
use super::served::{name, prepared, served};
use super::shape::{Kind, Shape, is_serve, shape, stands_alone};
use super::source::{Imports, Source, is_test, sequences, words};

/// A call of `axum::serve` outside tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// The line of the call, counted from 1.
    pub line: usize,
    /// The function that it is in, closures and blocks left out.
    pub function: Option<Function>,
    /// Whether it has a graceful shutdown, as far as that can be seen.
    pub graceful: bool,
    /// How it can be wired, or why that is not certain.
    pub plan: Result<Plan, String>,
}

/// What is known of a call that can be wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name that the router is bound to.
    pub app: String,
    /// How sure it is that it is a router.
    pub router: Proof,
    /// The expression that makes it, where it has no name yet.
    pub(super) made: Option<Range<usize>>,
    pub(super) shape: Shape,
}

/// Finds every call of `axum::serve` outside tests.
///
/// # Errors
///
/// [`Refusal::Unreadable`] for what is not Rust.
pub fn find_serves(text: &str) -> Result<Vec<Serve>, Refusal> {
    let source = Source::parse(text)?;
    if is_test(&source.file.attrs) {
        return Ok(Vec::new());
    }
    let mut finder = Finder {
        source: &source,
        imports: Imports::of(&source.file),
        function: None,
        inside: Vec::new(),
        direct: BTreeMap::new(),
        graceful: None,
        serves: Vec::new(),
    };
    finder.visit_file(&source.file);
    Ok(finder.serves)
}

/// Lists the lines on which actix-web's `HttpServer::new(..)` is called outside tests.
///
/// # Errors
///
/// [`Refusal::Unreadable`] for what is not Rust.
pub fn find_http_servers(text: &str) -> Result<Vec<usize>, Refusal> {
    struct Servers<'s, 't>(&'s Source<'t>, Imports, Vec<usize>);
    impl<'ast> Visit<'ast> for Servers<'_, '_> {
        fn visit_expr_call(&mut self, call: &'ast ExprCall) {
            if let Expr::Path(path) = &*call.func
                && self.1.resolve(&path.path).ends_with("HttpServer::new")
            {
                self.2.push(self.0.line(call.span()));
            }
            visit::visit_expr_call(self, call);
        }
        fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
            if !is_test(&item.attrs) {
                visit::visit_item_mod(self, item);
            }
        }
        fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
            if !is_test(&item.attrs) {
                visit::visit_item_fn(self, item);
            }
        }
    }
    let source = Source::parse(text)?;
    let mut servers = Servers(&source, Imports::of(&source.file), Vec::new());
    if !is_test(&source.file.attrs) {
        servers.visit_file(&source.file);
    }
    Ok(servers.2)
}

/// What the statements of a function say of the calls in them, by offset.
type Direct = BTreeMap<usize, (bool, Result<Plan, String>)>;

struct Finder<'s, 't> {
    source: &'s Source<'t>,
    imports: Imports,
    function: Option<Function>,
    /// The constructs between the function and here.
    inside: Vec<&'static str>,
    direct: Direct,
    /// The start of the last server seen that has a graceful shutdown.
    graceful: Option<usize>,
    serves: Vec<Serve>,
}

impl Finder<'_, '_> {
    /// Reads the statements of a function, and of the one block that it runs to its end.
    fn read(&mut self, signature: &Signature, block: &Block) {
        let mut outer: Vec<&Stmt> = Vec::new();
        if signature.asyncness.is_some() {
            self.read_block(signature, block, &outer, block);
            return;
        }
        for statement in &block.stmts {
            if let Some(run) = blocked_on(statement) {
                self.read_block(signature, run, &outer, block);
            }
            outer.push(statement);
        }
    }

    fn read_block(&mut self, signature: &Signature, block: &Block, outer: &[&Stmt], all: &Block) {
        for (at, statement) in block.stmts.iter().enumerate() {
            let last = at + 1 == block.stmts.len();
            let Some((call, shape)) = shape(self.source, &self.imports, statement, last) else {
                continue;
            };
            let before: Vec<_> = outer.iter().copied().chain(&block.stmts[..at]).collect();
            let graceful = shape.as_ref().is_ok_and(|shape| shape.graceful);
            let plan = shape.and_then(|mut shape| {
                if shape.kind == Kind::Return && !last {
                    return Err("it is returned before the end of the function".to_owned());
                }
                if binds(all, signature, "infra") {
                    return Err("a variable `infra` is in scope already".to_owned());
                }
                let served = served(call).ok_or("it is not called with a listener and an app")?;
                let Some(name) = name(served) else {
                    let after = &block.stmts[at + 1..];
                    return self.unnamed(signature, all, served, &before, after, shape);
                };
                let (app, at) = match prepared(&name, &block.stmts[..at]) {
                    Some((router, at)) => {
                        let statement = self.source.range(block.stmts[at].span());
                        if !stands_alone(self.source.text, &statement) {
                            return Err(format!("`{name}` shares its lines with other code"));
                        }
                        shape.wires = statement.start;
                        (router, outer.len() + at)
                    }
                    None => (name, before.len()),
                };
                let router = prove(&self.imports, &app, &before[..at], signature)?;
                Ok(Plan {
                    app,
                    router,
                    made: None,
                    shape,
                })
            });
            let offset = self.source.range(call.span()).start;
            self.direct.insert(offset, (graceful, plan));
        }
    }

    /// The plan for a router that is made where it is served: it gets a name.
    fn unnamed(
        &self,
        signature: &Signature,
        all: &Block,
        served: &Expr,
        before: &[&Stmt],
        after: &[Stmt],
        shape: Shape,
    ) -> Result<Plan, String> {
        let is_free = |name: &&str| {
            let uses = |statement: &Stmt| {
                let text = &self.source.text[self.source.range(statement.span())];
                let words = text.parse().map(words);
                words.is_ok_and(|words| words.iter().any(|(word, _)| word == name))
            };
            !binds(all, signature, name) && !after.iter().any(uses)
        };
        let not_a_name = || "what is served is not a plain name".to_owned();
        let app = ["app", "router"].into_iter().find(is_free);
        let app = app.ok_or_else(not_a_name)?;
        let router = prove_value(&self.imports, app, served, before, signature)?;
        let made = self.source.range(served.span());
        let call = &self.source.text[shape.call.clone()];
        // Others would have to be laid out anew, or a listener made after the router.
        let listener = call.split(',').next().unwrap_or_default();
        let is_made = listener.matches('(').count() > 1;
        if shape.graceful || is_made || call.contains('\n') {
            return Err(not_a_name());
        }
        Ok(Plan {
            app: app.to_owned(),
            router,
            made: Some(made),
            shape,
        })
    }

    fn within(&mut self, what: &'static str, visit: impl FnOnce(&mut Self)) {
        self.inside.push(what);
        visit(self);
        self.inside.pop();
    }

    fn in_function(&mut self, signature: &Signature, block: &Block, visit: impl FnOnce(&mut Self)) {
        let function = Function::of(self.source, &self.imports, signature);
        let outer = self.function.replace(function);
        let inside = std::mem::take(&mut self.inside);
        self.read(signature, block);
        visit(self);
        self.function = outer;
        self.inside = inside;
    }

    fn found(&mut self, line: usize, graceful: bool, plan: Result<Plan, String>) {
        let mut function = self.function.clone();
        // What `?` returns from is then the block, not the function.
        if let Some(function) = &mut function
            && !function.asynchronous
        {
            function.returns = Returns::Other("an async block".to_owned());
        }
        self.serves.push(Serve {
            line,
            function,
            graceful,
            plan,
        });
    }
}

/// The body of `..block_on(async { .. })` when that is all that a statement does.
fn blocked_on(statement: &Stmt) -> Option<&Block> {
    let mut value = match statement {
        Stmt::Expr(value, _) => value,
        Stmt::Local(local) => &*local.init.as_ref()?.expr,
        _ => return None,
    };
    loop {
        match value {
            Expr::Try(inner) => value = &inner.expr,
            Expr::MethodCall(call) if call.method == "block_on" => {
                return match call.args.first() {
                    Some(Expr::Async(run)) if call.args.len() == 1 => Some(&run.block),
                    _ => None,
                };
            }
            Expr::MethodCall(call) => value = &call.receiver,
            _ => return None,
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_, '_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.in_function(&item.sig, &item.block, |finder| {
                visit::visit_item_fn(finder, item);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.in_function(&item.sig, &item.block, |finder| {
                visit::visit_impl_item_fn(finder, item);
            });
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.within("a closure", |finder| {
            visit::visit_expr_closure(finder, closure);
        });
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.within("an async block", |finder| {
            visit::visit_expr_async(finder, block);
        });
    }

    fn visit_expr_match(&mut self, choice: &'ast syn::ExprMatch) {
        self.within("a `match`", |finder| {
            visit::visit_expr_match(finder, choice)
        });
    }

    fn visit_expr_if(&mut self, branch: &'ast syn::ExprIf) {
        self.within("an `if`", |finder| visit::visit_expr_if(finder, branch));
    }

    fn visit_expr_loop(&mut self, repeat: &'ast syn::ExprLoop) {
        self.within("a loop", |finder| visit::visit_expr_loop(finder, repeat));
    }

    fn visit_expr_block(&mut self, block: &'ast syn::ExprBlock) {
        // Of a block in another construct, that construct is the better reason.
        if self.inside.is_empty() {
            self.within("a block of its own", |finder| {
                visit::visit_expr_block(finder, block);
            });
        } else {
            visit::visit_expr_block(self, block);
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let words = words(item.tokens.clone());
        let full = ["axum", ":", ":", "serve", "("];
        let short = ["serve", "("];
        let imported = syn::parse_str(short[0])
            .is_ok_and(|path: syn::Path| self.imports.resolve(&path) == "axum::serve");
        let found: Vec<_> = sequences(&words, &full)
            .chain(
                sequences(&words, &short)
                    .filter(|&at| imported && (at == 0 || words[at - 1].0 != ":")),
            )
            .collect();
        for at in found {
            let line = self.source.line(words[at].1);
            let graceful = words[at..]
                .iter()
                .any(|(word, _)| word == "with_graceful_shutdown");
            self.found(line, graceful, Err("it is inside a macro".to_owned()));
        }
        visit::visit_macro(self, item);
    }

    fn visit_expr_method_call(&mut self, method: &'ast syn::ExprMethodCall) {
        if method.method == "with_graceful_shutdown" {
            self.graceful = Some(self.source.range(method.receiver.span()).start);
        }
        visit::visit_expr_method_call(self, method);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if is_serve(&self.imports, call) {
            let range = self.source.range(call.span());
            let line = self.source.line(call.span());
            let (graceful, plan) = match self.direct.remove(&range.start) {
                Some(found) => found,
                None => {
                    let reason = match (self.inside.last(), &self.function) {
                        (Some(what), _) => format!("it is inside {what}"),
                        (None, Some(function)) if !function.asynchronous => {
                            "its function is not `async`".to_owned()
                        }
                        _ => "it is a part of a larger expression".to_owned(),
                    };
                    (self.graceful == Some(range.start), Err(reason))
                }
            };
            self.found(line, graceful, plan);
        }
        visit::visit_expr_call(self, call);
    }
}
