//! Walks through a file and lists every call that serves.

use std::collections::BTreeMap;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, Signature, Stmt};

use super::super::attributes::is_test;
use super::super::function::{Function, Returns};
use super::super::imports::Imports;
use super::super::source::Source;
use super::super::tokens::{find_sequence, flatten_tokens};
use super::call::{FoundCall, ServeCall};
use super::scope::Scope;
use super::syntax::{Handover, ServerSyntax};
use super::{by_factory, by_value};

pub(super) struct Finder<'s> {
    server: &'static ServerSyntax,
    source: &'s Source<'s>,
    imports: Imports,
    function: Option<Function>,
    /// The constructs between the function and here.
    inside: Vec<&'static str>,
    direct: BTreeMap<usize, FoundCall>,
    /// The start of the last server seen that has a graceful shutdown.
    graceful: Option<usize>,
    serves: Vec<ServeCall>,
}

impl<'s> Finder<'s> {
    pub(super) fn new(server: &'static ServerSyntax, source: &'s Source<'s>) -> Self {
        Self {
            server,
            source,
            imports: Imports::of(&source.file),
            function: None,
            inside: Vec::new(),
            direct: BTreeMap::new(),
            graceful: None,
            serves: Vec::new(),
        }
    }

    pub(super) fn find(mut self) -> Vec<ServeCall> {
        let source = self.source;
        self.visit_file(&source.file);
        self.serves
    }

    /// Reads the statements of a function, and of the one block that it runs to its end.
    fn read(&mut self, signature: &Signature, body: &Block) {
        let mut outer: Vec<&Stmt> = Vec::new();
        if signature.asyncness.is_some() {
            self.read_block(signature, body, &outer, body);
            return;
        }
        for statement in &body.stmts {
            if let Some(run) = blocked_on(statement) {
                self.read_block(signature, run, &outer, body);
            }
            outer.push(statement);
        }
    }

    fn read_block(&mut self, signature: &Signature, block: &Block, outer: &[&Stmt], body: &Block) {
        let scope = Scope {
            server: self.server,
            source: self.source,
            imports: &self.imports,
            signature,
            body,
            block,
            outer,
        };
        let found = match self.server.handover {
            Handover::Factory(run) => by_factory::find(&scope, run),
            Handover::Argument | Handover::Method(_) => by_value::find(&scope),
        };
        self.direct
            .extend(found.into_iter().map(|found| (found.at, found)));
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

    fn add(&mut self, line: usize, found: FoundCall) {
        let mut function = self.function.clone();
        // What `?` returns from is then the block, not the function.
        if let Some(function) = &mut function
            && !function.asynchronous
        {
            function.returns = Returns::Other("an async block".to_owned());
        }
        self.serves.push(ServeCall {
            server: self.server,
            line,
            function,
            graceful: found.graceful,
            app: found.app,
            plan: found.plan,
        });
    }

    /// A call that no statement was read for.
    fn uncertain(&self, at: usize) -> FoundCall {
        let reason = match (self.inside.last(), &self.function) {
            (Some(what), _) => format!("it is inside {what}"),
            (None, Some(function)) if !function.asynchronous => {
                "its function is not `async`".to_owned()
            }
            _ => "it is a part of a larger expression".to_owned(),
        };
        FoundCall {
            at,
            graceful: self.graceful == Some(at),
            app: None,
            plan: Err(reason),
        }
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

impl<'ast> Visit<'ast> for Finder<'_> {
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
        let tokens = flatten_tokens(item.tokens.clone());
        let (full, short) = self.server.tokens();
        let imported = syn::parse_str(&format!("{})", short.concat()))
            .is_ok_and(|call: ExprCall| self.server.is_call(&self.imports, &call));
        let is_path_start = |at: usize| at == 0 || tokens[at - 1].0 != ":";
        let short = find_sequence(&tokens, &short).filter(|&at| imported && is_path_start(at));
        let found: Vec<_> = find_sequence(&tokens, &full).chain(short).collect();
        let shutdown = self.server.shutdown_method();
        for at in found {
            let line = self.source.line(tokens[at].1);
            let mut rest = tokens[at..].iter();
            let found = FoundCall {
                at: self.source.range(tokens[at].1).start,
                graceful: shutdown.is_none_or(|method| rest.any(|(token, _)| token == method)),
                app: None,
                plan: Err("it is inside a macro".to_owned()),
            };
            self.add(line, found);
        }
        visit::visit_macro(self, item);
    }

    fn visit_expr_method_call(&mut self, method: &'ast syn::ExprMethodCall) {
        let shutdown = self.server.shutdown_method();
        if shutdown.is_some_and(|shutdown| method.method == shutdown) {
            self.graceful = Some(self.source.range(method.receiver.span()).start);
        }
        visit::visit_expr_method_call(self, method);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if self.server.is_call(&self.imports, call) {
            let at = self.source.range(call.span()).start;
            let line = self.source.line(call.span());
            let found = self.direct.remove(&at);
            let found = found.unwrap_or_else(|| self.uncertain(at));
            self.add(line, found);
        }
        visit::visit_expr_call(self, call);
    }
}
