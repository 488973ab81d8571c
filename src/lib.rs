//! Adds infrastructure to a Rust web project that already exists.

pub mod edit;
