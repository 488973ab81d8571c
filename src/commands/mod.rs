//! One file a verb: the only place where reading, planning, talking and writing meet.

use std::path::Path;

use crate::{error::Result, project::TargetOptions, ui::Ui};

pub mod add;
pub mod browse;
mod context;
pub mod env;
pub mod new;
pub mod remove;
pub mod report;
pub mod status;
pub(crate) mod templates;
pub mod update;
mod verify;

use context::CommandContext;

/// What a user asks for.
#[derive(Debug)]
pub enum Command {
    /// Start a project.
    New(new::Options),
    /// List the components.
    List(TargetOptions),
    /// Find components by a word.
    Search(browse::Search),
    /// Show what a component brings.
    Info(browse::Info),
    /// Show what a component renders to.
    View(browse::View),
    /// Add components.
    Add(add::Options),
    /// Remove components.
    Remove(remove::Options),
    /// Update components to the versions of this tool.
    Update(update::Options),
    /// Show whether installed files and edits are unchanged.
    Status(status::Options),
    /// Show the edits of generated files.
    Diff(status::Diff),
    /// Show the variables.
    Env(env::Options),
    /// Print a text that was made from the command line itself.
    Print(String),
}

/// Done, or nothing to do.
const DONE: u8 = 0;
/// Done, and manual steps remain.
const MANUAL: u8 = 3;
/// Drift or findings, where the user asked for a code.
const FOUND: u8 = 5;
/// Done, and conflict markers remain.
const MARKERS: u8 = 7;

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
        Command::Diff(options) => status::diff(options, directory, ui),
        Command::Env(options) => env::run(options, directory, ui),
        Command::Print(text) => {
            ui.data(text);
            Ok(DONE)
        }
    }
}
