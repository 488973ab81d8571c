//! Adds infrastructure to a Rust web project that already exists.

use std::env;

use error::Error;
use ui::{Settings, Ui};

pub mod apply;
pub mod catalog;
mod cli;
pub mod commands;
pub mod edit;
pub mod error;
pub mod facts;
pub mod lock;
pub mod path;
pub mod place;
pub mod plan;
pub mod project;
pub mod render;
pub mod resolve;
pub mod ui;
mod versions;

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
    invocation
        .command
        .and_then(|command| commands::run(&command, &invocation.directory, &ui))
        .unwrap_or_else(|error| fail(&ui, &error))
}

fn fail(ui: &Ui, error: &Error) -> u8 {
    ui.error(error);
    error.exit_code()
}
