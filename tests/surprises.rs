//! What real projects look like, a test a surprise: each is a small project, to which the real
//! program adds something, adds it again, and takes it out.
//!
//! Every project goes through the same life (`tests/surprises/life.rs`): the exit code is the expected one,
//! nothing of the user's is changed but what the record explains, the second `add` changes nothing
//! and `remove` restores every byte.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

#[path = "surprises/broken.rs"]
mod broken;
mod common;
#[path = "surprises/compose.rs"]
mod compose;
#[path = "surprises/env.rs"]
mod env;
#[path = "surprises/life.rs"]
mod life;
#[path = "surprises/manifests.rs"]
mod manifests;
#[path = "surprises/names.rs"]
mod names;
#[path = "surprises/record.rs"]
mod record;
#[path = "surprises/roots.rs"]
mod roots;
#[path = "surprises/services.rs"]
mod services;
#[path = "surprises/serving.rs"]
mod serving;
#[path = "surprises/update.rs"]
mod update;
#[path = "surprises/workspaces.rs"]
mod workspaces;
