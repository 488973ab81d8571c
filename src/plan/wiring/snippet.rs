//! The lines to paste where nothing is certain.

use crate::edit::rust::{ErrorHandling, ServerKind};

use super::{super::builder::PlanBuilder, Site};

impl PlanBuilder<'_> {
    /// The lines to paste.
    pub(super) fn snippet(
        &self,
        declared: bool,
        wired: bool,
        module: &str,
        site: Option<&Site>,
    ) -> String {
        let mut lines = Vec::new();
        if !declared {
            let root = self.facts.crate_root();
            let root = root.map_or("the crate's root", |root| root.as_str());
            let public = if self.facts.library.is_some() {
                "pub "
            } else {
                ""
            };
            lines.push(format!("{public}mod {};  // in {root}", self.facts.module));
        }
        if wired {
            return lines.join("\n");
        }
        let failure = site
            .and_then(|site| self.failure(site))
            .unwrap_or(ErrorHandling::Propagate);
        let start = ending(failure, "the infrastructure starts");
        let (apart, end) = self.comments(site);
        lines.push(format!(
            "let infra = {module}::Infra::start().await{start};{apart}"
        ));
        lines.extend(match self.server() {
            Some(ServerKind::Axum) => axum(module, failure, site),
            Some(ServerKind::ActixWeb) => actix_web(site),
            None => vec![format!(
                "{module}::shutdown_signal().await;  // or the work of the app"
            )],
        });
        lines.push(format!("infra.shutdown().await;  // {end}"));
        lines.join("\n")
    }

    /// Where the first and the last line belong, if that has to be said.
    fn comments(&self, site: Option<&Site>) -> (String, String) {
        // A function that returns a server of actix-web, for its caller to await, need not be `async`.
        let function = site
            .filter(|site| site.serve.server == ServerKind::ActixWeb)
            .and_then(|site| site.serve.function.as_ref())
            .filter(|function| function.name != "main");
        match function {
            Some(function) if !function.asynchronous => (
                format!("  // in async code; hand it to `{}`", function.name),
                "in async code, when the server has stopped".to_owned(),
            ),
            Some(function) => (
                String::new(),
                format!(
                    "when the server has stopped; if `{}` returns it, return `infra` too",
                    function.name
                ),
            ),
            None if self.server().is_none() => {
                (String::new(), "before the program ends".to_owned())
            }
            None => (String::new(), "when the server has stopped".to_owned()),
        }
    }
}

/// What becomes of an error.
fn ending(failure: ErrorHandling, expected: &str) -> String {
    match failure {
        ErrorHandling::Propagate => "?".to_owned(),
        ErrorHandling::Expect => format!(".expect(\"{expected}\")"),
        ErrorHandling::Panic => ".unwrap_or_else(|error| panic!(\"{error}\"))".to_owned(),
    }
}

fn axum(module: &str, failure: ErrorHandling, site: Option<&Site>) -> Vec<String> {
    let app = site.and_then(|site| site.serve.app.as_deref());
    let app = app.unwrap_or("app");
    let mut lines = vec![format!(
        "let {app} = infra.wire({app});  // after the last route, while it is a `Router`"
    )];
    if !site.is_some_and(|site| site.serve.graceful) {
        let stop = ending(failure, "the server runs");
        lines.extend([
            format!("axum::serve(listener, {app})"),
            format!("    .with_graceful_shutdown({module}::shutdown_signal())"),
            format!("    .await{stop};"),
        ]);
    }
    lines
}

fn actix_web(site: Option<&Site>) -> Vec<String> {
    let app = site.and_then(|site| site.serve.app.as_deref());
    let app = app.unwrap_or("App::new()");
    vec![
        "let wired = infra.clone();  // before the server is made".to_owned(),
        format!("HttpServer::new(move || wired.wire({app}))  // the app with all its routes"),
    ]
}
