//! Edits of Compose files: services, volumes, `depends_on` and `environment`, added, revised and
//! undone.
//!
//! A YAML parser finds the offsets, text is spliced there, and the result is parsed and compared with
//! what was meant: all other data the same, and no other line touched. What does not pass is refused.
//! Comments, order, quotes and line ends of the file stay as they are.
//!
//! | file | answers |
//! |---|---|
//! | `syntax_node`, `document` | where stands what |
//! | `yaml_value`, `compare` | what does it say, and is that what was meant |
//! | `value`, `scalar`, `style` | how is new text written in this file |
//! | `path_match`, `insert`, `insertion_points`, `change` | where does new text go |
//! | `undo`, `remove`, `revise` | how is it undone, or gets another value |
//! | `service`, `port` | what the editor knows of Compose |
//! | `editor`, `members`, `address` | the edits themselves, and names of entries |

mod address;
mod change;
mod compare;
mod document;
mod editor;
mod insert;
mod insertion_points;
mod members;
mod path_match;
mod port;
mod remove;
mod revise;
mod scalar;
mod service;
mod style;
mod syntax_node;
#[cfg(test)]
mod tests;
mod undo;
mod value;
mod yaml_value;

pub use address::pointer;
pub use editor::{Compose, read, state, undo};
pub use port::Port;
pub use service::{File, Service};
pub use value::{Value, parse_value};
