//! The closure that makes the app gets the wiring as its last step.

use super::super::super::line_end;
use super::super::super::lines::{line_start, line_stop};
use super::super::serve::Factory;
use super::super::tokens::tokens_of;
use super::layout::{break_chain, chain_indent, indent_at, is_wide, joined_dot, starts_line, step};
use super::replacement::Replacement;

/// Addresses of the parts of the closure.
const MOVE: &str = "move";
const APP: &str = "app";
const FACTORY: &str = "factory";

/// The line that makes what the closure takes, and what changes in the closure.
pub(super) fn replacements(text: &str, factory: &Factory) -> (String, Vec<Replacement>) {
    let line = "let wired = infra.clone();".to_owned();
    if !factory.block {
        return (line, vec![expression(text, factory)]);
    }
    let mut replacements = block(text, factory);
    if !factory.moves {
        // The server wants a `'static` closure, so one that takes nothing borrows nothing of its
        // function: `move` changes only how it gets `wired`.
        let (start, closure) = (factory.call.start, factory.closure.start);
        replacements.push(Replacement {
            address: MOVE,
            range: start..closure,
            after: format!("{}move ", &text[start..closure]),
        });
    }
    (line, replacements)
}

/// The end of a closure that is a block: `App::new()` becomes `let app = App::new();` and
/// `wired.wire(app)`. What is a name already, or shares its line, is wired where it stands.
fn block(text: &str, factory: &Factory) -> Vec<Replacement> {
    let end = line_end(text);
    let (tail, name) = (&factory.tail, &factory.name);
    let app = &text[tail.clone()];
    let indent = &text[line_start(text, tail.start)..tail.start];
    let stop = line_stop(text, tail.end);
    let rest = &text[tail.end..stop];
    let has_lines =
        indent.trim().is_empty() && (rest.trim().is_empty() || rest.trim_start().starts_with("//"));
    if factory.is_name || !has_lines {
        return vec![Replacement {
            address: FACTORY,
            range: tail.clone(),
            after: format!("wired.wire({app})"),
        }];
    }
    let last = format!(";{rest}{end}{indent}wired.wire({name})");
    if !app.contains('\n') {
        return vec![Replacement {
            address: FACTORY,
            range: tail.start..stop,
            after: format!("let {name} = {app}{last}"),
        }];
    }
    let first = tail.start..line_stop(text, tail.start);
    let line = match joined_dot(text, &factory.app_dots) {
        Some((dot, deeper)) if first.contains(&dot) => {
            format!(
                "{}{end}{deeper}{}",
                &text[first.start..dot],
                &text[dot..first.end]
            )
        }
        _ => text[first.clone()].to_owned(),
    };
    let mut opening = Replacement {
        address: APP,
        after: format!("let {name} = {line}"),
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
        Replacement {
            address: FACTORY,
            range: tail.end..stop,
            after: last,
        },
    ]
}

/// A closure that is one expression: `|| App::new()` becomes `move || wired.wire(App::new())`.
///
/// With that, a chain of several calls no longer fits on the line, so each gets its own. A single
/// call is no chain for rustfmt.
fn expression(text: &str, factory: &Factory) -> Replacement {
    let (closure, call) = (&factory.closure, &factory.call);
    let app = &text[factory.tail.clone()];
    let head = &text[closure.start..factory.tail.start];
    let head = head.strip_prefix("move").unwrap_or(head).trim_start();
    let wired = format!("move {head}wired.wire({app})");
    let has_lines = text[call.clone()].contains('\n') || head.trim_end() != "||";
    let before = &text[line_start(text, closure.start)..closure.start];
    let line = format!("{RESERVED}{before}{wired}{}", &text[closure.end..call.end]);
    if !has_lines && is_wide(&line) {
        return into_block(text, factory);
    }
    let is_line = factory.dots.len() > 1 && !starts_line(text, factory.dots[0]);
    if !is_line || has_lines {
        return Replacement {
            address: FACTORY,
            range: closure.clone(),
            after: wired,
        };
    }
    let indent = chain_indent(text, call);
    let rest = break_chain(text, closure.end..factory.end, &factory.dots, &indent);
    Replacement {
        address: FACTORY,
        range: closure.start..factory.end,
        after: wired + &rest,
    }
}

/// Room for what may come before the server and behind it on its line.
const RESERVED: &str = "let served = Ok();";

/// A closure on one line becomes a block, and the calls on the server stand below its end:
///
/// ```text
/// HttpServer::new(|| App::new().service(index))    HttpServer::new(move || {
///     .bind(address)?                                  let app = App::new().service(index);
///     .run()                                           wired.wire(app)
///                                                  })
///                                                  .bind(address)?
///                                                  .run()
/// ```
fn into_block(text: &str, factory: &Factory) -> Replacement {
    let (closure, name, end) = (&factory.closure, &factory.name, line_end(text));
    let app = &text[factory.tail.clone()];
    let indent = indent_at(text, factory.call.start);
    let inner = format!("{indent}{}", step(indent));
    let rest = break_chain(text, closure.end..factory.end, &factory.dots, indent);
    // The lines of a literal are not to be moved.
    let is_movable = !tokens_of(&rest)
        .iter()
        .any(|(token, _)| token.contains('\n'));
    let rest = match is_movable {
        true => rest.replace(&format!("\n{inner}"), &format!("\n{indent}")),
        false => rest,
    };
    Replacement {
        address: FACTORY,
        range: closure.start..factory.end,
        after: format!(
            "move || {{{end}{inner}let {name} = {app};{end}{inner}wired.wire({name}){end}{indent}}}{rest}"
        ),
    }
}
