//! The generated cache against the raw client, on a server of its own.
//!
//! Prints what `benches/generated/redis_cache.rs` measures, built in release mode.
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
#[path = "../tests/common/redis.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod redis;

use std::process::Command;

use redis::Server;

fn main() {
    let program = generated::Shop::asked_for().example("redis_cache", "release");
    let server = Server::start(&[]);
    let status = Command::new(program)
        .env("TEST_REDIS_URL", server.url())
        .status()
        .unwrap();
    assert!(status.success());
}
