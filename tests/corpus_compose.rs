//! The compose editor over files that try to break it, and over a folder of real ones.
//!
//! An independent YAML parser judges: after an edit the data is exactly the old data plus the
//! fragments, and after undo the bytes are the old bytes, in whichever order it is undone.
#![allow(
    clippy::disallowed_methods,
    reason = "the folder of real files is named in the environment"
)]

mod mutation;

use std::env::VarError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use infra_edit::compose::{self, Compose, Value, parse_value};
use infra_edit::{Edit, EditError, Outcome, UndoError};
use serde_norway::{Mapping, Value as Yaml};

const SERVICE: &str = "image: redis:8.2-alpine
command: [\"redis-server\", \"--appendonly\", \"yes\"]
ports:
  - \"127.0.0.1:${REDIS_PORT:-6379}:6379\"
volumes:
  - redis-data:/data
healthcheck:
  test: [\"CMD\", \"redis-cli\", \"ping\"]
  interval: 5s
  retries: 10
";

#[derive(Debug, PartialEq)]
enum Verdict {
    /// Whether the independent parser could judge.
    Edited {
        judged: bool,
    },
    Refused(String),
    Wrong(String),
}

struct Names {
    service: String,
    volume: String,
    variable: String,
    app: Option<String>,
}

/// Names that the file does not have yet, and the service that stands for the app.
fn names(text: &str, compose: &Compose) -> Names {
    let fresh = |name: &str| {
        let mut name = name.to_owned();
        while text.contains(&name) {
            name.push('x');
        }
        name
    };
    let file = compose.file();
    let app = file
        .services
        .iter()
        .find(|service| service.build || service.image.is_some());
    Names {
        service: fresh("redis"),
        volume: fresh("redis-data"),
        variable: fresh("REDIS_URL"),
        app: app.map(|service| service.name.clone()),
    }
}

fn add_all(compose: &mut Compose, names: &Names) -> Result<Vec<Outcome>, EditError> {
    let mut outcomes = vec![
        compose.add_service(&names.service, &parse_value(SERVICE)?)?,
        compose.add_volume(&names.volume, &Value::Null)?,
    ];
    if let Some(app) = &names.app {
        outcomes.push(compose.add_dependency(app, &names.service)?);
        outcomes.push(compose.add_environment(app, &names.variable, "redis://redis:6379")?);
    }
    Ok(outcomes)
}

fn verdict(text: &str) -> Verdict {
    let mut compose = match Compose::parse(text) {
        Ok(compose) => compose,
        Err(refusal) => return Verdict::Refused(refusal.to_string()),
    };
    let names = names(text, &compose);
    let outcomes = match add_all(&mut compose, &names) {
        Ok(outcomes) => outcomes,
        Err(refusal) => return Verdict::Refused(refusal.to_string()),
    };
    let mut edits = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Added { edits: more, .. } => edits.extend(more),
            Outcome::AlreadyPresent => {
                return Verdict::Wrong("found what was not there".to_owned());
            }
        }
    }
    let after = compose.text().to_owned();
    let judged = check(text, &after, &names, &edits, &mut compose);
    match judged {
        Ok(judged) => Verdict::Edited { judged },
        Err(reason) => Verdict::Wrong(format!("{reason}\n{after}")),
    }
}

/// Gives the service or the variable another value and its old one again. Undoing must give the same
/// bytes before and after, and the old value the same text.
fn check_revising(after: &str, edit: &Edit, names: &Names) -> Result<(), String> {
    let (old, new) = if edit.address == compose::pointer(&["services", &names.service]) {
        let parsed = |text: &str| parse_value(text).map_err(|error| error.to_string());
        let new = SERVICE.replace("retries: 10", "retries: 30\n  timeout: 3s");
        (parsed(SERVICE)?, parsed(&new)?)
    } else if edit.address.ends_with(&names.variable) {
        let url = "redis://redis:6379";
        (Value::string(url), Value::string(format!("{url}/1")))
    } else {
        return Ok(());
    };
    let failed = |kept: UndoError| format!("revising {}: {kept}", edit.address);
    let mut file = Compose::parse(after).map_err(|error| error.to_string())?;
    let revised = file.revise(edit, &new).map_err(failed)?;
    if file.text() == after {
        return Err(format!("revising {} changed nothing", edit.address));
    }
    if compose::undo(file.text(), &revised) != compose::undo(after, edit) {
        return Err(format!("undo after revising {} differs", edit.address));
    }
    let again = file.revise(&revised, &old).map_err(failed)?;
    if file.text() != after || again != *edit {
        return Err(format!("revising {} back differs", edit.address));
    }
    Ok(())
}

fn check(
    before: &str,
    after: &str,
    names: &Names,
    edits: &[Edit],
    compose: &mut Compose,
) -> Result<bool, String> {
    let again = add_all(compose, names).map_err(|refusal| format!("second add: {refusal}"))?;
    if again
        .iter()
        .any(|outcome| *outcome != Outcome::AlreadyPresent)
    {
        return Err("the second add was not a no-op".to_owned());
    }
    let whole_lines = |edit: &Edit| edit.before.is_empty() && edit.after.starts_with(['\r', '\n']);
    if edits.iter().all(whole_lines) && !keeps_lines(before, after) {
        return Err("an original line was changed".to_owned());
    }
    for edit in edits.iter().filter(|edit| !edit.container) {
        if let Err(kept) = compose.state(edit) {
            return Err(format!("the state of {} is {kept:?}", edit.address));
        }
    }
    for edit in edits.iter().filter(|edit| !edit.container) {
        check_revising(after, edit, names)?;
    }
    let reversed: Vec<&Edit> = edits.iter().rev().collect();
    let forward: Vec<&Edit> = edits.iter().collect();
    let middle = forward[1..].iter().chain(&forward[..1]).copied().collect();
    for order in [reversed, forward, middle] {
        let restored = undo_all(compose.text(), &order)?;
        if restored != before {
            return Err(format!("undo gave other bytes:\n{restored:?}"));
        }
    }
    judge(before, after, names)
}

/// Whether all lines of `before` are lines of `after`, in the same order.
fn keeps_lines(before: &str, after: &str) -> bool {
    let mut lines = after.split_inclusive('\n');
    before.split_inclusive('\n').all(|line| {
        let last = !line.ends_with('\n');
        lines.any(|other| other == line || (last && other.trim_end_matches(['\r', '\n']) == line))
    })
}

fn undo_all(text: &str, edits: &[&Edit]) -> Result<String, String> {
    let mut compose = Compose::parse(text).map_err(|refusal| refusal.to_string())?;
    let mut pending = edits.to_vec();
    while !pending.is_empty() {
        let mut waiting = Vec::new();
        for edit in &pending {
            match compose.undo(edit) {
                Ok(()) => {}
                Err(UndoError::NotEmpty) => waiting.push(*edit),
                Err(kept) => return Err(format!("{} was kept: {kept:?}", edit.address)),
            }
        }
        if waiting.len() == pending.len() {
            return Err(format!("{} stays in use", waiting[0].address));
        }
        pending = waiting;
    }
    Ok(compose.text().to_owned())
}

/// Compares with the data that the independent parser expects; false if it cannot read the file.
fn judge(before: &str, after: &str, names: &Names) -> Result<bool, String> {
    let Ok(mut wanted) = load(before) else {
        return Ok(false);
    };
    if wanted.is_null() {
        wanted = Yaml::Mapping(Mapping::new());
    }
    let found = load(after).map_err(|error| format!("the result cannot be read: {error}"))?;
    let service = serde_norway::from_str(SERVICE).map_err(|error| error.to_string())?;
    set(child(&mut wanted, "services"), &names.service, service);
    set(child(&mut wanted, "volumes"), &names.volume, Yaml::Null);
    if let Some(app) = &names.app {
        let app = child(child(&mut wanted, "services"), app);
        match child(app, "depends_on") {
            Yaml::Sequence(items) => items.push(Yaml::from(names.service.clone())),
            map => {
                let condition = ("condition".into(), "service_healthy".into());
                let value = Yaml::Mapping(Mapping::from_iter([condition]));
                set(map, &names.service, value);
            }
        }
        let url = "redis://redis:6379";
        match child(app, "environment") {
            Yaml::Sequence(items) => items.push(Yaml::from(format!("{}={url}", names.variable))),
            map => set(map, &names.variable, Yaml::from(url)),
        }
    }
    if in_any_order(found) == in_any_order(wanted) {
        Ok(true)
    } else {
        Err("the data is not the old data plus the fragments".to_owned())
    }
}

fn load(text: &str) -> Result<Yaml, serde_norway::Error> {
    let mut value: Yaml = serde_norway::from_str(text.trim_start_matches('\u{feff}'))?;
    value.apply_merge()?;
    Ok(value)
}

fn child<'a>(parent: &'a mut Yaml, name: &str) -> &'a mut Yaml {
    let mut parent = parent;
    while let Yaml::Tagged(tagged) = parent {
        parent = &mut tagged.value;
    }
    if parent.is_null() {
        *parent = Yaml::Mapping(Mapping::new());
    }
    let Yaml::Mapping(map) = parent else {
        panic!("the parent of `{name}` is no mapping");
    };
    let mut child = map.entry(name.into()).or_insert(Yaml::Null);
    while let Yaml::Tagged(tagged) = child {
        child = &mut tagged.value;
    }
    child
}

fn set(parent: &mut Yaml, name: &str, value: Yaml) {
    *child(parent, name) = value;
}

/// A new item may stand before the last one of a list in brackets, to keep a comment in place.
fn in_any_order(value: Yaml) -> Yaml {
    match value {
        Yaml::Mapping(map) => Yaml::Mapping(
            map.into_iter()
                .map(|(key, value)| (key, in_any_order(value)))
                .collect(),
        ),
        Yaml::Sequence(items) => {
            let mut items: Vec<Yaml> = items.into_iter().map(in_any_order).collect();
            items.sort_by_key(|item| format!("{item:?}"));
            Yaml::Sequence(items)
        }
        Yaml::Tagged(mut tagged) => {
            tagged.value = in_any_order(tagged.value);
            Yaml::Tagged(tagged)
        }
        other => other,
    }
}

/// The folder of real compose files.
#[expect(
    clippy::disallowed_methods,
    reason = "tells the tests of real files where they are"
)]
fn corpus() -> Result<PathBuf, VarError> {
    Ok(Path::new(&std::env::var("INFRA_CORPUS")?).join("compose"))
}

fn files(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // What is not UTF-8 is not read by the tool either.
        if let Ok(text) = fs::read_to_string(path) {
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}

#[test]
fn hostile_files_are_edited_and_restored_or_refused_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/compose");
    let mut seen = String::new();
    for (name, text) in files(&folder).unwrap() {
        let line = match verdict(&text) {
            Verdict::Edited { judged: true } => "edited".to_owned(),
            Verdict::Edited { judged: false } => "edited, not judged".to_owned(),
            Verdict::Refused(reason) => format!("refused: {reason}"),
            Verdict::Wrong(reason) => format!("WRONG: {reason}"),
        };
        seen.push_str(&format!("{name} {line}\n"));
    }
    let expected = include_str!("corpus/compose.expected");
    assert_eq!(seen, expected);
}

#[test]
#[ignore = "needs INFRA_CORPUS, a folder of real files; see scripts/corpus"]
fn real_files() {
    let files = files(&corpus().unwrap()).unwrap();
    let (mut edited, mut unjudged, mut refused, mut wrong) = (0, 0, 0, 0);
    for (name, text) in &files {
        match verdict(text) {
            Verdict::Edited { judged, .. } => {
                edited += 1;
                unjudged += usize::from(!judged);
            }
            Verdict::Refused(reason) => {
                refused += 1;
                println!("refused {name}: {reason}");
            }
            Verdict::Wrong(reason) => {
                wrong += 1;
                println!("WRONG {name}: {reason}");
            }
        }
    }
    println!(
        "compose: {} files: {edited} edited and restored ({unjudged} of them unreadable to the \
         independent parser), {refused} refused, {wrong} wrong",
        files.len()
    );
    assert_eq!(wrong, 0, "damaged files");
    assert!(edited * 100 >= files.len() * 98, "more than 2 % refused");
}
