//! Whether a value is an app that is handed over by value, such as the `Router` of axum.

use syn::{Block, Expr, FnArg, Item, ItemImpl, Pat, ReturnType, Signature, Stmt, Type};

use super::super::function::arguments;
use super::super::imports::Imports;
use super::super::source::Source;
use super::super::walk::{Node, Root, Visit, binds, walk};
use super::syntax::AppSyntax;

/// How sure it is that a name stands for a router.
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
        fallible: bool,
    },
}

/// Infers whether an expression is a router, from the statements that ran before it.
pub(super) struct RouterInference<'a> {
    pub(super) app: &'a AppSyntax,
    pub(super) imports: &'a Imports,
    pub(super) signature: &'a Signature,
}

impl RouterInference<'_> {
    /// Infers it for a name; else the reason why it is not certain.
    pub(super) fn infer_router(
        &self,
        name: &str,
        before: &[&Stmt],
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
                    return self.infer_binding(name, local, of, &before[..at]);
                }
                pattern if binds(Root::Pattern(pattern), name) => {
                    return Err(format!("`{name}` is bound by a pattern"));
                }
                _ => {}
            }
        }
        for input in &self.signature.inputs {
            if let FnArg::Typed(typed) = input
                && matches!(&*typed.pat, Pat::Ident(ident) if ident.ident == name)
            {
                let (app, framework) = (self.app.name(), self.app.framework());
                return self.certain_if_router(&typed.ty).ok_or_else(|| {
                    format!("the parameter `{name}` is not a `{app}` of {framework}")
                });
            }
        }
        Err(format!("`{name}` is not bound by a `let` before it"))
    }

    fn infer_binding(
        &self,
        name: &str,
        local: &syn::Local,
        of: Option<&Type>,
        before: &[&Stmt],
    ) -> Result<RouterEvidence, String> {
        if let Some(of) = of {
            let (app, framework) = (self.app.name(), self.app.framework());
            return self
                .certain_if_router(of)
                .ok_or_else(|| format!("`{name}` has another type than {framework}'s `{app}`"));
        }
        match &local.init {
            Some(init) if init.diverge.is_none() => self.infer_value(name, &init.expr, before),
            _ => Err(format!("`{name}` has no value of its own")),
        }
    }

    fn certain_if_router(&self, of: &Type) -> Option<RouterEvidence> {
        is_router_type(self.app, self.imports, of).then_some(RouterEvidence::Certain)
    }

    /// Infers it for what an expression makes; `name` is for the reason.
    ///
    /// The calls are peeled off from the outside: of `build().await?.layer(x)` that is `.layer(x)`,
    /// which keeps a router, then `?` and `.await`, then the call of `build`. A router behind `?` or
    /// `.await` has to come from a call directly, as `build().layer(x)?` is no method of a router.
    pub(super) fn infer_value(
        &self,
        name: &str,
        value: &Expr,
        before: &[&Stmt],
    ) -> Result<RouterEvidence, String> {
        let not_understood = || format!("`{name}` is made in a way that is not understood");
        let (value, awaited, fallible) = match self.peel(value) {
            Some(peeled) => peeled,
            None => return Err(not_understood()),
        };
        let direct = !awaited && !fallible;
        match value {
            Expr::If(_) | Expr::Match(_) | Expr::Block(_) if direct => {
                let inferred = branches(value).into_iter().filter_map(|(inside, value)| {
                    let before: Vec<&Stmt> = before.iter().copied().chain(inside).collect();
                    self.infer_value(name, value, &before).ok()
                });
                inferred
                    .min_by_key(|evidence| *evidence != RouterEvidence::Certain)
                    .ok_or_else(not_understood)
            }
            Expr::Path(path) if direct => match path.path.get_ident() {
                Some(ident) => self.infer_router(&ident.to_string(), before),
                None => Err(format!("`{name}` is not made here")),
            },
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => Ok(self.infer_call(&path.path, awaited, fallible)),
                _ => Err(not_understood()),
            },
            Expr::MethodCall(call) => Err(format!(
                "`{name}` is made by `.{}(..)`, which need not return a `{}`",
                call.method,
                self.app.name()
            )),
            _ => Err(not_understood()),
        }
    }

    /// What is left of an expression without the calls that keep a router, `.await` and the ways to
    /// get at the value of a `Result`; and whether there was an `.await`, or one of those ways.
    ///
    /// `None` where a method of a router is called on what `.await` or `?` is called on later.
    fn peel<'e>(&self, mut value: &'e Expr) -> Option<(&'e Expr, bool, bool)> {
        let (mut awaited, mut fallible) = (false, false);
        loop {
            value = match value {
                Expr::Paren(inner) => &inner.expr,
                Expr::MethodCall(call) if self.app.is_method(&call.method) => {
                    if awaited || fallible {
                        return None;
                    }
                    &call.receiver
                }
                Expr::MethodCall(call)
                    if !awaited && (call.method == "unwrap" || call.method == "expect") =>
                {
                    fallible = true;
                    &call.receiver
                }
                Expr::Try(inner) if !awaited => {
                    fallible = true;
                    &inner.expr
                }
                Expr::Await(inner) => {
                    awaited = true;
                    &inner.base
                }
                _ => return Some((value, awaited, fallible)),
            }
        }
    }

    fn infer_call(&self, path: &syn::Path, awaited: bool, fallible: bool) -> RouterEvidence {
        if self.app.is_constructor(self.imports, path) && !awaited && !fallible {
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
            fallible,
        }
    }
}

fn is_router_type(app: &AppSyntax, imports: &Imports, of: &Type) -> bool {
    matches!(of, Type::Path(path) if app.is_type(imports, &path.path))
}

/// The values that a choice or a block may have, each with the statements before it in there. All
/// branches have one type, so one that is a router proves it for all.
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

/// Tells whether a function of a file returns a router, or with `fallible` a `Result` of one.
///
/// `function` may be a path, of which the last part is looked for outside tests: below a type's name
/// among the functions of that type, else among those of modules. `None` when there is no such
/// function or the file cannot be read; when there are several, all have to.
#[must_use]
pub fn returns_router(app: &AppSyntax, text: &str, function: &str, fallible: bool) -> Option<bool> {
    let source = Source::parse(text).ok()?;
    let imports = Imports::of(&source.file);
    let mut parts = function.rsplit("::");
    let name = parts.next().unwrap_or(function);
    // The type that it belongs to.
    let of = parts.next().filter(|of| of.starts_with(char::is_uppercase));
    let mut found = None;
    walk(Root::File(&source.file), &mut |node| match node {
        Node::Item(Item::Fn(_)) if of.is_some() => Visit::Skip,
        Node::Item(Item::Impl(item)) if !of.is_some_and(|of| is_for(item, of)) => Visit::Skip,
        // What a trait promises is read where it is kept.
        Node::Item(Item::Trait(_)) => Visit::Skip,
        Node::Signature(signature) => {
            if signature.ident == name {
                let router = is_router_output(app, &imports, &signature.output, fallible);
                found = Some(found != Some(false) && router);
            }
            Visit::Skip
        }
        _ => Visit::Descend,
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

/// Whether a function returns a router, or with `fallible` a `Result` of one.
fn is_router_output(
    app: &AppSyntax,
    imports: &Imports,
    output: &ReturnType,
    fallible: bool,
) -> bool {
    let of = match output {
        ReturnType::Default => return false,
        ReturnType::Type(_, of) => &**of,
    };
    match of {
        Type::Path(path) if fallible => {
            let last = path.path.segments.last();
            let of = arguments(&path.path).into_iter().next();
            // Also `AppResult<..>` and the like, of one's own error.
            last.is_some_and(|last| last.ident.to_string().ends_with("Result"))
                && of.is_some_and(|of| is_router_type(app, imports, of))
        }
        _ => !fallible && is_router_type(app, imports, of),
    }
}
