//! What can go wrong: codes, exit codes, messages and hints.

use std::fmt;

use crate::path::InvalidPath;

/// The kind of a failure. It alone decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something failed: a damaged record, a path out of the project, a full disk.
    Failure,
    /// The command line names something that does not exist, or is ambiguous.
    Usage,
    /// The project contains something else where a component needs a place.
    Conflict,
    /// The project, or a version in it, is not supported.
    Unsupported,
    /// The user interrupted.
    Interrupted,
}

impl Kind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Conflict => 4,
            Self::Unsupported => 6,
            Self::Interrupted => 130,
        }
    }
}

/// Declares [`ErrorCode`]: documentation, variant, the code in JSON, and its kind.
macro_rules! error_codes {
    ($(#[doc = $meaning:literal] $variant:ident = $code:literal, $kind:ident;)+) => {
        /// The stable codes of failures, for programs. A code decides the kind and so the exit code.
        /// `docs/errors.md` is generated from this list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum ErrorCode {
            $(#[doc = $meaning] #[serde(rename = $code)] $variant,)+
        }

        impl ErrorCode {
            /// All codes, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it is in JSON, such as `unknown-component`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The kind of the failure.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// One sentence: what the code means.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii(),)+ }
            }
        }
    };
}

error_codes! {
    /// The command line cannot be parsed, or a value in it is not valid.
    Usage = "usage", Usage;
    /// No component is named, or none is selected.
    NoComponent = "no-component", Usage;
    /// There is no component of this id.
    UnknownComponent = "unknown-component", Usage;
    /// `infra search` finds no component for the word.
    NothingFound = "nothing-found", Usage;
    /// The component renders no file of this path.
    UnknownFile = "unknown-file", Usage;
    /// The component has no option of this name.
    UnknownOption = "unknown-option", Usage;
    /// The value does not fit the type of the option.
    WrongOptionValue = "wrong-option-value", Usage;
    /// `--set` names a component that is neither installed nor added.
    OptionWithoutComponent = "option-without-component", Usage;
    /// The component, or any component, is not installed in this package.
    NotInstalled = "not-installed", Usage;
    /// `--continue` or `--abort` was used, but no update is unfinished.
    NoUnfinishedUpdate = "no-unfinished-update", Usage;
    /// The folder of `-C` does not exist.
    NoFolder = "no-folder", Usage;
    /// Several packages can be meant; choose one with `--package`.
    SeveralPackages = "several-packages", Usage;
    /// The workspace has no package of this name.
    UnknownPackage = "unknown-package", Usage;
    /// The folder name of a new project is not a valid package name.
    WrongPackageName = "wrong-package-name", Usage;
    /// The name of `--module` is not a valid module name.
    WrongModuleName = "wrong-module-name", Usage;
    /// The package uses several web frameworks; choose one with `--framework`.
    SeveralFrameworks = "several-frameworks", Usage;
    /// There is no web framework of this name.
    UnknownFramework = "unknown-framework", Usage;
    /// Components of this package are installed for another web framework.
    FrameworkIsSettled = "framework-is-settled", Usage;

    /// The project contains something else where a component needs a place.
    Conflict = "conflict", Conflict;
    /// Two of the components cannot be installed together.
    ComponentsExcludeEachOther = "components-exclude-each-other", Conflict;
    /// Another component requires the component that is to be removed.
    StillNeeded = "still-needed", Conflict;
    /// A recorded option does not exist any more, or its value does not fit its type.
    WrongRecordedOption = "wrong-recorded-option", Conflict;
    /// A file contains conflict markers.
    MarkersRemain = "markers-remain", Conflict;
    /// An earlier command left conflicts; end it with `infra update --continue` or `--abort`.
    UnfinishedUpdate = "unfinished-update", Conflict;
    /// Files were edited after the update, so `--abort` would lose these edits.
    EditedSince = "edited-since", Conflict;
    /// The folder of a new project is not empty.
    Occupied = "occupied", Conflict;
    /// A file is where a folder has to be.
    NotAFolder = "not-a-folder", Conflict;
    /// A recorded package is not in the workspace any more.
    PackageIsGone = "package-is-gone", Conflict;
    /// A `Cargo.toml` cannot be read.
    UnreadableManifest = "unreadable-manifest", Conflict;
    /// A `Cargo.lock` cannot be read.
    UnreadableCargoLock = "unreadable-cargo-lock", Conflict;

    /// No `Cargo.toml` is in the folder or above it.
    NotACargoProject = "not-a-cargo-project", Unsupported;
    /// The package uses no supported web framework.
    NoFramework = "no-framework", Unsupported;
    /// The component, or the tool, has no code for the web framework of the package.
    UnsupportedFramework = "unsupported-framework", Unsupported;
    /// A version of Rust, of the web framework or of a crate is not supported.
    UnsupportedVersion = "unsupported-version", Unsupported;
    /// The record was written by a newer version of the tool.
    NewerLock = "newer-lock", Unsupported;
    /// A newer version of the component is installed than this version of the tool contains.
    OlderTool = "older-tool", Unsupported;
    /// A component is installed that this version of the tool does not contain.
    UnknownInstalledComponent = "unknown-installed-component", Unsupported;

    /// Another `infra` is changing the project.
    AlreadyRunning = "already-running", Failure;
    /// A file was changed while the command was running.
    ChangedSincePlanned = "changed-since-planned", Failure;
    /// Writing failed halfway; run the command again to finish it.
    Incomplete = "incomplete", Failure;
    /// `cargo check` failed after the change, and the change was undone.
    VerificationFailed = "verification-failed", Failure;
    /// A file or folder cannot be read.
    Unreadable = "unreadable", Failure;
    /// A file or path is not UTF-8.
    NotUtf8 = "not-utf8", Failure;
    /// A file or folder cannot be written.
    Unwritable = "unwritable", Failure;
    /// A file is read-only.
    ReadOnly = "read-only", Failure;
    /// A path is absolute, leaves the project, or leads into a reserved folder.
    InvalidPath = "invalid-path", Failure;
    /// A symbolic link leads out of the project.
    PathLeavesProject = "path-leaves-project", Failure;
    /// Two paths lead to one folder by a symbolic link.
    OneFolder = "one-folder", Failure;
    /// There is no folder for the journal: no git repository, and `HOME` is not set.
    NoStateFolder = "no-state-folder", Failure;
    /// The record under `.infra/` is damaged.
    DamagedLock = "damaged-lock", Failure;
    /// The record under `.infra/` cannot be written.
    UnwritableLock = "unwritable-lock", Failure;
    /// The journal of an interrupted command is damaged.
    DamagedJournal = "damaged-journal", Failure;
    /// The file that `infra update --abort` restores from is damaged.
    DamagedRestorePoint = "damaged-restore-point", Failure;
    /// A component is not valid; for authors of components.
    InvalidComponent = "invalid-component", Failure;
    /// A template is not valid; for authors of components.
    InvalidTemplate = "invalid-template", Failure;
    /// A file of `--templates` cannot be read; for authors of components.
    UnreadableTemplate = "unreadable-template", Failure;

    /// The user interrupted.
    Interrupted = "interrupted", Interrupted;
}

/// Tests compare with the text that programs see.
impl PartialEq<&str> for ErrorCode {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == *text
    }
}

/// A failure: what, where, why, what to do, and whether anything was written.
#[derive(Clone, Debug)]
pub struct Error {
    /// The stable code, which also decides the exit code.
    pub code: ErrorCode,
    /// What failed and why, in lower case and without a final period.
    pub message: String,
    /// The single findings, where there are several; each fits a line.
    pub details: Vec<String>,
    /// What to do; the best is a command to type.
    pub hints: Vec<String>,
    /// What was written before the failure; empty for nothing.
    pub written: Vec<String>,
}

/// The result of everything that can fail in a way that a user reads about.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
            hints: Vec::new(),
            written: Vec::new(),
        }
    }

    /// The user interrupted.
    pub fn interrupted() -> Self {
        Self::new(ErrorCode::Interrupted, "interrupted")
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a finding.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.code.kind()
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        self.kind().exit_code()
    }
}

impl From<InvalidPath> for Error {
    fn from(error: InvalidPath) -> Self {
        Self::new(ErrorCode::InvalidPath, error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.details
            .iter()
            .try_for_each(|detail| write!(f, "\n  {detail}"))
    }
}

impl std::error::Error for Error {}

/// The candidate that `word` was probably meant to be: misspelt, or its beginning alone.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let misspelt = candidates
        .iter()
        .map(|candidate| (strsim::levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance);
    let mut begun = candidates
        .iter()
        .filter(|candidate| candidate.starts_with(word));
    match (misspelt, begun.next(), begun.next()) {
        (Some((_, meant)), ..) => Some(meant),
        (None, Some(meant), None) => Some(meant),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_committed;

    /// The page for users, as the codes say it.
    fn page() -> String {
        let mut text = "# Error codes\n\nWith `--json` a failed command prints one of these codes as `error.code`. A code keeps its\nmeaning and its exit code. This page is generated from `src/error.rs`.\n".to_owned();
        for (kind, title) in [
            (Kind::Failure, "it failed"),
            (Kind::Usage, "the command line is wrong"),
            (Kind::Conflict, "the project is in the way"),
            (Kind::Unsupported, "not supported"),
            (Kind::Interrupted, "interrupted"),
        ] {
            let exit_code = kind.exit_code();
            text.push_str(&format!(
                "\n## Exit code {exit_code}: {title}\n\n| code | meaning |\n|---|---|\n"
            ));
            for code in ErrorCode::ALL.iter().filter(|code| code.kind() == kind) {
                text.push_str(&format!("| `{}` | {} |\n", code.as_str(), code.meaning()));
            }
        }
        text
    }

    #[test]
    fn the_page_of_error_codes_is_up_to_date() {
        assert_committed("docs/errors.md", &page());
    }

    #[test]
    fn a_slip_is_suggested_and_nonsense_is_not() {
        let known = ["redis", "queue", "storage"];
        assert_eq!(did_you_mean("reids", known), Some("redis"));
        assert_eq!(did_you_mean("storrage", known), Some("storage"));
        assert_eq!(did_you_mean("kubernetes", known), None);
    }

    #[test]
    fn a_beginning_is_suggested_unless_several_begin_so() {
        let known = ["axum", "actix-web", "none"];
        assert_eq!(did_you_mean("actix", known), Some("actix-web"));
        assert_eq!(did_you_mean("po", ["postgres", "postgis"]), None);
        assert_eq!(did_you_mean("", known), None);
    }
}
