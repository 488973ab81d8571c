//! Adds infrastructure to a Rust web project that already exists.

pub mod catalog;
pub mod edit;
pub mod error;
pub mod facts;
pub mod lock;
pub mod path;
pub mod render;
pub mod resolve;
