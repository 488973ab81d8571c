//! What the editors of all formats have in common.

use crate::{Edit, EditError, UndoError, cargo_toml, compose, dotenv, gitignore, rust};

/// A format that there is an editor for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A `Cargo.toml`: [`cargo_toml`].
    CargoToml,
    /// A Compose file: [`compose`].
    Compose,
    /// An env file: [`dotenv`].
    Dotenv,
    /// A `.gitignore`: [`gitignore`].
    Gitignore,
    /// A Rust file: [`rust`].
    Rust,
}

impl Format {
    /// Whether a text can be read by its editor; every text is an env file or a `.gitignore`.
    ///
    /// # Errors
    ///
    /// [`EditError::Unreadable`].
    pub fn check(self, text: &str) -> Result<(), EditError> {
        match self {
            Self::CargoToml => cargo_toml::read(text).map(drop),
            Self::Compose => compose::read(text).map(drop),
            Self::Dotenv | Self::Gitignore => Ok(()),
            Self::Rust => rust::modules(text).map(drop),
        }
    }

    /// Undoes an edit, to the byte if nothing else changed. Other line ends than those of the
    /// record, as version control makes them, do not matter.
    ///
    /// # Errors
    ///
    /// [`UndoError::Modified`] if it was changed since, [`UndoError::NotEmpty`] for a container that
    /// holds something, [`UndoError::Missing`] if it is no longer there.
    pub fn undo(self, text: &str, edit: &Edit) -> Result<String, UndoError> {
        match self {
            Self::CargoToml => cargo_toml::undo(text, edit),
            Self::Compose => compose::undo(text, edit),
            Self::Dotenv => dotenv::undo(text, edit),
            Self::Gitignore => gitignore::undo(text, edit),
            Self::Rust => rust::undo(text, edit),
        }
    }

    /// Whether an edit is still as it was made. A container is, whatever it holds now.
    ///
    /// # Errors
    ///
    /// [`UndoError::Modified`] or [`UndoError::Missing`].
    pub fn state(self, text: &str, edit: &Edit) -> Result<(), UndoError> {
        match self {
            Self::CargoToml => cargo_toml::state(text, edit),
            Self::Compose => compose::state(text, edit),
            Self::Dotenv => dotenv::state(text, edit),
            Self::Gitignore => gitignore::state(text, edit),
            Self::Rust => rust::state(text, edit),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_str_eq;

    use super::*;
    use crate::cargo_toml::{Dependency, Table};
    use crate::compose::{Compose, Value};
    use crate::dotenv::Line;
    use crate::{Outcome, with_line_end};

    fn add(format: Format, text: &str) -> (String, Vec<Edit>) {
        let outcome = match format {
            Format::CargoToml => {
                let dependency = Dependency {
                    name: "tokio".to_owned(),
                    requirement: "1".to_owned(),
                    features: ["net".to_owned()].into(),
                    default_features: true,
                };
                cargo_toml::ensure(text, Table::Normal, &dependency, false)
            }
            Format::Compose => {
                let value = Value::Map(vec![("image".to_owned(), Value::string("redis"))]);
                Compose::parse(text).and_then(|mut file| file.add_service("redis", &value))
            }
            Format::Dotenv => {
                let line = Line {
                    key: "REDIS_URL".to_owned(),
                    value: "redis".to_owned(),
                    commented: true,
                    comment: Some("where\nit is".to_owned()),
                    gap: true,
                };
                dotenv::append(text, &line)
            }
            Format::Gitignore => gitignore::append(text, "/data/"),
            Format::Rust => rust::declare_module(text, "infra", false),
        };
        match outcome.unwrap() {
            Outcome::Added { text, edits } => (text, edits),
            Outcome::AlreadyPresent => panic!("it is there already"),
        }
    }

    #[test]
    fn edits_are_found_in_other_line_ends_than_they_were_recorded_with() {
        for (format, text) in [
            (Format::CargoToml, "[package]\nname = \"x\"\n"),
            (Format::CargoToml, "[dependencies.tokio]\nversion = \"1\"\n"),
            (
                Format::CargoToml,
                "[dependencies]\ntokio = { version = \"1\", features = [\n  \"rt\",\n] }\n",
            ),
            (Format::Compose, "services:\n  web:\n    image: a\n"),
            (Format::Compose, "services: {\n  web: {image: a},\n}\n"),
            (Format::Compose, "# nothing\n"),
            (Format::Dotenv, "A=1\n"),
            (Format::Dotenv, "A=1"),
            (Format::Gitignore, "/target\n"),
            (Format::Gitignore, "/target"),
            (Format::Rust, "mod a;\n\nfn main() {}\n"),
        ] {
            for (recorded, now) in [("\n", "\r\n"), ("\r\n", "\n")] {
                let (text, edits) = add(format, &with_line_end(text, recorded));
                let mut converted = with_line_end(&text, now);
                format.check(&converted).unwrap();
                for edit in edits.iter().rev() {
                    assert_eq!(format.state(&converted, edit), Ok(()), "{}", edit.address);
                    converted = format.undo(&converted, edit).unwrap();
                    assert!(format.state(&converted, edit).is_err());
                }
                let mut as_recorded = text;
                for edit in edits.iter().rev() {
                    as_recorded = format.undo(&as_recorded, edit).unwrap();
                }
                assert_str_eq!(converted, with_line_end(&as_recorded, now));
            }
        }
    }

    #[test]
    fn a_container_is_unchanged_whatever_it_holds() {
        for (format, text) in [
            (Format::CargoToml, "[package]\nname = \"x\"\n"),
            (Format::Compose, "volumes:\n  a:\n"),
        ] {
            let (text, edits) = add(format, text);
            assert!(edits[0].container);
            assert_eq!(format.state(&text, &edits[0]), Ok(()));
            assert_eq!(format.undo(&text, &edits[0]), Err(UndoError::NotEmpty));
        }
    }

    #[test]
    fn a_text_that_is_not_of_its_format_is_refused_with_the_line() {
        for (format, text) in [
            (Format::CargoToml, "[package]\nname =\n"),
            (Format::Compose, "services:\n  a: [\n"),
            (Format::Rust, "fn main() {}\nfn\n"),
        ] {
            let refused = format.check(text).unwrap_err();
            assert!(refused.line().is_some(), "{refused}");
        }
        assert_eq!(Format::Dotenv.check("[package]\n'"), Ok(()));
    }
}
