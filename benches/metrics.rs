//! What counting requests costs: a route that says hello, with the layer of the metrics and without it.
//!
//! Prints what `benches/generated/metrics_overhead` measures, built in release mode.
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
    let program = generated::Shop::asked_for().example("metrics_overhead", "release");
    let status = Command::new(program).status().unwrap();
    assert!(status.success());
}
