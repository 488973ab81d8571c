//! The files of a folder: in the binary, where each is read only when it is asked for, or in memory.

use std::collections::BTreeMap;

use std::path::PathBuf;

use include_dir::Dir;

/// Texts by path, with `/` between folders.
#[derive(Clone, Debug)]
pub struct TemplateFiles(Storage);

#[derive(Clone, Debug)]
enum Storage {
    Embedded(&'static Dir<'static>),
    Owned(BTreeMap<String, String>),
}

impl Default for TemplateFiles {
    fn default() -> Self {
        Self(Storage::Owned(BTreeMap::new()))
    }
}

impl FromIterator<(String, String)> for TemplateFiles {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(texts: T) -> Self {
        Self(Storage::Owned(texts.into_iter().collect()))
    }
}

impl TemplateFiles {
    pub(super) fn embedded(folder: &'static Dir<'static>) -> Self {
        Self(Storage::Embedded(folder))
    }

    /// All texts by path, sorted.
    pub fn all(&self) -> Vec<(String, &str)> {
        self.below("")
    }

    /// The text at a path.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        match &self.0 {
            Storage::Owned(texts) => texts.get(path).map(String::as_str),
            Storage::Embedded(folder) => {
                let parts = path.split('/');
                let path = folder.path().join(parts.collect::<PathBuf>());
                folder.get_file(path)?.contents_utf8()
            }
        }
    }

    /// The texts below a folder, by their paths from there, sorted. The empty name is the top.
    pub(super) fn below(&self, folder: &str) -> Vec<(String, &str)> {
        let prefix = match folder {
            "" => String::new(),
            name => format!("{name}/"),
        };
        let below = |path: &str| Some(path.strip_prefix(&prefix)?.to_owned());
        let mut found: Vec<(String, &str)> = match &self.0 {
            Storage::Owned(texts) => texts
                .iter()
                .filter_map(|(path, text)| Some((below(path)?, text.as_str())))
                .collect(),
            Storage::Embedded(root) => {
                let files = files(root).into_iter();
                files
                    .filter_map(|(path, file)| Some((below(&path)?, file.contents_utf8()?)))
                    .collect()
            }
        };
        found.sort();
        found
    }
}

/// All files of a folder, with their paths from there.
fn files(root: &'static Dir<'static>) -> Vec<(String, &'static include_dir::File<'static>)> {
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        files.extend(folder.files().filter_map(|file| {
            let path = file.path().strip_prefix(root.path()).ok()?;
            let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
            Some((parts.join("/"), file))
        }));
    }
    files
}
