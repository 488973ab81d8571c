//! One file a verb: the only place where reading, planning, talking and writing meet.

use std::path::Path;

use crate::{
    apply::{self, FileChange, Session},
    catalog::Catalog,
    disk,
    edit::merge,
    error::{Error, Result},
    facts::{Facts, Tree},
    lock::Lock,
    path::ProjectPath,
    plan::{FileRole, Inputs, Plan},
    project::{Project, TargetOptions},
    ui::Ui,
};

pub mod add;
pub mod browse;
pub mod env;
pub mod new;
pub mod remove;
pub mod report;
pub mod status;
mod verify;

/// What a user asks for.
#[derive(Debug)]
pub enum Command {
    /// Start a project.
    New(new::Options),
    /// List the components.
    List(TargetOptions),
    /// Show what a component brings.
    Info(String),
    /// Show what a component renders to.
    View(browse::View),
    /// Add components.
    Add(add::Options),
    /// Remove components.
    Remove(remove::Options),
    /// Show how what was added is.
    Status(status::Options),
    /// Show the edits of generated files.
    Diff(status::Diff),
    /// Show the variables.
    Env(env::Options),
    /// Print a text that was made from the command line itself.
    Print(String),
}

/// Done, or nothing to do.
const DONE: u8 = 0;
/// Done, and manual steps remain.
const MANUAL: u8 = 3;
/// Drift or findings, where the user asked for a code.
const FOUND: u8 = 5;
/// Done, and conflict markers remain.
const MARKERS: u8 = 7;

/// Runs a command in a folder and returns the exit code.
///
/// # Errors
///
/// What the command could not do.
pub fn run(command: &Command, directory: &Path, ui: &Ui) -> Result<u8> {
    match command {
        Command::New(options) => new::run(options, directory, ui),
        Command::List(target) => browse::list(target, directory, ui),
        Command::Info(component) => browse::info(component, ui),
        Command::View(view) => browse::view(view, directory, ui),
        Command::Add(options) => add::run(options, directory, ui),
        Command::Remove(options) => remove::run(options, directory, ui),
        Command::Status(options) => status::run(options, directory, ui),
        Command::Diff(options) => status::diff(options, directory, ui),
        Command::Env(options) => env::run(options, directory, ui),
        Command::Print(text) => {
            ui.data(text);
            Ok(DONE)
        }
    }
}

/// A project that is about to be looked at or changed.
struct CommandContext {
    catalog: Catalog,
    project: Project,
    lock: Lock,
    facts: Facts,
    session: Option<Session>,
    /// Files that an interrupted command left in neither of its states.
    left: Vec<ProjectPath>,
}

impl CommandContext {
    /// Opens a project to read it.
    fn read(directory: &Path, target: &TargetOptions, ui: &Ui) -> Result<Self> {
        let project = Project::find(directory)?;
        if apply::is_pending(&project.state) {
            ui.warn("Interrupted", "an earlier command was cut off while it wrote; the next `add` or `remove` finishes it");
        }
        Self::with(project, None, target)
    }

    /// Opens a project to change it, and ends what an interrupted command left.
    fn change(directory: &Path, target: &TargetOptions, ui: &Ui) -> Result<Self> {
        let project = Project::find(directory)?;
        let (session, recovery) = Session::open(&project.root, &project.state)?;
        for path in &recovery.finished {
            ui.status(
                "Finished",
                &format!("{path}, of a command that was cut off"),
            );
        }
        for path in &recovery.left {
            ui.warn(
                "Left",
                &format!("{path} as it is: it was changed after a command was cut off"),
            );
        }
        let mut context = Self::with(project, Some(session), target)?;
        context.left = recovery.left;
        context.refuse_unknown()?;
        context.refuse_markers()?;
        Ok(context)
    }

    /// Opens a project to change it, or only to preview the change.
    fn for_change(
        preview: bool,
        directory: &Path,
        target: &TargetOptions,
        ui: &Ui,
    ) -> Result<Self> {
        match preview {
            true => Self::read(directory, target, ui),
            false => Self::change(directory, target, ui),
        }
    }

    fn with(project: Project, session: Option<Session>, target: &TargetOptions) -> Result<Self> {
        let lock = project.lock()?;
        let facts = project.facts(target, &lock)?;
        Ok(Self {
            catalog: Catalog::embedded(),
            project,
            lock,
            facts,
            session,
            left: Vec::new(),
        })
    }

    /// A component that this version does not know cannot be rendered again, nor its hub.
    fn refuse_unknown(&self) -> Result<()> {
        for known in self.lock.components() {
            if self.catalog.get(&known.id).is_err() {
                let (id, version) = (&known.id, &known.version);
                return Err(Error::unsupported(
                    "unknown-installed-component",
                    format!("`{id}` {version} is installed, and this version of the tool does not know it"),
                )
                .hint("install a newer version of this tool"));
            }
        }
        Ok(())
    }

    fn refuse_markers(&self) -> Result<()> {
        let mut error = Error::conflict("markers-remain", "conflict markers remain");
        for file in self.lock.files() {
            let text = disk::read(&self.project.root, &file.path)?.unwrap_or_default();
            if let Some(line) = merge::marker(&text) {
                error = error.detail(format!("{}:{line}", file.path));
            }
        }
        match error.details.is_empty() {
            true => Ok(()),
            false => Err(error.hint("edit the files, then run the command again")),
        }
    }

    fn tree<'a>(&'a self, targets: impl IntoIterator<Item = &'a ProjectPath>) -> Result<Tree> {
        self.project.tree(&self.facts, &self.lock, targets)
    }

    fn inputs<'a>(&'a self, tree: &'a Tree) -> Inputs<'a> {
        Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree,
            lock: &self.lock,
        }
    }

    /// Writes a plan.
    fn apply(&self, plan: &Plan) -> Result<()> {
        let changes: Vec<FileChange<'_>> = plan.changes.iter().map(file_change).collect();
        match &self.session {
            Some(session) => session.apply(&changes, &mut |_| Ok(())),
            None => Ok(()),
        }
    }

    /// Takes a plan back that was just written.
    fn revert(&self, plan: &Plan) -> Result<()> {
        let reversed = plan.changes.iter().rev().map(|change| {
            let change = file_change(change);
            FileChange {
                before: change.after,
                after: change.before,
                ..change
            }
        });
        match &self.session {
            Some(session) => session.apply(&reversed.collect::<Vec<_>>(), &mut |_| Ok(())),
            None => Ok(()),
        }
    }

    /// The exit code when a plan has been applied.
    fn exit_code(&self, plan: &Plan) -> u8 {
        if !plan.conflicted_files.is_empty() {
            MARKERS
        } else if plan.manual.is_empty() && self.left.is_empty() {
            DONE
        } else {
            MANUAL
        }
    }
}

fn file_change(change: &crate::plan::Change) -> FileChange<'_> {
    FileChange {
        path: change.path.clone(),
        before: change.before.as_deref(),
        after: change.after.as_deref(),
        private: change.role == FileRole::Private,
    }
}
