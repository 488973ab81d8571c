//! actix-web: `HttpServer::new(|| App::new())`.

use crate::edit::rust::{AppSyntax, Handover, RouteSyntax, ServeCall, ServerSyntax, Shutdown};

use super::definition::{Definition, Snippet, SnippetInputs};

pub(super) static DEFINITION: Definition = Definition {
    name: "actix-web",
    series: &["4"],
    server: Some(&SERVER),
    routes: Some(&ROUTES),
    words: &["HttpServer", "App", "ServiceConfig", "web::"],
    duplicate_route: "of two routes only the first answers",
    snippet,
};

static SERVER: ServerSyntax = ServerSyntax {
    function: "actix_web::HttpServer::new",
    aliases: &[],
    shown: "HttpServer::new",
    handover: Handover::Factory("run"),
    shutdown: Shutdown::BuiltIn,
    app: AppSyntax {
        types: &["actix_web::App"],
        constructors: &["new"],
        // Of actix-web 4.
        methods: &[
            "app_data",
            "configure",
            "data",
            "data_factory",
            "default_service",
            "external_resource",
            "route",
            "service",
            "wrap",
            "wrap_fn",
        ],
        services: &[],
    },
};

static ROUTES: RouteSyntax = RouteSyntax {
    methods: &["route"],
    nesting_methods: &[],
    functions: &["resource", "scope"],
    nesting_functions: &["scope"],
    attributes: &[
        "connect", "delete", "get", "head", "options", "patch", "post", "put", "route",
    ],
    // The first route that matches answers: a scope without a path of its own, or files at the root,
    // leave nothing to those behind.
    catch_alls: &[
        (&["scope"], ""),
        (&["Files", "new"], ""),
        (&["Files", "new"], "/"),
    ],
};

fn snippet(inputs: &SnippetInputs<'_>) -> Snippet {
    let app = inputs.call.and_then(|call| call.app.as_deref());
    let app = app.unwrap_or("App::new()");
    let (start, shutdown) = comments(inputs.call);
    Snippet {
        lines: vec![
            "let wired = infra.clone();  // before the server is made".to_owned(),
            format!("HttpServer::new(move || wired.wire({app}))  // the app with all its routes"),
        ],
        start,
        shutdown,
    }
}

/// Where the first and the last line belong. A function that returns the server, for its caller to
/// await, need not be `async`.
fn comments(call: Option<&ServeCall>) -> (Option<String>, String) {
    let function = call.and_then(|call| call.function.as_ref());
    match function.filter(|function| function.name != "main") {
        Some(function) if !function.asynchronous => (
            Some(format!("in async code; hand it to `{}`", function.name)),
            "in async code, when the server has stopped".to_owned(),
        ),
        Some(function) => (
            None,
            format!(
                "when the server has stopped; if `{}` returns it, return `infra` too",
                function.name
            ),
        ),
        None => (None, "when the server has stopped".to_owned()),
    }
}
