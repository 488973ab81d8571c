//! Takes a lock apart into records, and writes those that changed into a tree.

use std::collections::BTreeMap;

use crate::{
    error::{Error, ErrorCode, Result},
    facts::Tree,
    hash::hash,
    path::ProjectPath,
};

use super::super::{HUB, Lock, Package, Pristine, rows::map, schema1};
use super::{
    ATTRIBUTES, ATTRIBUTES_TEXT, Added, COMPONENT_HEADER, ComponentRecord, FileRow, FragmentRow,
    HUB_HEADER, HubRecord, Owner, Record, SCHEMA, UseRow, WRITER, owner_of, path_of, path_of_text,
};

/// Writes the records of a lock, and the texts of its generated files, into a tree.
///
/// `old` is what the tree was read as. A record that says the same as before keeps its text, for
/// example with the line endings that version control gave it. Records of schema 1 are removed.
///
/// # Errors
///
/// A value cannot be written as TOML, which the types exclude.
pub(crate) fn write(
    tree: &mut Tree,
    old: (&Lock, &Pristine),
    new: (&Lock, &Pristine),
) -> Result<()> {
    let ((old_lock, old_pristine), (lock, pristine)) = (old, new);
    let (old, new) = (records_of(old_lock), records_of(lock));
    tree.retain(|path, _| owner_of(path).is_none_or(|owner| new.contains_key(&owner)));
    for (owner, record) in &new {
        let path = path_of(owner, ".toml")?;
        if old.get(owner) != Some(record) || !tree.contains_key(&path) {
            tree.insert(path, text_of(record)?);
        }
    }
    pristine.write(tree, lock, old_pristine)?;
    for path in [schema1::LOCK_PATH, schema1::BASE_PATH] {
        tree.remove(&path_of_text(path)?);
    }
    let attributes = path_of_text(ATTRIBUTES)?;
    if new.is_empty() {
        if tree.get(&attributes).is_some_and(|text| hash_is_ours(text)) {
            tree.remove(&attributes);
        }
    } else {
        tree.entry(attributes)
            .or_insert_with(|| ATTRIBUTES_TEXT.to_owned());
    }
    Ok(())
}

fn hash_is_ours(text: &str) -> bool {
    hash(text) == hash(ATTRIBUTES_TEXT)
}

fn text_of(record: &Record) -> Result<String> {
    let (header, body) = match record {
        Record::Hub(record) => (HUB_HEADER, toml::to_string(record)),
        Record::Component(record) => (COMPONENT_HEADER, toml::to_string(record)),
    };
    let body = body.map_err(|error| {
        let what = format!("a record cannot be written: {error}");
        Error::new(ErrorCode::UnwritableLock, what)
    })?;
    Ok(format!("{header}{body}"))
}

/// Takes a lock apart into records.
fn records_of(lock: &Lock) -> BTreeMap<Owner, Record> {
    let mut records = BTreeMap::new();
    for package in &lock.packages {
        let hub = HubRecord {
            schema: SCHEMA,
            writer: WRITER,
            version: package.hub.clone(),
            module: package.module.clone(),
            framework: package.framework.clone(),
            skipped: package.skipped.clone(),
            added: added_of(lock, package, HUB),
        };
        records.insert(package.owner(HUB), Record::Hub(Box::new(hub)));
        for component in &package.components {
            let record = ComponentRecord {
                schema: SCHEMA,
                writer: WRITER,
                version: component.version.clone(),
                explicit: component.explicit,
                requires: component.requires.clone(),
                options: component.options.clone(),
                versions: component.versions.clone(),
                dependencies: map(&component.dependencies),
                dev_dependencies: map(&component.dev_dependencies),
                settings: component.settings.clone().map(Into::into),
                wire: component.wire.clone().map(Into::into),
                env: component.env.iter().cloned().map(Into::into).collect(),
                added: added_of(lock, package, &component.id),
            };
            records.insert(
                package.owner(&component.id),
                Record::Component(Box::new(record)),
            );
        }
    }
    records
}

/// What one owner added. A fragment that several need is in the record of its home.
fn added_of(lock: &Lock, package: &Package, component: &str) -> Added {
    let owner = package.owner(component);
    let files = package.files_of(component).map(|file| FileRow {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
    });
    let mut added = Added {
        files: files.collect(),
        ..Added::default()
    };
    for fragment in &lock.fragments {
        if fragment.home == owner {
            added.fragments.push(FragmentRow {
                file: fragment.file.clone(),
                pointer: fragment.pointer.clone(),
                order: fragment.order,
                preexisting: fragment.preexisting,
                container: fragment.container,
                before: fragment.before.clone(),
                after: fragment.after.clone(),
                fingerprint: fragment.fingerprint.clone(),
            });
        } else if fragment.owners.contains(&owner) {
            added.uses.push(UseRow {
                file: fragment.file.clone(),
                pointer: fragment.pointer.clone(),
            });
        }
    }
    added
        .uses
        .sort_by(|a, b| (&a.file, &a.pointer).cmp(&(&b.file, &b.pointer)));
    let first_home = |file: &ProjectPath| {
        let mut inside = lock.fragments.iter().filter(|known| known.file == *file);
        inside.next().map(|first| &first.home)
    };
    let created = lock.created.iter();
    added.created = created
        .filter(|file| first_home(file) == Some(&owner))
        .cloned()
        .collect();
    added
}
