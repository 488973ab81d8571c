//! The places where an app is served.

use std::ops::Range;

use syn::{Expr, ExprCall};

use super::super::EditError;
use super::function::Function;
use super::source::{Imports, Source, is_test};
use finder::Finder;

mod actix;
mod axum;
mod factory;
mod finder;
mod router;
pub(super) mod shape;

pub(super) use factory::Factory;
pub use router::{RouterEvidence, returns_router};
use shape::Shape;

/// What serves an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// `axum::serve(listener, router)`
    Axum,
    /// `HttpServer::new(|| App::new())` of actix-web
    ActixWeb,
}

/// A call that serves an app, outside tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeCall {
    /// What serves.
    pub server: ServerKind,
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
    pub(super) served: Served,
    pub(super) shape: Shape,
}

/// What is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Served {
    Router {
        /// The name that it is bound to.
        name: String,
        proof: RouterEvidence,
        /// The expression that makes it, where it has no name yet.
        made: Option<Range<usize>>,
    },
    Factory(Factory),
}

impl Plan {
    /// How sure it is that what is served is an app of the framework.
    #[must_use]
    pub fn proof(&self) -> &RouterEvidence {
        match &self.served {
            Served::Router { proof, .. } => proof,
            Served::Factory(_) => &RouterEvidence::Certain,
        }
    }
}

impl ServerKind {
    /// The server of a framework.
    #[must_use]
    pub fn of(framework: &str) -> Option<Self> {
        match framework {
            "axum" => Some(Self::Axum),
            "actix-web" => Some(Self::ActixWeb),
            _ => None,
        }
    }

    /// The call that makes it, as it is mostly written.
    #[must_use]
    pub fn call(self) -> &'static str {
        match self {
            Self::Axum => "axum::serve",
            Self::ActixWeb => "HttpServer::new",
        }
    }

    /// Finds every call outside tests that makes such a server.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`] for what is not Rust.
    pub fn find(self, text: &str) -> Result<Vec<ServeCall>, EditError> {
        let source = Source::parse(text)?;
        if is_test(&source.file.attrs) {
            return Ok(Vec::new());
        }
        Ok(Finder::new(self, &source).find())
    }

    /// Tells whether a file can have such a call at all, without the time that parsing takes.
    #[must_use]
    pub fn may_be_in(self, text: &str) -> bool {
        text.contains(match self {
            Self::Axum => "serve",
            Self::ActixWeb => "HttpServer",
        })
    }

    /// Tells whether a file that cannot be parsed seems to have such a call.
    #[must_use]
    pub fn seems_called_in(self, text: &str) -> bool {
        match self {
            Self::Axum => {
                let mut calls = text.match_indices("serve(");
                let is_word =
                    |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
                text.contains("axum") && calls.any(|(at, _)| is_word(&text[..at]))
            }
            Self::ActixWeb => self.may_be_in(text),
        }
    }

    /// Lists the lines on which a file begins an app outside tests, for a hint where to wire by
    /// hand.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`] for what is not Rust.
    pub fn apps(self, text: &str) -> Result<Vec<usize>, EditError> {
        let source = Source::parse(text)?;
        Ok(match self {
            Self::Axum => finder::calls(&source, router::is_new),
            Self::ActixWeb => finder::calls(&source, factory::is_new),
        })
    }

    /// Whether a call is one of those that are looked for.
    fn is_call(self, imports: &Imports, call: &ExprCall) -> bool {
        let Expr::Path(path) = &*call.func else {
            return false;
        };
        let name = imports.resolve(&path.path);
        match self {
            Self::Axum => matches!(&*name, "axum::serve" | "axum::serve::serve"),
            // Whose it is, the plan asks: one of another crate makes a place uncertain all the same.
            Self::ActixWeb => name == "HttpServer::new" || name.ends_with("::HttpServer::new"),
        }
    }

    /// The words of the call inside a macro.
    fn words(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Axum => (&["axum", ":", ":", "serve", "("], &["serve", "("]),
            Self::ActixWeb => (
                &["actix_web", ":", ":", "HttpServer", ":", ":", "new", "("],
                &["HttpServer", ":", ":", "new", "("],
            ),
        }
    }
}
