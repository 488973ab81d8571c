//! The command line: clap's types, converted to the options of the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::{
    commands::{Command, add, browse, diff, env, new, remove, status, update},
    error::{Error, ErrorCode, Result},
    framework,
    path::ProjectPath,
    project::TargetOptions,
    resolve::Choice,
    ui::{Color, Settings},
};

mod printed;

/// Adds infrastructure to a Rust web project that already exists: code, compose services,
/// dependencies, settings and the wiring in the app. You own every line afterwards.
#[derive(Debug, Parser)]
#[command(
    name = "infra",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Work in this folder
    #[arg(id = "start", short = 'C', global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,
    /// Print only errors and requested data
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print every file, and the record under `.infra/`
    #[arg(short, long, global = true)]
    verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// Print one JSON document, also for an error
    #[arg(long, global = true)]
    json: bool,
    /// Do not ask questions; no value of yours is replaced
    #[arg(short, long, global = true)]
    yes: bool,
    /// Read the components from this folder, for authors of components
    #[arg(long, global = true, hide = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    templates: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a project that builds, tests and runs without any server
    New(NewArgs),
    /// List the components
    List(PackageArgs),
    /// Find components by a word, such as `cache` or `s3`
    Search {
        /// The word, such as `cache`
        word: String,
    },
    /// Show what a component adds
    Info {
        /// The component
        component: String,
    },
    /// Show the files that a component would generate here; write nothing
    View {
        /// The component
        #[arg(index = 1)]
        component: String,
        /// One of its files; lists all if omitted
        #[arg(index = 2)]
        path: Option<String>,
        #[command(flatten)]
        package: PackageArgs,
        /// Set an option
        #[arg(long, value_name = "COMPONENT.OPTION=VALUE", value_parser = choice)]
        set: Vec<Choice>,
    },
    /// Add components to the project
    Add(AddArgs),
    /// Remove components, and restore the files that they changed
    Remove(RemoveArgs),
    /// Update components to the versions in this tool, and keep your edits
    Update(UpdateArgs),
    /// Show whether installed files and edits are unchanged
    Status {
        #[command(flatten)]
        package: PackageArgs,
        /// Exit with 5 if something has changed
        #[arg(long)]
        exit_code: bool,
    },
    /// Show your edits of the generated files
    Diff {
        /// The component; all if omitted
        component: Option<String>,
        #[command(flatten)]
        package: PackageArgs,
        /// Exit with 5 if there are edits
        #[arg(long)]
        exit_code: bool,
    },
    /// List the environment variables: type, default, where set; never values
    Env {
        #[command(flatten)]
        package: PackageArgs,
        /// Exit with 5 if a required variable is not set
        #[arg(long)]
        check: bool,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
struct PackageArgs {
    /// The package of the workspace
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The folder, new or empty
    #[arg(value_hint = ValueHint::DirPath)]
    directory: PathBuf,
    #[arg(long, value_name = "NAME", default_value = framework::usual().name)]
    #[arg(help = format!("The web framework: {}", framework::names().join(", ")))]
    framework: String,
    /// Components to add, or `all`
    #[arg(long = "with", value_name = "COMPONENTS", value_delimiter = ',')]
    components: Vec<String>,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The components; asks on a terminal if omitted
    components: Vec<String>,
    #[arg(long, value_name = "NAME")]
    #[arg(help = format!(
        "The web framework, if it cannot be detected: {}",
        framework::choices().join(", ")
    ))]
    framework: Option<String>,
    /// Show what would change; write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Show the changes as a unified diff; write nothing
    #[arg(long)]
    diff: bool,
    /// Set an option, such as `redis.pubsub=false`
    #[arg(long, value_name = "COMPONENT.OPTION=VALUE", value_parser = choice)]
    set: Vec<Choice>,
    #[command(flatten)]
    package: PackageArgs,
    /// Run `cargo check` afterwards, and undo everything if it fails
    #[arg(long)]
    verify: bool,
    /// Do not edit the app's own sources
    #[arg(long)]
    no_wire: bool,
    /// Do not edit compose files
    #[arg(long)]
    no_compose: bool,
    /// Do not edit env files
    #[arg(long)]
    no_env: bool,
    /// What to do with a value of yours that a component would replace, such as an image [default: ask]
    #[arg(long, value_name = "WHAT")]
    on_conflict: Option<OnConflict>,
    /// The compose file, relative to the project's root
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    compose: Option<String>,
    /// The name of the module, if `infra` is already used
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnConflict {
    /// Keep it, and say what to do
    Keep,
    /// Replace it; `infra remove` restores it
    Replace,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// The components
    #[arg(required = true)]
    components: Vec<String>,
    /// Show what would change; write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Show the changes as a unified diff; write nothing
    #[arg(long)]
    diff: bool,
    /// Keep edited generated files; this tool does not manage them afterwards
    #[arg(long)]
    keep_edited: bool,
    #[command(flatten)]
    package: PackageArgs,
}

#[derive(Debug, Args)]
struct UpdateArgs {
    /// The components; all installed ones if omitted
    components: Vec<String>,
    /// Exit with 5 if there is something to update; write nothing
    #[arg(long, conflicts_with_all = ["dry_run", "diff", "continue", "abort"])]
    check: bool,
    /// Show what would change; write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Show the changes as a unified diff; write nothing
    #[arg(long)]
    diff: bool,
    /// Finish an update whose conflicts you have resolved
    #[arg(long, conflicts_with_all = ["abort", "dry_run", "diff", "components"])]
    r#continue: bool,
    /// Undo an update that left conflicts
    #[arg(long, conflicts_with_all = ["dry_run", "diff", "components"])]
    abort: bool,
    #[command(flatten)]
    package: PackageArgs,
}

fn choice(text: &str) -> Result<Choice, String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("expected COMPONENT.OPTION=VALUE, such as redis.pubsub=false")?;
    let (component, option) = name
        .split_once('.')
        .ok_or("expected COMPONENT.OPTION=VALUE, such as redis.pubsub=false")?;
    Ok(Choice {
        component: component.to_owned(),
        option: option.to_owned(),
        value: value.to_owned(),
    })
}

/// What a command line asks for.
pub(crate) struct Invocation {
    pub(crate) settings: Settings,
    pub(crate) directory: PathBuf,
    pub(crate) templates: Option<PathBuf>,
    pub(crate) command: Result<Command>,
}

/// Reads the command line. An error is clap's own text with the exit code it asks for.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Invocation, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    let global = cli.global;
    let settings = Settings {
        quiet: global.quiet,
        verbose: global.verbose,
        json: global.json,
        ask: !global.yes,
        color: match global.color {
            When::Auto => Color::Auto,
            When::Always => Color::Always,
            When::Never => Color::Never,
        },
    };
    Ok(Invocation {
        settings,
        directory: global.directory.unwrap_or_else(|| PathBuf::from(".")),
        command: cli.verb.into_command().map(|mut command| {
            if let Some(folder) = &global.templates {
                command.set_templates(folder);
            }
            command
        }),
        templates: global.templates,
    })
}

impl Verb {
    fn into_command(self) -> Result<Command> {
        Ok(match self {
            Self::New(args) => Command::New(new::Options {
                directory: args.directory,
                framework: args.framework,
                components: args.components,
                templates: None,
            }),
            Self::List(package) => Command::List(package.target()),
            Self::Search { word } => Command::Search(browse::Search {
                word,
                templates: None,
            }),
            Self::Info { component } => Command::Info(browse::Info {
                component,
                templates: None,
            }),
            Self::View {
                component,
                path,
                package,
                set,
            } => Command::View(browse::View {
                component,
                path,
                target: package.target(),
                choices: set,
            }),
            Self::Add(args) => Command::Add(args.into_options()?),
            Self::Remove(args) => Command::Remove(remove::Options {
                components: args.components,
                preview: args.dry_run || args.diff,
                diff: args.diff,
                keep_edited: args.keep_edited,
                target: args.package.target(),
            }),
            Self::Update(args) => Command::Update(args.into_options()),
            Self::Status { package, exit_code } => Command::Status(status::Options {
                target: package.target(),
                exit_code,
            }),
            Self::Diff {
                component,
                package,
                exit_code,
            } => Command::Diff(diff::Options {
                component,
                target: package.target(),
                exit_code,
            }),
            Self::Env { package, check } => Command::Env(env::Options {
                target: package.target(),
                check,
            }),
            Self::Completions { shell } => Command::Print(printed::completions(shell)?),
            Self::Man => Command::Print(printed::manual()?),
        })
    }
}

impl UpdateArgs {
    fn into_options(self) -> update::Options {
        let action = if self.r#continue {
            update::Action::Continue
        } else if self.abort {
            update::Action::Abort
        } else if self.check {
            update::Action::Check
        } else if self.dry_run || self.diff {
            update::Action::Preview
        } else {
            update::Action::Write
        };
        update::Options {
            components: self.components,
            action,
            diff: self.diff,
            target: self.package.target(),
        }
    }
}

impl PackageArgs {
    fn target(self) -> TargetOptions {
        TargetOptions {
            package: self.package,
            ..TargetOptions::default()
        }
    }
}

impl AddArgs {
    fn into_options(self) -> Result<add::Options> {
        let skip = [
            ("wire", self.no_wire),
            ("compose", self.no_compose),
            ("env", self.no_env),
        ];
        let compose = self.compose.map(|file| {
            file.parse::<ProjectPath>()
                .map_err(|error| Error::new(ErrorCode::Usage, error.to_string()))
        });
        Ok(add::Options {
            components: self.components,
            choices: self.set,
            preview: self.dry_run || self.diff,
            diff: self.diff,
            verify: self.verify,
            replace: self
                .on_conflict
                .map(|what| matches!(what, OnConflict::Replace)),
            skip: skip
                .into_iter()
                .filter(|(_, skip)| *skip)
                .map(|(name, _)| name.to_owned())
                .collect(),
            target: TargetOptions {
                framework: self.framework,
                module: self.module,
                compose: compose.transpose()?,
                ..self.package.target()
            },
        })
    }
}
