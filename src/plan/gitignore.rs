//! Patterns of `.gitignore`, for files that a component writes while the app runs.

use std::collections::BTreeSet;

use crate::render::Rendering;

use super::{
    builder::PlanBuilder,
    desired::{Content, Scope, Wanted},
};

impl PlanBuilder<'_> {
    /// Brings the `.gitignore` of the project to what a component wants; nothing without git.
    pub(super) fn settle_ignored(&mut self, rendering: &Rendering, scope: &Scope) {
        let Some(file) = self.facts.gitignore.clone() else {
            return;
        };
        for pattern in &rendering.manifest.gitignore {
            let wanted = Wanted {
                file: file.clone(),
                pointer: pattern.clone(),
                components: BTreeSet::from([rendering.id.clone()]),
                content: Content::Ignored,
                label: format!("ignores {pattern}"),
            };
            self.settle(&wanted, scope);
        }
    }
}
