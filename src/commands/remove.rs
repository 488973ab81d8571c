//! `infra remove`.

use std::path::Path;

use crate::{
    error::Result,
    plan::{self, Removal},
    project::TargetOptions,
    render,
    ui::Ui,
};

use super::{
    CommandContext,
    report::{self, Verb},
};

/// The options of `infra remove`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The components.
    pub components: Vec<String>,
    /// Whether to write nothing.
    pub preview: bool,
    /// Whether to show a diff.
    pub diff: bool,
    /// Whether generated files that were edited stay.
    pub keep_edited: bool,
    /// The project and package.
    pub target: TargetOptions,
}

/// Removes components from a project.
///
/// # Errors
///
/// What is in the way; nothing was written then.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::for_change(options.preview, directory, &options.target, ui)?;
    for id in &options.components {
        let installed = context.lock.package(context.facts.package());
        if installed.is_none_or(|package| package.component(id).is_none()) {
            // A name that does not exist deserves the better message.
            context.catalog.get(id)?;
        }
    }
    let hub = render::hub(context.catalog.hub()?, &context.facts, &[])?;
    let tree = context.tree(hub.keys())?;
    let removal = Removal {
        components: options.components.clone(),
        keep_edited: options.keep_edited,
    };
    let plan = plan::remove(&context.inputs(&tree), &removal)?;
    if !options.preview {
        context.apply(&plan)?;
    }
    ui.status(
        "Removing",
        &format!(
            "{} from the package `{}`",
            options.components.join(", "),
            context.facts.name
        ),
    );
    let code = context.exit_code(&plan);
    report::plan(Verb::Remove, &plan, options.preview, options.diff, code, ui);
    if !options.preview {
        report::after_remove(&plan, ui);
    }
    Ok(code)
}
