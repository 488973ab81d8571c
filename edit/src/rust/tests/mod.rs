//! One test a habit of real Rust files. The search for servers and the wiring are tested with the
//! frameworks that describe them, in `src/framework/tests`.

mod declaring;
mod lints;

use super::super::{Edit, EditError, Outcome, UndoError};
use super::*;
