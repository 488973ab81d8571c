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
    let text = "//! Docs.\n\nuse axum::Router;\n\nmod config; // settings\n/// Handlers.\nmod handlers;\nmod web;\n\n#[cfg(test)]\nmod tests;\n";
    let new = private(text);
    assert_eq!(new, text.replace("mod web;", "mod infra;\nmod web;"));
    let text = "/// About zeta.\n#[cfg(unix)]\n#[path = \"u.rs\"]\nmod zeta;\n";
    assert_eq!(private(text), format!("mod infra;\n{text}"));
}

#[test]
fn an_unsorted_group_is_appended_to() {
    assert_eq!(
        private("mod zeta;\nmod api;\n\nfn main() {}\n"),
        "mod zeta;\nmod api;\nmod infra;\n\nfn main() {}\n"
    );
}

#[test]
fn a_module_goes_behind_the_macros() {
    assert_eq!(
        private("#[macro_use]\nmod macros;\nmod api;\nmod zeta;\n"),
        "#[macro_use]\nmod macros;\nmod api;\nmod infra;\nmod zeta;\n"
    );
}

#[test]
fn a_module_goes_to_the_group_of_its_visibility() {
    let text = "pub mod api;\npub mod zeta;\n\nmod private;\n";
    assert_eq!(
        private(text),
        "pub mod api;\npub mod zeta;\n\nmod infra;\nmod private;\n"
    );
    let (new, _) = declared(text, true);
    assert_eq!(
        new,
        "pub mod api;\npub mod infra;\npub mod zeta;\n\nmod private;\n"
    );
}

#[test]
fn modules_of_tests_and_inline_modules_are_no_group() {
    let text = "#[cfg(test)]\nmod tests;\n\npub mod util {\n    pub mod b;\n}\nuse util::b;\n\nfn main() {}\n";
    let new = private(text);
    assert!(
        new.contains("use util::b;\n\nmod infra;\n\nfn main() {}"),
        "{new}"
    );
}

#[test]
fn without_modules_it_goes_behind_the_first_uses() {
    let text = "use axum::{\n    routing::get, // c\n    Router,\n};\nuse x::y; // trailing\nfn main() {}\n";
    assert!(private(text).contains("use x::y; // trailing\n\nmod infra;\n\nfn main() {}"));
    let text = "extern crate core;\n\n#[global_allocator]\nstatic A: X = X;\nuse a::b;\n";
    assert!(private(text).starts_with("extern crate core;\n\nmod infra;\n\n#[global"));
}

#[test]
fn without_uses_it_goes_behind_the_inner_attributes() {
    assert_eq!(
        private("//! Docs.\n#![allow(dead_code)]\nfn main() {}\n"),
        "//! Docs.\n#![allow(dead_code)]\n\nmod infra;\n\nfn main() {}\n"
    );
    assert_eq!(
        private("// Licence\n#![allow(x)]\n\nfn main() {}\n"),
        "// Licence\n#![allow(x)]\n\nmod infra;\n\nfn main() {}\n"
    );
}

#[test]
fn without_attributes_it_goes_before_the_first_item_and_below_a_licence() {
    assert_eq!(private("fn main() {}\n"), "mod infra;\n\nfn main() {}\n");
    assert_eq!(
        private("// Copyright\n\n// entry\nfn main() {}\n"),
        "// Copyright\n\nmod infra;\n\n// entry\nfn main() {}\n"
    );
    assert_eq!(
        private("// Copyright\nfn main() {}\n"),
        "// Copyright\nmod infra;\n\nfn main() {}\n"
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
        "#![allow(x)]\nmod a;\nmod infra;"
    );
    assert_eq!(
        private("mod\ta;\nmod\tz;\n"),
        "mod\ta;\nmod infra;\nmod\tz;\n"
    );
}

#[test]
fn a_place_inside_a_comment_is_refused() {
    let text = "mod a; /* trailing\n comment */ mod z;\n";
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
        "fn main() {}\nmod r#infra;\n",
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
    private("use infra::Pool;\nuse shop::infra as base;\n");
    let call = "fn main() { infra::init(); }\n";
    assert_eq!(is_declared(call, "infra"), None);
    private(call);
}

#[test]
fn what_is_no_rust_is_unreadable_with_its_line() {
    for (text, expected) in [
        ("mod a;\nfn main() { let x = ; }\n", 2),
        (
            "#!/usr/bin/env cargo\n---\n[dependencies]\n---\nfn main() {}\n",
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
    let (new, edit) = declared("mod a;\nmod z;\n", false);
    let later = new
        .replace("mod a;", "mod a;\nmod b;\nmod h;")
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
    let tight = new.replace("infra;\n\n", "infra;\n");
    assert_eq!(undo(&tight, &edit).as_deref(), Ok("fn main() {}\n"));
}

#[test]
fn modules_are_listed_with_what_is_needed_to_follow_them() {
    let text = "mod r#type;\n#[cfg_attr(x, y)]\n#[path = \"o/p.rs\"]\npub(crate) mod p;\n#[cfg(all(test, unix))]\nmod t;\n#[cfg(not(test))]\nmod n;\nmod i {\n    mod j;\n}\n";
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
