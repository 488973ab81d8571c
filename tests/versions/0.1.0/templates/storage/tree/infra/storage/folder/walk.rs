//! Walking over the files of a folder, some at a time, so that a listing of any length costs no memory.

use std::{
    io,
    time::{Duration, SystemTime},
};

use cap_std::fs::{Dir, DirEntry, ReadDir};

use super::super::key::{self, RESERVED};
use super::attributes::describe;
use super::{ObjectMeta, Path};

/// Files that one step looks at, at most.
const PAGE: usize = 1_000;
/// No upload takes so long: a draft of this age was left by a process that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The folders that are being read, the innermost last, each with the name it has from the root.
#[derive(Default)]
pub(super) struct Walk(Vec<(String, ReadDir)>);

impl Walk {
    /// Begins with what is below `prefix`, if there is anything.
    pub(super) fn new(dir: &Dir, prefix: &Path) -> io::Result<Self> {
        let folder = if prefix.is_root() {
            "."
        } else {
            prefix.as_ref()
        };
        match dir.read_dir(folder) {
            Ok(entries) => Ok(Self(vec![(prefix.to_string(), entries)])),
            Err(error) if is_nothing(&error) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The next files; none at the end.
    pub(super) fn page(&mut self) -> io::Result<Vec<ObjectMeta>> {
        let mut page = Vec::new();
        while page.len() < PAGE {
            let Some((folder, entries)) = self.0.last_mut() else {
                break;
            };
            let Some(entry) = entries.next() else {
                self.0.pop();
                continue;
            };
            let entry = entry?;
            // No key of ours has such a name.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                continue;
            };
            let location = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            match self.visit(location, &entry) {
                Ok(found) => page.extend(found),
                // It has been deleted since the folder was read.
                Err(error) if is_nothing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    fn visit(&mut self, location: String, entry: &DirEntry) -> io::Result<Option<ObjectMeta>> {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let entries = entry.open_dir()?.entries()?;
            self.0.push((location, entries));
        } else if kind.is_file() {
            if let Ok(location) = key::parse(&location) {
                let (meta, _) = describe(&entry.open()?, location)?;
                return Ok(Some(meta));
            }
            remove_abandoned(entry)?;
        }
        Ok(None)
    }
}

fn remove_abandoned(entry: &DirEntry) -> io::Result<()> {
    let name = entry.file_name();
    let draft = name.to_str().and_then(|name| name.strip_prefix(RESERVED));
    if draft.is_none_or(|draft| draft == "lock") {
        return Ok(());
    }
    let modified = entry.metadata()?.modified()?.into_std();
    let age = SystemTime::now().duration_since(modified);
    if age.is_ok_and(|age| age > ABANDONED) {
        entry.remove_file()?;
    }
    Ok(())
}

fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}
