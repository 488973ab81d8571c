//! Projects to add to: a small one, and some that are large in one way.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use walkdir::WalkDir;

const MAIN: &str = "use axum::{Router, routing::get};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route(\"/\", get(|| async { \"hello\" }));
    let listener = tokio::net::TcpListener::bind(\"127.0.0.1:3000\").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
";
const MANIFEST: &str = "[package]
name = \"shop\"
version = \"0.1.0\"
edition = \"2024\"

[dependencies]
axum = \"0.8\"
tokio = { version = \"1\", features = [\"full\"] }
";
const COMPOSE: &str = "services:
  db:
    image: postgres:17
    ports:
      - \"127.0.0.1:5432:5432\"
";

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A project.
pub struct Project {
    folder: TempDir,
    /// The folder of the app, below.
    package: PathBuf,
    /// What an `add` may change, as it was.
    before: Files,
    /// What was added and taken back. It is not deleted while anything is measured, see [`folder`].
    spent: TempDir,
}

impl Project {
    /// One package with a compose file and an example of its variables.
    pub fn small() -> Self {
        Self::new(
            "",
            &[("compose.yml", COMPOSE), (".env.example", "PORT=3000\n")],
            |_| {},
        )
    }

    /// A workspace of so many packages.
    pub fn of_members(count: usize) -> Self {
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"crates/*\"]\n\n[workspace.dependencies]\nserde = \"1\"\n";
        let shared = [("Cargo.toml", manifest), ("compose.yml", COMPOSE)];
        Self::new("app", &shared, |root| {
            for number in 1..count {
                let member = root.join(format!("crates/member-{number}"));
                fs::create_dir_all(member.join("src")).unwrap();
                let manifest = format!(
                    "[package]\nname = \"member-{number}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nanyhow = \"1\"\nbytes = \"1\"\nserde = {{ workspace = true, features = [\"derive\"] }}\nserde_json = \"1\"\ntokio = {{ version = \"1\", features = [\"rt\", \"time\"] }}\ntracing = \"0.1\"\n\n[dev-dependencies]\ntempfile = \"3\"\n"
                );
                fs::write(member.join("Cargo.toml"), manifest).unwrap();
                fs::write(member.join("src/lib.rs"), "//! A part.\n").unwrap();
            }
        })
    }

    /// A compose file of so many services.
    pub fn of_services(count: usize) -> Self {
        let mut compose = "services:\n".to_owned();
        for number in 0..count {
            let port = 20_000 + number;
            write!(
                compose,
                "  service-{number}: # the one of that number\n    image: registry.example/service:{number}\n    restart: unless-stopped\n    ports:\n      - \"127.0.0.1:{port}:8080\"\n    environment:\n      LOG_LEVEL: info\n      NUMBER: \"{number}\"\n    healthcheck:\n      test: [\"CMD\", \"true\"]\n      interval: 5s\n\n"
            )
            .unwrap();
        }
        Self::new("", &[("compose.yml", &compose)], |_| {})
    }

    fn new(package: &str, shared: &[(&str, &str)], more: impl FnOnce(&Path)) -> Self {
        let folder = folder();
        let package = folder.path().join(package);
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::create_dir_all(package.join("src")).unwrap();
        fs::write(package.join("Cargo.toml"), MANIFEST).unwrap();
        fs::write(package.join("src/main.rs"), MAIN).unwrap();
        for (name, text) in shared {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let before = files(folder.path());
        more(folder.path());
        Self {
            folder,
            package,
            before,
            spent: self::folder(),
        }
    }

    /// Its root.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder of the files that are not as they were.
    pub fn changed(&self) -> TempDir {
        let changed = folder();
        for (path, bytes) in files(self.path()) {
            if !path.starts_with(".git") && self.before.get(&path) != Some(&bytes) {
                let target = changed.path().join(path);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::write(target, bytes).unwrap();
            }
        }
        changed
    }

    /// Takes back what an `add` has done.
    pub fn restore(&self) {
        let spent = tempfile::tempdir_in(self.spent.path()).unwrap().keep();
        let added = [
            self.path().join(".infra"),
            self.path().join(".git/infra"),
            self.package.join("src/infra"),
            self.path().join(".env.example"),
        ];
        for (number, path) in added.iter().enumerate() {
            if path.exists() {
                fs::rename(path, spent.join(number.to_string())).unwrap();
            }
        }
        for (path, bytes) in &self.before {
            fs::write(self.path().join(path), bytes).unwrap();
        }
    }
}

/// An empty folder on a disk, and not where builds delete thousands of files: for minutes, a file
/// system may pass by each inode that was just freed whenever it looks for a new one.
pub fn folder() -> TempDir {
    let on_disk = Path::new("/var/tmp");
    let place = if on_disk.is_dir() {
        on_disk
    } else {
        Path::new(env!("CARGO_TARGET_TMPDIR"))
    };
    tempfile::tempdir_in(place).unwrap()
}

/// How many files a folder holds.
pub fn count(folder: &Path) -> usize {
    files(folder).len()
}

/// Writes every file of one folder into another as carefully as one file can be: a temporary file,
/// synced, then renamed.
pub fn write(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let target = to.join(path);
        let temporary = target.with_extension("temporary");
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut file = File::create(&temporary).unwrap();
        file.write_all(&bytes).unwrap();
        file.sync_all().unwrap();
        fs::rename(temporary, target).unwrap();
    }
}

fn files(root: &Path) -> Files {
    let entries = WalkDir::new(root).into_iter().map(Result::unwrap);
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}
