//! Everything that the tool knows of web frameworks, one file each.
//!
//! A framework is a [`Definition`]: names, the syntax of its server, app and routes as values that
//! [`infra_edit::rust`] interprets, and the lines to paste where nothing is certain. Detection, plan
//! and messages read the table `ALL` and name no framework. A new one is a file here and its line
//! in the table, a folder in `base/new`, and the parts of templates that know it.
//!
//! This room does not look at a project: which framework a package uses is found by `project`.

use crate::facts::Framework;

mod actix_web;
mod axum;
mod definition;
mod none;

pub use definition::Definition;
pub(crate) use definition::SnippetInputs;

#[cfg(test)]
mod tests;

/// The frameworks that there is code for; the first is the one of a new project when nobody chooses.
static ALL: [&Definition; 2] = [&axum::DEFINITION, &actix_web::DEFINITION];

/// Frameworks that are recognised, to say that they are not supported.
const RECOGNISED: [&str; 7] = ["rocket", "warp", "poem", "salvo", "tide", "gotham", "ntex"];

/// The frameworks that there is code for.
#[must_use]
pub fn all() -> &'static [&'static Definition] {
    &ALL
}

/// The framework of a new project when nobody chooses.
#[must_use]
pub fn usual() -> &'static Definition {
    ALL[0]
}

/// The framework of this name, if there is code for it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Definition> {
    ALL.into_iter().find(|known| known.name == name)
}

/// The framework of this name; whatever is unknown is wired as a program without one.
#[must_use]
pub fn get(name: &str) -> &'static Definition {
    find(name).unwrap_or(&none::DEFINITION)
}

/// The names of the frameworks that there is code for.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|known| known.name).collect()
}

/// The values of `--framework` for a package.
#[must_use]
pub fn choices() -> Vec<&'static str> {
    names().into_iter().chain([Framework::NONE]).collect()
}

/// Frameworks that are known and that there is no code for.
pub(crate) fn unsupported() -> impl Iterator<Item = &'static str> {
    RECOGNISED.into_iter().filter(|name| find(name).is_none())
}

/// The series that there is code for, as a list: `axum 0.8 and 0.7 and for actix-web 4`.
pub(crate) fn supported_series() -> String {
    let frameworks = ALL.iter().map(|known| {
        let series = known.series.join(" and ");
        format!("{} {series}", known.name)
    });
    frameworks.collect::<Vec<_>>().join(" and for ")
}
