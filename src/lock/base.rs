//! The model of `.infra/base.toml`: generated files as they were rendered, the base of a merge.
//!
//! One file, as a second copy of each would only be in the way of who reads a diff or searches the
//! project. It is text, so that version control can merge it.

use litemap::LiteMap;
use toml::Value;

use super::{File, hash, read};
use crate::{
    error::Result,
    path::{HostilePath, ProjectPath},
};

/// Where the texts of generated files lie as they were rendered, from the root of the project.
pub const BASE_PATH: &str = ".infra/base.toml";

const HEADER: &str = "\
# The files that `infra` generated, as it wrote them: what your edits are compared with.
# Commit it, and edit the files themselves.

";

/// The texts of generated files as they were rendered, by path; lines end with `\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    texts: LiteMap<ProjectPath, String>,
}

impl Base {
    /// Reads the texts.
    ///
    /// # Errors
    ///
    /// The text is damaged, or names a path outside of the project.
    pub fn parse(text: &str) -> Result<Self> {
        let mut texts = LiteMap::new();
        for (key, value) in read::table(BASE_PATH, text)? {
            let damaged = |why: &str| {
                let head = quoted(&key);
                let line = text.lines().position(|line| line.starts_with(&head));
                read::damaged(BASE_PATH, line.map_or(1, |line| line + 1), why)
            };
            let path: ProjectPath = key
                .parse()
                .map_err(|error: HostilePath| damaged(&error.to_string()))?;
            let Value::String(rendered) = value else {
                return Err(damaged("a text is expected"));
            };
            texts.insert(
                path,
                match rendered.contains('\r') {
                    true => rendered.replace("\r\n", "\n"),
                    false => rendered,
                },
            );
        }
        Ok(Self { texts })
    }

    /// The text of the record; empty when there is nothing to remember.
    pub fn to_text(&self) -> String {
        if self.texts.is_empty() {
            return String::new();
        }
        let lengths = self.texts.iter();
        let lengths = lengths.map(|(path, text)| path.as_str().len() + text.len() + 16);
        let mut text = String::with_capacity(HEADER.len() + lengths.sum::<usize>());
        text.push_str(HEADER);
        for (path, rendered) in &self.texts {
            text.push_str(&quoted(path.as_str()));
            match is_literal(rendered) {
                true => text.extend([" = '''\n", rendered, "'''\n"]),
                false => text.extend([" = ", &quoted(rendered), "\n"]),
            }
        }
        text
    }

    /// The text of a file as it was rendered; none if it is not the one that the lock knows, as
    /// after a merge of branches that went wrong.
    pub fn get(&self, file: &File) -> Option<&str> {
        let text = self.texts.get(&file.path)?;
        (hash(text) == file.sha256).then_some(text)
    }

    /// Remembers how a file was rendered.
    pub fn insert(&mut self, path: ProjectPath, text: String) {
        self.texts.insert(path, text);
    }

    /// Forgets a file.
    pub fn remove(&mut self, path: &ProjectPath) {
        self.texts.remove(path);
    }
}

/// Whether a text can stand in a literal of several lines as it is: nearly all code can, and to ask
/// is much cheaper than to look for the best form, as the serializer does.
fn is_literal(text: &str) -> bool {
    let is_plain = |byte| (byte >= b' ' && byte != 0x7f) || byte == b'\n' || byte == b'\t';
    text.bytes().all(is_plain) && !text.contains("'''")
}

/// A text in the form that the serializer chooses, for a key too if it has no lines.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(texts: &[&str]) -> Base {
        let mut base = Base::default();
        for (index, text) in texts.iter().enumerate() {
            let path = format!("src/{index}.rs").parse().unwrap();
            base.insert(path, (*text).to_owned());
        }
        base
    }

    #[test]
    fn any_text_comes_back() {
        let base = base(&[
            "",
            "\n",
            "a\n",
            "no end",
            "\n\nb\n\n",
            "let s = \"\"\"'''\\n\";\n",
            "''",
            "'",
            "a'''\n",
            "[a]\nb = 1\n\"src/x.rs\" = \"\"\n# c\n",
            "tab\there, bell\u{7}, nul\0, é, \u{feff}\n",
        ]);
        let text = base.to_text();
        assert_eq!(Base::parse(&text).unwrap(), base);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(Base::parse(&windows).unwrap(), base);
    }

    #[test]
    fn code_stands_there_as_it_is() {
        let code = "let a = \"\\n\";\n\n// it's\n";
        let expected = format!("{HEADER}\"src/0.rs\" = '''\n{code}'''\n");
        assert_eq!(base(&[code]).to_text(), expected);
    }

    #[test]
    fn damage_is_found_with_its_line() {
        let sound = "# A comment.\n\"a.rs\" = '''\na\n'''\n";
        for (damage, why) in [
            ("\"../b.rs\" = ''\n", "leaves the project"),
            ("\"b.rs\" = 1\n", "a text is expected"),
            ("<<<<<<< ours\n", ""),
        ] {
            let error = Base::parse(&format!("{sound}{damage}")).unwrap_err();
            let line = "`.infra/base.toml` is damaged, line 5: ";
            assert!(error.message.starts_with(line), "{}", error.message);
            assert!(error.message.contains(why), "{}", error.message);
            assert_eq!((error.code, error.exit_code()), ("damaged-lock", 1));
        }
    }
}
