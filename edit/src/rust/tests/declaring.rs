//! `mod infra;`

use super::*;

/// Declares, and checks that undoing restores every byte.
fn declared(text: &str, public: bool) -> (String, Edit) {
    let Outcome::Added { text: new, edits } = declare_module(text, "infra", public).unwrap() else {
        panic!("found in\n{text}");
    };
    let edit = edits.into_iter().next().unwrap();
    assert_eq!(edit.address, "mod infra");
    assert_eq!(state(&new, &edit), Ok(()));
    assert_eq!(undo(&new, &edit).as_deref(), Ok(text));
    assert!(is_declared(&new, "infra").is_some());
    assert!(matches!(
        declare_module(&new, "infra", public),
        Err(EditError::Conflict { line: Some(_), .. })
    ));
    (new, edit)
}

fn private(text: &str) -> String {
    declared(text, false).0
}

#[test]
fn a_sorted_group_stays_sorted_with_its_comments_and_attributes() {
    let text = r#"//! Docs.

use axum::Router;

mod config; // settings
/// Handlers.
mod handlers;
mod web;

#[cfg(test)]
mod tests;
"#;
    let new = private(text);
    assert_eq!(new, text.replace("mod web;", "mod infra;\nmod web;"));
    let text = r#"/// About zeta.
#[cfg(unix)]
#[path = "u.rs"]
mod zeta;
"#;
    assert_eq!(private(text), format!("mod infra;\n{text}"));
}

#[test]
fn an_unsorted_group_is_appended_to() {
    assert_eq!(
        private(
            r#"mod zeta;
mod api;

fn main() {}
"#
        ),
        r#"mod zeta;
mod api;
mod infra;

fn main() {}
"#
    );
}

#[test]
fn a_module_goes_behind_the_macros() {
    assert_eq!(
        private(
            r#"#[macro_use]
mod macros;
mod api;
mod zeta;
"#
        ),
        r#"#[macro_use]
mod macros;
mod api;
mod infra;
mod zeta;
"#
    );
}

#[test]
fn a_module_goes_to_the_group_of_its_visibility() {
    let text = r#"pub mod api;
pub mod zeta;

mod private;
"#;
    assert_eq!(
        private(text),
        r#"pub mod api;
pub mod zeta;

mod infra;
mod private;
"#
    );
    let (new, _) = declared(text, true);
    assert_eq!(
        new,
        r#"pub mod api;
pub mod infra;
pub mod zeta;

mod private;
"#
    );
}

#[test]
fn modules_of_tests_and_inline_modules_are_no_group() {
    let text = r#"#[cfg(test)]
mod tests;

pub mod util {
    pub mod b;
}
use util::b;

fn main() {}
"#;
    let new = private(text);
    assert!(
        new.contains(
            r#"use util::b;

mod infra;

fn main() {}"#
        ),
        "{new}"
    );
}

#[test]
fn without_modules_it_goes_behind_the_first_uses() {
    let text = r#"use axum::{
    routing::get, // c
    Router,
};
use x::y; // trailing
fn main() {}
"#;
    assert!(private(text).contains(
        r#"use x::y; // trailing

mod infra;

fn main() {}"#
    ));
    let text = r#"extern crate core;

#[global_allocator]
static A: X = X;
use a::b;
"#;
    assert!(private(text).starts_with(
        r#"extern crate core;

mod infra;

#[global"#
    ));
}

#[test]
fn without_uses_it_goes_behind_the_inner_attributes() {
    assert_eq!(
        private(
            r#"//! Docs.
#![allow(dead_code)]
fn main() {}
"#
        ),
        r#"//! Docs.
#![allow(dead_code)]

mod infra;

fn main() {}
"#
    );
    assert_eq!(
        private(
            r#"// Licence
#![allow(x)]

fn main() {}
"#
        ),
        r#"// Licence
#![allow(x)]

mod infra;

fn main() {}
"#
    );
}

#[test]
fn without_attributes_it_goes_before_the_first_item_and_below_a_licence() {
    assert_eq!(
        private("fn main() {}\n"),
        r#"mod infra;

fn main() {}
"#
    );
    assert_eq!(
        private(
            r#"// Copyright

// entry
fn main() {}
"#
        ),
        r#"// Copyright

mod infra;

// entry
fn main() {}
"#
    );
    assert_eq!(
        private(
            r#"// Copyright
fn main() {}
"#
        ),
        r#"// Copyright
mod infra;

fn main() {}
"#
    );
    assert_eq!(private(""), "mod infra;\n");
    assert_eq!(private("// nothing yet"), "// nothing yet\nmod infra;");
}

#[test]
fn marks_scripts_and_windows_lines_are_kept() {
    assert_eq!(
        private("\u{feff}mod a;\r\nmod z;\r\n"),
        "\u{feff}mod a;\r\nmod infra;\r\nmod z;\r\n"
    );
    assert_eq!(private("\u{feff}mod z;\n"), "\u{feff}mod infra;\nmod z;\n");
    assert_eq!(
        private("#!/usr/bin/env run\n// \u{1f600}\nmod a;\n"),
        "#!/usr/bin/env run\n// \u{1f600}\nmod a;\nmod infra;\n"
    );
    assert_eq!(
        private("#![allow(x)]\nmod a;"),
        r#"#![allow(x)]
mod a;
mod infra;"#
    );
    assert_eq!(
        private("mod\ta;\nmod\tz;\n"),
        "mod\ta;\nmod infra;\nmod\tz;\n"
    );
}

#[test]
fn a_place_inside_a_comment_is_refused() {
    let text = r#"mod a; /* trailing
 comment */ mod z;
"#;
    assert!(matches!(
        declare_module(text, "infra", false),
        Err(EditError::Unsupported { line: Some(2), .. })
    ));
}

#[test]
fn a_module_of_that_name_is_a_conflict_whoever_wrote_it() {
    for text in [
        "mod infra;\n",
        "pub mod infra { }\n",
        r#"fn main() {}
mod r#infra;
"#,
    ] {
        let refusal = declare_module(text, "infra", false).unwrap_err();
        assert!(matches!(refusal, EditError::Conflict { .. }), "{text}");
    }
    for text in [
        "use shop::infra;\n",
        "use shop::{infra::{self, Pool}, log};\n",
        "use shop::base as infra;\n",
    ] {
        let refusal = declare_module(text, "infra", false).unwrap_err();
        assert!(
            matches!(refusal, EditError::Conflict { line: Some(1), .. }),
            "{text}"
        );
    }
    private(
        r#"use infra::Pool;
use shop::infra as base;
"#,
    );
    let call = "fn main() { infra::init(); }\n";
    assert_eq!(is_declared(call, "infra"), None);
    private(call);
}

#[test]
fn what_is_no_rust_is_unreadable_with_its_line() {
    for (text, expected) in [
        (
            r#"mod a;
fn main() { let x = ; }
"#,
            2,
        ),
        (
            r#"#!/usr/bin/env cargo
---
[dependencies]
---
fn main() {}
"#,
            2,
        ),
        ("\u{feff}fn main() {\n", 1),
    ] {
        match declare_module(text, "infra", false) {
            Err(EditError::Unreadable { line, .. }) => assert_eq!(line, Some(expected), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_declaration_is_found_among_changes_and_left_alone_when_it_was_changed() {
    let (new, edit) = declared(
        r#"mod a;
mod z;
"#,
        false,
    );
    let later = new
        .replace(
            "mod a;",
            r#"mod a;
mod b;
mod h;"#,
        )
        .replace('\n', "\r\n");
    assert_eq!(
        undo(&later, &edit).as_deref(),
        Ok("mod a;\r\nmod b;\r\nmod h;\r\nmod z;\r\n")
    );
    assert_eq!(
        undo(&new.replace("mod infra", "pub mod infra"), &edit),
        Err(UndoError::Modified)
    );
    assert_eq!(undo("mod a;\n", &edit), Err(UndoError::Missing));
    let (new, edit) = declared("fn main() {}\n", false);
    let tight = new.replace(
        r#"infra;

"#,
        "infra;\n",
    );
    assert_eq!(undo(&tight, &edit).as_deref(), Ok("fn main() {}\n"));
}

#[test]
fn modules_are_listed_with_what_is_needed_to_follow_them() {
    let text = r#"mod r#type;
#[cfg_attr(x, y)]
#[path = "o/p.rs"]
pub(crate) mod p;
#[cfg(all(test, unix))]
mod t;
#[cfg(not(test))]
mod n;
mod i {
    mod j;
}
"#;
    let brief: Vec<_> = modules(text)
        .unwrap()
        .into_iter()
        .map(|m| {
            (
                m.name,
                m.path,
                m.inline,
                m.modules.len(),
                m.cfg_test,
                m.line,
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            ("type".to_owned(), None, false, 0, false, 1),
            (
                "p".to_owned(),
                Some("o/p.rs".to_owned()),
                false,
                0,
                false,
                4
            ),
            ("t".to_owned(), None, false, 0, true, 6),
            ("n".to_owned(), None, false, 0, false, 8),
            ("i".to_owned(), None, true, 1, false, 9),
        ]
    );
}
