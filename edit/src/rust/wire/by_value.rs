//! The router is wired under its name, and the server gets the signal to stop.

use std::ops::Range;

use super::super::super::line_end;
use super::super::serve::ServeStatement;
use super::layout::{break_chain, chain_indent, indent_at, starts_line};
use super::replacement::Replacement;
use super::wiring::Wiring;

/// The address of the call that stops the server.
const SIGNAL: &str = "shutdown-signal";

/// The line that wires, and what changes in the statement that serves.
pub(super) fn replacements(
    text: &str,
    statement: &ServeStatement,
    (name, made): (&str, Option<&Range<usize>>),
    shutdown: Option<&str>,
    wiring: &Wiring,
) -> (String, Vec<Replacement>) {
    let value = made.map_or(name, |made| &text[made.clone()]);
    let line = format!("let {name} = infra.wire({value});");
    let shutdown = shutdown.filter(|_| !statement.graceful);
    let mut signal = shutdown.and_then(|method| signal(text, statement, method, wiring));
    if let (Some(signal), Some(made)) = (&mut signal, made) {
        let rest = &text[made.end..signal.range.start];
        signal.after = format!("{name}{rest}{}", signal.after);
        signal.range.start = made.start;
    }
    (line, signal.into_iter().collect())
}

/// The call that stops the server, with the calls after it each on a line of its own.
fn signal(
    text: &str,
    statement: &ServeStatement,
    method: &str,
    wiring: &Wiring,
) -> Option<Replacement> {
    let first = *statement.dots.first()?;
    let call = statement.call.end;
    let is_broken = starts_line(text, first);
    let indent = match is_broken {
        true => indent_at(text, first).to_owned(),
        false => chain_indent(text, &statement.call),
    };
    let (end, module) = (line_end(text), &wiring.module);
    let added = format!("{end}{indent}.{method}({module}::shutdown_signal())");
    let range = call..if is_broken { call } else { statement.end };
    let rest = match is_broken {
        true => String::new(),
        false => break_chain(text, range.clone(), &statement.dots, &indent),
    };
    Some(Replacement {
        address: SIGNAL,
        range,
        after: added + &rest,
    })
}
