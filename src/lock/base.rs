//! The model of `.infra/base.toml`: generated files as they were rendered, the base of a merge.
//!
//! It is one file, as twenty more would double what every component adds to a project, and TOML, as
//! its texts stand there line by line: version control shows and merges them like the files.

use std::collections::{BTreeMap, BTreeSet};

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use super::{File, Lock, hash, read};
use crate::{
    error::Result,
    path::{InvalidPath, ProjectPath},
};

/// Where the texts of generated files lie as they were rendered, from the root of the project.
pub const BASE_PATH: &str = ".infra/base.toml";

const HEADER: &str = "\
# The files that `infra` generated, as it wrote them: what your edits are compared with.
# Commit it, and edit the files themselves.

";

/// The texts of generated files as they were rendered, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    texts: BTreeMap<ProjectPath, String>,
}

impl Base {
    /// Reads the texts.
    ///
    /// # Errors
    ///
    /// The text is damaged, or names a path outside of the project.
    pub fn parse(text: &str) -> Result<Self> {
        let text = &read::checked(BASE_PATH, text)?;
        let table = DeTable::parse(text);
        let table = table.map_err(|error| read::unreadable(BASE_PATH, text, &error))?;
        let mut texts = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let start = key.span().start;
            let damaged = |why: &str| read::damaged(BASE_PATH, read::line_of(text, start), why);
            let path: ProjectPath = key
                .get_ref()
                .parse()
                .map_err(|error: InvalidPath| damaged(&error.to_string()))?;
            if path.as_str() != *key.get_ref() {
                return Err(damaged("the path is not written in its plain form"));
            }
            let DeValue::String(rendered) = value.into_inner() else {
                return Err(damaged("a text is expected"));
            };
            texts.insert(path, rendered.into_owned());
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
            // No path has a backslash or a control character.
            let key = path.as_str().replace('"', "\\\"");
            match is_literal(rendered) {
                true => text.extend(["\"", &key, "\" = '''\n", rendered, "'''\n"]),
                false => {
                    let value = Value::from(rendered.as_str()).to_string();
                    text.extend(["\"", &key, "\" = ", &value, "\n"]);
                }
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

    /// What is wrong where [`Self::get`] has nothing for a file that was edited.
    pub fn lacks(path: &ProjectPath) -> String {
        format!("{path} was edited, and `{BASE_PATH}` does not have it as it was generated")
    }

    /// Remembers how a file was rendered.
    pub fn insert(&mut self, path: ProjectPath, text: String) {
        self.texts.insert(path, text);
    }

    /// Forgets all files but those that the lock knows.
    pub fn retain(&mut self, lock: &Lock) {
        let files = lock.packages.iter().flat_map(|package| &package.files);
        let known: BTreeSet<&ProjectPath> = files.map(|file| &file.path).collect();
        self.texts.retain(|path, _| known.contains(path));
    }
}

/// Whether a text can stand in a literal of several lines as it is: nearly all code can, and to ask
/// is much cheaper than to look for the best form, as the serializer does.
fn is_literal(text: &str) -> bool {
    let is_plain = |byte| (byte >= b' ' && byte != 0x7f) || byte == b'\n' || byte == b'\t';
    text.bytes().all(is_plain) && !text.contains("'''")
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
    fn any_path_comes_back() {
        let mut base = Base::default();
        for path in [
            "o'neil \"x\"/a.rs",
            "\"\"\"",
            "'''",
            "# b",
            "é/[c]",
            "a = 1",
        ] {
            base.insert(path.parse().unwrap(), "code\n".to_owned());
        }
        assert_eq!(Base::parse(&base.to_text()).unwrap(), base);
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
        let sound = "# A comment.\n\"a.rs\" = '''\n\"b.rs\" = 2\n'''\n";
        for (damage, line, why) in [
            ("\"../b.rs\" = ''\n", 5, "leaves the project"),
            ("'.git/hooks/x' = ''\n", 5, "git"),
            ("\"b.rs\" = 1\n", 5, "a text is expected"),
            ("[src]\n", 5, "a text is expected"),
            ("b.rs = ''\n", 5, "a text is expected"),
            ("'./b.rs' = ''\n", 5, "plain form"),
            ("\"a.rs\" = ''\n", 5, "duplicate key"),
            ("<<<<<<< ours\n", 5, "a conflict marker"),
            ("'b.rs' = '''\n''' x\n", 6, "expected"),
        ] {
            let error = Base::parse(&format!("{sound}{damage}")).unwrap_err();
            let start = format!("`{BASE_PATH}` is damaged, line {line}: ");
            let is_right = error.message.starts_with(&start) && error.message.contains(why);
            assert!(is_right, "{}", error.message);
            assert_eq!((error.code, error.exit_code()), ("damaged-lock", 1));
        }
    }

    #[test]
    fn a_conflict_inside_of_a_text_is_damage() {
        let text = "\"a.rs\" = '''\nfn a() {}\n<<<<<<< ours\n'''\n";
        let error = Base::parse(text).unwrap_err();
        assert!(
            error.message.contains("line 3: a conflict"),
            "{}",
            error.message
        );
    }
}
