//! No framework: a worker or another program without routes, wired by hand.

use crate::facts::Framework;

use super::definition::{Definition, Snippet, SnippetInputs};

pub(super) static DEFINITION: Definition = Definition {
    name: Framework::NONE,
    series: &[],
    server: None,
    routes: None,
    words: &["Infra"],
    duplicate_route: "",
    snippet,
};

fn snippet(inputs: &SnippetInputs<'_>) -> Snippet {
    Snippet {
        lines: vec![format!(
            "{}::shutdown_signal().await;  // or the work of the app",
            inputs.wiring.module
        )],
        start: None,
        shutdown: "before the program ends".to_owned(),
    }
}
