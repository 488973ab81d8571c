//! The web framework that a package uses.

use std::collections::BTreeMap;

use semver::Version;

use crate::{
    edit::cargo_toml::{Declared, Manifest, Section},
    error::{Error, Result, did_you_mean},
    facts::Framework,
};

use super::{Project, workspace::Member};

/// The frameworks that generated code exists for, with the series that is meant where nothing says
/// which one a package has.
static SUPPORTED: [(&str, Version); 2] = [
    ("axum", Version::new(0, 8, 0)),
    ("actix-web", Version::new(4, 0, 0)),
];

/// Frameworks that are recognised, to say that they are not supported.
const KNOWN: [&str; 7] = ["rocket", "warp", "poem", "salvo", "tide", "gotham", "ntex"];

/// The frameworks of [`SUPPORTED`] that a package depends on.
pub(super) fn supported(manifest: &Manifest) -> Vec<&'static str> {
    let names = SUPPORTED.iter().map(|(name, _)| *name);
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
            let error = Error::usage(
                "several-frameworks",
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
    let known = SUPPORTED.iter().map(|(name, _)| *name);
    let Some((_, newest)) = SUPPORTED.iter().find(|(known, _)| *known == name) else {
        let error = Error::usage("unknown-framework", format!("no framework `{name}`"));
        return Err(match did_you_mean(name, known.chain([Framework::NONE])) {
            Some(meant) => error.hint(format!("did you mean `--framework {meant}`?")),
            None => error.hint("there is code for axum, actix-web, and none"),
        });
    };
    if !has(&member.manifest, &[name]) {
        let package = member.name();
        return Err(Error::unsupported(
            "no-framework",
            format!("the package `{package}` does not depend on {name}"),
        )
        .hint(format!("cargo add {name} -p {package}")));
    }
    Ok(in_version(name, newest, versions))
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
        return Err(Error::usage("framework-is-settled", what)
            .hint("remove all components, then add them for the other framework"));
    }
    let known = SUPPORTED.iter().find(|(known, _)| *known == name);
    Ok(known.map_or_else(Framework::none, |(_, newest)| {
        in_version(name, newest, versions)
    }))
}

/// A path or git dependency may have no version that can be known; the newest is likeliest.
fn in_version(name: &str, newest: &Version, versions: &BTreeMap<String, Version>) -> Framework {
    Framework {
        name: name.to_owned(),
        version: versions.get(name).unwrap_or(newest).clone(),
    }
}

/// The package whose own error says more than one about the workspace would.
///
/// # Errors
///
/// No package uses a framework that is known.
pub(super) fn missing(members: Vec<Member>) -> Result<Member> {
    let only = members.first().filter(|_| members.len() == 1);
    let speaking = members.iter().find(|member| has(&member.manifest, &KNOWN));
    speaking.or(only).cloned().ok_or_else(|| {
        Error::unsupported(
            "no-framework",
            "no package of this workspace uses a supported web framework (axum, actix-web)",
        )
        .hint("cargo add axum -p PACKAGE")
        .hint("for a package without routes: -p PACKAGE --framework none")
    })
}

fn unsupported(member: &Member) -> Error {
    let package = member.name();
    let mut other = KNOWN.into_iter();
    match other.find(|name| has(&member.manifest, &[name])) {
        Some(other) => Error::unsupported(
            "unsupported-framework",
            format!("the package `{package}` uses {other}, for which there is no code"),
        )
        .hint("there is code for axum 0.8 and 0.7 and for actix-web 4")
        .hint("without routes and extractors, wired by hand: --framework none"),
        None => Error::unsupported(
            "no-framework",
            format!(
                "the package `{package}` uses no web framework that is supported (axum, actix-web)"
            ),
        )
        .hint(format!("cargo add axum -p {package}"))
        .hint("for a worker or another program without routes: --framework none"),
    }
}
