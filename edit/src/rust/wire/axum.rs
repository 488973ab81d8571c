//! The router is wired under its name, and the server stops on a signal.

use std::ops::Range;

use super::super::super::line_end;
use super::super::super::lines::line_start;
use super::super::serve::shape::Shape;
use super::layout::{LINE, broken, indent_at, is_first, lower_brace, step, width};
use super::{Piece, Wiring};

/// The address of the call that stops the server.
const SIGNAL: &str = "shutdown-signal";

/// The line that wires, and what changes in the statement that serves.
pub(super) fn pieces(
    text: &str,
    shape: &Shape,
    (name, made): (&str, Option<&Range<usize>>),
    wiring: &Wiring,
) -> (String, Vec<Piece>) {
    let value = made.map_or(name, |made| &text[made.clone()]);
    let line = format!("let {name} = infra.wire({value});");
    let mut signal = signal(text, shape, wiring);
    if let (Some(signal), Some(made)) = (&mut signal, made) {
        let rest = &text[made.end..signal.range.start];
        signal.after = format!("{name}{rest}{}", signal.after);
        signal.range.start = made.start;
    }
    (line, signal.into_iter().collect())
}

/// The call that stops the server, with the calls after it each on a line of its own.
fn signal(text: &str, shape: &Shape, wiring: &Wiring) -> Option<Piece> {
    if shape.graceful {
        return None;
    }
    let end = line_end(text);
    let first = *shape.dots.first()?;
    let indent = if is_first(text, first) {
        text[line_start(text, first)..first].to_owned()
    } else {
        chain_indent(text, shape)
    };
    let added = format!("{end}{}", signal_call(&indent, wiring, end));
    if is_first(text, first) {
        return Some(Piece {
            address: SIGNAL,
            range: shape.call.end..shape.call.end,
            after: added,
        });
    }
    let rest = (shape.call.end, shape.end);
    let mut after = added + &broken(text, rest, &shape.dots, &indent, end);
    let mut stop = shape.end;
    lower_brace(text, shape, &mut after, &mut stop);
    Some(Piece {
        address: SIGNAL,
        range: shape.call.end..stop,
        after,
    })
}

/// The indent of calls that are to stand on lines of their own.
fn chain_indent(text: &str, shape: &Shape) -> String {
    let indent = indent_at(text, shape.call.end);
    // The calls on a call of several lines stand below its last one.
    let deeper = if text[shape.call.clone()].contains('\n') {
        ""
    } else {
        step(indent)
    };
    format!("{indent}{deeper}")
}

fn signal_call(indent: &str, wiring: &Wiring, end: &str) -> String {
    let signal = format!("{}::shutdown_signal()", wiring.module);
    let line = format!("{indent}.with_graceful_shutdown({signal})");
    if width(&line) <= LINE {
        return line;
    }
    let deeper = format!("{indent}{}", step(indent));
    format!("{indent}.with_graceful_shutdown({end}{deeper}{signal},{end}{indent})")
}
