//! What is known of a call that serves an app.

use std::ops::Range;

use super::super::function::Function;
use super::factory::Factory;
use super::router::RouterEvidence;
use super::statement::ServeStatement;
use super::syntax::ServerSyntax;

/// A call that serves an app, outside tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeCall {
    /// What serves.
    pub server: &'static ServerSyntax,
    /// The line of the call, counted from 1.
    pub line: usize,
    /// The function that it is in, closures and blocks left out.
    pub function: Option<Function>,
    /// Whether it stops gracefully when the process is asked to end, as far as that can be seen.
    pub graceful: bool,
    /// What it serves, as it is written, where that is known and short.
    pub app: Option<String>,
    /// How it can be wired, or why that is not certain.
    pub plan: Result<Plan, String>,
}

/// What is known of a call that can be wired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(in super::super) served: ServedApp,
    pub(in super::super) statement: ServeStatement,
}

/// What is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum ServedApp {
    Router {
        /// The name that it is bound to.
        name: String,
        evidence: RouterEvidence,
        /// The expression that makes it, where it has no name yet.
        made: Option<Range<usize>>,
    },
    Factory(Factory),
}

impl Plan {
    /// How sure it is that what is served is an app of the framework.
    #[must_use]
    pub fn evidence(&self) -> &RouterEvidence {
        match &self.served {
            ServedApp::Router { evidence, .. } => evidence,
            ServedApp::Factory(_) => &RouterEvidence::Certain,
        }
    }
}

/// What the statements of a function say of a call in them.
pub(super) struct FoundCall {
    /// The start of the call.
    pub(super) at: usize,
    pub(super) graceful: bool,
    pub(super) app: Option<String>,
    pub(super) plan: Result<Plan, String>,
}
