//! `--verify`: asks cargo whether the project still compiles, and undoes the change if not.

use std::process::{Command, Stdio};

use crate::{
    error::{Error, ErrorCode, Result},
    plan::Plan,
    ui::Ui,
};

use super::CommandContext;

/// Runs `cargo check` on the package.
///
/// # Errors
///
/// It fails; the change is undone then.
#[expect(
    clippy::disallowed_methods,
    reason = "the one subprocess of the tool, and only when the user asks for it"
)]
pub(super) fn run(context: &CommandContext, plan: &Plan, ui: &Ui) -> Result<()> {
    ui.status(
        "Checking",
        &format!("cargo check --package {}", context.facts.name),
    );
    let output = Command::new("cargo")
        .args(["check", "--quiet", "--package", &context.facts.name])
        .current_dir(context.project.root.join(&context.facts.folder))
        .stdin(Stdio::null())
        .output();
    let (what, why) = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            ("the project does not compile", why)
        }
        Err(error) => ("cannot start cargo", format!("error: {error}\n")),
    };
    context.revert(plan)?;
    ui.block(&why);
    let first = why
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or("error: cargo check failed");
    Err(Error::new(
        ErrorCode::VerificationFailed,
        format!("{what}, so the change was undone: {first}"),
    )
    .hint("run the command without `--verify` to see the result"))
}
