//! What is known of one web framework.

use semver::Version;

use crate::{
    edit::rust::{RouteSyntax, ServeCall, ServerSyntax, Wiring},
    facts::Framework,
};

/// A web framework.
#[derive(Debug)]
pub struct Definition {
    /// The name of its package.
    pub name: &'static str,
    /// The series that there is code for, the newest first: `0.8`, `4`.
    pub series: &'static [&'static str],
    /// How its server looks; none where there is nothing to wire.
    pub server: Option<&'static ServerSyntax>,
    /// How its routes look.
    pub routes: Option<&'static RouteSyntax>,
    /// Words of the files that serve, build the app or say what does. Files without any are not read.
    pub words: &'static [&'static str],
    /// What happens where a path is served twice; ends a sentence that begins with the remedy.
    pub duplicate_route: &'static str,
    /// The lines to paste.
    pub(crate) snippet: fn(&SnippetInputs<'_>) -> Snippet,
}

/// What the lines to paste depend on.
pub(crate) struct SnippetInputs<'a> {
    /// The module's path, and what happens to errors.
    pub(crate) wiring: &'a Wiring,
    /// The call that serves, where there is one.
    pub(crate) call: Option<&'a ServeCall>,
}

/// Lines to paste between the start of the infrastructure and its shutdown.
pub(crate) struct Snippet {
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// A comment on the start, if it needs one.
    pub(crate) start: Option<String>,
    /// When the shutdown is due: a comment on it.
    pub(crate) shutdown: String,
}

impl Definition {
    /// The version that stands for the framework where nothing says which one a package has.
    #[must_use]
    pub fn newest(&self) -> Version {
        let series = self.series.first().copied().unwrap_or_default();
        let mut numbers = series.split('.').filter_map(|number| number.parse().ok());
        let major = numbers.next().unwrap_or(0);
        Version::new(major, numbers.next().unwrap_or(0), 0)
    }

    /// Whether a file may serve, build the app, or declare what does.
    #[must_use]
    pub fn is_worth_reading(&self, text: &str) -> bool {
        self.words.iter().any(|word| text.contains(word))
    }
}

impl From<&Definition> for Framework {
    fn from(definition: &Definition) -> Self {
        Self {
            name: definition.name.to_owned(),
            version: definition.newest(),
        }
    }
}
