//! The documents of `--json`, one type for each. `docs/json.schema.json` is generated from them.
//!
//! A key keeps its name and meaning as long as [`SCHEMA_VERSION`] stays the same; new keys may be added.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::{
    catalog::manifest::{self, EnvKind, EnvRow, OptionKind, OptionSpec, Stage},
    error::{Error, ErrorCode},
    path::ProjectPath,
    plan::{self, FileRole, FileState, FragmentState, Plan, Unreadable},
};

/// The version of the documents. It rises when a key is removed, renamed or changes its meaning.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What a command prints with `--json`: exactly one document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Document<'a> {
    /// The version of this schema.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA_VERSION)))]
    schema_version: u32,
    #[serde(flatten)]
    content: Content<'a>,
}

impl<'a> From<Answer<'a>> for Document<'a> {
    fn from(answer: Answer<'a>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            content: Content::Answer(answer),
        }
    }
}

impl<'a> From<&'a Error> for Document<'a> {
    fn from(error: &'a Error) -> Self {
        let error = Failure {
            code: error.code,
            message: &error.message,
            details: &error.details,
            hints: &error.hints,
            written: &error.written,
            exit_code: error.exit_code(),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            content: Content::Failure { error },
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(untagged)]
enum Content<'a> {
    Answer(Answer<'a>),
    /// The command failed.
    Failure {
        error: Failure<'a>,
    },
}

/// The answer of a command.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "command", rename_all = "lowercase")]
pub(crate) enum Answer<'a> {
    /// `infra new`.
    New(New<'a>),
    /// `infra list`.
    List {
        /// Sorted by id.
        components: Vec<Listed<'a>>,
    },
    /// `infra search`.
    Search {
        /// The best first.
        components: Vec<Found<'a>>,
    },
    /// `infra info`.
    Info(Info<'a>),
    /// `infra view`.
    View(View<'a>),
    /// `infra add`.
    Add(Planned<'a>),
    /// `infra remove`.
    Remove(Planned<'a>),
    /// `infra update`.
    Update(Update<'a>),
    /// `infra status`.
    Status(Status<'a>),
    /// `infra diff`.
    Diff(Diff<'a>),
    /// `infra env`.
    Env(Env<'a>),
}

/// Why a command failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Failure<'a> {
    /// The stable code; `docs/errors.md` lists all.
    code: ErrorCode,
    /// What failed and why.
    message: &'a str,
    /// Single findings, such as `file:line`.
    details: &'a [String],
    /// What to do; often a command.
    hints: &'a [String],
    /// Files that were written before the failure.
    written: &'a [String],
    /// The exit code of the process.
    exit_code: u8,
}

/// A project that was created.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct New<'a> {
    /// The folder, as it was given.
    pub(super) directory: &'a str,
    /// All files, relative to the folder.
    pub(super) files: Vec<&'a ProjectPath>,
    /// What the user should know.
    pub(super) notes: &'a [String],
    /// What to do next.
    pub(super) next: &'a [String],
}

/// A component in the list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Listed<'a> {
    pub(super) id: &'a str,
    /// One line.
    pub(super) summary: &'a str,
    pub(super) category: &'a str,
    /// The version in this tool.
    pub(super) version: &'a Version,
    /// The components that it requires.
    pub(super) requires: &'a [String],
    /// The version that is installed in the package, if it is.
    pub(super) installed: Option<&'a Version>,
}

/// A component that a search found.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Found<'a> {
    pub(super) id: &'a str,
    /// One line.
    pub(super) summary: &'a str,
    /// Where the word occurs, such as ``keyword `cache` ``.
    pub(super) found_in: &'a str,
}

/// What a component adds, with the default values of its options.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Info<'a> {
    pub(super) id: &'a str,
    pub(super) version: &'a Version,
    /// One line.
    pub(super) summary: &'a str,
    pub(super) category: &'a str,
    /// The components that it requires.
    pub(super) requires: &'a [String],
    /// Words that `infra search` finds it by.
    pub(super) keywords: &'a [String],
    /// The minimum version of Rust.
    pub(super) rust_version: Option<&'a str>,
    /// The options of `--set`, by name.
    pub(super) options: BTreeMap<&'a str, OptionInfo<'a>>,
    /// The environment variables.
    pub(super) env: Vec<VariableInfo<'a>>,
    /// The crates, by name.
    pub(super) dependencies: BTreeMap<&'a str, CrateInfo<'a>>,
    /// The measured cost of a cold build.
    pub(super) cost: Option<Cost>,
    /// The generated files.
    pub(super) files: Vec<FileLines<'a>>,
    /// Its README, as Markdown.
    pub(super) readme: &'a str,
}

/// An option of a component.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct OptionInfo<'a> {
    /// The type of its values: `bool`, `choice`, `text` or `integer`.
    #[serde(rename = "type")]
    kind: OptionKind,
    #[cfg_attr(test, schemars(with = "serde_json::Value"))]
    default: &'a toml::Value,
    /// The values of a choice.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    values: &'a [String],
    doc: &'a str,
    /// Earlier names of the option.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    renamed_from: &'a [String],
}

impl<'a> From<&'a OptionSpec> for OptionInfo<'a> {
    fn from(spec: &'a OptionSpec) -> Self {
        Self {
            kind: spec.kind,
            default: &spec.default,
            values: &spec.values,
            doc: &spec.doc,
            renamed_from: &spec.renamed_from,
        }
    }
}

/// An environment variable of a component.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct VariableInfo<'a> {
    name: &'a str,
    /// The field in the settings struct.
    field: &'a str,
    /// The type of its values.
    kind: EnvKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a str>,
    /// `true` if it may be unset.
    #[serde(skip_serializing_if = "is_false")]
    optional: bool,
    /// Where it must be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<Stage>,
    /// The smallest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<&'a str>,
    /// The largest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<&'a str>,
    /// The function that validates a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    /// `true` if its values are secret.
    #[serde(skip_serializing_if = "is_false")]
    secret: bool,
    /// The value for a container of the compose file.
    #[serde(skip_serializing_if = "Option::is_none")]
    compose: Option<&'a str>,
    /// The value in `.env.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<&'a str>,
    doc: &'a str,
    /// Earlier names of the variable.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    renamed_from: &'a [String],
}

impl<'a> From<&'a EnvRow> for VariableInfo<'a> {
    fn from(row: &'a EnvRow) -> Self {
        Self {
            name: &row.name,
            field: &row.field,
            kind: row.kind,
            default: row.default.as_deref(),
            optional: row.optional,
            required: row.required,
            min: row.min.as_deref(),
            max: row.max.as_deref(),
            check: row.check.as_deref(),
            secret: row.secret,
            compose: row.compose.as_deref(),
            example: row.example.as_deref(),
            doc: &row.doc,
            renamed_from: &row.renamed_from,
        }
    }
}

/// A crate that a component uses.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CrateInfo<'a> {
    /// The version requirement, in Cargo's syntax.
    version: &'a str,
    /// The minimum version of each series that the code works with.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    oldest: &'a [Version],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    features: &'a [String],
    /// `false` if the default features are disabled; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_features: Option<bool>,
}

impl<'a> From<&'a manifest::Dependency> for CrateInfo<'a> {
    fn from(dependency: &'a manifest::Dependency) -> Self {
        Self {
            version: &dependency.version,
            oldest: &dependency.oldest,
            features: &dependency.features,
            default_features: (!dependency.default_features).then_some(false),
        }
    }
}

/// What a component adds to a cold build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Cost {
    /// Additional crates.
    crates: u32,
    /// Seconds of one processor.
    cpu_seconds: f64,
}

impl From<manifest::Cost> for Cost {
    fn from(cost: manifest::Cost) -> Self {
        Self {
            crates: cost.crates,
            cpu_seconds: cost.cpu_seconds,
        }
    }
}

/// A generated file and its number of lines.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct FileLines<'a> {
    pub(super) path: &'a str,
    pub(super) lines: usize,
}

/// One file of a rendering, or all of them.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(untagged)]
pub(crate) enum View<'a> {
    File(FileText<'a>),
    All { files: Vec<FileText<'a>> },
}

/// A rendered file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct FileText<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
}

/// What a command changed, or would change.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Planned<'a> {
    /// `false` for a preview.
    applied: bool,
    changes: Vec<Changed<'a>>,
    /// Steps that are left to the user.
    manual: Vec<ManualStep<'a>>,
    /// What the user should know.
    notes: &'a [String],
    /// What to do next.
    next: &'a [String],
    /// Files with conflict markers.
    conflicts: &'a [ProjectPath],
    /// The exit code of the process.
    exit_code: u8,
}

impl<'a> Planned<'a> {
    pub(super) fn new(plan: &'a Plan, is_applied: bool, exit_code: u8) -> Self {
        let manual = plan.manual.iter().map(|step| ManualStep {
            what: &step.what,
            places: &step.places,
            snippet: &step.snippet,
        });
        Self {
            applied: is_applied,
            changes: plan.changes.iter().map(Changed::from).collect(),
            manual: manual.collect(),
            notes: &plan.notes,
            next: &plan.next,
            conflicts: &plan.conflicted_files,
            exit_code,
        }
    }
}

/// A file that changes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Changed<'a> {
    path: &'a ProjectPath,
    action: Action,
    kind: FileKind,
    /// The components that the change is for.
    #[serde(rename = "for")]
    by: Vec<&'a str>,
    /// What changes, one line each.
    why: &'a [String],
    /// The change as a unified diff; `null` for a record.
    diff: Option<String>,
}

impl<'a> From<&'a plan::Change> for Changed<'a> {
    fn from(change: &'a plan::Change) -> Self {
        Self {
            path: &change.path,
            action: match (&change.before, &change.after) {
                (None, _) => Action::Create,
                (_, None) => Action::Remove,
                _ => Action::Update,
            },
            kind: match change.role {
                FileRole::Generated => FileKind::Generated,
                FileRole::Shared => FileKind::Shared,
                FileRole::Private => FileKind::Private,
                FileRole::Record => FileKind::Record,
            },
            by: change.by.iter().map(String::as_str).collect(),
            why: &change.why,
            diff: (change.role != FileRole::Record).then(|| super::file_diff::diff_of(change)),
        }
    }
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Create,
    Update,
    Remove,
}

/// The role of a file.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileKind {
    /// Written whole by this tool.
    Generated,
    /// The user's, with fragments that this tool added.
    Shared,
    /// The user's, with values that are never shown.
    Private,
    /// A record of this tool.
    Record,
}

/// A step that is left to the user.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct ManualStep<'a> {
    /// What to do, and why it was not done.
    what: &'a str,
    /// Where, as `file:line`.
    places: &'a [String],
    /// What to paste; empty if there is nothing.
    snippet: &'a str,
}

/// What `infra update` did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(untagged)]
pub(crate) enum Update<'a> {
    /// An update, or its preview.
    Planned(Planned<'a>),
    /// `--check`: what an update would change.
    Check { outdated: Vec<Outdated<'a>> },
    /// `--continue`: the update is finished.
    Continue { continued: bool, exit_code: u8 },
    /// `--abort`: the files that were restored.
    Abort {
        restored: Vec<&'a ProjectPath>,
        exit_code: u8,
    },
}

/// A component that an update would change.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Outdated<'a> {
    /// The name of the package.
    package: &'a str,
    /// The id, or `hub`.
    id: &'a str,
    /// The recorded version; `null` for a component that is required now.
    installed: Option<&'a Version>,
    /// The version in this tool.
    available: &'a Version,
}

impl<'a> From<&'a plan::Installed> for Outdated<'a> {
    fn from(one: &'a plan::Installed) -> Self {
        Self {
            package: &one.package,
            id: &one.id,
            installed: one.old.as_ref(),
            available: &one.new,
        }
    }
}

/// Whether installed files and edits are unchanged.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Status<'a> {
    /// The name of the package.
    pub(super) package: &'a str,
    pub(super) components: Vec<InstalledComponent<'a>>,
    /// The generated files.
    pub(super) files: &'a [FileState],
    /// The fragments in shared files.
    pub(super) fragments: &'a [FragmentState],
    /// Generated files without a stored text.
    pub(super) unrecorded: &'a [ProjectPath],
    /// Shared files that cannot be read.
    pub(super) unreadable: &'a [Unreadable],
    /// Whether the app is wired; `null` if that is unknown or was not asked for.
    pub(super) wired: Option<bool>,
    /// Whether anything differs from what was installed.
    pub(super) drift: bool,
    /// What an update would change, one line each.
    pub(super) outdated: &'a [String],
}

/// An installed component.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct InstalledComponent<'a> {
    pub(super) id: &'a str,
    /// The recorded version.
    pub(super) version: &'a Version,
    /// The version in this tool; `null` if the tool does not contain it.
    pub(super) embedded: Option<&'a Version>,
    /// `false` if it was added because another component requires it.
    pub(super) explicit: bool,
}

/// The user's edits of generated files.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Diff<'a> {
    /// A unified diff against the texts as generated.
    pub(super) diff: &'a str,
    /// Edited files without a stored text.
    pub(super) unknown: &'a [&'a ProjectPath],
}

/// The environment variables of what is installed; never their values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Env<'a> {
    pub(super) variables: Vec<Variable<'a>>,
    /// Variables that must be set and are not.
    pub(super) missing: &'a [&'a str],
}

/// An environment variable.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(crate) struct Variable<'a> {
    pub(super) name: &'a str,
    /// The id of its component.
    pub(super) component: &'a str,
    /// The type of its values.
    #[serde(rename = "type")]
    pub(super) kind: VariableType,
    pub(super) default: Option<&'a str>,
    /// `true` if it may be unset.
    pub(super) optional: bool,
    /// `true` if its values are secret.
    pub(super) secret: bool,
    /// The smallest value.
    pub(super) min: Option<&'a str>,
    /// The largest value.
    pub(super) max: Option<&'a str>,
    pub(super) doc: &'a str,
    /// Whether the env file sets it.
    pub(super) set: bool,
}

/// The type of a variable.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum VariableType {
    Secret,
    Text,
    Duration,
    Bool,
    Number,
}

impl VariableType {
    /// The word for it, in tables and in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Text => "text",
            Self::Duration => "duration",
            Self::Bool => "bool",
            Self::Number => "number",
        }
    }
}

impl From<EnvKind> for VariableType {
    fn from(kind: EnvKind) -> Self {
        match kind {
            EnvKind::Secret => Self::Secret,
            EnvKind::Text => Self::Text,
            EnvKind::Duration => Self::Duration,
            EnvKind::Bool => Self::Bool,
            EnvKind::U16 | EnvKind::U64 | EnvKind::F64 => Self::Number,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;

    use super::*;
    use crate::testing::assert_committed;

    #[test]
    fn the_published_schema_is_up_to_date() {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let mut schema = settings
            .into_generator()
            .into_root_schema_for::<Document<'_>>();
        schema.insert("title".to_owned(), "The output of infra --json".into());
        let text = serde_json::to_string_pretty(&schema).unwrap();
        assert_committed("docs/json.schema.json", &format!("{text}\n"));
    }
}
