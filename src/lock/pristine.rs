//! The texts of generated files as they were rendered: what the user's edits are compared with,
//! and the base of a merge with the next version.
//!
//! Each component of a package has one such file, `.infra/redis.base.toml`. It is TOML, so that the
//! texts stand there line by line and version control shows and merges them like the files.

use std::collections::{BTreeMap, BTreeSet};

use toml::{
    Value,
    de::{DeTable, DeValue},
};

use super::{File, Lock, Owner, damage, record, schema1};
use crate::{
    error::Result,
    facts::Tree,
    hash::hash,
    path::{InvalidPath, ProjectPath},
};

/// How the names of these files end.
const ENDING: &str = ".base.toml";

const HEADER: &str = "\
# The files that `infra` generated, as it wrote them: what your edits are compared with.
# Commit it, and edit the files themselves.

";

type Texts = BTreeMap<ProjectPath, String>;

/// The texts of generated files as they were rendered, by path.
#[derive(Clone, Debug, Default)]
pub struct Pristine {
    texts: Texts,
    /// In which file each text was found.
    origins: BTreeMap<ProjectPath, ProjectPath>,
}

impl PartialEq for Pristine {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Pristine {
    /// Reads the texts of all packages of a tree.
    ///
    /// # Errors
    ///
    /// A file is damaged, or names a path outside of the project.
    pub fn parse(tree: &Tree) -> Result<Self> {
        let mut pristine = Self::default();
        for (path, text) in tree.iter().filter(|(path, _)| is_pristine(path)) {
            let texts = parse(path.as_str(), text)?;
            let origins = texts.keys().map(|file| (file.clone(), path.clone()));
            pristine.origins.extend(origins);
            pristine.texts.extend(texts);
        }
        Ok(pristine)
    }

    /// The text of a file as it was rendered; none if it is not known, or not the text that the
    /// record of the component has the hash of, as after a wrong merge of two branches.
    pub fn get(&self, file: &File) -> Option<&str> {
        let text = self.texts.get(&file.path)?;
        let fits = |expected: &String| hash(text) == *expected;
        file.sha256.as_ref().is_none_or(fits).then_some(text)
    }

    /// The error text for a file that was edited, where [`Self::get`] has nothing.
    pub fn missing(path: &ProjectPath) -> String {
        format!("{path} was edited, and `.infra` does not have it as it was generated")
    }

    /// Records how a file was rendered.
    pub fn insert(&mut self, path: ProjectPath, text: String) {
        self.texts.insert(path, text);
    }

    /// Takes the text of a file out, as when the file is renamed.
    pub fn take(&mut self, path: &ProjectPath) -> Option<String> {
        self.origins.remove(path);
        self.texts.remove(path)
    }

    /// Writes the texts of the files of a lock into a tree, one file for each owner. What says the
    /// same as in `old`, which the tree was read as, keeps its text.
    ///
    /// # Errors
    ///
    /// A path is invalid, which the types exclude.
    pub(super) fn write(&self, tree: &mut Tree, lock: &Lock, old: &Self) -> Result<()> {
        let mut new: BTreeMap<Owner, BTreeMap<&ProjectPath, &str>> = BTreeMap::new();
        for package in &lock.packages {
            for file in &package.files {
                let text = self.texts.get(&file.path);
                let owner = package.owner(&file.component);
                let entry = new.entry(owner).or_default();
                entry.extend(text.map(|text| (&file.path, text.as_str())));
            }
        }
        let mut paths = BTreeSet::new();
        for (owner, texts) in new.iter().filter(|(_, texts)| !texts.is_empty()) {
            let path = record::path_of(owner, ENDING)?;
            if !tree.contains_key(&path) || old.texts_in(&path) != *texts {
                tree.insert(path.clone(), to_text(texts));
            }
            paths.insert(path);
        }
        tree.retain(|path, _| !is_pristine(path) || paths.contains(path));
        Ok(())
    }
}

impl Pristine {
    /// The texts that were found in a file.
    fn texts_in(&self, file: &ProjectPath) -> BTreeMap<&ProjectPath, &str> {
        let texts = self.texts.iter();
        let inside = texts.filter(|(path, _)| self.origins.get(*path) == Some(file));
        inside.map(|(path, text)| (path, text.as_str())).collect()
    }
}

fn is_pristine(path: &ProjectPath) -> bool {
    let is_ours = record::is_record(path) && path.as_str().ends_with(ENDING);
    is_ours || path.as_str() == schema1::BASE_PATH
}

fn parse(file: &str, text: &str) -> Result<Texts> {
    let text = &damage::checked(file, text)?;
    let table = DeTable::parse(text);
    let table = table.map_err(|error| damage::unreadable(file, text, &error))?;
    let mut texts = Texts::new();
    for (key, value) in table.into_inner() {
        let start = key.span().start;
        let damaged = |why: &str| damage::damaged(file, damage::line_of(text, start), why);
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
    Ok(texts)
}

/// Writes the texts as TOML literals of several lines, so that code stands there as it is. The
/// serializer of the toml crate would choose escapes for some of them.
fn to_text(texts: &BTreeMap<&ProjectPath, &str>) -> String {
    let mut text = HEADER.to_owned();
    for (path, rendered) in texts {
        // No path has a backslash or a control character.
        let key = path.as_str().replace('"', "\\\"");
        match is_literal(rendered) {
            true => text.extend(["\"", &key, "\" = '''\n", rendered, "'''\n"]),
            false => {
                let value = Value::from(*rendered).to_string();
                text.extend(["\"", &key, "\" = ", &value, "\n"]);
            }
        }
    }
    text
}

/// Whether a text can stand in a literal of several lines as it is; nearly all code can.
fn is_literal(text: &str) -> bool {
    let is_plain = |byte| (byte >= b' ' && byte != 0x7f) || byte == b'\n' || byte == b'\t';
    text.bytes().all(is_plain) && !text.contains("'''")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = ".infra/redis.base.toml";

    fn written(texts: &Texts) -> String {
        let texts = texts.iter();
        to_text(&texts.map(|(path, text)| (path, text.as_str())).collect())
    }

    fn base(texts: &[&str]) -> Texts {
        let mut base = Texts::new();
        for (index, text) in texts.iter().enumerate() {
            let path = format!("src/{index}.rs").parse().unwrap();
            base.insert(path, (*text).to_owned());
        }
        base
    }

    #[test]
    fn any_path_comes_back() {
        let mut base = Texts::new();
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
        assert_eq!(parse(PATH, &written(&base)).unwrap(), base);
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
        let text = written(&base);
        assert_eq!(parse(PATH, &text).unwrap(), base);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(parse(PATH, &windows).unwrap(), base);
    }

    #[test]
    fn code_stands_there_as_it_is() {
        let code = "let a = \"\\n\";\n\n// it's\n";
        let expected = format!("{HEADER}\"src/0.rs\" = '''\n{code}'''\n");
        assert_eq!(written(&base(&[code])), expected);
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
            let error = parse(PATH, &format!("{sound}{damage}")).unwrap_err();
            let start = format!("`{PATH}` is damaged, line {line}: ");
            let is_right = error.message.starts_with(&start) && error.message.contains(why);
            assert!(is_right, "{}", error.message);
            assert_eq!(
                (error.code.as_str(), error.exit_code()),
                ("damaged-lock", 1)
            );
        }
    }

    #[test]
    fn a_conflict_inside_of_a_text_is_damage() {
        let text = "\"a.rs\" = '''\nfn a() {}\n<<<<<<< ours\n'''\n";
        let error = parse(PATH, text).unwrap_err();
        assert!(
            error.message.contains("line 3: a conflict"),
            "{}",
            error.message
        );
    }
}
