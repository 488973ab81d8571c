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
//! # How `infra add` works
//!
//! ```text
//! arguments -cli->      options of a command
//! templates -catalog->  Catalog -resolve-> Selected -render-> files and rows
//! disk      -project->  Facts, and the Tree of the files that a plan can touch
//!                       plan::install(Facts, Tree, renderings, Lock) -> Plan -> ui shows it | apply writes it
//! ```
//!
//! `infra update` is the same plan for the components that are installed, with their recorded
//! options. `infra remove` is the same ledger with nothing wanted.
//!
//! # The rooms
//!
//! | room | what it is for | effects |
//! |---|---|---|
//! | [`catalog`] | the embedded components, the schema of their manifests, and its validation | none |
//! | [`resolve`] | names and choices: requirements closed, options typed | none |
//! | [`render`] | turns templates and facts into files and rows | none |
//! | [`facts`] | what is known of a project, as plain data | none |
//! | [`framework`] | what is known of each web framework: names, syntax, lines to paste | none |
//! | [`lock`] | what was added before, and the records of it in `.infra/` | none |
//! | [`plan`] | turns all of the above into changes of a tree in memory | none |
//! | [`infra_edit`] | a crate of its own: the editors, one for each format | none |
//! | [`path`], [`hash`] | paths that cannot leave the project; hashes of texts | none |
//! | [`project`] | finds the root, the package, the framework and the files | reads |
//! | [`disk`] | resolves a path on disk and follows symlinks inside the project only | reads |
//! | [`apply`] | writes a list of changes, all or nothing, with a journal | writes |
//! | [`ui`] | the only printer and prompter | prints |
//! | [`commands`] | one file for each command; the only place where the others meet | all |
//! | [`error`] | what went wrong, the hint, and the exit code | none |
//!
//! `plan` names neither `project` nor `apply` nor `ui`, and `apply` does not know what a component
//! is. clippy's `disallowed-methods` and `tests/architecture.rs` check it.
//!
//! # Two kinds of file
//!
//! **Generated files** are written whole. Their text as rendered is kept beside the record of the
//! component (`.infra/redis.base.toml`), so that a later rendering is merged three ways with the
//! user's edits ([`infra_edit::merge`]).
//!
//! **Shared files** belong to the user. They get fragments, each recorded in the [`lock`] with the
//! text that was inserted and the text that it replaced. An editor parses only to find byte offsets,
//! splices text there, parses again and compares the data with what was intended; when they differ
//! it refuses. A syntax tree is never printed back.
//!
//! # Laws
//!
//! - Adding twice changes nothing.
//! - Adding and removing restores every byte.
//! - The order of adds does not matter.
//! - An option that is changed and changed back leaves no trace.
//! - An update of an untouched project equals removing the old version and adding the new one.
//! - An edit of the user is never lost, and what could not be done is reported.
//!
//! `tests/laws.rs`, `tests/update.rs` and `tests/earlier_versions.rs` check them over every
//! component and fixture, and over random orders.
//!
//! # Glossary
//!
//! | term | meaning |
//! |---|---|
//! | component | what a user can add, such as `redis`: a folder of data under `templates/` |
//! | manifest | the `component.toml` of a component: everything that is not a template |
//! | row | one entry of a manifest's list, such as one variable in `[[env]]` |
//! | option | something that can be chosen with `--set` |
//! | catalogue | all components of this binary, or of a folder with `--templates` |
//! | hub | the code that all components of a package share: `src/infra/{mod,settings,web}.rs` |
//! | rendering | a component with its options, filled in for one package |
//! | facts | what is known of the package and its project before anything is planned |
//! | tree | the texts of a project's files in memory, by path |
//! | shared file | a file of the user that gets fragments: `Cargo.toml`, compose, env, Rust roots, `.gitignore` |
//! | generated file | a file that the tool writes whole |
//! | fragment | one entry that a component has in a shared file |
//! | pointer | the place of a fragment in its file: `/services/redis`, `dependencies/serde` |
//! | container | a fragment that only holds others, such as a new `[dependencies]` table |
//! | owner | a component of a package that needs a fragment |
//! | home | the owner whose record has the text of a fragment |
//! | preexisting | said of a fragment that the user had already; it is never removed |
//! | lock | everything that was added, as one value |
//! | record | one file of `.infra/`, for the hub or for one component of one package |
//! | pristine | the text of a generated file as it was rendered; the base of a merge |
//! | desired state | the fragments that a package should have, as plain values |
//! | ledger | what compares the desired state with lock and tree, and changes both |
//! | add, adopt, revise, release | the four things that the ledger does with a fragment |
//! | wiring | the lines in the app that start, wire and stop the infrastructure |
//! | bindings | where the services of a component are in the user's compose file |
//! | restore point | the files before a command that left conflict markers, for `update --abort` |
//! | drift | a difference between what was added and what is there now |

#![cfg_attr(not(test), warn(clippy::too_many_lines))]

use std::env;

use error::{Error, ErrorCode};
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
#[cfg(test)]
mod testing;
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
            let error = Error::new(
                ErrorCode::Usage,
                message.trim_start_matches("error: ").trim(),
            );
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
    match ui.is_json() {
        true => ui.document(&commands::error_document(error)),
        false => ui.error(error),
    }
    error.exit_code()
}
