//! Fixture projects, the test components, and a world in memory to plan in.
#![allow(
    dead_code,
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test binary uses a part of this, and stops where it fails"
)]

pub mod additions;
pub mod disk;
pub mod generated;
pub mod process;
pub mod redis;

use std::{collections::BTreeSet, fs, path::Path};

pub use disk::{files, here};

use infra::{
    catalog::{Catalog, Component},
    error::Error,
    facts::{Facts, Tree},
    lock::{self, Lock},
    path::ProjectPath,
    plan::{self, Inputs, Plan, Removal, Request},
    project::{Project, TargetOptions},
    render,
    resolve::{self, Choice, Installed},
};
use tempfile::TempDir;

/// The names of all fixture projects.
pub fn fixtures() -> Vec<String> {
    folders(&here().join("fixtures"))
}

/// The ids of the test components.
pub fn test_components() -> Vec<String> {
    folders(&here().join("components"))
}

fn folders(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Copies a fixture into a folder of its own, which is a git repository as far as anybody looks.
pub fn copy(fixture: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, bytes) in files(&here().join("fixtures").join(fixture)) {
        let target = folder.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    folder
}

/// The embedded components and the test components.
pub fn catalog() -> Catalog {
    let folder = here().join("components");
    test_components()
        .iter()
        .fold(Catalog::embedded(), |catalog, id| {
            catalog.with(component(&folder, id))
        })
}

/// A component in a folder.
fn component(folder: &Path, id: &str) -> Component {
    let texts = files(&folder.join(id))
        .into_iter()
        .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
        .collect();
    Component::parse(id, texts).unwrap()
}

/// A project in memory, on which plans are made and applied.
#[derive(Clone)]
pub struct World {
    pub catalog: Catalog,
    pub facts: Facts,
    pub tree: Tree,
}

impl World {
    /// A fixture before anything was added.
    pub fn new(fixture: &str) -> Self {
        Self::of_package(fixture, None)
    }

    /// A package of a fixture before anything was added.
    pub fn of_package(fixture: &str, package: Option<&str>) -> Self {
        let folder = copy(fixture);
        let project = Project::find(folder.path()).unwrap();
        let target = TargetOptions {
            package: package.map(str::to_owned),
            ..TargetOptions::default()
        };
        let facts = project.facts(&target, &Lock::default()).unwrap();
        let tree = project.tree(&facts, &Lock::default(), []).unwrap();
        Self {
            catalog: catalog(),
            facts,
            tree,
        }
    }

    /// What was done so far.
    pub fn lock(&self) -> Lock {
        Lock::parse(&self.tree).unwrap()
    }

    /// Plans to add components.
    pub fn plan_add(&self, names: &[&str], choices: &[Choice]) -> Result<Plan, Error> {
        self.plan_replacing(names, choices, false)
    }

    /// Plans to add components, with consent to replace values of the user or without.
    pub fn plan_replacing(
        &self,
        names: &[&str],
        choices: &[Choice],
        replace: bool,
    ) -> Result<Plan, Error> {
        let lock = self.lock();
        let installed = lock.package(self.facts.package());
        let installed = installed
            .map(|package| package.installed())
            .unwrap_or_default();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let selection = resolve::resolve(&self.catalog, &installed, &names, choices)?;
        let renderings = selection
            .iter()
            .map(|selected| render::component(selected, &self.facts))
            .collect::<Result<Vec<_>, _>>()?;
        let context = Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree: &self.tree,
            lock: &lock,
        };
        plan::install(
            &context,
            &Request {
                renderings,
                skip: BTreeSet::new(),
                replace,
            },
        )
    }

    /// Plans to update components, or all that are installed if none is named.
    pub fn plan_update(&self, names: &[&str]) -> Result<Plan, Error> {
        let lock = self.lock();
        let package = lock.package(self.facts.package()).unwrap();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let renderings =
            plan::update_renderings(&self.catalog, &lock, package, &self.facts, &names)?;
        let inputs = Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree: &self.tree,
            lock: &lock,
        };
        let request = Request {
            renderings,
            ..Request::default()
        };
        plan::install(&inputs, &request)
    }

    /// The same project, and a tool that has a version of the test component `delta`.
    #[must_use]
    pub fn with_delta(mut self, version: u32) -> Self {
        let folder = here().join("two_versions").join(version.to_string());
        for id in folders(&folder) {
            self.catalog = self.catalog.with(component(&folder, &id));
        }
        self
    }

    /// Whether a component, with what it requires, has code for the project.
    pub fn fits(&self, id: &str) -> bool {
        let names = [id.to_owned()];
        let selection = resolve::resolve(&self.catalog, &Installed::new(), &names, &[]).unwrap();
        let framework = &self.facts.framework.name;
        let has_code = selection.iter().all(|selected| {
            let frameworks = &selected.component.manifest.frameworks;
            frameworks.is_empty() || frameworks.contains(framework)
        });
        has_code
            && !matches!(self.plan_add(&[id], &[]), Err(error) if error.code == "unsupported-version")
    }

    /// Plans to remove components.
    pub fn plan_remove(&self, names: &[&str], keep_edited: bool) -> Result<Plan, Error> {
        let lock = self.lock();
        let context = Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree: &self.tree,
            lock: &lock,
        };
        let removal = Removal {
            components: names.iter().map(|&name| name.to_owned()).collect(),
            keep_edited,
        };
        plan::remove(&context, &removal)
    }

    /// Adds components.
    #[must_use]
    pub fn add(mut self, names: &[&str]) -> Self {
        self.tree = self.plan_add(names, &[]).unwrap().apply_to(&self.tree);
        self
    }

    /// Removes components.
    #[must_use]
    pub fn remove(mut self, names: &[&str]) -> Self {
        self.tree = self.plan_remove(names, false).unwrap().apply_to(&self.tree);
        self
    }

    /// Adds a component again with another value of an option.
    #[must_use]
    pub fn set(mut self, component: &str, option: &str, value: &str) -> Self {
        let choice = Choice {
            component: component.to_owned(),
            option: option.to_owned(),
            value: value.to_owned(),
        };
        let plan = self.plan_add(&[component], &[choice]).unwrap();
        self.tree = plan.apply_to(&self.tree);
        self
    }

    /// How what was added is now, compared with the records.
    pub fn status(&self) -> plan::Report {
        let lock = self.lock();
        let inputs = Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree: &self.tree,
            lock: &lock,
        };
        plan::status(&inputs).unwrap()
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> &str {
        &self.tree[&path.parse().unwrap()]
    }

    /// The files that are generated, without the record.
    pub fn generated(&self) -> Tree {
        let lock = self.lock();
        let paths: BTreeSet<ProjectPath> = lock
            .packages
            .iter()
            .flat_map(|package| package.files.iter().map(|file| file.path.clone()))
            .collect();
        let mut tree = self.tree.clone();
        tree.retain(|path, _| paths.contains(path));
        tree
    }

    /// The files that are the user's.
    pub fn shared(&self) -> Tree {
        let generated = self.generated();
        let mut tree = self.tree.clone();
        tree.retain(|path, _| {
            !generated.contains_key(path) && !path.as_str().starts_with(".infra/")
        });
        tree
    }
}

/// A shared file as data, so that order and layout do not matter.
pub fn data(path: &ProjectPath, text: &str) -> serde_json::Value {
    let text = text.trim_start_matches('\u{feff}');
    if path.as_str().ends_with(".toml") {
        let value: toml::Value = toml::from_str(text).unwrap();
        return sorted(serde_json::to_value(value).unwrap());
    }
    if path.as_str().ends_with("yml") || path.as_str().ends_with("yaml") {
        let mut value: serde_norway::Value = serde_norway::from_str(text).unwrap();
        value.apply_merge().unwrap();
        return sorted(serde_json::to_value(value).unwrap());
    }
    let mut lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    lines.sort_unstable();
    serde_json::to_value(lines).unwrap()
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        serde_json::Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| (key, sorted(value)))
            .collect(),
        value => value,
    }
}

/// The records among the files of a project, read.
pub fn lock_of(files: &additions::Files) -> Lock {
    let mut records = Tree::new();
    for (path, bytes) in files {
        let path: ProjectPath = path.parse().unwrap();
        if lock::is_record(&path) {
            records.insert(path, String::from_utf8(bytes.clone()).unwrap());
        }
    }
    Lock::parse(&records).unwrap()
}

/// Fails with a unified diff of the files that differ.
#[track_caller]
pub fn assert_same(before: &Tree, after: &Tree, what: &str) {
    let paths: BTreeSet<&ProjectPath> = before.keys().chain(after.keys()).collect();
    let text = |tree: &Tree, path: &ProjectPath| tree.get(path).cloned().unwrap_or_default();
    let differing = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path));
    let diffs: Vec<String> = differing
        .map(|path| {
            let (old, new) = (format!("expected/{path}"), format!("actual/{path}"));
            let diff =
                infra_edit::diff::unified((&old, &new), &text(before, path), &text(after, path));
            format!("{path} differs:\n{diff}")
        })
        .collect();
    assert!(diffs.is_empty(), "{what}\n{}", diffs.join("\n"));
}

/// A change as a unified diff.
pub fn diff(change: &infra::plan::Change) -> String {
    let before = change.before.as_deref().unwrap_or_default();
    let after = change.after.as_deref().unwrap_or_default();
    let path = change.path.as_str();
    infra_edit::diff::unified((path, path), before, after)
}

/// Compares with a snapshot in the folder `snapshots/`.
pub fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A small generator of random numbers (splitmix64), so that a failure can be repeated.
pub struct Random(pub u64);

impl Random {
    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// Brings items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
