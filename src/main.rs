//! The `infra` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(infra::run())
}
