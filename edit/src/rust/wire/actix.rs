//! The closure that makes the app gets the wiring as its last step.

use super::super::super::line_end;
use super::super::super::lines::{line_start, line_stop};
use super::super::serve::Factory;
use super::super::serve::shape::Shape;
use super::super::source::has_long_literal;
use super::layout::{CHAIN, LINE, SHORT, broken, indent_at, is_first, lower_brace, step, width};
use super::{Piece, keeps};

/// Addresses of the parts of the closure.
const MOVE: &str = "move";
const APP: &str = "app";
const FACTORY: &str = "factory";

/// The line that makes what the closure takes, and what changes in the closure.
pub(super) fn pieces(text: &str, shape: &Shape, factory: &Factory) -> (String, Vec<Piece>) {
    let line = "let wired = infra.clone();".to_owned();
    if !factory.block {
        return (line, vec![expression(text, shape, factory)]);
    }
    let mut pieces = block(text, factory);
    if !factory.moves {
        // The server wants a closure that is `'static`, so one that takes nothing borrows nothing
        // of its function: that it takes what it uses changes only what is added.
        let (start, closure) = (factory.call.start, factory.closure.start);
        pieces.push(Piece {
            address: MOVE,
            range: start..closure,
            after: format!("{}move ", &text[start..closure]),
        });
    }
    (line, pieces)
}

/// The end of a closure that is a block.
fn block(text: &str, factory: &Factory) -> Vec<Piece> {
    let end = line_end(text);
    let (tail, name) = (&factory.tail, &factory.name);
    let app = &text[tail.clone()];
    let wired = format!("wired.wire({app})");
    let indent = &text[line_start(text, tail.start)..tail.start];
    let stop = line_stop(text, tail.end);
    let rest = &text[tail.end..stop];
    let is_line =
        indent.trim().is_empty() && (rest.trim().is_empty() || rest.trim_start().starts_with("//"));
    let is_short = !app.contains('\n') && width(app) <= CHAIN;
    if !is_line || (is_short && width(indent) + width(&wired) <= LINE) {
        return vec![Piece {
            address: FACTORY,
            range: tail.clone(),
            after: wired,
        }];
    }
    let last = format!(";{rest}{end}{indent}wired.wire({name})");
    if !app.contains('\n') {
        let line = format!("let {name} = {app}");
        let deeper = format!("{indent}{}", step(indent));
        let named = if width(indent) + width(&line) < LINE {
            line
        } else if width(&deeper) + width(app) < LINE {
            format!("let {name} ={end}{deeper}{app}")
        } else {
            let (root, call) = app.split_at(factory.dot.map_or(0, |dot| dot - tail.start));
            format!("let {name} = {root}{end}{deeper}{call}")
        };
        return vec![Piece {
            address: FACTORY,
            range: tail.start..stop,
            after: format!("{named}{last}"),
        }];
    }
    let first = tail.start..line_stop(text, tail.start);
    let mut opening = Piece {
        address: APP,
        after: format!("let {name} = {}", first_line(text, factory, indent)),
        range: first,
    };
    if text.contains(&opening.after) {
        // Tests often make their app alike; with the head of the closure it is told from theirs.
        let start = factory.closure.start;
        let head = &text[start..opening.range.start];
        opening.after = format!("{head}{}", opening.after);
        opening.range.start = start;
    }
    vec![
        opening,
        Piece {
            address: FACTORY,
            range: tail.end..stop,
            after: last,
        },
    ]
}

/// The first line of an app that gets a name.
fn first_line(text: &str, factory: &Factory, indent: &str) -> String {
    let start = factory.tail.start;
    let line = &text[start..line_stop(text, start)];
    let Some(dot) = factory.dot.map(|dot| dot - start) else {
        return line.to_owned();
    };
    let ends = line.matches('(').count() == line.matches(')').count();
    if dot > SHORT || dot > line.len() || !ends {
        return line.to_owned();
    }
    let (name, call) = line.split_at(dot);
    format!("{name}{}{indent}{}{call}", line_end(text), step(indent))
}

/// A closure that is one expression, and the calls on the server where they have to move.
fn expression(text: &str, shape: &Shape, factory: &Factory) -> Piece {
    let end = line_end(text);
    let app = &text[factory.tail.clone()];
    let (open, close) = (&factory.closure, factory.call.end);
    let head = &text[open.start..factory.tail.start];
    let head = head.strip_prefix("move").unwrap_or(head).trim_start();
    if head.trim_end() != "||" {
        // A comment stays where it is.
        return Piece {
            address: FACTORY,
            range: open.clone(),
            after: format!("move {head}wired.wire({app})"),
        };
    }
    let wired = format!("move || wired.wire({app})");
    let call = format!(
        "{}{wired}{}",
        &text[factory.call.start..open.start],
        &text[open.end..close]
    );
    let calls = &text[close..factory.end];
    let own_lines = factory.dots.first().is_none_or(|dot| is_first(text, *dot));
    let lead = lead(text, shape, factory);
    let fits = width(app) < CHAIN && width(&format!("{lead}{call}")) <= LINE;
    // A single call is no chain for rustfmt: it may fill the line.
    let in_chain = (factory.dots.len() < 2 || width(&format!("{call}{calls}")) <= CHAIN)
        && width(&format!("{lead}{call}{calls};")) < LINE;
    if app.contains('\n') || (fits && (own_lines || in_chain)) {
        return Piece {
            address: FACTORY,
            range: open.clone(),
            after: wired,
        };
    }
    let indent = indent_at(text, factory.call.start);
    let rest = (close, factory.end);
    let paren = &text[open.end..close];
    let mut after = if fits && factory.dots.len() > 1 {
        let deeper = format!("{indent}{}", step(indent));
        let calls = broken(text, rest, &factory.dots, &deeper, end);
        format!("{wired}{paren}{calls}")
    } else {
        let deeper = factory.dots.first().filter(|_| own_lines);
        let deeper = deeper.and_then(|dot| indent_at(text, *dot).strip_prefix(indent));
        let step = deeper
            .filter(|step| !step.is_empty())
            .unwrap_or(step(indent));
        let calls = broken(text, rest, &factory.dots, indent, end);
        let calls = match has_long_literal(&text[shape.statement.clone()]) {
            true => calls,
            false => calls.replace(&format!("\n{indent}{step}"), &format!("\n{indent}")),
        };
        let name = &factory.name;
        let inner = format!("{indent}{step}");
        format!(
            "move || {{{end}{inner}let {name} = {app};{end}{inner}wired.wire({name}){end}{indent}}}\
             {paren}{calls}"
        )
    };
    let mut stop = factory.end;
    if !own_lines && shape.call == factory.call {
        lower_brace(text, shape, &mut after, &mut stop);
    }
    Piece {
        address: FACTORY,
        range: open.start..stop,
        after,
    }
}

/// What will stand before the call on its line.
fn lead(text: &str, shape: &Shape, factory: &Factory) -> String {
    let call = factory.call.start;
    let start = line_start(text, call);
    if shape.call != factory.call || !keeps(shape) {
        return text[start..call].to_owned();
    }
    let indent = &text[start..shape.statement.start];
    format!("{indent}let served = {}", &text[shape.value..call])
}
