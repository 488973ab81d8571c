//! Writing: every step killed, every step failing, files changed meanwhile, symlinks, modes.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::files;
use infra::{
    apply::{FileChange, RestorePoint, Session},
    path::ProjectPath,
};
use tempfile::TempDir;

/// Tells the child process at which step to die.
const DIE_AT: &str = "INFRA_TEST_DIE_AT";
const PROJECT: &str = "INFRA_TEST_PROJECT";

type Files = BTreeMap<String, Vec<u8>>;

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("root/src")).unwrap();
    for (path, text) in [
        ("Cargo.toml", "old"),
        ("src/main.rs", "old"),
        ("gone.txt", "old"),
    ] {
        fs::write(folder.path().join("root").join(path), text).unwrap();
    }
    folder
}

fn changes() -> Vec<FileChange<'static>> {
    let change = |path: &str, before, after| FileChange {
        path: path.parse().unwrap(),
        before,
        after,
        private: false,
    };
    vec![
        change("Cargo.toml", Some("old"), Some("new")),
        change("a/b/new.txt", None, Some("new")),
        change("a/b/second.txt", None, Some("new")),
        change("a/c/d/third.txt", None, Some("new")),
        change("gone.txt", Some("old"), None),
        change("src/main.rs", Some("old"), Some("new")),
    ]
}

fn open(folder: &Path) -> Session {
    // A process that another test starts holds the lock for the moment until it has become another
    // program.
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match Session::open(&folder.join("root"), &folder.join("state")) {
            Ok((session, _)) => return session,
            Err(error) if error.code == "already-running" && Instant::now() < deadline => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn root_files(folder: &Path) -> Files {
    files(&folder.join("root"))
}

fn all_new() -> Files {
    let folder = project();
    open(folder.path())
        .apply(&changes(), &mut |_| Ok(()))
        .unwrap();
    root_files(folder.path())
}

fn steps() -> Vec<String> {
    let folder = project();
    let mut steps = Vec::new();
    let mut watch = |step: &str| {
        steps.push(step.to_owned());
        Ok(())
    };
    open(folder.path()).apply(&changes(), &mut watch).unwrap();
    steps
}

/// Not a test of its own: the process that dies while it writes.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn child() {
    let folder = env::var(PROJECT).expect("only as a child");
    let die_at: usize = env::var(DIE_AT).unwrap().parse().unwrap();
    let mut step = 0;
    let mut watch = |_: &str| {
        step += 1;
        if step > die_at {
            std::process::abort();
        }
        Ok(())
    };
    open(Path::new(&folder))
        .apply(&changes(), &mut watch)
        .unwrap();
}

#[test]
fn killed_at_any_step_the_next_command_finds_all_old_or_all_new() {
    let old = root_files(project().path());
    let new = all_new();
    let steps = steps();
    assert!(steps.len() > 10, "{steps:?}");
    let mut outcomes = Vec::new();
    for die_at in 0..=steps.len() {
        let folder = project();
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--test-threads=1"])
            .env(DIE_AT, die_at.to_string())
            .env(PROJECT, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.success(), die_at == steps.len(), "step {die_at}");
        let _session = open(folder.path());
        let found = root_files(folder.path());
        assert!(
            found == old || found == new,
            "died before step {die_at}: {found:?}"
        );
        outcomes.push(found == new);
        let root = fs::read_dir(folder.path().join("root")).unwrap();
        let mut folders: Vec<_> = root
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        folders.sort();
        let expected: &[&str] = if found == new {
            &["a", "src"]
        } else {
            &["src"]
        };
        assert_eq!(folders, expected, "died before step {die_at}");
    }
    let commit = steps.iter().position(|step| step == "commit").unwrap();
    let expected: Vec<bool> = (0..=steps.len()).map(|died| died > commit).collect();
    assert_eq!(outcomes, expected);
}

#[test]
fn failing_at_any_step_nothing_or_everything_is_written() {
    let old = root_files(project().path());
    let new = all_new();
    let steps = steps();
    for (fail_at, failing) in steps.iter().enumerate() {
        let folder = project();
        let session = open(folder.path());
        let mut step = 0;
        let mut watch = |_: &str| {
            step += 1;
            if step > fail_at {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            Ok(())
        };
        let error = session.apply(&changes(), &mut watch).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        if error.written.is_empty() {
            assert_eq!(root_files(folder.path()), old, "failed at {failing}");
        } else {
            assert_eq!(error.code.as_str(), "incomplete");
        }
        drop(session);
        let _next = open(folder.path());
        let found = root_files(folder.path());
        let expected = if error.written.is_empty() { &old } else { &new };
        assert_eq!(&found, expected, "failed at {failing}");
    }
}

/// A project in which a command died right after the commit point.
/// The texts of the files that a restore point is about.
fn texts_of(folder: &Path, point: &RestorePoint) -> BTreeMap<ProjectPath, String> {
    let paths = point.paths();
    paths
        .filter_map(|path| {
            let text = fs::read_to_string(folder.join("root").join(path.as_str())).ok()?;
            Some((path.clone(), text))
        })
        .collect()
}

#[test]
fn failing_at_any_step_what_was_before_an_update_can_be_brought_back() {
    let old = root_files(project().path());
    let conflicted: [ProjectPath; 1] = ["src/main.rs".parse().unwrap()];
    let is_proof = |path: &ProjectPath| path.as_str().ends_with(".txt");
    for fail_at in 0..=steps().len() {
        let folder = project();
        let session = open(folder.path());
        session
            .save(&RestorePoint::new(&changes(), &conflicted, is_proof))
            .unwrap();
        let mut step = 0;
        let mut watch = |_: &str| {
            step += 1;
            match step > fail_at {
                true => Err(io::Error::other("no more")),
                false => Ok(()),
            }
        };
        let written = session.apply(&changes(), &mut watch);
        assert_eq!(written.is_ok(), fail_at == steps().len(), "step {fail_at}");
        drop(session);
        // The next command ends what was begun, and finds the restore point in use or not.
        let session = open(folder.path());
        let point = RestorePoint::load(&folder.path().join("state"))
            .unwrap()
            .unwrap();
        let texts = texts_of(folder.path(), &point);
        let is_in_use = point.is_in_use(|path| texts.get(path).cloned());
        assert_eq!(
            is_in_use,
            root_files(folder.path()) != old,
            "step {fail_at}"
        );
        assert_eq!(point.edited_since(|path| texts.get(path).cloned()), []);
        let back = point.changes(|path| texts.get(path).map(String::as_str));
        session.apply(&back, &mut |_| Ok(())).unwrap();
        session.forget_restore_point().unwrap();
        assert_eq!(root_files(folder.path()), old, "step {fail_at}");
    }
}

fn died_after_commit() -> TempDir {
    died_after("commit")
}

/// A project in which a command died right after a step, the last of its name.
fn died_after(name: &str) -> TempDir {
    let folder = project();
    let commit = steps().iter().rposition(|step| step == name).unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored"])
        .env(DIE_AT, (commit + 1).to_string())
        .env(PROJECT, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    folder
}

#[test]
fn a_new_folder_appears_with_all_that_is_in_it() {
    let renames = steps()
        .into_iter()
        .filter(|step| step.starts_with("rename"));
    assert_eq!(
        renames.collect::<Vec<_>>(),
        [
            "rename a folder",
            "rename a file",
            "rename a file",
            "rename a file"
        ]
    );
}

#[test]
fn a_folder_that_somebody_made_after_a_crash_keeps_what_is_in_it() {
    let folder = died_after_commit();
    fs::create_dir_all(folder.path().join("root/a/b")).unwrap();
    fs::write(folder.path().join("root/a/b/mine.txt"), "mine").unwrap();
    fs::write(folder.path().join("root/a/b/second.txt"), "mine").unwrap();
    let (_session, recovery) =
        Session::open(&folder.path().join("root"), &folder.path().join("state")).unwrap();
    assert_eq!(
        recovery.left,
        ["a/b/second.txt".parse::<ProjectPath>().unwrap()]
    );
    let mut expected = all_new();
    expected.insert("a/b/mine.txt".to_owned(), b"mine".to_vec());
    expected.insert("a/b/second.txt".to_owned(), b"mine".to_vec());
    assert_eq!(root_files(folder.path()), expected);
}

#[test]
fn a_file_that_somebody_put_in_the_place_of_a_folder_after_a_crash_stays() {
    let folder = died_after_commit();
    let root = folder.path().join("root");
    fs::write(root.join("a"), "mine").unwrap();
    let (_session, recovery) = Session::open(&root, &folder.path().join("state")).unwrap();
    let left: Vec<&str> = recovery.left.iter().map(ProjectPath::as_str).collect();
    assert_eq!(left, ["a/b/new.txt", "a/b/second.txt", "a/c/d/third.txt"]);
    let mut expected = all_new();
    expected.retain(|path, _| !path.starts_with("a/"));
    expected.insert("a".to_owned(), b"mine".to_vec());
    assert_eq!(root_files(folder.path()), expected);
}

/// What an interrupted command left goes, wherever it waited in a folder that is a file now.
#[test]
fn a_journal_whose_folders_are_files_now_is_ended() {
    let entry = |path: &str, temporary: &str| {
        format!(r#"{{"path":"{path}","temporary":{temporary},"before":null,"after":"00"}}"#)
    };
    let beside = entry("conf/x.txt", "\".infra-tmp-0\"");
    let below = entry("conf/sub/x.txt", "null");
    let folder = r#"{"path":"conf/sub","temporary":".infra-tmp-0"}"#;
    for (entry, folder) in [(beside.as_str(), ""), (below.as_str(), folder)] {
        for name in ["journal", "prepared"] {
            let project = project();
            let (root, state) = (project.path().join("root"), project.path().join("state"));
            fs::create_dir_all(&state).unwrap();
            let text = format!(r#"{{"entries":[{entry}],"folders":[{folder}]}}"#);
            fs::write(state.join(name), text).unwrap();
            fs::write(root.join("conf"), "mine").unwrap();
            let (_session, recovery) = Session::open(&root, &state).unwrap();
            assert_eq!(recovery.left.len(), usize::from(name == "journal"));
            assert!(!state.join(name).exists());
            assert_eq!(fs::read_to_string(root.join("conf")).unwrap(), "mine");
        }
    }
}

#[test]
fn a_folder_that_somebody_makes_meanwhile_stops_everything() {
    let folder = project();
    let new = folder.path().join("root/a");
    let mut watch = |step: &str| match step {
        "sync the temporary files" => fs::create_dir(&new),
        _ => Ok(()),
    };
    let error = open(folder.path())
        .apply(&changes(), &mut watch)
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.written.len()),
        ("changed-since-planned", 0)
    );
    assert_eq!(root_files(folder.path()), root_files(project().path()));
}

#[test]
fn what_was_renamed_before_a_crash_and_edited_after_it_is_left_and_named() {
    let folder = died_after("rename a file");
    let mut expected = all_new();
    for path in ["a/b/new.txt", "src/main.rs"] {
        fs::write(folder.path().join("root").join(path), "mine").unwrap();
        expected.insert(path.to_owned(), b"mine".to_vec());
    }
    fs::write(folder.path().join("root/Cargo.toml"), "new").unwrap();
    let (_session, recovery) =
        Session::open(&folder.path().join("root"), &folder.path().join("state")).unwrap();
    let left: Vec<&str> = recovery.left.iter().map(ProjectPath::as_str).collect();
    assert_eq!(left, ["a/b/new.txt", "src/main.rs"]);
    assert_eq!(root_files(folder.path()), expected);
}

#[test]
fn a_file_that_was_edited_after_a_crash_is_left_and_named() {
    let folder = died_after_commit();
    fs::write(folder.path().join("root/src/main.rs"), "mine").unwrap();
    let (_session, recovery) =
        Session::open(&folder.path().join("root"), &folder.path().join("state")).unwrap();
    assert_eq!(
        recovery.left,
        ["src/main.rs".parse::<ProjectPath>().unwrap()]
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("root/src/main.rs")).unwrap(),
        "mine"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("root/Cargo.toml")).unwrap(),
        "new"
    );
}

#[test]
fn a_file_that_changed_since_the_plan_stops_everything() {
    let folder = project();
    let old = {
        fs::write(folder.path().join("root/src/main.rs"), "mine").unwrap();
        root_files(folder.path())
    };
    let error = open(folder.path())
        .apply(&changes(), &mut |_| Ok(()))
        .unwrap_err();
    assert_eq!(error.code.as_str(), "changed-since-planned");
    assert_eq!(root_files(folder.path()), old);
}

#[test]
fn two_at_once_is_one_too_many() {
    let folder = project();
    let _first = open(folder.path());
    let error =
        Session::open(&folder.path().join("root"), &folder.path().join("state")).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.exit_code()),
        ("already-running", 1)
    );
}

#[test]
fn a_journal_cannot_write_outside_of_the_project() {
    for path in [
        "../escaped.txt",
        "/tmp/escaped.txt",
        ".git/hooks/pre-commit",
        ".cargo/config.toml",
    ] {
        let folder = project();
        let state = folder.path().join("state");
        fs::create_dir_all(&state).unwrap();
        for journal in [
            format!(
                r#"{{"entries":[{{"path":"{path}","temporary":".infra-tmp-0","before":null,"after":"00"}}],"folders":[]}}"#
            ),
            format!(
                r#"{{"entries":[],"folders":[{{"path":"{path}","temporary":".infra-tmp-0"}}]}}"#
            ),
        ] {
            fs::write(state.join("journal"), journal).unwrap();
            fs::write(folder.path().join(".infra-tmp-0"), "evil").unwrap();
            let error = Session::open(&folder.path().join("root"), &state).unwrap_err();
            assert_eq!(error.code.as_str(), "damaged-journal", "{path}");
            assert!(!folder.path().join("escaped.txt").exists());
        }
    }
}

#[test]
fn a_journal_cannot_remove_what_is_not_temporary() {
    for temporary in ["../outside", "src", ".infra-tmp-0/../src"] {
        let folder = project();
        let state = folder.path().join("state");
        fs::create_dir_all(&state).unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::create_dir(folder.path().join("root/.infra-tmp-0")).unwrap();
        let journal =
            format!(r#"{{"entries":[],"folders":[{{"path":"a","temporary":"{temporary}"}}]}}"#);
        fs::write(state.join("prepared"), journal).unwrap();
        open(folder.path());
        assert_eq!(root_files(folder.path()), root_files(project().path()));
        assert!(folder.path().join("outside").exists(), "{temporary}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn write(
        folder: &Path,
        path: &str,
        before: Option<&str>,
        private: bool,
    ) -> infra::error::Result<()> {
        let change = FileChange {
            path: path.parse().unwrap(),
            before,
            after: Some("new"),
            private,
        };
        open(folder).apply(&[change], &mut |_| Ok(()))
    }

    #[test]
    fn the_mode_of_a_file_stays() {
        let folder = project();
        let path = folder.path().join("root/Cargo.toml");
        for mode in [0o600, 0o640, 0o755] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            write(folder.path(), "Cargo.toml", Some("old"), false).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, mode);
        }
    }

    #[test]
    fn a_new_private_file_is_for_its_owner_only() {
        let folder = project();
        write(folder.path(), ".env", None, true).unwrap();
        let mode = fs::metadata(folder.path().join("root/.env"))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        write(folder.path(), "new/.env", None, true).unwrap();
        let new = fs::metadata(folder.path().join("root/new/.env")).unwrap();
        assert_eq!(new.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_symlink_inside_the_project_is_followed_and_stays() {
        let folder = project();
        let root = folder.path().join("root");
        fs::create_dir(root.join("docker")).unwrap();
        fs::write(root.join("docker/compose.yaml"), "old").unwrap();
        symlink("docker/compose.yaml", root.join("compose.yaml")).unwrap();
        write(folder.path(), "compose.yaml", Some("old"), false).unwrap();
        assert!(root.join("compose.yaml").is_symlink());
        assert_eq!(
            fs::read_to_string(root.join("docker/compose.yaml")).unwrap(),
            "new"
        );
    }

    #[test]
    fn two_names_of_one_new_folder_are_refused() {
        let folder = project();
        symlink("src", folder.path().join("root/link")).unwrap();
        let change = |path: &str| FileChange {
            path: path.parse().unwrap(),
            before: None,
            after: Some("new"),
            private: false,
        };
        let both = [change("link/new/x"), change("src/new/y")];
        let error = open(folder.path())
            .apply(&both, &mut |_| Ok(()))
            .unwrap_err();
        assert_eq!(error.code.as_str(), "one-folder", "{error}");
        assert_eq!(
            fs::read_dir(folder.path().join("root/src"))
                .unwrap()
                .count(),
            1
        );
    }

    #[test]
    fn a_symlink_out_of_the_project_is_refused() {
        let folder = project();
        let root = folder.path().join("root");
        fs::write(folder.path().join("outside"), "old").unwrap();
        symlink("../outside", root.join("link")).unwrap();
        symlink("..", root.join("up")).unwrap();
        fs::create_dir_all(root.join(".git/hooks")).unwrap();
        symlink(".git/hooks", root.join("hooks")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        for path in [
            "link",
            "up/outside",
            "up/new",
            "hooks/pre-commit",
            "dangling",
        ] {
            let error = write(folder.path(), path, Some("old"), false).unwrap_err();
            assert_eq!(
                error.code.as_str(),
                "path-leaves-project",
                "{path}: {error}"
            );
        }
        assert_eq!(
            fs::read_to_string(folder.path().join("outside")).unwrap(),
            "old"
        );
    }

    #[test]
    fn what_is_read_only_is_not_written() {
        let folder = project();
        let root = folder.path().join("root");
        for (path, mode) in [("Cargo.toml", 0o444), ("src", 0o555)] {
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
            let old = root_files(folder.path());
            let error = open(folder.path())
                .apply(&changes(), &mut |_| Ok(()))
                .unwrap_err();
            assert_eq!(error.code.as_str(), "read-only");
            assert!(error.message.contains(path), "{error}");
            assert_eq!(root_files(folder.path()), old);
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
