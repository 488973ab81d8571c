//! `infra view`.

use std::path::Path;

use super::{rendering, sample};
use crate::{
    commands::{
        DONE,
        json::{self, Answer, Document, FileText},
        templates,
    },
    error::{Error, ErrorCode, Kind, Result, did_you_mean},
    lock::Package,
    project::{Project, TargetOptions},
    render::Rendering,
    resolve::Choice,
    ui::Ui,
};

/// The options of `infra view`.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The component.
    pub component: String,
    /// One of its files; all names if there is none.
    pub path: Option<String>,
    /// The project and package.
    pub target: TargetOptions,
    /// Values of options.
    pub choices: Vec<Choice>,
}

/// Shows the files that a component would generate here; outside of a project, in a sample project.
///
/// # Errors
///
/// There is no such component, option or file.
pub fn view(view: &View, directory: &Path, ui: &Ui) -> Result<u8> {
    let rendering = rendering_of(view, directory)?;
    let compose = rendering
        .compose
        .as_deref()
        .map(|text| ("compose.yml", text));
    let files = rendering
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let files: Vec<(&str, &str)> = files.chain(compose).collect();
    let document = match &view.path {
        Some(wanted) => {
            let (path, text) = find(&files, wanted, &view.component)?;
            json::View::File(FileText { path, text })
        }
        None => json::View::All {
            files: files
                .iter()
                .map(|&(path, text)| FileText { path, text })
                .collect(),
        },
    };
    match (ui.is_json(), &document) {
        (true, _) => ui.document(&Document::from(Answer::View(document))),
        (false, json::View::File(file)) => ui.data(file.text),
        (false, json::View::All { files }) => {
            for FileText { path, text } in files {
                ui.data(&format!("{path} ({} lines)\n", text.lines().count()));
            }
        }
    }
    Ok(DONE)
}

/// The rendering for the project that the user is in, or for the sample.
fn rendering_of(view: &View, directory: &Path) -> Result<Rendering> {
    let catalog = templates::catalog(view.target.templates.as_deref())?;
    match Project::find(directory) {
        Ok(project) => {
            let lock = project.lock()?;
            let facts = project.facts(&view.target, &lock)?;
            let package = lock.package(facts.package());
            let installed = package.map(Package::installed).unwrap_or_default();
            rendering(&catalog, &installed, &view.component, &view.choices, &facts)
        }
        Err(error) if error.kind() == Kind::Unsupported => {
            sample(&catalog, &view.component, &view.choices)
        }
        Err(error) => Err(error),
    }
}

/// The file with this path, or whose path ends with it.
fn find<'a>(files: &[(&'a str, &'a str)], wanted: &str, id: &str) -> Result<(&'a str, &'a str)> {
    let mut all = files.iter();
    let found = all.find(|(path, _)| *path == wanted || path.ends_with(&format!("/{wanted}")));
    found.copied().ok_or_else(|| {
        let error = Error::new(
            ErrorCode::UnknownFile,
            format!("`{id}` has no file `{wanted}`"),
        );
        match did_you_mean(wanted, files.iter().map(|(path, _)| *path)) {
            Some(meant) => error.hint(format!("infra view {id} {meant}")),
            None => error.hint(format!("`infra view {id}` lists its files")),
        }
    })
}
