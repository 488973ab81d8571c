//! A small project, and what happens to it.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use tempfile::TempDir;

use super::common::{
    self,
    additions::{self, Files},
};

/// The manifest of a package that serves with axum.
pub(crate) const MANIFEST: &str = "[package]\nname = \"kiosk\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\", features = [\"full\"] }\n";

/// A root that serves in the plainest way.
pub(crate) const MAIN: &str = "use axum::{routing::get, Router};\n\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n    let app = Router::new().route(\"/\", get(|| async { \"hello\" }));\n    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;\n    axum::serve(listener, app).await?;\n    Ok(())\n}\n";

/// What a run printed, and its exit code.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) said: String,
}

/// A project on disk.
pub(crate) struct Project {
    folder: TempDir,
    before: Files,
}

impl Project {
    /// A git repository with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        for (path, text) in files {
            let target = folder.path().join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
        }
        let before = common::files(folder.path());
        Self { folder, before }
    }

    /// The plainest package, with some files more or changed.
    pub(crate) fn plain(files: &[(&str, &str)]) -> Self {
        let mut all = vec![("Cargo.toml", MANIFEST), ("src/main.rs", MAIN)];
        all.retain(|(path, _)| files.iter().all(|(other, _)| path != other));
        all.extend(files);
        Self::new(&all)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the tool in the project.
    pub(crate) fn infra(&self, arguments: &str) -> Run {
        let home = self.folder.path().join(".git/home");
        let output = Command::new(env!("CARGO_BIN_EXE_infra"))
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", home)
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            said: String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout),
        }
    }

    /// All files but those of git.
    pub(crate) fn files(&self) -> Files {
        let mut files = common::files(self.folder.path());
        files.retain(|path, _| !path.starts_with(".git/"));
        files
    }

    /// Adds, adds again and removes, and returns how the project was in between.
    #[track_caller]
    pub(crate) fn lives(&self, add: &str, code: i32) -> Life {
        let run = self.infra(add);
        assert_eq!(run.code, code, "{}", run.said);
        let after = self.files();
        let wrong = additions::unexplained(&self.before, &after);
        assert!(wrong.is_empty(), "{wrong:#?}");
        let again = self.infra(add);
        assert_eq!(again.code, code, "{}", again.said);
        assert!(after == self.files(), "the second add changed something");
        let named = add.split(' ').skip(1).take_while(|word| *word != "--");
        let component = named.take(1).collect::<String>();
        let flags = match add.split_once(" -p ") {
            Some((_, package)) => format!(" -p {}", package.split(' ').next().unwrap()),
            None => String::new(),
        };
        let removed = self.infra(&format!("remove {component}{flags}"));
        assert_eq!(removed.code, 0, "{}", removed.said);
        assert_eq!(
            shown(&self.before),
            shown(&self.files()),
            "removal leaves a trace"
        );
        Life {
            said: run.said,
            files: after,
        }
    }

    /// A file as it is now.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    /// Changes a file, as the user does.
    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.folder.path().join(path), text).unwrap();
    }

    /// Deletes a file, as a tool that leaves it out of a checkout.
    pub(crate) fn delete(&self, path: &str) {
        fs::remove_file(self.folder.path().join(path)).unwrap();
    }

    /// Appends to a file, as somebody does who is in the middle of an edit.
    pub(crate) fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.text(path) + text));
    }

    /// Runs what is refused after something was added, and returns what was said.
    #[track_caller]
    pub(crate) fn refuses_now(&self, arguments: &str, code: i32) -> String {
        let before = self.files();
        let run = self.infra(arguments);
        assert_eq!(run.code, code, "{}", run.said);
        assert!(run.said.contains("nothing was written"), "{}", run.said);
        assert_eq!(shown(&before), shown(&self.files()), "{}", run.said);
        run.said
    }

    /// Takes everything back that was added.
    #[track_caller]
    pub(crate) fn removes(&self, component: &str) {
        let run = self.infra(&format!("remove {component}"));
        assert_eq!(run.code, 0, "{}", run.said);
        assert_eq!(shown(&self.before), shown(&self.files()), "{}", run.said);
    }

    /// Adds what is refused, and returns what was said.
    #[track_caller]
    pub(crate) fn refuses(&self, add: &str, code: i32) -> String {
        assert_eq!(shown(&self.before), shown(&self.files()));
        self.refuses_now(add, code)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shown(files: &Files) -> BTreeMap<&str, String> {
    let files = files
        .iter()
        .filter(|(path, _)| !path.starts_with(".git/home"));
    files
        .map(|(path, bytes)| (path.as_str(), text(bytes)))
        .collect()
}

/// A project with something added.
pub(crate) struct Life {
    pub(crate) said: String,
    files: Files,
}

impl Life {
    /// The text of a file.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        let Some(bytes) = self.files.get(path) else {
            let all: Vec<&String> = self.files.keys().collect();
            panic!("there is no {path}: {all:?}");
        };
        text(bytes)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether a file contains a text.
    #[track_caller]
    pub(crate) fn holds(&self, path: &str, part: &str) {
        let text = self.text(path);
        assert!(text.contains(part), "{path} lacks {part:?}:\n{text}");
    }

    /// Whether a file lacks a text.
    #[track_caller]
    pub(crate) fn lacks(&self, path: &str, part: &str) {
        let text = self.text(path);
        assert!(!text.contains(part), "{path} holds {part:?}:\n{text}");
    }

    /// Whether something was told.
    #[track_caller]
    pub(crate) fn tells(&self, part: &str) {
        assert!(self.said.contains(part), "lacks {part:?}:\n{}", self.said);
    }
}
