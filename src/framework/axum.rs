//! axum: `axum::serve(listener, router)`.

use crate::edit::rust::{AppSyntax, Handover, RouteSyntax, ServerSyntax, Shutdown};

use super::definition::{Definition, Snippet, SnippetInputs};

pub(super) static DEFINITION: Definition = Definition {
    name: "axum",
    series: &["0.8", "0.7"],
    server: Some(&SERVER),
    routes: Some(&ROUTES),
    words: &["serve", "Router"],
    duplicate_route: "axum panics at start where a route is there twice",
    snippet,
};

static SERVER: ServerSyntax = ServerSyntax {
    function: "axum::serve",
    aliases: &["axum::serve::serve"],
    shown: "axum::serve",
    handover: Handover::Argument,
    shutdown: Shutdown::Method("with_graceful_shutdown"),
    app: AppSyntax {
        types: &["axum::Router", "axum::routing::Router"],
        constructors: &["new", "default"],
        // Of axum 0.6 to 0.8.
        methods: &[
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
        ],
        services: &["into_make_service", "into_make_service_with_connect_info"],
    },
};

static ROUTES: RouteSyntax = RouteSyntax {
    methods: &["nest", "nest_service", "route", "route_service"],
    nesting_methods: &["nest", "nest_service"],
    functions: &[],
    nesting_functions: &[],
    attributes: &[],
    // Of several routes axum takes the one that fits best, so a fallback takes no path away.
    catch_alls: &[],
};

fn snippet(inputs: &SnippetInputs<'_>) -> Snippet {
    let (call, wiring) = (inputs.call, inputs.wiring);
    let app = call.and_then(|call| call.app.as_deref()).unwrap_or("app");
    let mut lines = vec![format!(
        "let {app} = infra.wire({app});  // after the last route, while it is a `Router`"
    )];
    if !call.is_some_and(|call| call.graceful) {
        let suffix = wiring.failure.suffix("the server runs");
        lines.extend([
            format!("axum::serve(listener, {app})"),
            format!(
                "    .with_graceful_shutdown({}::shutdown_signal())",
                wiring.module
            ),
            format!("    .await{suffix};"),
        ]);
    }
    Snippet {
        lines,
        start: None,
        shutdown: "when the server has stopped".to_owned(),
    }
}
