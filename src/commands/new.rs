//! `infra new`: a skeleton, and then `add`'s own plan for it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    apply::{FileChange, Session},
    catalog::Catalog,
    error::{Error, ErrorCode, Result, did_you_mean},
    facts::Tree,
    plan::{self, Plan, Request},
    project::{Project, TargetOptions},
    render::{self, Rendering},
    resolve::{Installed, resolve},
    ui::Ui,
};

use super::{
    DONE,
    json::{self, Answer, Document},
    templates,
};

/// The options of `infra new`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder, new or empty.
    pub directory: PathBuf,
    /// The web framework.
    pub framework: String,
    /// The components to begin with, or `all`.
    pub components: Vec<String>,
    /// A folder of components, in place of those in this binary.
    pub templates: Option<PathBuf>,
}

/// Files of a skeleton that cannot have their own names among the templates.
const RENAMED: [(&str, &str); 2] = [
    ("Cargo.toml.skeleton", "Cargo.toml"),
    ("gitignore.skeleton", ".gitignore"),
];

/// Starts a project.
///
/// # Errors
///
/// The folder holds something, or a component does not exist; nothing was written then.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let catalog = templates::catalog(options.templates.as_deref())?;
    let target = directory.join(&options.directory);
    reject_occupied(&target)?;
    let name = package_name(&catalog, &target)?;
    let skeleton = skeleton(&catalog, &options.framework, &name)?;
    let asked: Vec<String> = match options.components.as_slice() {
        [all] if all == "all" => catalog.ids().map(str::to_owned).collect(),
        names => names.to_vec(),
    };
    let (plan, renderings) = plan_components(&catalog, &skeleton, &asked)?;
    let files = plan.apply_to(&skeleton);

    let shown = options.directory.display().to_string();
    write(&target, &files)?;
    let count = files
        .keys()
        .filter(|path| !path.as_str().starts_with(".infra/"))
        .count();
    ui.status(
        "Creating",
        &format!("{name} in {shown}, with {} files", count),
    );
    for rendering in &renderings {
        ui.status(
            "Adding",
            &format!("{} {}", rendering.id, rendering.manifest.version),
        );
    }
    if ui.is_json() {
        ui.document(&Document::from(Answer::New(json::New {
            directory: &shown,
            files: files.keys().collect(),
            notes: &plan.notes,
            next: &plan.next,
        })));
    }
    plan.notes.iter().for_each(|note| ui.note(note));
    if let Some(outer) = enclosing_workspace(&target) {
        ui.warn(
            "Workspace",
            &format!(
                "add the new package to the `members` of {}",
                outer.display()
            ),
        );
    }
    ui.status("Next", &format!("cd {shown} && cargo run"));
    for next in &plan.next {
        ui.status("Next", next);
    }
    Ok(DONE)
}

fn reject_occupied(target: &Path) -> Result<()> {
    let occupied = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(_) => true,
    };
    match occupied {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::Occupied,
            format!("`{}` exists and is not an empty folder", target.display()),
        )
        .hint("choose another folder, or run `infra add` in the existing project")),
    }
}

/// The name of the package: the folder's, as far as Cargo allows it.
fn package_name(catalog: &Catalog, target: &Path) -> Result<String> {
    let name = target
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    let goes_on = chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let reserved = [
        "test",
        "core",
        "std",
        "alloc",
        "proc-macro",
        "tokio",
        "build",
    ];
    let is_reserved = reserved.contains(&name.as_str()) || catalog.skeletons().contains(&name);
    let is_keyword = syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_err();
    if starts && goes_on && !is_reserved && !is_keyword {
        return Ok(name);
    }
    Err(Error::new(
        ErrorCode::WrongPackageName,
        format!("`{name}` is not a valid package name"),
    )
    .hint("choose a folder name such as `my-app`: letters, digits, `-` and `_`"))
}

fn skeleton(catalog: &Catalog, framework: &str, name: &str) -> Result<Tree> {
    let mut tree = Tree::new();
    for (path, template) in catalog.skeleton(framework) {
        let renamed = RENAMED.iter().find(|(from, _)| *from == path.as_str());
        let path = renamed.map_or(path.as_str(), |(_, to)| *to);
        let place = path.parse().map_err(Error::from)?;
        tree.insert(place, render::skeleton(path, template, name)?);
    }
    if !tree.is_empty() {
        return Ok(tree);
    }
    let error = Error::new(
        ErrorCode::UnknownFramework,
        format!("no project template for `{framework}`"),
    );
    let known = catalog.skeletons();
    Err(
        match did_you_mean(framework, known.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean `--framework {meant}`?")),
            None => error.hint(format!("there are templates for {}", known.join(" and "))),
        },
    )
}

/// Plans to add components to a skeleton, which is in a temporary folder meanwhile.
fn plan_components(
    catalog: &Catalog,
    skeleton: &Tree,
    asked: &[String],
) -> Result<(Plan, Vec<Rendering>)> {
    if asked.is_empty() {
        return Ok((Plan::default(), Vec::new()));
    }
    let selection = resolve(catalog, &Installed::new(), asked, &[])?;
    let failed = |error: io::Error| {
        Error::new(
            ErrorCode::Unwritable,
            format!("cannot create a temporary folder: {error}"),
        )
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    write(folder.path(), skeleton)?;
    let project = Project::find(folder.path())?;
    let lock = project.lock()?;
    let facts = project.facts(&TargetOptions::default(), &lock)?;
    let renderings = selection
        .iter()
        .map(|selected| render::component(selected, &facts))
        .collect::<Result<Vec<_>>>()?;
    let tree = project.tree(&facts, &lock, [])?;
    let inputs = plan::Inputs {
        catalog,
        facts: &facts,
        tree: &tree,
        lock: &lock,
    };
    let request = Request {
        renderings,
        ..Request::default()
    };
    let plan = plan::install(&inputs, &request)?;
    Ok((plan, request.renderings))
}

/// Writes a new project, all or nothing.
fn write(target: &Path, files: &Tree) -> Result<()> {
    let state = tempfile::tempdir().map_err(|error| {
        Error::new(
            ErrorCode::Unwritable,
            format!("cannot create a temporary folder: {error}"),
        )
    })?;
    let existed = target.exists();
    let (session, _) = Session::create(target, state.path())?;
    let changes: Vec<FileChange<'_>> = files
        .iter()
        .map(|(path, text)| FileChange {
            path: path.clone(),
            before: None,
            after: Some(text),
            private: path.name() == ".env",
        })
        .collect();
    let written = session.apply(&changes, &mut |_| Ok(()));
    if written.is_err() && !existed {
        Session::abandon(target);
    }
    written
}

/// An enclosing workspace that does not list the new package as a member.
fn enclosing_workspace(target: &Path) -> Option<PathBuf> {
    let target = fs::canonicalize(target).ok()?;
    let mut outer = target
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"));
    outer
        .find(|manifest| fs::read_to_string(manifest).is_ok_and(|text| text.contains("[workspace")))
}
