//! The lines around the place where an app is served.

use std::ops::Range;

use super::super::lines::{comments_above, line_after, line_start};
use super::super::{Edit, EditError, Outcome, line_end};
use super::serve::shape::{Kind, Shape};
use super::serve::{Plan, ServeCall, Served};
use super::source::{Source, is_comment, sequences, words};
use super::undo;
use layout::{CHAIN, LINE, SHORT, is_first, step, width};

mod actix;
mod axum;
mod layout;

/// Addresses of the parts of a wiring that every framework has.
const START: &str = "start";
const SHUTDOWN: &str = "shutdown";
const SERVED: &str = "served";

/// What is written at the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The path of the module, such as `infra` or `shop::infra`.
    pub module: String,
    /// What happens when the infrastructure does not start.
    pub failure: ErrorHandling,
}

/// What happens when the infrastructure does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorHandling {
    /// `?`, where the function returns an error that fits.
    Propagate,
    /// `.expect(..)`
    Expect,
    /// A panic that clippy's `expect_used` allows.
    Panic,
}

/// A piece of text that takes the place of another.
struct Piece {
    address: &'static str,
    range: Range<usize>,
    after: String,
}

/// Wires a place that [`ServerKind::find`](super::ServerKind::find) found in the same text.
///
/// A router that [`RouterEvidence::NeedsReturnType`](super::RouterEvidence) is taken for one: ask before.
///
/// # Errors
///
/// [`EditError::Unsupported`] when the place is not certain, is no longer there, or the lines would not
/// be told from others when they are taken back.
pub fn wire(text: &str, serve: &ServeCall, wiring: &Wiring) -> Result<Outcome, EditError> {
    let refuse = |reason: &str| EditError::Unsupported {
        address: serve.server.call().to_owned(),
        line: Some(serve.line),
        reason: reason.to_owned(),
    };
    let plan = serve.plan.as_ref().map_err(|reason| refuse(reason))?;
    let before = serve.server.find(text)?;
    if !before.contains(serve) {
        return Err(refuse("it is no longer as it was found"));
    }
    let mut pieces = pieces(text, plan, wiring);
    pieces.sort_by_key(|piece| (piece.range.start, piece.range.end));
    let mut new = String::new();
    let mut at = 0;
    let mut edits = Vec::new();
    for piece in pieces {
        new.push_str(&text[at..piece.range.start]);
        new.push_str(&piece.after);
        at = piece.range.end;
        edits.push(Edit {
            address: piece.address.to_owned(),
            before: text[piece.range].to_owned(),
            after: piece.after,
            container: false,
        });
    }
    new.push_str(&text[at..]);
    let after = serve.server.find(&new)?;
    let graceful = |serves: &[ServeCall]| serves.iter().filter(|serve| serve.graceful).count();
    let added = usize::from(!plan.shape.graceful);
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

fn pieces(text: &str, plan: &Plan, wiring: &Wiring) -> Vec<Piece> {
    let shape = &plan.shape;
    let end = line_end(text);
    let start = line_start(text, shape.wires);
    let indent = &text[start..shape.wires];
    let (line, mut pieces) = match &plan.served {
        Served::Router { name, made, .. } => {
            axum::pieces(text, shape, (name, made.as_ref()), wiring)
        }
        Served::Factory(factory) => actix::pieces(text, shape, factory),
    };
    let started = started(indent, wiring, end);
    let at = comments_above(text, shape.wires, is_comment);
    pieces.push(Piece {
        address: START,
        range: at..at,
        after: format!("{started}{indent}{line}{end}"),
    });
    pieces.extend(ending(text, shape));
    pieces
}

/// Whether the value of the statement is kept in a variable until after the shutdown.
fn keeps(shape: &Shape) -> bool {
    match shape.kind {
        Kind::Statement => false,
        Kind::Tail => !shape.unit,
        Kind::Return => true,
    }
}

/// What follows when the server has ended.
fn ending(text: &str, shape: &Shape) -> Vec<Piece> {
    let end = line_end(text);
    let start = shape.statement.start;
    let indent = &text[line_start(text, start)..start];
    let shutdown = format!("{indent}infra.shutdown().await;");
    if keeps(shape) {
        let open = shape.call.start;
        let word = if shape.kind == Kind::Return {
            "return served;"
        } else {
            "served"
        };
        let stop = shape.statement.end;
        let from = stop - usize::from(shape.semicolon);
        let tail = format!(";{end}{shutdown}{end}{indent}{word}");
        let mut served = Piece {
            address: SERVED,
            range: start..open,
            after: format!("let served = {}", &text[shape.value..open]),
        };
        if let [first, second, ..] = shape.dots[..]
            && shape.call.len() <= SHORT
            && !is_first(text, first)
            && is_first(text, second)
        {
            let deeper = &text[line_start(text, second)..second];
            served.range.end = first;
            served.after += &format!("{}{end}{deeper}", &text[open..first]);
        }
        return vec![
            served,
            Piece {
                address: SHUTDOWN,
                range: from..stop,
                after: tail,
            },
        ];
    }
    let (at, after) = if shape.kind == Kind::Tail {
        (shape.statement.end, format!(";{end}{shutdown}"))
    } else {
        let at = line_after(text, shape.statement.end);
        (at, format!("{shutdown}{end}"))
    };
    vec![Piece {
        address: SHUTDOWN,
        range: at..at,
        after,
    }]
}

/// The statement that starts, laid out as rustfmt does.
fn started(indent: &str, wiring: &Wiring, end: &str) -> String {
    let call = format!("{}::Infra::start()", wiring.module);
    let failure = match wiring.failure {
        ErrorHandling::Propagate => "?",
        ErrorHandling::Expect => ".expect(\"the infrastructure starts\")",
        ErrorHandling::Panic => ".unwrap_or_else(|error| panic!(\"{error}\"))",
    };
    let chain = format!("{call}.await{failure}");
    let line = format!("{indent}let infra = {chain};");
    let deeper = format!("{indent}{}", step(indent));
    if wiring.failure == ErrorHandling::Propagate {
        // With one call on a call, only the width of the line counts; `?` wants one more column.
        return if width(&line) < LINE {
            format!("{line}{end}")
        } else {
            format!("{indent}let infra ={end}{deeper}{chain};{end}")
        };
    }
    if width(&chain) <= CHAIN && width(&line) <= LINE {
        return format!("{line}{end}");
    }
    let start = format!("{indent}let infra = {call}");
    format!("{start}{end}{deeper}.await{end}{deeper}{failure};{end}")
}

/// Tells whether a file starts the infrastructure and wires an app, in whatever form.
#[must_use]
pub fn is_wired(text: &str) -> bool {
    // Parsing takes time, and most files have neither.
    if !text.contains("Infra") || !text.contains("wire") {
        return false;
    }
    let Ok(words) = Source::parse(text).map(|source| words(source.tokens())) else {
        return false;
    };
    let has = |sequence: &[&str]| sequences(&words, sequence).next().is_some();
    has(&["Infra", ":", ":", "start", "("]) && has(&[".", "wire", "("])
}
