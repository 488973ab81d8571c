//! Reading the record, and saying where it is damaged.

use std::borrow::Cow;

use semver::Version;
use serde::Deserialize;

use super::{BASE_PATH, LOCK_PATH, Lock, SCHEMA, tool_version};
use crate::{
    edit::merge,
    error::{Error, Result},
};

/// What helps where the record is not what it was. Lock and base fit only together.
pub const RESTORE: &str = "restore both files of one commit: git checkout HEAD -- .infra";

pub(super) fn read(text: &str) -> Result<Lock> {
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
        writer: Version,
    }
    let text = &checked(LOCK_PATH, text)?;
    // By way of a table: it and the types of the catalog have one deserializer in the binary then.
    let table: toml::Table =
        toml::from_str(text).map_err(|error| unreadable(LOCK_PATH, text, &error))?;
    let faulty =
        |error: toml::de::Error| damaged(LOCK_PATH, line_of_fault(text), error.to_string().trim());
    let head = ["schema", "writer"].map(|key| (key.to_owned(), table.get(key).cloned()));
    let head = head
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let head = Head::deserialize(toml::Table::from_iter(head)).map_err(faulty)?;
    if head.schema > SCHEMA || head.writer > tool_version() {
        return Err(Error::unsupported(
            "newer-lock",
            format!(
                "`{LOCK_PATH}` was written by `infra` {} or later, this is {}",
                head.writer,
                tool_version()
            ),
        )
        .hint("update this tool: cargo install infra"));
    }
    Lock::deserialize(table).map_err(faulty)
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
    let error = Error::failure(
        "damaged-lock",
        format!("`{path}` is damaged, line {line}: {why}"),
    )
    .hint(RESTORE);
    match path == BASE_PATH {
        true => error.hint(
            "or remove it, then `infra add` what is installed: it is written again from that",
        ),
        false => error,
    }
}

/// The line of the first entry or table that no lock can have, in a text that is TOML.
fn line_of_fault(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|&line| lines[line].starts_with("[["))
        .collect();
    let sound = toml::Table::try_from(Lock::default()).unwrap_or_default();
    let is_faulty = |text: &str| {
        let table = toml::from_str::<toml::Table>(text).unwrap_or_default();
        let with = sound.clone().into_iter().chain(table);
        Lock::deserialize(with.collect::<toml::Table>()).is_err()
    };
    let first = heads.first().copied().unwrap_or(lines.len());
    let entry = (0..first).find(|&line| is_faulty(lines[line]));
    let ends = heads.iter().skip(1).copied().chain([lines.len()]);
    let mut tables = heads.iter().copied().zip(ends);
    let mut table = || tables.find(|(_, end)| is_faulty(&lines[..*end].join("\n")));
    let fault = entry.or_else(|| table().map(|(head, _)| head));
    fault.map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_from_the_future_is_not_guessed_at() {
        let error = Lock::parse("schema = 2\nwriter = \"9.0.0\"\nnew = true\n").unwrap_err();
        assert_eq!((error.code, error.exit_code()), ("newer-lock", 6));
    }

    #[test]
    fn a_hostile_path_is_damage() {
        for path in ["../x", "/etc/passwd", ".git/config"] {
            let text = format!("schema = 1\nwriter = \"0.1.0\"\ncreated = [\"{path}\"]\n");
            let error = Lock::parse(&text).unwrap_err();
            assert_eq!((error.code, error.exit_code()), ("damaged-lock", 1));
            assert!(error.message.contains("line 3"), "{}", error.message);
        }
    }

    #[test]
    fn the_table_that_is_damaged_is_found() {
        let sound = "[[fragment]]\nfile = 'a'\naddress = 'b'\nby = []\n";
        for (damage, line) in [("", 8), ("by = 1\n", 8), ("by = []\nnew = 1\n", 8)] {
            let head = "# A comment.\nschema = 1\nwriter = '0.1.0'\n";
            let damaged = format!("[[fragment]]\nfile = 'c'\naddress = 'd'\n{damage}");
            let error = Lock::parse(&format!("{head}{sound}{damaged}{sound}")).unwrap_err();
            let line = format!("damaged, line {line}: ");
            assert!(error.message.contains(&line), "{}", error.message);
            assert!(
                error.message.contains(", in `fragment"),
                "{}",
                error.message
            );
        }
        let file = |path| format!("[[package.file]]\npath = '{path}'\nby = 'hub'\nsha256 = ''\n");
        let package =
            "[[package]]\nfolder = '.'\nmodule = 'infra'\nframework = 'none'\nhub = '0.1.0'\n";
        let head = "schema = 1\nwriter = '0.1.0'\n";
        let text = format!("{head}{package}{}{}{}", file("a"), file("../x"), file("c"));
        let error = Lock::parse(&text).unwrap_err();
        assert!(error.message.contains("line 12: "), "{}", error.message);
        let text = format!(
            "{head}{package}{}{}{}",
            file("a"),
            file("../x"),
            file("../y")
        );
        let error = Lock::parse(&text).unwrap_err();
        assert!(error.message.contains("line 12: "), "{}", error.message);
        let text = format!("{head}{package}new = 1\n{}", file("a"));
        let error = Lock::parse(&text).unwrap_err();
        assert!(error.message.contains("line 3: "), "{}", error.message);
        for text in ["schema = 1\nwriter = 'x'\n", "schema = 1\n<<<<<<< ours\n"] {
            let error = Lock::parse(text).unwrap_err();
            assert!(error.message.contains("line 2: "), "{}", error.message);
        }
    }
}
