//! Whether a name is bound to an axum `Router`.

use syn::visit::Visit;
use syn::{Expr, FnArg, Pat, ReturnType, Signature, Stmt, Type};

use super::super::function::arguments;
use super::super::source::{Imports, Source, is_test};

/// How sure it is that a name stands for a `Router`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
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

fn is_router(imports: &Imports, path: &syn::Path) -> bool {
    matches!(
        &*imports.resolve(path),
        "axum::Router" | "axum::routing::Router"
    )
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
) -> Result<Proof, String> {
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
            pattern if mentions(pattern, name) => {
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
                Ok(Proof::Certain)
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
) -> Result<Proof, String> {
    if let Some(of) = of {
        return if is_router_type(imports, of) {
            Ok(Proof::Certain)
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
) -> Result<Proof, String> {
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

/// Whether a path is that of a function that makes an empty router.
pub(super) fn is_new(imports: &Imports, path: &syn::Path) -> bool {
    let mut of = path.clone();
    let constructor = of.segments.pop();
    of.segments.pop_punct();
    let makes = constructor.is_some_and(|name| name.ident == "new" || name.ident == "default");
    makes && !of.segments.is_empty() && is_router(imports, &of)
}

fn called(imports: &Imports, path: &syn::Path, awaited: bool, tried: bool) -> Proof {
    if is_new(imports, path) && !awaited && !tried {
        return Proof::Certain;
    }
    let names: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    Proof::NeedsReturnType {
        function: names.join("::"),
        awaited,
        tried,
    }
}

/// Whether a pattern binds a name.
pub(super) fn mentions(pattern: &Pat, name: &str) -> bool {
    struct Names<'n>(&'n str, bool);
    impl<'ast> Visit<'ast> for Names<'_> {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            self.1 |= pattern.ident == self.0;
        }
    }
    let mut names = Names(name, false);
    names.visit_pat(pattern);
    names.1
}

/// Tells whether a function of a file returns an axum `Router`, or with `tried` a `Result` of one.
///
/// `function` may be a path, of which the last part is looked for outside tests: below a type's name
/// among the functions of that type, else among those of modules. `None` when there is no such function or the file cannot be read; when there are several, all
/// have to.
#[must_use]
pub fn returns_router(text: &str, function: &str, tried: bool) -> Option<bool> {
    struct Functions<'n> {
        name: &'n str,
        /// The type that it belongs to.
        of: Option<&'n str>,
        imports: Imports,
        tried: bool,
        found: Option<bool>,
    }
    impl<'ast> Visit<'ast> for Functions<'_> {
        fn visit_signature(&mut self, signature: &'ast Signature) {
            if signature.ident != self.name {
                return;
            }
            let router = match &signature.output {
                ReturnType::Default => false,
                ReturnType::Type(_, of) if self.tried => match &**of {
                    Type::Path(path) => {
                        let result = path.path.segments.last();
                        result.is_some_and(|last| last.ident == "Result")
                            && arguments(&path.path)
                                .first()
                                .is_some_and(|of| is_router_type(&self.imports, of))
                    }
                    _ => false,
                },
                ReturnType::Type(_, of) => is_router_type(&self.imports, of),
            };
            self.found = Some(self.found != Some(false) && router);
        }
        fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
            if !is_test(&item.attrs) {
                syn::visit::visit_item_mod(self, item);
            }
        }
        fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
            if !is_test(&item.attrs) && self.of.is_none() {
                syn::visit::visit_item_fn(self, item);
            }
        }
        fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
            let (Type::Path(path), Some(of)) = (&*item.self_ty, self.of) else {
                return;
            };
            let last = path.path.segments.last();
            let is_meant = of == "Self" || last.is_some_and(|last| last.ident == of);
            if is_meant && !is_test(&item.attrs) {
                syn::visit::visit_item_impl(self, item);
            }
        }
        // What a trait promises is read where it is kept.
        fn visit_item_trait(&mut self, _: &'ast syn::ItemTrait) {}
    }
    let source = Source::parse(text).ok()?;
    let mut parts = function.rsplit("::");
    let mut functions = Functions {
        name: parts.next().unwrap_or(function),
        of: parts.next().filter(|of| of.starts_with(char::is_uppercase)),
        imports: Imports::of(&source.file),
        tried,
        found: None,
    };
    functions.visit_file(&source.file);
    functions.found
}
