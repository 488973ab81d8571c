//! `infra diff`.

use std::path::Path;

use crate::{
    edit::diff,
    error::{Error, ErrorCode, Result},
    facts::Tree,
    hash::hash,
    lock::{File, Pristine, RESTORE},
    path::ProjectPath,
    project::TargetOptions,
    ui::Ui,
};

use super::{
    CommandContext, DONE, FOUND,
    json::{self, Answer, Document},
};

/// The options of `infra diff`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The component; all if there is none.
    pub component: Option<String>,
    /// The project and package.
    pub target: TargetOptions,
    /// Whether the exit code reports edits.
    pub exit_code: bool,
}

/// Shows the user's edits of generated files, as a unified diff against the generated texts.
///
/// # Errors
///
/// The component is not installed, or the project cannot be read.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::read(directory, &options.target, ui)?;
    let files = files(&context, options.component.as_deref())?;
    let tree = context.tree([])?;
    let pristine = context.inputs(&tree).pristine()?;
    let edits = Edits::new(&files, &tree, &pristine);
    match ui.is_json() {
        true => ui.document(&Document::from(Answer::Diff(json::Diff {
            diff: &edits.diff,
            unknown: &edits.unknown,
        }))),
        false => ui.diff(&edits.diff),
    }
    for path in &edits.unknown {
        ui.warn("Unknown", &Pristine::missing(path));
    }
    if !edits.unknown.is_empty() {
        ui.note(RESTORE);
    }
    let is_unedited = edits.diff.is_empty() && edits.unknown.is_empty();
    Ok(match options.exit_code && !is_unedited {
        true => FOUND,
        false => DONE,
    })
}

/// The generated files of a component, or of all components.
fn files<'a>(context: &'a CommandContext, component: Option<&str>) -> Result<Vec<&'a File>> {
    let package = context.lock.package(context.facts.package());
    if let Some(id) = component
        && package.is_none_or(|package| package.component(id).is_none())
    {
        // An id that does not exist gets its own error.
        context.catalog.get(id)?;
        let what = format!("`{id}` is not installed");
        return Err(Error::new(ErrorCode::NotInstalled, what).hint(format!("infra add {id}")));
    }
    let files = package.into_iter().flat_map(|package| &package.files);
    let files = files.filter(|file| component.is_none_or(|id| id == file.component));
    Ok(files.collect())
}

/// The user's edits of generated files.
#[derive(Default)]
struct Edits<'a> {
    /// A unified diff against the generated texts.
    diff: String,
    /// Edited files whose generated text is not stored.
    unknown: Vec<&'a ProjectPath>,
}

impl<'a> Edits<'a> {
    fn new(files: &[&'a File], tree: &Tree, pristine: &Pristine) -> Self {
        let mut edits = Self::default();
        for file in files {
            let path = &file.path;
            let edited = tree.get(path).map_or("", String::as_str);
            if Some(hash(edited)) == file.sha256 {
                continue;
            }
            match pristine.get(file) {
                Some(generated) => {
                    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
                    let edited = edited.replace("\r\n", "\n");
                    let diff = diff::unified((&old, &new), generated, &edited);
                    edits.diff.push_str(&diff);
                }
                None => edits.unknown.push(path),
            }
        }
        edits
    }
}
