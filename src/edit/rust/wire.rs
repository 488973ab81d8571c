//! The lines around the place where an app is served.

use std::ops::Range;

use super::super::lines::{comments_above, line_after, line_start};
use super::super::{Edit, Outcome, Refusal, line_end};
use super::serve::{Plan, Serve, find_serves};
use super::shape::{Kind, Shape};
use super::source::{Source, is_comment, sequences, words};
use super::take_back;

/// Addresses of the parts of a wiring.
const START: &str = "start";
const SIGNAL: &str = "shutdown-signal";
const SHUTDOWN: &str = "shutdown";
const SERVED: &str = "served";

/// The widths that rustfmt keeps to when it is not told otherwise.
const LINE: usize = 100;
const CHAIN: usize = 60;

/// What is written at the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The path of the module, such as `infra` or `shop::infra`.
    pub module: String,
    /// What happens when the infrastructure does not start.
    pub failure: Failure,
}

/// What happens when the infrastructure does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `?`, where the function returns an error that fits.
    Question,
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

/// Wires a place that [`find_serves`] found in the same text.
///
/// A router that [`Proof::NeedsReturnType`](super::Proof) is taken for one: ask before.
///
/// # Errors
///
/// [`Refusal::Unsafe`] when the place is not certain, is no longer there, or the lines would not
/// be told from others when they are taken back.
pub fn wire(text: &str, serve: &Serve, wiring: &Wiring) -> Result<Outcome, Refusal> {
    let refuse = |reason: &str| Refusal::Unsafe {
        address: "axum::serve".to_owned(),
        line: Some(serve.line),
        reason: reason.to_owned(),
    };
    let plan = serve.plan.as_ref().map_err(|reason| refuse(reason))?;
    let before = find_serves(text)?;
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
    let after = find_serves(&new)?;
    let graceful = |serves: &[Serve]| serves.iter().filter(|serve| serve.graceful).count();
    let added = usize::from(!plan.shape.graceful);
    if after.len() != before.len()
        || graceful(&after) != graceful(&before) + added
        || !is_wired(&new)
    {
        return Err(refuse("the text would not mean what was intended"));
    }
    let back = edits.iter().rev().try_fold(new.clone(), |text, edit| {
        take_back::state(&text, edit)?;
        take_back::undo(&text, edit)
    });
    if back.as_deref() != Ok(text) {
        return Err(refuse(
            "its lines could not be told from others in the file",
        ));
    }
    Ok(Outcome::Added { text: new, edits })
}

fn pieces(text: &str, plan: &Plan, wiring: &Wiring) -> Vec<Piece> {
    let (shape, app) = (&plan.shape, &plan.app);
    let end = line_end(text);
    let start = line_start(text, shape.wires);
    let indent = &text[start..shape.wires];
    let started = started(indent, wiring, end);
    let at = comments_above(text, shape.wires, is_comment);
    let made = plan.made.clone().map_or(app.as_str(), |made| &text[made]);
    let mut pieces = vec![Piece {
        address: START,
        range: at..at,
        after: format!("{started}{indent}let {app} = infra.wire({made});{end}"),
    }];
    let mut signal = signal(text, shape, wiring);
    if let (Some(signal), Some(made)) = (&mut signal, &plan.made) {
        let rest = &text[made.end..signal.range.start];
        signal.after = format!("{app}{rest}{}", signal.after);
        signal.range.start = made.start;
    }
    pieces.extend(signal);
    let shutdown = format!("{indent}infra.shutdown().await;");
    let keeps = match shape.kind {
        Kind::Statement => false,
        Kind::Tail => !shape.unit,
        Kind::Return => true,
    };
    if keeps {
        let open = shape.call.start;
        let word = if shape.kind == Kind::Return {
            "return served;"
        } else {
            "served"
        };
        let stop = shape.statement.end;
        let from = stop - usize::from(shape.semicolon);
        let tail = format!(";{end}{shutdown}{end}{indent}{word}");
        pieces.push(Piece {
            address: SERVED,
            range: shape.statement.start..open,
            after: format!("let served = {}", &text[shape.value..open]),
        });
        pieces.push(Piece {
            address: SHUTDOWN,
            range: from..stop,
            after: tail,
        });
    } else if shape.kind == Kind::Tail {
        pieces.push(Piece {
            address: SHUTDOWN,
            range: shape.statement.end..shape.statement.end,
            after: format!(";{end}{shutdown}"),
        });
    } else {
        let at = line_after(text, shape.statement.end);
        pieces.push(Piece {
            address: SHUTDOWN,
            range: at..at,
            after: format!("{shutdown}{end}"),
        });
    }
    pieces
}

/// The statement that starts, laid out as rustfmt does.
fn started(indent: &str, wiring: &Wiring, end: &str) -> String {
    let call = format!("{}::Infra::start()", wiring.module);
    let failure = match wiring.failure {
        Failure::Question => "?",
        Failure::Expect => ".expect(\"the infrastructure starts\")",
        Failure::Panic => ".unwrap_or_else(|error| panic!(\"{error}\"))",
    };
    let chain = format!("{call}.await{failure}");
    let line = format!("{indent}let infra = {chain};");
    let deeper = format!("{indent}{}", step(indent));
    if wiring.failure == Failure::Question {
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

fn width(line: &str) -> usize {
    line.chars()
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

fn step(indent: &str) -> &'static str {
    if indent.starts_with('\t') {
        "\t"
    } else {
        "    "
    }
}

/// The call that stops the server, with the calls after it each on a line of its own.
fn signal(text: &str, shape: &Shape, wiring: &Wiring) -> Option<Piece> {
    if shape.graceful {
        return None;
    }
    let end = line_end(text);
    let first = *shape.dots.first()?;
    let own_line = |dot: usize| text[line_start(text, dot)..dot].trim().is_empty();
    let indent = if own_line(first) {
        text[line_start(text, first)..first].to_owned()
    } else {
        chain_indent(text, shape)
    };
    let added = format!("{end}{}", signal_call(&indent, wiring, end));
    if own_line(first) {
        return Some(Piece {
            address: SIGNAL,
            range: shape.call.end..shape.call.end,
            after: added,
        });
    }
    let mut after = added;
    let mut at = shape.call.end;
    for &dot in &shape.dots {
        after.push_str(&text[at..dot]);
        if !own_line(dot) {
            after.truncate(after.trim_end().len());
            after.push_str(end);
            after.push_str(&indent);
        }
        at = dot;
    }
    after.push_str(&text[at..shape.end]);
    let mut stop = shape.end;
    if shape.head && text[stop..].starts_with(" {") {
        // The brace of an `if let` goes below a condition of several lines.
        let line = line_start(text, shape.statement.start);
        after.push_str(end);
        after.push_str(&text[line..shape.statement.start]);
        after.push('{');
        stop += 2;
    }
    Some(Piece {
        address: SIGNAL,
        range: shape.call.end..stop,
        after,
    })
}

/// The indent of calls that are to stand on lines of their own.
fn chain_indent(text: &str, shape: &Shape) -> String {
    let line = &text[line_start(text, shape.call.end)..];
    let indent = &line[..line.len() - line.trim_start().len()];
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

/// Tells whether a file starts the infrastructure and wires an app, in whatever form.
#[must_use]
pub fn is_wired(text: &str) -> bool {
    let Ok(words) = Source::parse(text).map(|source| words(source.tokens())) else {
        return false;
    };
    let has = |sequence: &[&str]| sequences(&words, sequence).next().is_some();
    has(&["Infra", ":", ":", "start", "("]) && has(&[".", "wire", "("])
}
