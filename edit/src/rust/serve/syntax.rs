//! How the server of a web framework looks in source code, as a description that this crate
//! interprets.

use syn::{Expr, ExprCall};

use super::super::imports::Imports;
use super::super::tokens::tokens_of;

/// The server of a web framework.
#[derive(Debug, PartialEq, Eq)]
pub struct ServerSyntax {
    /// The full path of the function that makes the server: `axum::serve`,
    /// `actix_web::HttpServer::new`.
    pub function: &'static str,
    /// Other full paths of the same function.
    pub aliases: &'static [&'static str],
    /// How the call is named in messages: `HttpServer::new`.
    pub shown: &'static str,
    /// How the server gets the app.
    pub handover: Handover,
    /// How the server learns that it has to stop.
    pub shutdown: Shutdown,
    /// What it serves.
    pub app: AppSyntax,
}

/// How a server gets the app.
#[derive(Debug, PartialEq, Eq)]
pub enum Handover {
    /// As the last argument of the call, which has two: `axum::serve(listener, app)`.
    Argument,
    /// As the only argument of a method: `run` in `Server::new(listener).run(app)`.
    Method(&'static str),
    /// By a closure that makes the app once for each worker: `HttpServer::new(|| App::new())`. The
    /// method starts the server: `run`.
    Factory(&'static str),
}

/// How a server learns that it has to stop.
#[derive(Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It handles the signals of the process itself.
    BuiltIn,
    /// A method that takes a future, called right after the server is made.
    Method(&'static str),
}

/// The app of a web framework.
#[derive(Debug, PartialEq, Eq)]
pub struct AppSyntax {
    /// The full paths of its type, the usual one first: `axum::Router`.
    pub types: &'static [&'static str],
    /// Functions of the type that make an empty app.
    pub constructors: &'static [&'static str],
    /// Methods that take an app and return one.
    pub methods: &'static [&'static str],
    /// Methods that make a service of it, which the server takes as well.
    pub services: &'static [&'static str],
}

impl ServerSyntax {
    /// The path of the function in its crate: `HttpServer::new`.
    fn item(&self) -> &'static str {
        self.function
            .split_once("::")
            .map_or(self.function, |(_, item)| item)
    }

    /// Whether the function belongs to a type. Its name then says enough to count a call of it also
    /// where another crate exports it, such as `paperclip::HttpServer`.
    fn is_method(&self) -> bool {
        self.item().contains("::")
    }

    /// Whether a call may make this server.
    pub(super) fn is_call(&self, imports: &Imports, call: &ExprCall) -> bool {
        let Expr::Path(path) = &*call.func else {
            return false;
        };
        let name = imports.resolve(&path.path);
        let item = self.item();
        self.is_certain_call(imports, call)
            || (self.is_method() && (name == item || name.ends_with(&format!("::{item}"))))
    }

    /// Whether a call is known to make this server.
    pub(super) fn is_certain_call(&self, imports: &Imports, call: &ExprCall) -> bool {
        let Expr::Path(called) = &*call.func else {
            return false;
        };
        let aliases = self.aliases.iter().copied();
        let mut paths = [self.function].into_iter().chain(aliases);
        paths.any(|path| imports.names(&called.path, path))
    }

    /// The tokens of the call with its crate, and without.
    pub(super) fn tokens(&self) -> (Vec<String>, Vec<String>) {
        let tokens = |path: &str| -> Vec<String> {
            let tokens = tokens_of(path).into_iter().map(|(token, _)| token);
            tokens.chain(["(".to_owned()]).collect()
        };
        (tokens(self.function), tokens(self.item()))
    }

    /// Tells whether a file that cannot be parsed seems to have such a call.
    #[must_use]
    pub fn seems_called_in(&self, text: &str) -> bool {
        let item = self.item();
        let krate = self.function.split("::").next().unwrap_or_default();
        let is_word = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let call = format!("{item}(");
        let mut calls = text.match_indices(&call);
        (self.is_method() || text.contains(krate)) && calls.any(|(at, _)| is_word(&text[..at]))
    }

    /// The method that makes the server stop, where one has to be called.
    pub(in super::super) fn shutdown_method(&self) -> Option<&'static str> {
        match self.shutdown {
            Shutdown::BuiltIn => None,
            Shutdown::Method(method) => Some(method),
        }
    }
}

impl AppSyntax {
    /// The framework, by the name of its package.
    pub(super) fn framework(&self) -> String {
        let path = self.types.first().copied().unwrap_or_default();
        path.split("::")
            .next()
            .unwrap_or_default()
            .replace('_', "-")
    }

    /// The name of the type: `Router`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let path = self.types.first().copied().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default()
    }

    pub(super) fn is_type(&self, imports: &Imports, path: &syn::Path) -> bool {
        self.types.iter().any(|of| imports.names(path, of))
    }

    /// Whether a path is that of a function that makes an empty app.
    pub(super) fn is_constructor(&self, imports: &Imports, path: &syn::Path) -> bool {
        self.types.iter().any(|of| {
            let mut functions = self.constructors.iter();
            functions.any(|function| imports.names(path, &format!("{of}::{function}")))
        })
    }

    pub(super) fn is_method(&self, method: &syn::Ident) -> bool {
        self.methods.iter().any(|known| method == known)
    }

    pub(super) fn is_service(&self, method: &syn::Ident) -> bool {
        self.services.iter().any(|known| method == known)
    }
}
