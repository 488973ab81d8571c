//! Adds a `mod` declaration where it belongs.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::{AttrStyle, Item, UseTree, Visibility};

use super::super::lines::{comments_above, line_after, line_start, line_stop};
use super::super::{Edit, EditError, Outcome, line_end, line_of};
use super::attributes::is_test;
use super::module_list::{list, modules, name_of};
use super::source::{Source, is_comment};
use super::undo;

/// A `mod x;` that a new one may stand beside.
struct Declared {
    name: String,
    public: bool,
    macro_use: bool,
    range: Range<usize>,
}

/// Declares a module, in sorted position where the neighbours are sorted.
///
/// # Errors
///
/// [`EditError::Conflict`] when a module of that name is there, whoever wrote it, or a `use` of it;
/// [`EditError::Unreadable`] for what is not Rust; [`EditError::Unsupported`] when the place cannot be
/// written to, for example inside a comment.
pub fn declare_module(text: &str, name: &str, public: bool) -> Result<Outcome, EditError> {
    let source = Source::parse(text)?;
    let old = list(&source, &source.file.items);
    let visibility = if public { "pub " } else { "" };
    let declaration = format!("{visibility}mod {name};");
    let conflict = |line: usize, found: &str| EditError::Conflict {
        address: format!("mod {name}"),
        line: Some(line),
        wanted: format!("`{declaration}` of its own"),
        found: found.to_owned(),
    };
    if let Some(there) = old.iter().find(|module| module.name == name) {
        return Err(conflict(there.line, "there already"));
    }
    if let Some(line) = imported(&source, name) {
        return Err(conflict(line, "a `use` of that name"));
    }
    let (at, block) = place(&source, name, public, &declaration);
    let new = format!("{}{block}{}", &text[..at], &text[at..]);
    let edit = Edit {
        address: format!("mod {name}"),
        before: String::new(),
        after: block,
        container: false,
    };
    let right = modules(&new).is_ok_and(|mut modules| {
        let added = modules.iter().position(|module| module.name == name);
        let added = added.map(|at| modules.remove(at));
        added.is_some_and(|added| added.path.is_none() && !added.inline)
            && modules.len() == old.len()
            && modules
                .iter()
                .zip(&old)
                .all(|(new, old)| new.name == old.name && new.path == old.path)
    });
    if right && undo::undo(&new, &edit).as_deref() == Ok(text) {
        Ok(Outcome::Added {
            text: new,
            edits: vec![edit],
        })
    } else {
        Err(EditError::Unsupported {
            address: edit.address,
            line: Some(line_of(text, at)),
            reason: "the place where it belongs is inside a comment or shares its line with \
                     other code"
                .to_owned(),
        })
    }
}

/// The line on which a file imports a name, beside which no module may have it.
fn imported(source: &Source<'_>, name: &str) -> Option<usize> {
    fn names(tree: &UseTree, name: &str) -> bool {
        match tree {
            UseTree::Path(path) => match &*path.tree {
                UseTree::Name(last) if last.ident == "self" => path.ident == name,
                UseTree::Group(group) => group.items.iter().any(|tree| match tree {
                    UseTree::Name(last) if last.ident == "self" => path.ident == name,
                    tree => names(tree, name),
                }),
                tree => names(tree, name),
            },
            UseTree::Name(last) => last.ident == name,
            UseTree::Rename(last) => last.rename == name,
            UseTree::Group(group) => group.items.iter().any(|tree| names(tree, name)),
            UseTree::Glob(_) => false,
        }
    }
    let mut items = source.file.items.iter();
    items.find_map(|item| match item {
        Item::Use(item) if names(&item.tree, name) => Some(source.line(item.span())),
        _ => None,
    })
}

/// The offset for a declaration, and its text with the line ends it needs.
fn place(source: &Source<'_>, name: &str, public: bool, declaration: &str) -> (usize, String) {
    let text = source.text;
    let end = line_end(text);
    if let Some(group) = group(source, public) {
        return beside(text, &group, name, declaration);
    }
    if let Some(last) = first_uses(source) {
        return after(text, last, declaration, true);
    }
    let inner = source
        .file
        .attrs
        .iter()
        .filter(|attribute| matches!(attribute.style, AttrStyle::Inner(_)))
        .map(|attribute| source.range(attribute.span()).end)
        .max();
    if let Some(last) = inner {
        return after(text, last, declaration, true);
    }
    let Some(first) = source.file.items.first() else {
        return after(text, text.len(), declaration, false);
    };
    let start = source.range(first.span()).start;
    let comments = comments_above(text, start, is_comment);
    // A comment at the very top is about the file.
    let at = if text[..comments].trim_start_matches('\u{feff}').is_empty() {
        line_start(text, start)
    } else {
        comments
    };
    (at, format!("{declaration}{end}{end}"))
}

/// The last group of the first run of declarations; of several groups, the last with the wanted
/// visibility. Formatters sort within such groups: lines that follow each other.
fn group(source: &Source<'_>, public: bool) -> Option<Vec<Declared>> {
    let declared = |item: &Item| match item {
        Item::Mod(module) if module.content.is_none() && !is_test(&module.attrs) => {
            Some(Declared {
                name: name_of(module),
                public: !matches!(module.vis, Visibility::Inherited),
                macro_use: module
                    .attrs
                    .iter()
                    .any(|attribute| attribute.path().is_ident("macro_use")),
                range: source.range(module.span()),
            })
        }
        _ => None,
    };
    let run = source
        .file
        .items
        .iter()
        .map(declared)
        .skip_while(Option::is_none)
        .map_while(|declared| declared);
    let mut groups: Vec<Vec<Declared>> = Vec::new();
    for module in run {
        match groups.last_mut() {
            Some(group)
                if group.last().is_some_and(|last| {
                    let start = line_of(source.text, module.range.start);
                    start <= line_of(source.text, last.range.end) + 1
                }) =>
            {
                group.push(module);
            }
            _ => groups.push(vec![module]),
        }
    }
    let matching = groups.iter().rposition(|group| {
        let alike = group.iter().filter(|module| module.public == public);
        alike.count() * 2 > group.len()
    });
    match matching {
        Some(at) => Some(groups.swap_remove(at)),
        None => groups.pop(),
    }
}

fn beside(text: &str, group: &[Declared], name: &str, declaration: &str) -> (usize, String) {
    // What a macro module defines is visible only after it.
    let first = group
        .iter()
        .rposition(|module| module.macro_use)
        .map_or(0, |at| at + 1);
    let names = &group[first..];
    let index = if names.is_sorted_by(|a, b| a.name <= b.name) {
        first + names.partition_point(|module| module.name.as_str() < name)
    } else {
        group.len()
    };
    match index.checked_sub(1) {
        Some(previous) => after(text, group[previous].range.end, declaration, false),
        None => {
            let at = line_start(text, group[0].range.start);
            (at, format!("{declaration}{}", line_end(text)))
        }
    }
}

/// The end of the first run of `use` and `extern crate`.
fn first_uses(source: &Source<'_>) -> Option<usize> {
    source
        .file
        .items
        .iter()
        .skip_while(|item| !matches!(item, Item::Use(_) | Item::ExternCrate(_)))
        .take_while(|item| matches!(item, Item::Use(_) | Item::ExternCrate(_)))
        .last()
        .map(|item| source.range(item.span()).end)
}

/// On the line after an offset, with a blank line between where it is asked for.
fn after(text: &str, offset: usize, declaration: &str, gap: bool) -> (usize, String) {
    let end = line_end(text);
    let at = line_after(text, offset);
    let closed = text[..at].ends_with('\n') || text[..at].trim_start_matches('\u{feff}').is_empty();
    let gap_before = if gap { end } else { "" };
    if !closed {
        return (at, format!("{end}{gap_before}{declaration}"));
    }
    let next = &text[at..line_stop(text, at)];
    let gap_after = if gap && at < text.len() && !next.trim().is_empty() {
        end
    } else {
        ""
    };
    (at, format!("{gap_before}{declaration}{end}{gap_after}"))
}
