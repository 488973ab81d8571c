//! The package that components are added to, and everything known of it.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::{
    disk,
    edit::{
        cargo_toml::{Manifest, Section},
        rust,
    },
    error::{Error, ErrorCode, Result, did_you_mean},
    facts::{Facts, Framework},
    lock::{Lock, Owner, Package},
    path::ProjectPath,
    versions,
};

use super::{
    Project,
    cargo_lock::CargoLock,
    detection,
    folders::join,
    sources::serves,
    workspace::{Member, manifest_of},
};

/// Versions, by the name of the crate.
type Versions = BTreeMap<String, Version>;

/// What the user says of the place.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// The package, by name.
    pub package: Option<String>,
    /// The framework to write for, where the package does not tell.
    pub framework: Option<String>,
    /// The name of the module, where `infra` is taken.
    pub module: Option<String>,
    /// The compose file, from the root.
    pub compose: Option<ProjectPath>,
    /// A folder of components, in place of those in this binary.
    pub templates: Option<std::path::PathBuf>,
}

impl Project {
    /// Finds the package that is meant, and what there is to know of it.
    ///
    /// # Errors
    ///
    /// There is no such package, or several could be meant; it has no framework that is supported;
    /// a manifest cannot be read.
    pub fn facts(&self, target: &TargetOptions, lock: &Lock) -> Result<Facts> {
        let member = self.choose(target, lock)?;
        let workspace_path = self.workspace_manifest()?;
        let workspace = match manifest_of(&member.folder)? == workspace_path {
            true => member.manifest.clone(),
            false => self.manifest(&workspace_path)?.unwrap_or_default(),
        };
        let name = member.name().to_owned();
        let (versions, allowed) = self.versions(&member, &workspace)?;
        let recorded = lock.package(member.shown());
        let wish = target.framework.as_deref();
        let framework = match (recorded, wish) {
            (Some(package), wish) => detection::recorded(&package.framework, wish, &versions)?,
            (None, Some(name)) => detection::named(name, &member, &versions)?,
            (None, None) => detection::of(self, &member, &versions)?,
        };
        let mut dependencies = member.manifest.dependencies.iter();
        let inherits = dependencies.any(|known| known.workspace);
        let library = self.library(&member)?;
        let module = module(target, recorded)?;
        let mut binaries = self.binaries(&member)?;
        if library.is_none() {
            self.put_first(&mut binaries, &module, &framework)?;
        }
        let mut facts = Facts {
            manifest: manifest_of(&member.folder)?,
            inherited_elsewhere: match inherits {
                true => self.inherited_elsewhere(&member.folder)?,
                false => BTreeSet::new(),
            },
            inherits: inherits.then_some(workspace_path),
            crate_name: crate_name(&member),
            edition: edition(&member.manifest, &workspace),
            rust_version: rust_version(&member.manifest, &workspace),
            denied_lints: denied_lints(&member.manifest, &workspace),
            compose: match target.compose.clone().or_else(|| used(lock, &member)) {
                Some(compose) => compose,
                None => self.compose(&member.folder)?,
            },
            compose_others: Vec::new(),
            compose_left: Vec::new(),
            compose_env: None,
            gitignore: self.gitignore()?,
            env_examples: self.env_examples(&member.folder)?,
            env: self.env(&member.folder)?,
            env_tracked: false,
            sources: Vec::new(),
            folder: member.folder,
            name,
            library,
            binaries,
            module,
            framework,
            versions,
            allowed,
        };
        if target.compose.is_none() {
            facts.compose_left = self.compose_left(&facts.folder, &facts.compose);
        }
        self.add_files(&mut facts)?;
        Ok(facts)
    }

    /// Adds the files that are looked for with what is known of the package.
    fn add_files(&self, facts: &mut Facts) -> Result<()> {
        facts.compose_others = self.compose_others(&facts.compose)?;
        facts.compose_env = self.compose_env(&facts.compose);
        let tracked = |env: &ProjectPath| super::git::tracks(&self.root, env.as_str());
        facts.env_tracked = facts.env.as_ref().is_some_and(tracked);
        facts.sources = self.sources(facts)?;
        Ok(())
    }

    /// The crates of the workspace that packages other than the one in a folder inherit.
    fn inherited_elsewhere(&self, folder: &str) -> Result<BTreeSet<String>> {
        let members = self.members()?.into_iter();
        let others = members.filter(|member| member.folder != folder);
        let declared = others.flat_map(|member| member.manifest.dependencies);
        let inherited = declared.filter(|known| known.workspace);
        Ok(inherited.map(|known| known.key).collect())
    }

    fn choose(&self, target: &TargetOptions, lock: &Lock) -> Result<Member> {
        if let Some(wanted) = &target.package {
            return self.named(wanted);
        }
        let installed = |member: &Member| lock.package(member.shown()).is_some();
        let is_meant = |member: &Member| match target.framework.as_deref() {
            Some(Framework::NONE) => true,
            Some(name) => detection::has(&member.manifest, &[name]),
            None => installed(member) || detection::is_supported(&member.manifest),
        };
        if let Some(here) = &self.here
            && let Some(member) = self.member(here)?
            && (*here != self.workspace || is_meant(&member))
        {
            return Ok(member);
        }
        let members = self.members()?;
        let mut serving = members.clone();
        serving.retain(&is_meant);
        if serving.iter().filter(|member| installed(member)).count() == 1 {
            serving.retain(installed);
        }
        if serving.len() > 1 {
            let mut sure = serving.clone();
            let serves = |member: &Member| {
                let names = detection::supported(&member.manifest);
                names
                    .into_iter()
                    .any(|name| self.seems_to_serve(&member.folder, name))
            };
            sure.retain(serves);
            if sure.len() == 1 {
                serving = sure;
            }
        }
        match serving.len() {
            0 => detection::missing(members),
            1 => Ok(serving.remove(0)),
            _ => {
                let mut error = Error::new(
                    ErrorCode::SeveralPackages,
                    "several packages of this workspace could be meant",
                );
                for member in &serving {
                    error = error.detail(format!("{} in {}", member.name(), member.shown()));
                }
                Err(error.hint("name one: -p PACKAGE"))
            }
        }
    }

    fn named(&self, wanted: &str) -> Result<Member> {
        let members = self.members()?;
        let names: Vec<String> = members.iter().map(|m| m.name().to_owned()).collect();
        let found = members.into_iter().find(|member| member.name() == wanted);
        found.ok_or_else(|| {
            let error = Error::new(ErrorCode::UnknownPackage, format!("no package `{wanted}`"));
            match did_you_mean(wanted, names.iter().map(String::as_str)) {
                Some(meant) => error.hint(format!("did you mean `-p {meant}`?")),
                None => error.hint(format!("the packages are: {}", names.join(", "))),
            }
        })
    }

    fn library(&self, member: &Member) -> Result<Option<ProjectPath>> {
        let declared = member.manifest.library.as_ref();
        let path = declared.and_then(|library| library.path.clone());
        let path = path.unwrap_or_else(|| "src/lib.rs".to_owned());
        self.file(member, &path)
    }

    fn binaries(&self, member: &Member) -> Result<Vec<ProjectPath>> {
        let mut paths: Vec<String> = Vec::new();
        for binary in &member.manifest.binaries {
            let name = &binary.name;
            match &binary.path {
                Some(path) => paths.push(path.clone()),
                None => paths.extend([
                    format!("src/bin/{name}.rs"),
                    format!("src/bin/{name}/main.rs"),
                    "src/main.rs".to_owned(),
                ]),
            }
        }
        if member
            .manifest
            .package
            .as_ref()
            .is_none_or(|package| package.autobins)
        {
            paths.push("src/main.rs".to_owned());
            paths.extend(self.files_in(&member.folder, "src/bin"));
        }
        let mut found = Vec::new();
        for path in paths {
            let file = self.file(member, &path)?;
            found.extend(file.filter(|file| !found.contains(file)));
        }
        Ok(found)
    }

    /// Puts the binary first that the module belongs to: the one that declares it, else the only one
    /// that serves.
    fn put_first(
        &self,
        binaries: &mut [ProjectPath],
        module: &str,
        framework: &Framework,
    ) -> Result<()> {
        if binaries.len() < 2 {
            return Ok(());
        }
        let (mut declaring, mut serving) = (Vec::new(), Vec::new());
        for (at, path) in binaries.iter().enumerate() {
            let text = disk::read(&self.root, path)?.unwrap_or_default();
            if rust::is_declared(&text, module).is_some() {
                declaring.push(at);
            }
            if serves(&text, &framework.name) {
                serving.push(at);
            }
        }
        let first = match (declaring.as_slice(), serving.as_slice()) {
            ([first, ..], _) | ([], [first]) => *first,
            _ => return Ok(()),
        };
        binaries[..=first].rotate_right(1);
        Ok(())
    }

    fn file(&self, member: &Member, path: &str) -> Result<Option<ProjectPath>> {
        match join(&member.folder, path).parse::<ProjectPath>() {
            Ok(path) if self.exists(path.as_str()) => Ok(Some(path)),
            _ => Ok(None),
        }
    }

    /// The versions of crates, and those of them that no lock file decides.
    ///
    /// | `Cargo.toml` | `Cargo.lock` | version | decided |
    /// |---|---|---|---|
    /// | `axum = "0.8"` | `axum` 0.8.9 | 0.8.9 | yes |
    /// | `redis = "1.2"` | nothing | 1.2.0, the lowest that is allowed | no |
    /// | nothing; `sqlx = "0.8"` of the workspace, from which the package inherits others | `sqlx` 0.8.6 | 0.8.6 | yes |
    fn versions(&self, member: &Member, workspace: &Manifest) -> Result<(Versions, Versions)> {
        let lock_path = super::path(&join(&self.workspace, "Cargo.lock"))?;
        let lock = disk::read(&self.root, &lock_path)?.unwrap_or_default();
        let lock = CargoLock::parse(&lock)?;
        let declared = &member.manifest.dependencies;
        let offered = workspace.dependencies.iter();
        let offered: Vec<_> = offered
            .filter(|known| known.section == Section::Workspace)
            .collect();
        let direct: BTreeSet<&str> = declared.iter().map(|known| &*known.package).collect();
        let mut versions = lock.dependencies_of(member.name());
        versions.retain(|name, _| direct.contains(name.as_str()));
        let mut unlocked = Versions::new();
        for known in declared {
            let inherited = offered.iter().find(|offered| offered.key == known.key);
            let inherited = inherited.filter(|_| known.workspace);
            let inherited = inherited.and_then(|offered| offered.requirement.as_deref());
            let requirement = known.requirement.as_deref().or(inherited);
            if let Some(version) = requirement.and_then(versions::probable_version)
                && !versions.contains_key(&known.package)
            {
                unlocked.insert(known.package.clone(), version);
            }
        }
        let inherits = declared.iter().any(|known| known.workspace);
        let others = offered
            .into_iter()
            .filter(|known| inherits && !direct.contains(&*known.package));
        for known in others {
            let Some(requirement) = known.requirement.as_deref() else {
                continue;
            };
            let locked = versions::newest(requirement, lock.versions_of(&known.package));
            if let Some(version) = locked {
                versions.insert(known.package.clone(), version.clone());
            } else if let Some(version) = versions::probable_version(requirement) {
                unlocked.insert(known.package.clone(), version);
            }
        }
        versions.extend(unlocked.clone());
        Ok((versions, unlocked))
    }
}

/// The name of the library in Rust, else of the package.
fn crate_name(member: &Member) -> String {
    let library = member.manifest.library.as_ref();
    let name = library.and_then(|library| library.name.as_deref());
    name.unwrap_or_else(|| member.name()).replace('-', "_")
}

/// The module that the infrastructure lives in.
fn module(target: &TargetOptions, recorded: Option<&Package>) -> Result<String> {
    match (&target.module, recorded) {
        (_, Some(package)) => Ok(package.module.clone()),
        (Some(module), None) => identifier(module),
        (None, None) => Ok("infra".to_owned()),
    }
}

/// The compose file that services of this package were put into before.
fn used(lock: &Lock, member: &Member) -> Option<ProjectPath> {
    let is_mine = |owner: &Owner| owner.package == member.shown();
    let mut fragments = lock.fragments.iter();
    let ours = fragments.find(|known| {
        let is_service = known.pointer.starts_with("/services/");
        is_service && !known.preexisting && known.owners.iter().any(is_mine)
    });
    ours.map(|known| known.file.clone())
}

fn edition(manifest: &Manifest, workspace: &Manifest) -> u16 {
    let package = manifest.package.as_ref();
    let inherited = package.is_some_and(|package| package.edition_inherited);
    let text = match inherited {
        true => workspace.workspace.as_ref().and_then(|w| w.edition.clone()),
        false => package.and_then(|package| package.edition.clone()),
    };
    // Cargo's own default.
    text.and_then(|text| text.parse().ok()).unwrap_or(2015)
}

fn rust_version(manifest: &Manifest, workspace: &Manifest) -> Option<Version> {
    let package = manifest.package.as_ref()?;
    let inherited = || workspace.workspace.as_ref()?.rust_version.clone();
    let text = match package.rust_version_inherited {
        true => inherited(),
        false => package.rust_version.clone(),
    };
    versions::min_version(&text?)
}

fn denied_lints(manifest: &Manifest, workspace: &Manifest) -> BTreeSet<String> {
    let own = manifest.denied_clippy_lints.iter();
    let inherited = workspace
        .workspace
        .iter()
        .filter(|_| manifest.lints_inherited);
    let inherited = inherited.flat_map(|workspace| &workspace.denied_clippy_lints);
    own.chain(inherited).cloned().collect()
}

/// A module name as the user typed it, if it is one.
fn identifier(text: &str) -> Result<String> {
    let mut chars = text.chars();
    let starts = chars
        .next()
        .is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    let goes_on = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if starts && goes_on && syn::parse_str::<syn::Ident>(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(Error::new(
        ErrorCode::WrongModuleName,
        format!("`{text}` is no name of a module"),
    )
    .hint("a name in lower case that is no keyword, such as `--module infrastructure`"))
}
