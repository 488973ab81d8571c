//! The change of one file as text.

use infra_edit::{
    diff,
    dotenv::{self, Variable},
};

use crate::plan::{Change, FileRole};

/// The change of one file as a unified diff; of a private one the names of its
/// variables only.
pub(super) fn diff_of(change: &Change) -> String {
    let path = &change.path;
    let before = change.before.as_deref().unwrap_or_default();
    let after = change.after.as_deref().unwrap_or_default();
    if change.role == FileRole::Private {
        return private(path.as_str(), before, after);
    }
    let mut text = format!("diff --git a/{path} b/{path}\n");
    let (old, new) = match (&change.before, &change.after) {
        (None, _) => {
            text.push_str("new file mode 100644\n");
            ("/dev/null".to_owned(), format!("b/{path}"))
        }
        (_, None) => {
            text.push_str("deleted file mode 100644\n");
            (format!("a/{path}"), "/dev/null".to_owned())
        }
        _ => (format!("a/{path}"), format!("b/{path}")),
    };
    text.push_str(&diff::unified((&old, &new), before, after));
    text
}

/// The variables that change in a file with private values: by name, never by value.
fn private(path: &str, before: &str, after: &str) -> String {
    let (before, after) = (dotenv::read(before), dotenv::read(after));
    let line = |sign: char, variable: &Variable| {
        let comment = if variable.value.is_some() { "" } else { "# " };
        format!("# {sign}{comment}{}=***\n", variable.key)
    };
    let has = |list: &[Variable], key: &str| list.iter().any(|known| known.key == key);
    let mut text = format!("# {path}, names only:\n");
    for variable in before.iter().filter(|known| !has(&after, &known.key)) {
        text.push_str(&line('-', variable));
    }
    for variable in &after {
        let known = before.iter().find(|known| known.key == variable.key);
        match known {
            None => text.push_str(&line('+', variable)),
            Some(known) if known.value != variable.value => text.push_str(&line('~', variable)),
            Some(_) => {}
        }
    }
    text
}
