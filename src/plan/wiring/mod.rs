//! The wiring: the module's declaration and the lines around the place where the app is served.
//!
//! A place is changed only when it is the only one and everything about it is certain. Otherwise
//! the lines to paste are printed, on every add until they are there.

use crate::{
    edit::{
        cargo_toml,
        rust::{self, AppSyntax, ErrorHandling, Returns, RouterEvidence, ServeCall, Wiring},
    },
    framework::{self, Definition},
    lock::HUB,
    path::ProjectPath,
};

use super::{ManualStep, builder::PlanBuilder, format::located};

mod snippet;

/// A call that serves, in its file.
struct Site {
    file: ProjectPath,
    serve: ServeCall,
}

impl Site {
    fn place(&self, why: Option<&str>) -> String {
        let (file, line) = (&self.file, self.serve.line);
        match why {
            Some(why) => format!("{file}:{line}: {why}"),
            None => format!("{file}:{line}"),
        }
    }
}

impl PlanBuilder<'_> {
    /// Declares the module and wires the app, or says what is to be done by hand.
    ///
    /// `known` tells whether something was added to the package before.
    pub(super) fn wire(&mut self, known: bool) {
        let declared = self.declare_module(known);
        let sources = &self.facts.sources;
        let wired = sources.iter().any(|file| rust::is_wired(self.text(file)));
        if declared && wired {
            return;
        }
        let (sites, unread) = self.sites();
        if !wired && !unread.is_empty() {
            self.manual.push(ManualStep {
                what: "fix what may serve the app, then run the same command again".to_owned(),
                places: unread,
                snippet: String::new(),
            });
            return;
        }
        let (why, places) = match sites.as_slice() {
            _ if wired => (String::new(), Vec::new()),
            [only] => match self.certain(only) {
                Ok(wiring) => {
                    self.wire_site(only, &wiring);
                    (String::new(), Vec::new())
                }
                Err(why) => (why.clone(), vec![only.place(Some(&why))]),
            },
            [] => {
                let why = match self.framework().server {
                    Some(server) => format!("no call of `{}` was found", server.shown),
                    None => "without a framework the place is not known".to_owned(),
                };
                (why, self.app_places())
            }
            several => {
                let why = "the app is served in several places".to_owned();
                (why, several.iter().map(|site| site.place(None)).collect())
            }
        };
        if declared && why.is_empty() {
            return;
        }
        let module = self.module_path(sites.first().map(|site| &site.file));
        let snippet = self.snippet(declared, wired, &module, sites.first());
        let what = match why.as_str() {
            "" => "declare the module".to_owned(),
            why => format!("wire the app by hand, because {why}"),
        };
        self.manual.push(ManualStep {
            what,
            places,
            snippet,
        });
    }

    /// Declares the module in the crate's root. Returns whether it is there.
    fn declare_module(&mut self, known: bool) -> bool {
        let Some(root) = self.facts.crate_root().cloned() else {
            return false;
        };
        let module = self.facts.module.clone();
        if known && rust::is_declared(self.text(&root), &module).is_some() {
            return true;
        }
        let manifest = cargo_toml::read(self.text(&self.facts.manifest)).unwrap_or_default();
        let taken = manifest
            .dependencies
            .iter()
            .find(|known| known.key.replace('-', "_") == module);
        if let Some(taken) = taken.filter(|_| !known) {
            let (file, line) = (&self.facts.manifest, taken.line);
            self.conflict(format!(
                "{file}:{line}: a dependency is called `{module}`, as the module would be"
            ));
            self.hint("choose another module: --module infrastructure");
            return false;
        }
        let public = self.facts.library.is_some();
        let why = format!("declares `mod {module}`");
        let declared = self.put(&root, &format!("mod {module}"), &[HUB], &why, |text| {
            rust::declare_module(text, &module, public)
        });
        if !declared && rust::modules(self.text(&root)).is_ok() {
            self.hint("choose another module: --module infrastructure");
        }
        declared
    }

    fn framework(&self) -> &'static Definition {
        framework::get(&self.facts.framework.name)
    }

    /// The calls that serve, and the files that may have one and why they cannot be read.
    fn sites(&self) -> (Vec<Site>, Vec<String>) {
        let (mut sites, mut unread) = (Vec::new(), Vec::new());
        let Some(server) = self.framework().server else {
            return (sites, unread);
        };
        for file in &self.facts.sources {
            match rust::serve_calls(server, self.text(file)) {
                Ok(serves) => sites.extend(serves.into_iter().map(|serve| Site {
                    file: file.clone(),
                    serve,
                })),
                Err(why) if server.seems_called_in(self.text(file)) => {
                    unread.push(located(file, &why));
                }
                Err(_) => {}
            }
        }
        (sites, unread)
    }

    /// The places where an app begins.
    fn app_places(&self) -> Vec<String> {
        let Some(server) = self.framework().server else {
            return Vec::new();
        };
        let files = self.facts.sources.iter();
        files
            .flat_map(|file| {
                let lines = rust::app_lines(&server.app, self.text(file)).unwrap_or_default();
                lines.into_iter().map(move |line| format!("{file}:{line}"))
            })
            .collect()
    }

    /// What to write at a place, if everything about it is certain; else why not.
    fn certain(&self, site: &Site) -> Result<Wiring, String> {
        let plan = site.serve.plan.as_ref().map_err(Clone::clone)?;
        if let RouterEvidence::NeedsReturnType {
            function, fallible, ..
        } = plan.evidence()
            && !self.returns_router(&site.serve.server.app, function, *fallible)
        {
            let router = site.serve.server.app.name();
            return Err(format!("`{function}` is not known to return a `{router}`"));
        }
        let module = self
            .certain_module_path(&site.file)
            .ok_or("the file is not known to belong to one crate")?;
        let failure = self.failure(site).ok_or(
            "the function returns nothing that `?` fits, and lints deny `expect` and `panic`",
        )?;
        Ok(Wiring { module, failure })
    }

    fn returns_router(&self, app: &AppSyntax, function: &str, fallible: bool) -> bool {
        let answers: Vec<bool> = self
            .facts
            .sources
            .iter()
            .chain(&self.facts.library)
            .filter_map(|file| rust::returns_router(app, self.text(file), function, fallible))
            .collect();
        !answers.is_empty() && answers.iter().all(|answer| *answer)
    }

    /// The path of the module as a file of the package sees it; none if that is not certain.
    fn certain_module_path(&self, file: &ProjectPath) -> Option<String> {
        let facts = self.facts;
        let module = &facts.module;
        let from_outside = || format!("{}::{module}", facts.crate_name);
        if facts.crate_root() == Some(file) {
            return Some(module.clone());
        }
        if facts.binaries.contains(file) {
            return facts.library.is_some().then(from_outside);
        }
        let root = facts.crate_root()?;
        let below = file.as_str().strip_prefix(&format!("{}/", root.folder()))?;
        let name = below.split('/').next()?.trim_end_matches(".rs");
        let declares = |root: &ProjectPath| rust::is_declared(self.text(root), name).is_some();
        let in_binary = |root: &&ProjectPath| Some(*root) != facts.crate_root() && declares(root);
        match (
            declares(root),
            facts.binaries.iter().any(|root| in_binary(&root)),
        ) {
            (true, false) => Some(format!("crate::{module}")),
            (false, true) => facts.library.is_some().then(from_outside),
            _ => None,
        }
    }

    fn module_path(&self, file: Option<&ProjectPath>) -> String {
        let certain = file.and_then(|file| self.certain_module_path(file));
        certain.unwrap_or_else(|| match &self.facts.library {
            Some(_) => format!("{}::{}", self.facts.crate_name, self.facts.module),
            None => format!("crate::{}", self.facts.module),
        })
    }

    /// How a failed start ends: by `?` where that fits, else in a form that the lints allow.
    fn failure(&self, site: &Site) -> Option<ErrorHandling> {
        let function = site.serve.function.as_ref()?;
        if function.returns == Returns::AcceptsAnyError {
            return Some(ErrorHandling::Propagate);
        }
        let roots = self.facts.binaries.iter().chain(&self.facts.library);
        let mut denied = self.facts.denied_lints.clone();
        for file in roots.chain([&site.file]) {
            denied.extend(rust::denied_clippy_lints(self.text(file)).unwrap_or_default());
        }
        if !denied.contains("expect_used") {
            Some(ErrorHandling::Expect)
        } else if !denied.contains("panic") {
            Some(ErrorHandling::Panic)
        } else {
            None
        }
    }

    fn wire_site(&mut self, site: &Site, wiring: &Wiring) {
        let why = "starts, wires and stops it";
        let before = self.text(&site.file).to_owned();
        self.put(&site.file, "start", &[HUB], why, |text| {
            rust::wire(text, &site.serve, wiring)
        });
        if rust::may_need_rustfmt(&before, self.text(&site.file)) {
            let file = &site.file;
            self.note(format!("{file} has long lines now: run `cargo fmt`"));
        }
    }
}
