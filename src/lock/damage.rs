//! What is said where a record is damaged or too new.

use std::borrow::Cow;

use infra_edit::merge;
use semver::Version;

use super::tool_version;
use crate::error::{Error, ErrorCode, Result};

/// What helps where the records are not what they were. They belong together.
pub const RESTORE: &str = "restore the folder of one commit: git checkout HEAD -- .infra";

/// A record that is not there, although another file shows that it was.
pub(super) fn lost(record: &str, shown_by: &str) -> Error {
    Error::new(
        ErrorCode::DamagedLock,
        format!("the record `{record}` is missing, and `{shown_by}` is there"),
    )
    .hint(RESTORE)
}

/// A record that a newer version of the tool wrote.
pub(super) fn newer(path: &str, writer: &Version) -> Error {
    Error::new(
        ErrorCode::NewerLock,
        format!(
            "`{path}` was written by `infra` {writer} or later, this is {}",
            tool_version()
        ),
    )
    .hint("install a newer version of this tool")
}

/// A file of the record with the line endings that it was written with.
///
/// # Errors
///
/// It has conflict markers, which may lie in a text and break no syntax.
pub(super) fn checked<'a>(path: &str, text: &'a str) -> Result<Cow<'a, str>> {
    if let Some(line) = merge::marker(text) {
        return Err(damaged(path, line, "a conflict marker of version control"));
    }
    Ok(match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    })
}

pub(super) fn unreadable(path: &str, text: &str, error: &toml::de::Error) -> Error {
    let start = error.span().map_or(0, |span| span.start);
    damaged(path, line_of(text, start), error.message())
}

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

pub(super) fn damaged(path: &str, line: usize, why: &str) -> Error {
    let why = why.replace('\n', ", ");
    let error = Error::new(
        ErrorCode::DamagedLock,
        format!("`{path}` is damaged, line {line}: {why}"),
    )
    .hint(RESTORE);
    match path.ends_with("base.toml") {
        true => error.hint("or delete it, then run `infra update`: it is written again"),
        false => error,
    }
}
