//! Adds a dependency, or the features that one which is there lacks.

use toml_edit::{Document, Item};

use super::dependency::{Dependency, Table};
use super::read::{Section, read};
use super::spans::Entry;
use super::{extend, insert, spans, value};
use crate::text::line_of;
use crate::{EditError, Outcome};

/// Adds a dependency, or the features that one which is there lacks.
///
/// With `inherit` a new entry says `workspace = true` instead of a requirement. An entry that is
/// there keeps its form, its requirement and its `default-features`; it may have another key, as
/// in `my_log = { package = "log", .. }`. What is written new to the dev-dependencies follows
/// the requirement of the same crate in `[dependencies]`, so that there are never two versions.
///
/// # Errors
///
/// [`EditError::Unreadable`] for what is not TOML; [`EditError::Conflict`] when the name stands for
/// another crate; [`EditError::Unsupported`] for a dependency that is optional and off by default or only
/// there for some targets, for a workspace table without a workspace, and for forms in which the
/// edited text would not mean what was intended.
pub fn ensure(
    text: &str,
    table: Table,
    dependency: &Dependency,
    inherit: bool,
) -> Result<Outcome, EditError> {
    let document = spans::parse(text)?;
    if let Some(entry) = find(text, &document, table, &dependency.name)? {
        refuse_optional(text, table, &entry)?;
        return extend::extend(text, table, &entry, &dependency.features);
    }
    refuse_elsewhere(text, &document, table, &dependency.name)?;
    let Some((dependency, inherit)) = like_normal(text, &document, table, dependency, inherit)?
    else {
        return Ok(Outcome::AlreadyPresent);
    };
    insert::insert(text, &document, table, &dependency, inherit)
}

/// Finds the entry of a crate in a table, by its key or by the crate it renames.
fn find<'a>(
    text: &str,
    document: &'a Document<&str>,
    table: Table,
    name: &str,
) -> Result<Option<Entry<'a>>, EditError> {
    let Some((_, item)) = spans::walk(document, table.path()) else {
        return Ok(None);
    };
    let Some(entries) = item.as_table_like() else {
        return Err(EditError::Unsupported {
            address: table.address().to_owned(),
            line: item.span().map(|span| line_of(text, span.start)),
            reason: "it is not a table".to_owned(),
        });
    };
    let package = |item| value::text_of(item, "package");
    if let Some(entry) = spans::entry(entries, name)
        && package(entry.item).is_none_or(|real| real == name)
    {
        return Ok(Some(entry));
    }
    for (key, item) in entries.iter() {
        if package(item).is_some_and(|real| real == name) {
            return Ok(spans::entry(entries, key));
        }
    }
    match spans::entry(entries, name) {
        None => Ok(None),
        Some(entry) => Err(EditError::Conflict {
            address: format!("{}/{name}", table.address()),
            line: Some(line_of(text, entry.key.start)),
            wanted: format!("the crate `{name}`"),
            found: format!(
                "another name for the crate `{}`",
                package(entry.item).unwrap_or_default()
            ),
        }),
    }
}

fn refuse_optional(text: &str, table: Table, entry: &Entry<'_>) -> Result<(), EditError> {
    if table != Table::Normal || value::flag_of(entry.item, "optional") != Some(true) {
        return Ok(());
    }
    let on = read(text)?.dependencies.iter().any(|declared| {
        declared.section == Section::Normal && declared.key == entry.name && declared.on_by_default
    });
    if on {
        return Ok(());
    }
    Err(EditError::Unsupported {
        address: format!("{}/{}", table.address(), entry.name),
        line: Some(line_of(text, entry.key.start)),
        reason: "it is optional and no default feature turns it on, so the code could not rely \
                 on it"
            .to_owned(),
    })
}

/// Refuses what is there, but not in the table where an entry would count.
fn refuse_elsewhere(
    text: &str,
    document: &Document<&str>,
    table: Table,
    name: &str,
) -> Result<(), EditError> {
    let targets = document.get("target").and_then(Item::as_table_like);
    for (target, item) in targets.iter().flat_map(|targets| targets.iter()) {
        let Some(entries) = item
            .as_table_like()
            .and_then(|target| target.get(table.address()))
            .and_then(Item::as_table_like)
        else {
            continue;
        };
        for (key, item) in entries.iter() {
            if value::text_of(item, "package").unwrap_or(key) == name {
                return Err(EditError::Unsupported {
                    address: format!("target.'{target}'.{}/{key}", table.address()),
                    line: spans::entry(entries, key).map(|entry| line_of(text, entry.key.start)),
                    reason: "it is there for some targets only, and the code needs it on all"
                        .to_owned(),
                });
            }
        }
    }
    if table == Table::Dev && document.get("dev_dependencies").is_some() {
        return Err(EditError::Unsupported {
            address: table.address().to_owned(),
            line: None,
            reason: "the table is spelled `dev_dependencies` here".to_owned(),
        });
    }
    Ok(())
}

/// Lets a new dev-dependency follow the entry in `[dependencies]`; `None` when that one suffices.
fn like_normal(
    text: &str,
    document: &Document<&str>,
    table: Table,
    dependency: &Dependency,
    inherit: bool,
) -> Result<Option<(Dependency, bool)>, EditError> {
    let unchanged = Ok(Some((dependency.clone(), inherit)));
    if table != Table::Dev {
        return unchanged;
    }
    let Some(normal) = find(text, document, Table::Normal, &dependency.name)? else {
        return unchanged;
    };
    let features = value::features_of(normal.item);
    if refuse_optional(text, Table::Normal, &normal).is_ok()
        && dependency
            .features
            .iter()
            .all(|feature| features.contains(feature))
    {
        return Ok(None);
    }
    if value::flag_of(normal.item, "workspace") == Some(true) {
        return Ok(Some((dependency.clone(), true)));
    }
    match value::requirement_of(normal.item) {
        Some(requirement) if value::is_from_registry(normal.item) => {
            let dependency = Dependency {
                requirement: requirement.to_owned(),
                ..dependency.clone()
            };
            Ok(Some((dependency, false)))
        }
        _ => Err(EditError::Unsupported {
            address: format!("{}/{}", Table::Normal.address(), normal.name),
            line: Some(line_of(text, normal.key.start)),
            reason: "it comes from a path or a git repository, and a second entry in the \
                     dev-dependencies would have to follow it"
                .to_owned(),
        }),
    }
}
