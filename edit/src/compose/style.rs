//! The habits of a file: how it indents, quotes, ends its lines and parts its services.
//!
//! Every vote is counted in an ordered map, so the same text always gives the same style.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::syntax_node::{Kind, SyntaxNode};
use crate::line_end;
use crate::text::{column, line_start};

/// How new text is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Columns from a key to the keys below it.
    pub(super) step: usize,
    /// Columns from a key to the dashes below it.
    pub(super) list_offset: usize,
    pub(super) line_end: &'static str,
    pub(super) quote: char,
    /// Whether some text ends in blank lines that are content (`|+`): a blank line put behind it,
    /// now or when what stands between is removed, would become part of it.
    pub(super) keeps_blank_lines: bool,
}

#[derive(Default)]
struct Votes {
    steps: BTreeMap<usize, usize>,
    offsets: BTreeMap<usize, usize>,
    double: usize,
    single: usize,
    keeps_blank_lines: bool,
}

impl Style {
    pub(super) fn of(text: &str, root: Option<&SyntaxNode>) -> Style {
        let mut votes = Votes::default();
        if let Some(root) = root {
            votes.count(text, root);
        }
        let step = most(&votes.steps).unwrap_or(2);
        Style {
            step,
            list_offset: most(&votes.offsets).unwrap_or(step),
            line_end: line_end(text),
            quote: if votes.single > votes.double {
                '\''
            } else {
                '"'
            },
            keeps_blank_lines: votes.keeps_blank_lines,
        }
    }

    /// The habits of one entry, and those of the file where the entry shows none.
    pub(super) fn of_entry(
        text: &str,
        key: &SyntaxNode,
        value: &SyntaxNode,
        file: &Style,
    ) -> Style {
        let mut votes = Votes::default();
        votes.count(text, value);
        if !value.flow {
            votes.count_indent(text, key, value);
        }
        Style {
            step: most(&votes.steps).unwrap_or(file.step),
            list_offset: most(&votes.offsets).unwrap_or(file.list_offset),
            quote: match votes.single.cmp(&votes.double) {
                Ordering::Greater => '\'',
                Ordering::Less => '"',
                Ordering::Equal => file.quote,
            },
            ..file.clone()
        }
    }
}

impl Votes {
    fn count(&mut self, text: &str, node: &SyntaxNode) {
        self.keeps_blank_lines |= node.keeps_blank_lines(text);
        match node.quote() {
            Some('"') => self.double += 1,
            Some(_) => self.single += 1,
            None => {}
        }
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.count(text, item)),
            Kind::Map(entries) => {
                for (key, value) in entries {
                    if !node.flow && !value.flow {
                        self.count_indent(text, key, value);
                    }
                    self.count(text, value);
                }
            }
            Kind::Scalar(..) | Kind::Alias(_) => {}
        }
    }

    fn count_indent(&mut self, text: &str, key: &SyntaxNode, value: &SyntaxNode) {
        let outer = column(text, key.start);
        match &value.kind {
            Kind::Map(entries) => {
                let inner = entries.first().map(|(key, _)| column(text, key.start));
                if let Some(inner) = inner.filter(|inner| *inner > outer) {
                    *self.steps.entry(inner - outer).or_default() += 1;
                }
            }
            Kind::List(_) => {
                let inner = column(text, value.start);
                if inner >= outer && line_start(text, value.start) != line_start(text, key.start) {
                    *self.offsets.entry(inner - outer).or_default() += 1;
                }
            }
            Kind::Scalar(..) | Kind::Alias(_) => {}
        }
    }
}

/// The choice with the most votes, the smallest of those that share the first place.
fn most(votes: &BTreeMap<usize, usize>) -> Option<usize> {
    let highest = votes.values().max()?;
    votes
        .iter()
        .find(|(_, count)| *count == highest)
        .map(|(choice, _)| *choice)
}

/// Whether most entries of several lines have a blank line behind them; `None` where none tells.
pub(super) fn separates_entries(text: &str, entries: &[(SyntaxNode, SyntaxNode)]) -> Option<bool> {
    let (mut gaps, mut blank) = (0, 0);
    for pair in entries.windows(2) {
        let [(key, value), (next, _)] = pair else {
            continue;
        };
        let end = value.end.max(key.end);
        let own = text.get(key.start..end).unwrap_or_default();
        if !own.contains('\n') {
            // A short one, as `version`, is often close to the next.
            continue;
        }
        gaps += 1;
        let gap = text.get(end..next.start).unwrap_or_default();
        let below = gap.split_once('\n').map_or("", |(_, below)| below);
        let lines = below.rsplit_once('\n').map(|(lines, _)| lines);
        if lines.is_some_and(|lines| lines.split('\n').any(|line| line.trim().is_empty())) {
            blank += 1;
        }
    }
    (gaps > 0).then_some(blank * 2 > gaps)
}
