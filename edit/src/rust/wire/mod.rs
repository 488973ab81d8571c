//! The lines around the place where an app is served.

use super::super::lines::{comments_above, line_after};
use super::super::{EditError, Outcome, line_end};
use super::serve::{Plan, ServeCall, ServeStatement, ServedApp, StatementKind, serve_calls};
use super::source::{Source, is_comment};
use super::tokens::{find_sequence, flatten_tokens};
use super::undo;
pub use layout::may_need_rustfmt;
use layout::{indent_at, joined_dot, step};
use replacement::{Replacement, replace};
pub use wiring::{ErrorHandling, Wiring};

mod by_factory;
mod by_value;
mod layout;
mod replacement;
mod wiring;

/// Addresses of the parts of a wiring that every framework has.
const START: &str = "start";
const SHUTDOWN: &str = "shutdown";
const SERVED: &str = "served";

/// Wires a place that [`serve_calls`] found in the same text.
///
/// What [`RouterEvidence::NeedsReturnType`](super::RouterEvidence) tells is taken for a router: ask
/// before.
///
/// # Errors
///
/// [`EditError::Unsupported`] when the place is not certain, is no longer there, or the lines would
/// not be told from others when they are undone.
pub fn wire(text: &str, serve: &ServeCall, wiring: &Wiring) -> Result<Outcome, EditError> {
    let refuse = |reason: &str| EditError::Unsupported {
        address: serve.server.shown.to_owned(),
        line: Some(serve.line),
        reason: reason.to_owned(),
    };
    let plan = serve.plan.as_ref().map_err(|reason| refuse(reason))?;
    let before = serve_calls(serve.server, text)?;
    if !before.contains(serve) {
        return Err(refuse("it is no longer as it was found"));
    }
    let shutdown = serve.server.shutdown_method();
    let mut replacements = replacements(text, plan, shutdown, wiring);
    replacements.sort_by_key(|part| (part.range.start, part.range.end));
    let (new, edits) = replace(text, replacements);
    let after = serve_calls(serve.server, &new)?;
    let graceful = |serves: &[ServeCall]| serves.iter().filter(|serve| serve.graceful).count();
    let added = usize::from(!plan.statement.graceful);
    if after.len() != before.len()
        || graceful(&after) != graceful(&before) + added
        || !is_wired(&new)
    {
        return Err(refuse("the text would not mean what was intended"));
    }
    let back = edits.iter().rev().try_fold(new.clone(), |text, edit| {
        undo::state(&text, edit)?;
        undo::undo(&text, edit)
    });
    if back.as_deref() != Ok(text) {
        return Err(refuse(
            "its lines could not be told from others in the file",
        ));
    }
    Ok(Outcome::Added { text: new, edits })
}

fn replacements(
    text: &str,
    plan: &Plan,
    shutdown: Option<&str>,
    wiring: &Wiring,
) -> Vec<Replacement> {
    let statement = &plan.statement;
    let end = line_end(text);
    let indent = indent_at(text, statement.wire_before);
    let (line, mut replacements) = match &plan.served {
        ServedApp::Router { name, made, .. } => {
            by_value::replacements(text, statement, (name, made.as_ref()), shutdown, wiring)
        }
        ServedApp::Factory(factory) => by_factory::replacements(text, factory),
    };
    let start = wiring.start();
    let start = start.join(&format!("{end}{indent}{}", step(indent)));
    let at = comments_above(text, statement.wire_before, is_comment);
    replacements.push(Replacement {
        address: START,
        range: at..at,
        after: format!("{indent}{start}{end}{indent}{line}{end}"),
    });
    replacements.extend(shutdown_after(text, statement));
    replacements
}

/// The shutdown when the server has ended. A value that is needed afterwards is bound to `served`:
///
/// ```text
/// if let Err(error) = serve().await {    let served = serve().await;
///                                        infra.shutdown().await;
///                                        if let Err(error) = served {
/// ```
fn shutdown_after(text: &str, statement: &ServeStatement) -> Vec<Replacement> {
    let end = line_end(text);
    let indent = indent_at(text, statement.statement.start);
    let shutdown = "infra.shutdown().await;";
    let stop = statement.statement.end;
    let (rest, use_again) = match statement.kind {
        StatementKind::Statement => {
            let at = line_after(text, stop);
            return vec![Replacement {
                address: SHUTDOWN,
                range: at..at,
                after: format!("{indent}{shutdown}{end}"),
            }];
        }
        StatementKind::Tail if statement.unit => {
            return vec![Replacement {
                address: SHUTDOWN,
                range: stop..stop,
                after: format!(";{end}{indent}{shutdown}"),
            }];
        }
        StatementKind::Tail => (stop..stop, "served".to_owned()),
        StatementKind::Return => {
            let from = stop - usize::from(statement.semicolon);
            (from..stop, "return served;".to_owned())
        }
        StatementKind::Condition => {
            let head = &text[statement.statement.start..statement.value.start];
            (
                statement.value.end..statement.value.end,
                format!("{head}served"),
            )
        }
    };
    let open = statement.call.start;
    let mut bound = Replacement {
        address: SERVED,
        range: statement.statement.start..open,
        after: format!("let served = {}", &text[statement.value.start..open]),
    };
    if let Some((dot, deeper)) = joined_dot(text, &statement.dots) {
        bound.range.end = dot;
        bound.after += &format!("{}{end}{deeper}", &text[open..dot]);
    }
    let shutdown = Replacement {
        address: SHUTDOWN,
        range: rest,
        after: format!(";{end}{indent}{shutdown}{end}{indent}{use_again}"),
    };
    vec![bound, shutdown]
}

/// Tells whether a file starts the infrastructure and wires an app, in whatever form.
#[must_use]
pub fn is_wired(text: &str) -> bool {
    // Parsing takes time, and most files have neither.
    if !text.contains("Infra") || !text.contains("wire") {
        return false;
    }
    let Ok(tokens) = Source::parse(text).map(|source| flatten_tokens(source.tokens())) else {
        return false;
    };
    let has = |sequence: &[&str]| find_sequence(&tokens, sequence).next().is_some();
    has(&["Infra", ":", ":", "start", "("]) && has(&[".", "wire", "("])
}
