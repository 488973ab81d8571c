//! `infra env`: the variables, never their values.

use std::path::Path;

use crate::{
    catalog::manifest::{EnvRow, Stage},
    edit::dotenv,
    error::Result,
    facts::Tree,
    lock::Component,
    project::TargetOptions,
    ui::Ui,
};

use super::{
    CommandContext, DONE, FOUND,
    browse::print_table,
    json::{self, Answer, Document, VariableType},
};

/// The options of `infra env`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The project and package.
    pub target: TargetOptions,
    /// Whether the exit code reports a variable that must be set and is not.
    pub check: bool,
}

/// Shows the variables of what is installed.
///
/// # Errors
///
/// The project or its lock cannot be read.
pub fn run(options: &Options, directory: &Path, ui: &Ui) -> Result<u8> {
    let context = CommandContext::read(directory, &options.target, ui)?;
    let tree = context.tree([])?;
    let variables = variables(&context, &tree);
    let missing: Vec<&str> = variables
        .iter()
        .filter(|variable| variable.is_missing())
        .map(|variable| variable.row.name.as_str())
        .collect();
    if ui.is_json() {
        ui.document(&Document::from(Answer::Env(json::Env {
            variables: variables.iter().map(Variable::document).collect(),
            missing: &missing,
        })));
    } else if variables.is_empty() {
        let package = &context.facts.name;
        ui.data(&format!(
            "the package `{package}` has no component with variables\n"
        ));
    } else {
        print_table(&rows(&context, &variables), ui);
        for name in &missing {
            ui.warn("Missing", &format!("`{name}` must be set"));
        }
    }
    Ok(match options.check && !missing.is_empty() {
        true => FOUND,
        false => DONE,
    })
}

/// A variable of an installed component.
struct Variable<'a> {
    component: &'a str,
    row: &'a EnvRow,
    /// Whether the env file sets it.
    is_set: bool,
}

impl Variable<'_> {
    fn is_missing(&self) -> bool {
        self.row.default.is_none() && !self.row.may_be_unset() && !self.is_set
    }

    fn document(&self) -> json::Variable<'_> {
        let row = self.row;
        json::Variable {
            name: &row.name,
            component: self.component,
            kind: row.kind.into(),
            default: row.default.as_deref(),
            optional: row.may_be_unset(),
            secret: row.is_secret(),
            min: row.min.as_deref(),
            max: row.max.as_deref(),
            doc: &row.doc,
            set: self.is_set,
        }
    }
}

/// The variables of the package, in the order of its components.
fn variables<'a>(context: &'a CommandContext, tree: &Tree) -> Vec<Variable<'a>> {
    let env = context.facts.env.as_ref().and_then(|env| tree.get(env));
    let set = dotenv::read(env.map_or("", String::as_str));
    let is_set = |name: &str| {
        set.iter().any(|known| {
            known.key == name && known.value.as_ref().is_some_and(|value| !value.is_empty())
        })
    };
    let package = context.lock.package(context.facts.package());
    let components = package.into_iter().flat_map(|p| &p.components);
    let of_component = |component: &'a Component| {
        let rows = component.env.iter();
        rows.map(move |row| (component.id.as_str(), row))
    };
    let rows = components.flat_map(of_component);
    rows.map(|(component, row)| Variable {
        component,
        row,
        is_set: is_set(&row.name),
    })
    .collect()
}

const HEAD: [&str; 6] = [
    "VARIABLE",
    "TYPE",
    "DEFAULT",
    "COMPONENT",
    "SET IN",
    "MEANING",
];

/// The rows of the table, its head first.
fn rows(context: &CommandContext, variables: &[Variable<'_>]) -> Vec<Vec<String>> {
    let file = context.facts.env.as_ref().map_or("-", |env| env.as_str());
    let row = |variable: &Variable<'_>| {
        let row = variable.row;
        let default = row.default.as_deref().unwrap_or_else(|| unset(row));
        let set_in = if variable.is_set { file } else { "-" };
        let kind = VariableType::from(row.kind).as_str();
        let cells = [
            &row.name,
            kind,
            default,
            variable.component,
            set_in,
            &row.doc,
        ];
        cells.map(String::from).to_vec()
    };
    let head = HEAD.map(String::from).to_vec();
    std::iter::once(head)
        .chain(variables.iter().map(row))
        .collect()
}

/// The text in place of a default value.
fn unset(row: &EnvRow) -> &'static str {
    match (row.required, row.optional) {
        (Some(Stage::Production), _) => "(must be set in production)",
        (None, true) => "(unset)",
        (None, false) => "(must be set)",
    }
}
