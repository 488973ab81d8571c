//! A project that a command looks at or changes.

use std::path::Path;

use infra_edit::merge;

use crate::{
    apply::{self, FileChange, RestorePoint, Session},
    catalog::Catalog,
    disk,
    error::{Error, ErrorCode, Result},
    facts::{Facts, Tree},
    lock::{self, Lock},
    path::ProjectPath,
    plan::{self, FileRole, Inputs, Plan},
    project::{Project, TargetOptions},
    ui::Ui,
};

use super::{DONE, MANUAL, MARKERS, templates};

/// A project that is about to be looked at or changed.
pub(super) struct CommandContext {
    pub(super) catalog: Catalog,
    pub(super) project: Project,
    pub(super) lock: Lock,
    pub(super) facts: Facts,
    session: Option<Session>,
    /// Files that are neither as before nor as after an interrupted command.
    left: Vec<ProjectPath>,
}

impl CommandContext {
    /// Opens a project to read it.
    pub(super) fn read(directory: &Path, target: &TargetOptions, ui: &Ui) -> Result<Self> {
        let project = Project::find(directory)?;
        if apply::is_pending(&project.state) {
            ui.warn("Interrupted", "an earlier command was interrupted while writing; the next `add`, `update` or `remove` completes it");
        }
        let context = Self::with(project, None, target)?;
        if context.restore_point()?.is_some() {
            ui.warn(
                "Unfinished",
                "an update left conflicts: `infra update --continue` or `infra update --abort`",
            );
        }
        Ok(context)
    }

    /// Opens a project to change it, and completes an interrupted command.
    pub(super) fn change(directory: &Path, target: &TargetOptions, ui: &Ui) -> Result<Self> {
        let (project, session, left) = recover(directory, ui)?;
        let mut context = Self::with(project, Some(session), target)?;
        context.left = left;
        context.refuse()?;
        Ok(context)
    }

    /// Refuses what stops a change; a preview refuses the same.
    fn refuse(&self) -> Result<()> {
        self.refuse_unknown()?;
        self.refuse_unfinished()?;
        self.refuse_markers()
    }

    /// Refuses to change a project while an earlier command left unresolved conflicts.
    fn refuse_unfinished(&self) -> Result<()> {
        let Some(point) = self.restore_point()? else {
            return Ok(());
        };
        let mut error = Error::new(
            ErrorCode::UnfinishedUpdate,
            "an earlier command left conflicts that are not marked as resolved",
        );
        error.details = point.conflicted.iter().map(ToString::to_string).collect();
        Err(error
            .hint("resolve them in these files, then: infra update --continue")
            .hint("or undo that command: infra update --abort"))
    }

    /// What `infra update --abort` would restore, if there is something.
    pub(super) fn restore_point(&self) -> Result<Option<RestorePoint>> {
        load_restore_point(&self.project)
    }

    /// Saves what the files of a plan are now, if the plan leaves conflict markers.
    fn save_restore_point(&self, session: &Session, plan: &Plan) -> Result<()> {
        if plan.conflicted_files.is_empty() {
            return session.forget_restore_point();
        }
        let changes: Vec<FileChange<'_>> = plan.changes.iter().map(file_change).collect();
        let point = RestorePoint::new(&changes, &plan.conflicted_files, lock::is_record);
        session.save(&point)
    }

    /// Opens a project to change it, or only to preview the change.
    pub(super) fn for_change(
        preview: bool,
        directory: &Path,
        target: &TargetOptions,
        ui: &Ui,
    ) -> Result<Self> {
        match preview {
            true => {
                let context = Self::read(directory, target, ui)?;
                context.refuse()?;
                Ok(context)
            }
            false => Self::change(directory, target, ui),
        }
    }

    fn with(project: Project, session: Option<Session>, target: &TargetOptions) -> Result<Self> {
        let catalog = templates::catalog(target.templates.as_deref())?;
        let lock = plan::with_current_ids(project.lock()?, &catalog)?;
        let facts = project.facts(target, &lock)?;
        Ok(Self {
            catalog,
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
                return Err(Error::new(
                    ErrorCode::UnknownInstalledComponent,
                    format!("`{id}` {version} is installed, and this version of the tool does not know it"),
                )
                .hint("install a newer version of this tool"));
            }
        }
        Ok(())
    }

    fn refuse_markers(&self) -> Result<()> {
        let mut error = Error::new(ErrorCode::MarkersRemain, "conflict markers remain");
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

    pub(super) fn tree<'a>(
        &'a self,
        targets: impl IntoIterator<Item = &'a ProjectPath>,
    ) -> Result<Tree> {
        self.project.tree(&self.facts, &self.lock, targets)
    }

    pub(super) fn inputs<'a>(&'a self, tree: &'a Tree) -> Inputs<'a> {
        Inputs {
            catalog: &self.catalog,
            facts: &self.facts,
            tree,
            lock: &self.lock,
        }
    }

    /// Writes a plan.
    pub(super) fn apply(&self, plan: &Plan) -> Result<()> {
        let changes: Vec<FileChange<'_>> = plan.changes.iter().map(file_change).collect();
        match &self.session {
            Some(session) => {
                self.save_restore_point(session, plan)?;
                session.apply(&changes, &mut |_| Ok(())).or_else(|error| {
                    if error.written.is_empty() {
                        session.forget_restore_point()?;
                    }
                    Err(error)
                })
            }
            None => Ok(()),
        }
    }

    /// Undoes a plan that was just written.
    pub(super) fn revert(&self, plan: &Plan) -> Result<()> {
        let reversed = plan.changes.iter().rev().map(|change| {
            let change = file_change(change);
            FileChange {
                before: change.after,
                after: change.before,
                ..change
            }
        });
        match &self.session {
            Some(session) => {
                session.apply(&reversed.collect::<Vec<_>>(), &mut |_| Ok(()))?;
                session.forget_restore_point()
            }
            None => Ok(()),
        }
    }

    /// The exit code when a plan has been applied.
    pub(super) fn exit_code(&self, plan: &Plan) -> u8 {
        if !plan.conflicted_files.is_empty() {
            MARKERS
        } else if plan.manual.is_empty() && self.left.is_empty() {
            DONE
        } else {
            MANUAL
        }
    }
}

/// Opens a project to change it, without looking at what is installed.
pub(super) fn open(directory: &Path, ui: &Ui) -> Result<(Project, Session)> {
    let (project, session, _) = recover(directory, ui)?;
    Ok((project, session))
}

/// Removes a restore point whose command wrote nothing, or whose result is gone.
fn forget_unused(project: &Project, session: &Session) -> Result<()> {
    match load_restore_point(project)? {
        Some(_) => Ok(()),
        None => session.forget_restore_point(),
    }
}

/// Locks a project for a change, and completes an interrupted command. Returns the files that are
/// neither as before nor as after that command.
fn recover(directory: &Path, ui: &Ui) -> Result<(Project, Session, Vec<ProjectPath>)> {
    let project = Project::find(directory)?;
    let (session, recovery) = Session::open(&project.root, &project.state)?;
    for path in &recovery.finished {
        ui.status("Finished", &format!("{path}, of an interrupted command"));
    }
    for path in &recovery.left {
        ui.warn(
            "Left",
            &format!("{path} as it is: it was edited after a command was interrupted"),
        );
    }
    forget_unused(&project, &session)?;
    Ok((project, session, recovery.left))
}

/// The restore point of a project, if the command that saved it changed anything.
pub(super) fn load_restore_point(project: &Project) -> Result<Option<RestorePoint>> {
    let Some(point) = RestorePoint::load(&project.state)? else {
        return Ok(None);
    };
    let mut texts = Tree::new();
    for path in point.paths() {
        if let Some(text) = disk::read(&project.root, path)? {
            texts.insert(path.clone(), text);
        }
    }
    let is_in_use = point.is_in_use(|path| texts.get(path).cloned());
    Ok(Some(point).filter(|_| is_in_use))
}

pub(super) fn file_change(change: &crate::plan::Change) -> FileChange<'_> {
    FileChange {
        path: change.path.clone(),
        before: change.before.as_deref(),
        after: change.after.as_deref(),
        private: change.role == FileRole::Private,
    }
}
