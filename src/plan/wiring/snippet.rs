//! The lines to paste where nothing is certain.

use crate::{
    edit::rust::{ErrorHandling, Wiring},
    framework::SnippetInputs,
};

use super::{super::builder::PlanBuilder, Site};

impl PlanBuilder<'_> {
    /// The lines to paste.
    pub(super) fn snippet(
        &self,
        declared: bool,
        wired: bool,
        module: &str,
        site: Option<&Site>,
    ) -> String {
        let mut lines = Vec::new();
        if !declared {
            let root = self.facts.crate_root();
            let root = root.map_or("the crate's root", |root| root.as_str());
            let public = if self.facts.library.is_some() {
                "pub "
            } else {
                ""
            };
            lines.push(format!("{public}mod {};  // in {root}", self.facts.module));
        }
        if wired {
            return lines.join("\n");
        }
        let failure = site.and_then(|site| self.failure(site));
        let wiring = Wiring {
            module: module.to_owned(),
            failure: failure.unwrap_or(ErrorHandling::Propagate),
        };
        let snippet = (self.framework().snippet)(&SnippetInputs {
            wiring: &wiring,
            call: site.map(|site| &site.serve),
        });
        let comment = snippet.start.map(|comment| format!("  // {comment}"));
        lines.push(wiring.start().concat() + &comment.unwrap_or_default());
        lines.extend(snippet.lines);
        lines.push(format!("infra.shutdown().await;  // {}", snippet.shutdown));
        lines.join("\n")
    }
}
