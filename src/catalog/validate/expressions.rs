//! The Rust in a manifest: types, functions and expressions that the hub is rendered with.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::{Faults, Subject, node::Node, references::suggestion, rust_items::ModuleItems};

/// The modules of the base, which every component may use.
const BASE_MODULES: [&str; 3] = ["settings", "trace", "web"];

pub(super) fn check(subject: &Subject<'_>, faults: &mut Faults) {
    for row in subject.layers.iter().flat_map(|layer| layer.list("env")) {
        if let Some(path) = row.get("check") {
            check_path(subject, "check", path, true, faults);
        }
    }
    for wire in subject.layers.iter().filter_map(|layer| layer.get("wire")) {
        check_wire(subject, wire, faults);
    }
}

fn check_wire(subject: &Subject<'_>, wire: Node<'_>, faults: &mut Faults) {
    if let Some(field) = wire.get("field") {
        let name = field.text().unwrap_or_default();
        if syn::parse_str::<syn::Ident>(name).is_err() {
            faults.add(field.start(), format!("`{name}` cannot be a field in Rust"));
        }
    }
    if let Some(path) = wire.get("type") {
        check_path(subject, "type", path, false, faults);
    }
    for extract in wire.list("extract") {
        if let Some(path) = extract.get("type") {
            check_path(subject, "type", path, false, faults);
        }
        let Some(field) = extract.get("field") else {
            continue;
        };
        let text = field.text().unwrap_or_default();
        let first = text.split('.').next();
        if first != subject.field() {
            let own = subject.field().unwrap_or_default();
            faults.add(
                field.start(),
                format!("`extract` must begin with the field `{own}`, got `{text}`"),
            );
        }
    }
    for key in ["start", "health", "shutdown", "subscriber", "admin"] {
        if let Some(expression) = wire.get(key) {
            check_expression(subject, key, expression, faults);
        }
    }
    for part in wire.list("parts") {
        check_expression(subject, "parts", part, faults);
    }
    for error in wire.list("errors") {
        check_path(subject, "errors", error, false, faults);
    }
    let crates = subject.crates();
    for node in wire.list("classifies") {
        let name = node.text().unwrap_or_default();
        if !crates.contains(&name.replace('-', "_")) {
            let message = format!("`classifies`: `{name}` is not among the dependencies");
            faults.add(node.start(), message);
        }
    }
    check_web(subject, wire, faults);
}

/// The tables of frameworks, `[wire.axum]`.
fn check_web(subject: &Subject<'_>, wire: Node<'_>, faults: &mut Faults) {
    let frameworks = subject.catalog.skeletons();
    for (name, position, web) in wire.entries() {
        if web.entries().is_empty() {
            continue;
        }
        if !frameworks.iter().any(|framework| framework == name) {
            let meant = suggestion(name, frameworks.iter().map(String::as_str));
            faults.add(
                position,
                format!("`[wire.{name}]`: there is no framework `{name}`{meant}"),
            );
        }
        for key in ["routes", "layer"] {
            if let Some(expression) = web.get(key) {
                check_expression(subject, key, expression, faults);
            }
        }
    }
}

/// A path such as `mail::check_url` or `mail::Mail`.
fn check_path(
    subject: &Subject<'_>,
    key: &str,
    node: Node<'_>,
    is_function: bool,
    faults: &mut Faults,
) {
    let text = node.text().unwrap_or_default();
    let problem = match syn::parse_str::<syn::Path>(text) {
        Ok(path) => Scope::new(subject, key).path_problem(&names(&path), is_function),
        Err(_) => Some(format!("`{text}` is no path of Rust")),
    };
    if let Some(problem) = problem {
        faults.add(node.start(), format!("`{key}`: {problem}"));
    }
}

fn check_expression(subject: &Subject<'_>, key: &str, node: Node<'_>, faults: &mut Faults) {
    let text = node.text().unwrap_or_default();
    // What a template expression stands for is known only when it is rendered.
    if text.contains("/*=") {
        return;
    }
    let expression = match syn::parse_str::<syn::Expr>(text) {
        Ok(expression) => expression,
        Err(error) => {
            let message = format!("`{key}` is no expression of Rust: {error}");
            faults.add(node.start(), message);
            return;
        }
    };
    let mut scope = Scope::new(subject, key);
    Bindings(&mut scope.locals).visit_expr(&expression);
    scope.visit_expr(&expression);
    for problem in scope.problems {
        faults.add(node.start(), format!("`{key}`: {problem}"));
    }
}

fn names(path: &syn::Path) -> Vec<String> {
    let segments = path.segments.iter();
    segments
        .map(|segment| segment.ident.to_string())
        .filter(|name| name != "super")
        .collect()
}

/// The names that closures and `let` bind inside of an expression.
struct Bindings<'a>(&'a mut BTreeSet<String>);

impl Visit<'_> for Bindings<'_> {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        self.0.insert(pattern.ident.to_string());
    }
}

/// What an expression of the manifest can see.
struct Scope<'a> {
    subject: &'a Subject<'a>,
    /// Local variables: `settings` and the fields of required components at the start, else `self`.
    locals: BTreeSet<String>,
    /// Fields of the hub.
    fields: BTreeSet<&'a str>,
    problems: Vec<String>,
}

impl<'a> Scope<'a> {
    fn new(subject: &'a Subject<'a>, key: &str) -> Self {
        let required = subject.required.iter();
        let required = required.filter_map(|component| component.manifest.wire.as_ref());
        let fields: BTreeSet<&str> = required.map(|wire| wire.field.as_str()).collect();
        let locals: BTreeSet<String> = match key {
            "start" | "subscriber" => fields
                .iter()
                .copied()
                .chain(["settings"])
                .map(str::to_owned)
                .collect(),
            _ => BTreeSet::from(["self".to_owned()]),
        };
        Self {
            subject,
            locals,
            fields: fields.into_iter().chain(subject.field()).collect(),
            problems: Vec::new(),
        }
    }

    fn items(&self, module: &str) -> Option<ModuleItems> {
        let required = self.subject.required.iter();
        [self.subject.files]
            .into_iter()
            .chain(required.map(|component| &component.texts))
            .find_map(|files| ModuleItems::of(files, module))
    }

    /// What is wrong with a path from the module of the hub.
    fn path_problem(&self, path: &[String], is_function: bool) -> Option<String> {
        let (module, rest) = path.split_first()?;
        let is_foreign = ["std", "core", "alloc", "crate"].contains(&module.as_str())
            || BASE_MODULES.contains(&module.as_str())
            || self.subject.crates().contains(module);
        let Some(items) = self.items(module) else {
            let missing = format!("there is no module `{module}` in `tree/infra/`");
            return (!is_foreign).then_some(missing);
        };
        let (last, between) = rest.split_last()?;
        let missing = between.iter().find(|name| !items.has_name(name));
        if let Some(name) = missing {
            return Some(format!("the module `{module}` has no `{name}`"));
        }
        if is_function && !items.has_public_function(last) {
            return Some(format!("the module `{module}` has no `pub fn {last}`"));
        }
        if !is_function && !items.has_name(last) {
            return Some(format!("the module `{module}` has no type `{last}`"));
        }
        None
    }

    /// The field of the hub that a chain such as `self.redis.cache` begins with.
    fn hub_field(expression: &syn::Expr) -> Option<String> {
        let syn::Expr::Field(access) = expression else {
            return None;
        };
        match (&*access.base, &access.member) {
            (syn::Expr::Path(base), syn::Member::Named(name)) if base.path.is_ident("self") => {
                Some(name.to_string())
            }
            (base, _) => Self::hub_field(base),
        }
    }
}

impl Visit<'_> for Scope<'_> {
    fn visit_expr_path(&mut self, expression: &syn::ExprPath) {
        let names = names(&expression.path);
        let problem = match names.as_slice() {
            [only] => {
                let is_local = only.starts_with(|c: char| c.is_lowercase());
                (is_local && !self.locals.contains(only)).then(|| {
                    format!("there is no `{only}` here; does it belong to a component that is not in `requires`?")
                })
            }
            _ => self.path_problem(
                &names,
                names
                    .last()
                    .is_some_and(|name| name.starts_with(|c: char| c.is_lowercase())),
            ),
        };
        self.problems.extend(problem);
    }

    fn visit_expr_field(&mut self, expression: &syn::ExprField) {
        let (base, name) = match (&*expression.base, &expression.member) {
            (syn::Expr::Path(base), syn::Member::Named(name)) => (base, name.to_string()),
            _ => return visit::visit_expr_field(self, expression),
        };
        let is_known = self.fields.contains(name.as_str());
        if base.path.is_ident("self") && !is_known {
            self.problems.push(format!("the hub has no field `{name}`"));
        }
        if base.path.is_ident("settings") && !is_known && name != "stage" {
            self.problems
                .push(format!("there are no settings `{name}`"));
        }
        visit::visit_expr_field(self, expression);
    }

    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        let field = Self::hub_field(&call.receiver);
        let module = self.subject.root.at(&["wire", "type"]).and_then(Node::text);
        let module = module.and_then(|path| path.split("::").next());
        if let (true, Some(module)) = (field.as_deref() == self.subject.field(), module) {
            let name = call.method.to_string();
            let items = self.items(module);
            if items.is_some_and(|items| field.is_some() && !items.has_function(&name)) {
                let problem = format!("the module `{module}` has no function `{name}`");
                self.problems.push(problem);
            }
        }
        visit::visit_expr_method_call(self, call);
    }
}
