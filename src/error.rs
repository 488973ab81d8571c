//! What can go wrong, said so that the reader knows what to do next.

use std::fmt;

/// What sort of failure it is; it alone decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something failed: a damaged lock, a hostile path, a disk that is full.
    Failure,
    /// The command line asks for something that does not exist or is ambiguous.
    Usage,
    /// The project holds something else at a place that a fragment needs.
    Conflict,
    /// The project, or a version in it, is not one that is supported.
    Unsupported,
    /// The user interrupted.
    Interrupted,
}

/// A failure: what, where, why, what to do, and whether anything was written.
#[derive(Clone, Debug)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// A stable code for programs, such as `unknown-component`.
    pub code: &'static str,
    /// What failed and why, in lower case and without a final period.
    pub message: String,
    /// The single findings, where there are several; each fits a line.
    pub details: Vec<String>,
    /// What to do; the best is a command to type.
    pub hints: Vec<String>,
    /// What was written before the failure; empty for nothing.
    pub written: Vec<String>,
}

/// The result of everything that can fail in a way that a user reads about.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            details: Vec::new(),
            hints: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Something failed.
    pub fn failure(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Failure, code, message)
    }

    /// The command line is wrong.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, code, message)
    }

    /// The project holds something else.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// The project or a version is not supported.
    pub fn unsupported(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, code, message)
    }

    /// The user interrupted.
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted", "interrupted")
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a finding.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failure => 1,
            Kind::Usage => 2,
            Kind::Conflict => 4,
            Kind::Unsupported => 6,
            Kind::Interrupted => 130,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.details
            .iter()
            .try_for_each(|detail| write!(f, "\n  {detail}"))
    }
}

impl std::error::Error for Error {}

/// The candidate that `word` was probably meant to be: misspelt, or its beginning alone.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let misspelt = candidates
        .iter()
        .map(|candidate| (strsim::levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    let mut begun = candidates
        .iter()
        .filter(|candidate| candidate.starts_with(word));
    match (misspelt, begun.next(), begun.next()) {
        (Some((_, meant)), ..) => Some(meant),
        (None, Some(meant), None) => Some(meant),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_suggested_and_nonsense_is_not() {
        let known = ["redis", "queue", "storage"];
        assert_eq!(did_you_mean("reids", known), Some("redis"));
        assert_eq!(did_you_mean("storrage", known), Some("storage"));
        assert_eq!(did_you_mean("kubernetes", known), None);
    }

    #[test]
    fn a_beginning_is_suggested_unless_several_begin_so() {
        let known = ["axum", "actix-web", "none"];
        assert_eq!(did_you_mean("actix", known), Some("actix-web"));
        assert_eq!(did_you_mean("po", ["postgres", "postgis"]), None);
        assert_eq!(did_you_mean("", known), None);
    }
}
