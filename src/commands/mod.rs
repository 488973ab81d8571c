//! One file for each command: the only place where reading, planning, printing and writing meet.

use std::path::Path;

use crate::{
    error::{Error, Result},
    project::TargetOptions,
    ui::Ui,
};

pub mod add;
pub mod browse;
mod context;
pub mod diff;
pub mod env;
mod file_diff;
mod json;
pub mod new;
pub mod remove;
pub mod report;
pub mod status;
pub(crate) mod templates;
pub mod update;
mod verify;

use context::CommandContext;

/// A command with its options.
#[derive(Debug)]
pub enum Command {
    /// Create a project.
    New(new::Options),
    /// List the components.
    List(TargetOptions),
    /// Find components by a word.
    Search(browse::Search),
    /// Show what a component adds.
    Info(browse::Info),
    /// Show the files that a component would generate.
    View(browse::View),
    /// Add components.
    Add(add::Options),
    /// Remove components.
    Remove(remove::Options),
    /// Update components to the versions in this tool.
    Update(update::Options),
    /// Show whether installed files and edits are unchanged.
    Status(status::Options),
    /// Show the user's edits of generated files.
    Diff(diff::Options),
    /// Show the variables.
    Env(env::Options),
    /// Print completions or the manual page.
    Print(String),
}

/// Done, or nothing to do.
const DONE: u8 = 0;
/// Done, and manual steps remain.
const MANUAL: u8 = 3;
/// Drift or findings, if the user asked for an exit code.
const FOUND: u8 = 5;
/// Done, and conflict markers remain.
const MARKERS: u8 = 7;

/// A failure as it is printed with `--json`.
pub(crate) fn error_document(error: &Error) -> impl serde::Serialize + '_ {
    json::Document::from(error)
}

/// Runs a command in a folder and returns the exit code.
///
/// # Errors
///
/// What the command could not do.
pub fn run(command: &Command, directory: &Path, ui: &Ui) -> Result<u8> {
    match command {
        Command::New(options) => new::run(options, directory, ui),
        Command::List(target) => browse::list(target, directory, ui),
        Command::Search(search) => browse::search(search, ui),
        Command::Info(info) => browse::info(info, ui),
        Command::View(view) => browse::view(view, directory, ui),
        Command::Add(options) => add::run(options, directory, ui),
        Command::Remove(options) => remove::run(options, directory, ui),
        Command::Update(options) => update::run(options, directory, ui),
        Command::Status(options) => status::run(options, directory, ui),
        Command::Diff(options) => diff::run(options, directory, ui),
        Command::Env(options) => env::run(options, directory, ui),
        Command::Print(text) => {
            ui.data(text);
            Ok(DONE)
        }
    }
}
