//! `infra` adds infrastructure to a Rust web project that already exists: Rust modules, compose
//! services, dependencies, settings and the wiring in the app. This page is its architecture.
//!
//! Two sentences decide most questions:
//!
//! 1. **Rust knows formats, never components.** A component is a folder of data under `templates/`;
//!    none of their names occurs in this code.
//! 2. **One plan, two consumers.** Every command computes one pure [`plan::Plan`]; a preview and the
//!    disk are two consumers of it, so that neither can tell something else than the other does.
//!
//! # The way of `infra add`
//!
//! ```text
//! argv      -cli->      options of a command
//! templates -catalog->  Catalog -resolve-> Selected -render-> files and fragments
//! disk      -project->  Facts, and the Tree of the files that a plan can touch
//!                       plan(Facts, Tree, renderings, Lock) -> Plan -> ui shows it | apply writes it
//! ```
//!
//! # The rooms
//!
//! | room | what it is for | effects |
//! |---|---|---|
//! | [`catalog`] | the embedded components and the schema of their manifests | none |
//! | [`resolve`] | names and choices: requirements closed, options typed | none |
//! | [`render`] | templates and facts into files and fragments | none |
//! | [`facts`] | what is known of a project, as plain data | none |
//! | [`framework`] | what is known of each web framework: names, syntax, lines to paste | none |
//! | [`lock`] | what was added before, so that it can be taken out again | none |
//! | [`plan`] | all of the above into changes of a tree in memory | none |
//! | [`infra_edit`] | a crate of its own: text and fragment into text and a record, one editor a format | none |
//! | [`path`] | paths that cannot leave the project | none |
//! | [`project`] | finds root, package, framework, files | reads |
//! | [`disk`] | where a path is on disk, symlinks followed inside the project only | reads |
//! | [`apply`] | writes a list of changes, all or nothing, with a journal | writes |
//! | [`ui`] | the only printer and prompter | talks |
//! | [`commands`] | one file a verb; the only place where the others meet | all |
//! | [`error`] | what went wrong, the hint, and the exit code | none |
//!
//! `plan` names neither `project` nor `apply` nor `ui`, and `apply` does not
//! know what a component is. clippy's `disallowed-methods` and `tests/architecture.rs` see to it.
//!
//! # Two kinds of file
//!
//! **Generated files** are written whole; their text as rendered is kept in `.infra/base.toml`, so
//! that a later rendering is merged three ways with the user's edits ([`infra_edit::merge`]).
//!
//! **Shared files** are the user's. They get fragments, each recorded in the [`lock`] with the exact
//! text that came and the text that it replaced. An editor parses only to find byte offsets, splices
//! there, parses again and compares the data with what was meant; when they differ it refuses. A
//! syntax tree is never printed back.
//!
//! # Laws
//!
//! Adding twice changes nothing; adding and removing restores every byte; the order of adds does
//! not matter; an edited file is never lost. `tests/laws.rs` holds them over every component and
//! fixture, and over random orders.

use std::env;

use error::Error;
use ui::{Settings, Ui};

pub mod apply;
pub mod catalog;
mod cli;
pub mod commands;
pub mod disk;
pub mod error;
pub mod facts;
pub mod framework;
pub mod hash;
pub mod lock;
pub mod path;
pub mod plan;
pub mod project;
pub mod render;
pub mod resolve;
pub mod ui;
mod versions;

use infra_edit as edit;

/// Runs the command line of this process and returns its exit code.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is read here and nowhere else"
)]
pub fn run() -> u8 {
    let arguments: Vec<_> = env::args_os().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let invocation = match cli::parse(arguments) {
        Ok(invocation) => invocation,
        Err(error) if json && error.use_stderr() => {
            let message = error.render().to_string();
            let error = Error::usage("usage", message.trim_start_matches("error: ").trim());
            return fail(&Ui::new(Settings::json()), &error);
        }
        Err(error) => {
            // Help and version are errors of clap too, with code 0.
            error.print().ok();
            return error.exit_code().try_into().unwrap_or(2);
        }
    };
    let ui = Ui::new(invocation.settings);
    let templates = invocation.templates.as_deref();
    commands::templates::report_faults(templates, &ui)
        .and(invocation.command)
        .and_then(|command| commands::run(&command, &invocation.directory, &ui))
        .unwrap_or_else(|error| fail(&ui, &error))
}

fn fail(ui: &Ui, error: &Error) -> u8 {
    ui.error(error);
    error.exit_code()
}
