//! Which web framework a package uses.

use std::collections::BTreeMap;

use semver::Version;

use crate::{
    edit::cargo_toml::{Declared, Manifest, Section},
    error::{Error, ErrorCode, Result, did_you_mean},
    facts::Framework,
    framework::{self, Definition},
};

use super::{Project, workspace::Member};

/// What to do with a package that has no framework.
const WITHOUT_ROUTES: &str = "for a worker or another program without routes: --framework none";

/// The frameworks that there is code for and that a package depends on.
pub(super) fn supported(manifest: &Manifest) -> Vec<&'static str> {
    let names = framework::names().into_iter();
    names.filter(|name| has(manifest, &[name])).collect()
}

pub(super) fn is_supported(manifest: &Manifest) -> bool {
    !supported(manifest).is_empty()
}

/// Whether a package depends on one of these frameworks.
pub(super) fn has(manifest: &Manifest, frameworks: &[&str]) -> bool {
    let uses = |declared: &Declared| {
        declared.section == Section::Normal && frameworks.contains(&declared.package.as_str())
    };
    manifest.dependencies.iter().any(uses)
}

/// The framework that a package serves with.
///
/// # Errors
///
/// It has none that is supported, or several.
pub(super) fn of(
    project: &Project,
    member: &Member,
    versions: &BTreeMap<String, Version>,
) -> Result<Framework> {
    let mut names = supported(&member.manifest);
    if names.len() > 1 {
        let mut sure = names.clone();
        sure.retain(|name| project.seems_to_serve(&member.folder, name));
        if sure.len() == 1 {
            names = sure;
        }
    }
    match names.as_slice() {
        [] => Err(unsupported(member)),
        [name] => named(name, member, versions),
        several => {
            let package = member.name();
            let error = Error::new(
                ErrorCode::SeveralFrameworks,
                format!("the package `{package}` uses {}", several.join(" and ")),
            );
            let flags = several.iter().map(|name| format!("--framework {name}"));
            let flags: Vec<_> = flags.collect();
            Err(error.hint(format!("name the one that serves: {}", flags.join(" or "))))
        }
    }
}

/// The framework of this name, in the version that a package uses.
///
/// # Errors
///
/// There is no code for it, or the package does not use it.
pub(super) fn named(
    name: &str,
    member: &Member,
    versions: &BTreeMap<String, Version>,
) -> Result<Framework> {
    if name == Framework::NONE {
        return Ok(Framework::none());
    }
    let Some(definition) = framework::find(name) else {
        let error = Error::new(
            ErrorCode::UnknownFramework,
            format!("no framework `{name}`"),
        );
        return Err(match did_you_mean(name, framework::choices()) {
            Some(meant) => error.hint(format!("did you mean `--framework {meant}`?")),
            None => error.hint(format!(
                "there is code for {}, and {}",
                framework::names().join(", "),
                Framework::NONE
            )),
        });
    };
    if !has(&member.manifest, &[name]) {
        let package = member.name();
        return Err(Error::new(
            ErrorCode::NoFramework,
            format!("the package `{package}` does not depend on {name}"),
        )
        .hint(format!("cargo add {name} -p {package}")));
    }
    Ok(with_version(definition, versions))
}

/// The framework that the code of a package was written for.
///
/// # Errors
///
/// Another one is wished for.
pub(super) fn recorded(
    name: &str,
    wish: Option<&str>,
    versions: &BTreeMap<String, Version>,
) -> Result<Framework> {
    if let Some(wish) = wish.filter(|wish| *wish != name) {
        let what = format!("what was added is written for `{name}`, not `{wish}`");
        return Err(Error::new(ErrorCode::FrameworkIsSettled, what)
            .hint("remove all components, then add them for the other framework"));
    }
    let known = framework::find(name);
    Ok(known.map_or_else(Framework::none, |known| with_version(known, versions)))
}

/// A path or git dependency may have no version that can be known; the newest is the most probable.
fn with_version(definition: &Definition, versions: &BTreeMap<String, Version>) -> Framework {
    let mut framework = Framework::from(definition);
    if let Some(version) = versions.get(definition.name) {
        framework.version = version.clone();
    }
    framework
}

/// The package whose own error says more than one about the workspace would.
///
/// # Errors
///
/// No package uses a framework that is known.
pub(super) fn missing(members: Vec<Member>) -> Result<Member> {
    let only = members.first().filter(|_| members.len() == 1);
    let unsupported: Vec<_> = framework::unsupported().collect();
    let speaking = members
        .iter()
        .find(|member| has(&member.manifest, &unsupported));
    speaking.or(only).cloned().ok_or_else(|| {
        let names = framework::names().join(", ");
        Error::new(
            ErrorCode::NoFramework,
            format!("no package of this workspace uses a supported web framework ({names})"),
        )
        .hint(format!("cargo add {} -p PACKAGE", framework::usual().name))
        .hint("for a package without routes: -p PACKAGE --framework none")
    })
}

fn unsupported(member: &Member) -> Error {
    let package = member.name();
    let mut other = framework::unsupported();
    match other.find(|name| has(&member.manifest, &[name])) {
        Some(other) => Error::new(
            ErrorCode::UnsupportedFramework,
            format!("the package `{package}` uses {other}, for which there is no code"),
        )
        .hint(format!(
            "there is code for {}",
            framework::supported_series()
        ))
        .hint("without routes and extractors, wired by hand: --framework none"),
        None => Error::new(
            ErrorCode::NoFramework,
            format!(
                "the package `{package}` uses no web framework that is supported ({})",
                framework::names().join(", ")
            ),
        )
        .hint(format!(
            "cargo add {} -p {package}",
            framework::usual().name
        ))
        .hint(WITHOUT_ROUTES),
    }
}
