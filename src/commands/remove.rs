//! `infra remove`.

use std::path::Path;

use crate::{
    error::Result,
    plan::{self, Removal},
    project::Wishes,
    render,
    ui::Ui,
};

use super::{Scene, report};

/// What a `remove` is asked to do.
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
    /// The place.
    pub wishes: Wishes,
}

/// Removes components from a project.
///
/// # Errors
///
/// What is in the way; nothing was written then.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let scene = Scene::for_change(options.preview, directory, &options.wishes, ui)?;
    for id in &options.components {
        let installed = scene.lock.package(scene.facts.package());
        if installed.is_none_or(|package| package.component(id).is_none()) {
            // A name that does not exist deserves the better message.
            scene.catalog.get(id)?;
        }
    }
    let hub = render::hub(scene.catalog.hub()?, &scene.facts, &[])?;
    let tree = scene.tree(hub.keys())?;
    let removal = Removal {
        components: options.components.clone(),
        keep_edited: options.keep_edited,
    };
    let plan = plan::remove(&scene.context(&tree), &removal)?;
    if !options.preview {
        scene.apply(&plan)?;
    }
    ui.status(
        "Removing",
        &format!(
            "{} from the package `{}`",
            options.components.join(", "),
            scene.facts.name
        ),
    );
    let code = scene.exit_code(&plan);
    report::plan("remove", &plan, options.preview, options.diff, code, ui);
    if !options.preview {
        report::after_remove(&plan, ui);
    }
    Ok(code)
}
