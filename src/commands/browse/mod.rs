//! Looking at components: `infra list`, `infra search`, `infra info` and `infra view`. Nothing is written.

use crate::{
    catalog::Catalog,
    error::{Error, ErrorCode, Result},
    facts::Facts,
    framework,
    render::{self, Rendering},
    resolve::{Choice, Installed, resolve},
    ui::{Ui, table},
};

mod info;
mod list;
mod search;
mod view;

pub use info::{Info, info};
pub use list::list;
pub use search::{Search, ids_of, search};
pub use view::{View, view};

/// Prints a table whose first row is its head.
pub(super) fn print_table(rows: &[Vec<String>], ui: &Ui) {
    let text = table(rows);
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    ui.data(&format!("{}\n{body}", ui.strong(head)));
}

fn rendering(
    catalog: &Catalog,
    installed: &Installed,
    id: &str,
    choices: &[Choice],
    facts: &Facts,
) -> Result<Rendering> {
    let selection = resolve(catalog, installed, &[id.to_owned()], choices)?;
    let selected = selection
        .iter()
        .find(|selected| selected.component.id == id)
        .ok_or_else(|| Error::new(ErrorCode::UnknownComponent, format!("no component `{id}`")))?;
    render::component(selected, facts)
}

/// What a component renders to in a project of the newest framework, with a library.
fn sample(catalog: &Catalog, id: &str, choices: &[Choice]) -> Result<Rendering> {
    let parse = |text: &str| text.parse().map_err(Error::from);
    let facts = Facts {
        folder: String::new(),
        name: "app".to_owned(),
        crate_name: "app".to_owned(),
        manifest: parse("Cargo.toml")?,
        inherits: None,
        inherited_elsewhere: Default::default(),
        library: Some(parse("src/lib.rs")?),
        binaries: Vec::new(),
        sources: Vec::new(),
        module: "infra".to_owned(),
        framework: framework::usual().into(),
        versions: Default::default(),
        allowed: Default::default(),
        edition: 2024,
        rust_version: None,
        denied_lints: Default::default(),
        compose: parse("compose.yaml")?,
        compose_others: Vec::new(),
        compose_left: Vec::new(),
        compose_env: None,
        gitignore: None,
        env_examples: Vec::new(),
        env: None,
        env_tracked: false,
    };
    rendering(catalog, &Installed::new(), id, choices, &facts)
}
