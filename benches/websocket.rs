//! A broadcast to 10,000 clients: the generated rooms against a bare loop over tokio-tungstenite.
//!
//! Prints what `benches/generated/websocket_broadcast` measures, built in release mode.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark makes its own world, and stops where that fails"
)]

#[path = "../tests/common/disk.rs"]
mod disk;
#[path = "../tests/common/generated.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod generated;

use std::process::Command;

fn main() {
    let program = generated::Shop::asked_for().example("websocket_broadcast", "release");
    let status = Command::new(program).arg("10000").status().unwrap();
    assert!(status.success());
}
