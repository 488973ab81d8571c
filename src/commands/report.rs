//! How a plan is shown: a summary, a diff or JSON, of the very plan that is applied.

use std::collections::BTreeMap;

use crate::{
    plan::{Change, FileRole, ManualStep, Plan, pluralize},
    ui::Ui,
};

use super::{
    file_diff::diff_of,
    json::{self, Answer, Document, Planned},
};

/// The command that a plan is shown for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Remove,
    Update,
}

/// Shows a plan: the changes, the notes, and what is left to the user.
pub(super) fn plan(verb: Verb, plan: &Plan, preview: bool, diff: bool, code: u8, ui: &Ui) {
    if ui.is_json() {
        return ui.document(&document(verb, plan, preview, code));
    }
    if diff {
        ui.diff(&unified(plan, ui.is_verbose()));
    } else {
        summary(plan, ui);
    }
    for note in &plan.notes {
        ui.note(note);
    }
    if preview {
        let files = plan.changes.iter().filter(|change| is_shown(plan, change));
        let count = pluralize(files.count(), "file");
        ui.status(
            "Preview",
            &format!("{count} would change; nothing was written"),
        );
    }
    for step in &plan.manual {
        manual_step(step, ui);
    }
    for path in &plan.conflicted_files {
        ui.warn(
            "Conflict",
            &format!("{path}: your edits and the new version overlap, look for `<<<<<<<`"),
        );
    }
}

fn manual_step(step: &ManualStep, ui: &Ui) {
    ui.warn("To do", &step.what);
    for place in &step.places {
        ui.warn("", &format!("at {place}"));
    }
    let lines = step.snippet.lines().map(|line| format!("    {line}\n"));
    let snippet: String = lines.collect();
    if !snippet.is_empty() {
        ui.block(&format!("\n{snippet}\n"));
    }
}

/// Whether a change is worth a line: that of the record is where nothing else changes.
fn is_shown(plan: &Plan, change: &Change) -> bool {
    let is_record = |change: &Change| change.role == FileRole::Record;
    !is_record(change) || plan.changes.iter().all(is_record)
}

/// One line a shared file, one a folder of generated files.
fn summary(plan: &Plan, ui: &Ui) {
    let mut folders: BTreeMap<(&str, &str), Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        match change.role {
            FileRole::Generated if !ui.is_verbose() && change.why.is_empty() => {
                let key = (change.path.folder(), action(change));
                folders.entry(key).or_default().push(change);
            }
            FileRole::Record if !ui.is_verbose() && !is_shown(plan, change) => {}
            _ => {
                let why = change.why.join(", ");
                let text = match why.is_empty() {
                    true => change.path.to_string(),
                    false => format!("{}  {why}", change.path),
                };
                ui.status(action(change), &text);
            }
        }
    }
    for ((folder, action), changes) in folders {
        match changes.as_slice() {
            [only] => ui.status(action, only.path.as_str()),
            several => {
                let names: Vec<&str> = several.iter().map(|change| change.path.name()).collect();
                ui.status(action, &format!("{folder}/  {}", names.join(", ")));
            }
        }
    }
}

fn action(change: &Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "Create",
        (_, None) => "Remove",
        _ => "Update",
    }
}

fn document(verb: Verb, plan: &Plan, preview: bool, code: u8) -> Document<'_> {
    let planned = Planned::new(plan, !preview, code);
    Document::from(match verb {
        Verb::Add => Answer::Add(planned),
        Verb::Remove => Answer::Remove(planned),
        Verb::Update => Answer::Update(json::Update::Planned(planned)),
    })
}

/// The plan as a diff that `git apply` accepts; the record is left out unless all is wanted.
fn unified(plan: &Plan, all: bool) -> String {
    plan.changes
        .iter()
        .filter(|change| all || change.role != FileRole::Record)
        .map(diff_of)
        .collect()
}

/// What to do next, after components were added or updated.
pub(super) fn after_install(plan: &Plan, ui: &Ui) {
    if !plan.conflicted_files.is_empty() {
        ui.status(
            "Next",
            "resolve the conflicts, then: infra update --continue",
        );
        ui.status("", "or undo this command: infra update --abort");
    }
    let touched = plan
        .changes
        .iter()
        .any(|change| change.path.name() == "Cargo.toml");
    if touched {
        ui.note("the next build updates Cargo.lock; `infra remove` does not change it");
    }
    for next in &plan.next {
        ui.status("Next", next);
    }
}

/// What cargo does afterwards.
pub(super) fn after_remove(plan: &Plan, ui: &Ui) {
    let touched = plan
        .changes
        .iter()
        .any(|change| change.path.name() == "Cargo.toml");
    if touched {
        ui.note("the next build removes unused crates from Cargo.lock");
    }
}
