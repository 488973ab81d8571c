//! The places of a YAML text: a tree of nodes with byte offsets, made from parser events.
//!
//! It knows where things stand, not what they mean; aliases stay unresolved here.

use std::borrow::Cow;
use std::rc::Rc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use crate::EditError;
use crate::text::line_of;
use crate::text::{byte_order_mark, line_start};

/// Deeper nesting than this is refused: it would only serve to exhaust the stack.
const DEEPEST: usize = 100;

/// One value of the text, from its first to past its last byte, without anchor and tag.
#[derive(Debug)]
pub(super) struct SyntaxNode {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// The parser's number of the anchor, 0 for none.
    pub(super) anchor: usize,
    pub(super) tag: Option<Rc<str>>,
    /// Whether it is written in brackets.
    pub(super) flow: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Rc<str>, ScalarStyle),
    Alias(usize),
    List(Vec<SyntaxNode>),
    Map(Vec<(SyntaxNode, SyntaxNode)>),
}

impl SyntaxNode {
    /// The text of a scalar.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar as a key can be looked up by.
    pub(super) fn is_key(&self, name: &str) -> bool {
        self.scalar() == Some(name)
    }

    /// Whether this is a null without a tag, written out or left away.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, ScalarStyle::Plain)
            if self.tag.is_none() && is_null_word(text))
    }

    pub(super) fn entries(&self) -> &[(SyntaxNode, SyntaxNode)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn entry(&self, name: &str) -> Option<&(SyntaxNode, SyntaxNode)> {
        self.entries().iter().find(|(key, _)| key.is_key(name))
    }

    /// Whether this is a `|` or `>` scalar whose trailing blank lines are content.
    pub(super) fn keeps_blank_lines(&self, text: &str) -> bool {
        matches!(
            self.kind,
            Kind::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded)
        ) && keeps_blank_lines(text, self.start)
    }

    /// Whether it has quotes of its own, so its text is what stands between them.
    pub(super) fn quote(&self) -> Option<char> {
        match self.kind {
            Kind::Scalar(_, ScalarStyle::DoubleQuoted) => Some('"'),
            Kind::Scalar(_, ScalarStyle::SingleQuoted) => Some('\''),
            _ => None,
        }
    }
}

pub(super) fn is_null_word(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads one document; `None` when there is nothing but comments.
pub(super) fn parse(text: &str) -> Result<Option<SyntaxNode>, EditError> {
    let mark = byte_order_mark(text);
    let mut options = Options::default();
    // Comments are not needed, and the parser holds a limited number of them.
    options.emit_comments = false;
    let mut events = Events {
        text,
        mark,
        parser: Parser::new_from_str_with_options(&text[mark..], options),
        documents: 0,
    };
    let Some(first) = events.pull()? else {
        return Ok(None);
    };
    let mut builder = Builder { text, events };
    let root = builder.node(first, 0)?;
    // What follows can only be an error or another document.
    match builder.events.pull()? {
        None => Ok(Some(root)),
        Some((_, start, _)) => Err(unreadable_at(
            line_of(text, start),
            "more than one document".to_owned(),
        )),
    }
}

fn unreadable_at(line: usize, reason: String) -> EditError {
    EditError::Unreadable {
        line: Some(line.max(1)),
        reason,
    }
}

type Located<'a> = (Event<'a>, usize, usize);

/// The events of nodes, with the offsets they begin and end at.
struct Events<'a> {
    text: &'a str,
    mark: usize,
    parser: Parser<'a, StrInput<'a>>,
    documents: usize,
}

impl<'a> Events<'a> {
    fn pull(&mut self) -> Result<Option<Located<'a>>, EditError> {
        for step in self.parser.by_ref() {
            let (event, span) = step.map_err(|error| {
                let line = error.marker().line();
                unreadable_at(line, format!("not valid YAML: {}", error.info()))
            })?;
            let bytes = span
                .byte_range()
                .ok_or_else(|| unreadable_at(1, "offsets are missing".to_owned()))?;
            let (start, end) = (bytes.start + self.mark, bytes.end + self.mark);
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(..) if self.documents == 0 => self.documents = 1,
                Event::DocumentStart(..) => {
                    let line = line_of(self.text, start);
                    return Err(unreadable_at(line, "more than one document".to_owned()));
                }
                event => return Ok(Some((event, start, end))),
            }
        }
        Ok(None)
    }
}

struct Builder<'a> {
    text: &'a str,
    events: Events<'a>,
}

impl<'a> Builder<'a> {
    /// The node that an event begins.
    fn node(
        &mut self,
        (event, start, end): Located<'a>,
        depth: usize,
    ) -> Result<SyntaxNode, EditError> {
        if depth > DEEPEST {
            return Err(unreadable_at(
                line_of(self.text, start),
                format!("nested deeper than {DEEPEST} levels"),
            ));
        }
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                Ok(self.scalar(value, style, start, end, anchor, tag))
            }
            Event::Alias(id) => Ok(SyntaxNode {
                start,
                end,
                kind: Kind::Alias(id),
                anchor: 0,
                tag: None,
                flow: false,
            }),
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let (items, closed) = self.items(depth)?;
                let last = items.iter().map(|item| item.end).max();
                let dash = self.dash(&items, start);
                let (start, end) = if flow {
                    (start, closed)
                } else {
                    (dash, last.unwrap_or(end))
                };
                Ok(collection(start, end, Kind::List(items), anchor, tag, flow))
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let (entries, closed) = self.entries(depth, flow)?;
                let ends = entries.iter().map(|(key, value)| value.end.max(key.end));
                let last = ends.max().unwrap_or(end);
                let end = if flow { closed } else { last };
                Ok(collection(
                    start,
                    end,
                    Kind::Map(entries),
                    anchor,
                    tag,
                    flow,
                ))
            }
            _ => Err(unreadable_at(
                line_of(self.text, start),
                "a value is missing".to_owned(),
            )),
        }
    }

    fn next(&mut self) -> Result<Located<'a>, EditError> {
        let next = self.events.pull()?;
        next.ok_or_else(|| unreadable_at(1, "the text ends too early".to_owned()))
    }

    fn items(&mut self, depth: usize) -> Result<(Vec<SyntaxNode>, usize), EditError> {
        let mut items = Vec::new();
        loop {
            let next = self.next()?;
            if let (Event::SequenceEnd, _, end) = next {
                return Ok((items, end));
            }
            items.push(self.node(next, depth + 1)?);
        }
    }

    fn entries(
        &mut self,
        depth: usize,
        flow: bool,
    ) -> Result<(Vec<(SyntaxNode, SyntaxNode)>, usize), EditError> {
        let mut entries = Vec::new();
        loop {
            let next = self.next()?;
            if let (Event::MappingEnd, _, end) = next {
                return Ok((entries, end));
            }
            let key = self.node(next, depth + 1)?;
            let next = self.next()?;
            let mut value = self.node(next, depth + 1)?;
            if value.start == value.end && matches!(value.kind, Kind::Scalar(..)) {
                // The parser puts an absent value before the colon.
                value.start = value.start.max(self.past_colon(key.end, flow));
                value.end = value.start;
            }
            entries.push((key, value));
        }
    }

    fn past_colon(&self, key_end: usize, flow: bool) -> usize {
        let spaces = |from: usize| {
            let rest = &self.text[from..];
            from + rest.len() - rest.trim_start_matches([' ', '\t']).len()
        };
        let colon = spaces(key_end);
        if !self.text[colon..].starts_with(':') {
            return key_end;
        }
        // In braces a comma right behind the colon reads badly.
        if flow { spaces(colon + 1) } else { colon + 1 }
    }

    /// The first dash of a block list: the parser reports the first item instead.
    fn dash(&self, items: &[SyntaxNode], reported: usize) -> usize {
        let Some(first) = items.first() else {
            return reported;
        };
        let head = self.text[..first.start].trim_end();
        if head.ends_with('-') {
            return head.len() - 1;
        }
        let line = line_start(self.text, first.start);
        self.text[line..first.start]
            .rfind("- ")
            .map_or(first.start, |dash| line + dash)
    }

    fn scalar(
        &self,
        value: Cow<'a, str>,
        style: ScalarStyle,
        start: usize,
        end: usize,
        anchor: usize,
        tag: Option<Cow<'a, Tag>>,
    ) -> SyntaxNode {
        let mut value = value;
        let mut end = end;
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            if end == self.text.len() && !self.text.ends_with('\n') && value.ends_with('\n') {
                // Compose's parser sees no line end here, and a text after it would make one.
                value = Cow::Owned(value[..value.len() - 1].to_owned());
            }
            end = self.block_end(start, end);
        }
        SyntaxNode {
            start,
            end,
            kind: Kind::Scalar(Rc::from(value.as_ref()), style),
            anchor,
            tag: tag_text(tag),
            flow: false,
        }
    }

    /// Where the content of a `|` or `>` scalar ends; with `+` its blank lines are content.
    fn block_end(&self, start: usize, end: usize) -> usize {
        if keeps_blank_lines(self.text, start) {
            let body = self.text[start..end].trim_end_matches([' ', '\t']);
            let body = body.strip_suffix('\n').unwrap_or(body);
            start + body.strip_suffix('\r').unwrap_or(body).len()
        } else {
            start + self.text[start..end].trim_end().len()
        }
    }
}

/// A line without its comment: `"- a # b"` gives `"- a "`.
pub(super) fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let hash = (0..bytes.len()).find(|&at| {
        bytes[at] == b'#' && (at == 0 || bytes[at - 1] == b' ' || bytes[at - 1] == b'\t')
    });
    &line[..hash.unwrap_or(line.len())]
}

/// Whether the `|` or `>` scalar that begins at `start` has the indicator `+`.
fn keeps_blank_lines(text: &str, start: usize) -> bool {
    let head = text[..start].trim_end();
    let header = without_comment(&head[line_start(head, head.len())..]).trim_end();
    let marks = header.trim_end_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    header[marks.len()..].contains('+')
}

fn collection(
    start: usize,
    end: usize,
    kind: Kind,
    anchor: usize,
    tag: Option<Cow<'_, Tag>>,
    flow: bool,
) -> SyntaxNode {
    SyntaxNode {
        start,
        end,
        kind,
        anchor,
        tag: tag_text(tag),
        flow,
    }
}

fn tag_text(tag: Option<Cow<'_, Tag>>) -> Option<Rc<str>> {
    tag.map(|tag| Rc::from(format!("{}{}", tag.handle(), tag.suffix())))
}
