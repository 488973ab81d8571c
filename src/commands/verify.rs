//! `--verify`: asks cargo whether the project still compiles, and takes everything back if not.

use std::process::{Command, Stdio};

use crate::{
    error::{Error, Result},
    plan::Plan,
    ui::Ui,
};

use super::Scene;

/// Runs `cargo check` on the package.
///
/// # Errors
///
/// It fails; everything that was written is taken back then.
#[expect(
    clippy::disallowed_methods,
    reason = "the one subprocess of the tool, and only when the user asks for it"
)]
pub(super) fn run(scene: &Scene, plan: &Plan, ui: &Ui) -> Result<()> {
    ui.status(
        "Checking",
        &format!("cargo check --package {}", scene.facts.name),
    );
    let output = Command::new("cargo")
        .args(["check", "--quiet", "--package", &scene.facts.name])
        .current_dir(scene.project.root.join(&scene.facts.folder))
        .stdin(Stdio::null())
        .output();
    let why = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("cargo cannot be started: {error}"),
    };
    scene.revert(plan)?;
    ui.block(&why);
    let first = why
        .lines()
        .find(|line| line.starts_with("error"))
        .unwrap_or("cargo check failed");
    Err(Error::failure(
        "verification-failed",
        format!("the project does not compile with it, so everything was taken back: {first}"),
    )
    .hint("run it without `--verify` to look at the result"))
}
