//! What is made from the command line itself: completions and the manual page.

use clap::CommandFactory;

use crate::error::{Error, ErrorCode, Result};

use super::Cli;

/// The completions for a shell; the names of the components are among them.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<String> {
    let catalog = crate::catalog::Catalog::embedded();
    let ids: Vec<String> = catalog.ids().map(str::to_owned).collect();
    let mut command = Cli::command();
    for (verb, argument) in [
        ("add", "components"),
        ("remove", "components"),
        ("info", "component"),
        ("view", "component"),
        ("diff", "component"),
    ] {
        let ids = ids.clone();
        command = command.mut_subcommand(verb, |verb| {
            verb.mut_arg(argument, |argument| {
                argument
                    .index(1)
                    .value_parser(clap::builder::PossibleValuesParser::new(ids))
            })
        });
    }
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "infra", &mut text);
    let text = into_text(text)?;
    // For bash, clap offers the placeholder of an argument in place of its values.
    let placeholders = [
        "[COMPONENTS]...",
        "<COMPONENTS>...",
        "[COMPONENT]",
        "<COMPONENT>",
    ];
    Ok(match shell {
        clap_complete::Shell::Bash => placeholders.iter().fold(text, |text, placeholder| {
            text.replace(placeholder, &ids.join(" "))
        }),
        _ => text,
    })
}

/// The manual page.
pub(super) fn manual() -> Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut text)
        .map_err(|error| Error::new(ErrorCode::Unwritable, error.to_string()))?;
    into_text(text)
}

fn into_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorCode::NotUtf8, error.to_string()))
}
