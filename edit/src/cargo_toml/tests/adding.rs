//! New dependencies, and the tables they need.

use super::*;

#[test]
fn a_sorted_table_stays_sorted_and_comments_stay_with_their_keys() {
    let text =
        "[dependencies]\n# a\nanyhow = \"1\"\n# s\nserde = \"1\" # why\n# t\ntokio = \"1\"\n";
    assert_eq!(added_to(text, "redis", &[]), "+\"redis = '1'\\n\"\n");
    let (new, _) = edited(text, Table::Normal, &dependency("sqlx", &[]), false);
    assert!(new.contains("serde = \"1\" # why\nsqlx = \"1\"\n# t\ntokio"));
    let (new, _) = edited(text, Table::Normal, &dependency("aaa", &[]), false);
    assert!(new.contains("[dependencies]\naaa = \"1\"\n# a\nanyhow"));
}

#[test]
fn an_unsorted_table_is_appended_to() {
    let text = "[dependencies]\ntokio = \"1\"\naxum = \"0.8\"\n\n[features]\nx = []\n";
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &["aio"]), false);
    assert!(new.contains(
        "axum = \"0.8\"\nredis = { version = \"1\", features = [\"aio\"] }\n\n[features]"
    ));
}

#[test]
fn a_windows_file_gets_windows_lines() {
    let text = "[dependencies]\r\nserde = { version = \"1\", features = [\"derive\"] }\r\n\r\n[features]\r\n";
    assert_eq!(added_to(text, "redis", &[]), "+\"redis = '1'\\r\\n\"\n");
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "-\"serde = { version = '1', features = ['derive'] }\\r\\n\"\n\
         +\"serde = { version = '1', features = ['derive', 'rc'] }\\r\\n\"\n"
    );
}

#[test]
fn a_file_without_a_final_newline_gets_none() {
    let text = "[dependencies]\nserde = \"1\"";
    let (new, _) = edited(text, Table::Normal, &dependency("tokio", &[]), false);
    assert_eq!(new, "[dependencies]\nserde = \"1\"\ntokio = \"1\"");
    let text = "[dependencies]\nserde.workspace = true";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_eq!(
        new,
        "[dependencies]\nserde.workspace = true\nserde.features = [\"rc\"]"
    );
    let text = "[package]\nname = \"a\"";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &[]), false);
    assert_eq!(
        new,
        "[package]\nname = \"a\"\n\n[dependencies]\nserde = \"1\""
    );
}

#[test]
fn a_byte_order_mark_stays_first() {
    for text in [
        "\u{feff}[dependencies]\nserde = \"1\"\n",
        "\u{feff}",
        "\u{feff}[dev-dependencies]\n",
    ] {
        let (new, _) = edited(text, Table::Normal, &dependency("redis", &[]), false);
        assert!(
            new.starts_with('\u{feff}') && new.matches('\u{feff}').count() == 1,
            "{new:?}"
        );
    }
}

#[test]
fn a_new_inherited_entry_follows_the_majority() {
    let dotted =
        "[dependencies]\na.workspace = true\nb.workspace = true\nc = { workspace = true }\n";
    let (new, _) = edited(dotted, Table::Normal, &dependency("redis", &[]), true);
    assert!(new.ends_with("redis.workspace = true\n"));
    let inline = "[dependencies]\na = { workspace = true }\n";
    let (new, _) = edited(inline, Table::Normal, &dependency("redis", &[]), true);
    assert!(new.ends_with("redis = { workspace = true }\n"));
    let (new, _) = edited(dotted, Table::Normal, &dependency("redis", &["aio"]), true);
    assert!(new.ends_with("redis = { workspace = true, features = [\"aio\"] }\n"));
}

#[test]
fn tables_of_single_dependencies_are_extended_and_a_table_for_new_ones_goes_before_them() {
    let text = "[package]\nname = \"a\"\n\n# about serde\n[dependencies.serde]\nversion = \"1\" # pinned\n\n[dependencies.log]\nversion = \"0.4\"\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "+\"features = ['rc']\\n\"\n"
    );
    let (new, edits) = edited(text, Table::Normal, &dependency("redis", &[]), false);
    assert!(new.contains(
        "name = \"a\"\n\n[dependencies]\nredis = \"1\"\n\n# about serde\n[dependencies.serde]"
    ));
    assert!(edits[0].container && edits[0].address == "dependencies");
    assert!(!edits[1].container && edits[1].address == "dependencies/redis");
}

#[test]
fn a_table_that_holds_only_a_comment_is_used() {
    let text = "[dependencies]\n# nothing yet\n\n[dev-dependencies]\nserde = \"1\"\n";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &[]), false);
    assert!(new.starts_with("[dependencies]\nserde = \"1\"\n# nothing yet\n"));
}

#[test]
fn a_new_table_goes_before_the_dev_dependencies_and_their_comment() {
    let text = format!(
        "{PACKAGE}[features]\ndefault = []\n\n# dev stuff\n[dev-dependencies]\nx = \"1\"\n"
    );
    let (new, _) = edited(&text, Table::Normal, &dependency("redis", &[]), false);
    assert!(new.contains("default = []\n\n[dependencies]\nredis = \"1\"\n\n# dev stuff\n[dev-"));
}

#[test]
fn a_dependency_of_some_targets_only_is_refused() {
    let text = "[target.'cfg(unix)'.dependencies]\nserde = \"1\"\n";
    assert_eq!(
        refused(text, "serde"),
        "line 2: `target.'cfg(unix)'.dependencies/serde` cannot be edited: it is there for some \
         targets only, and the code needs it on all"
    );
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &[]), false);
    assert!(new.contains("[dependencies]\nredis = \"1\"\n"));
}

#[test]
fn dependencies_at_the_root_are_edited_in_their_form() {
    let text = "dependencies = { serde = \"1\" }\n[package]\nname = \"a\"\n";
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &["aio"]), false);
    assert!(new.starts_with(
        "dependencies = { serde = \"1\", redis = { version = \"1\", features = [\"aio\"] } }\n"
    ));
    let text = "dependencies.serde = \"1\"\n[package]\nname = \"a\"\n";
    assert_eq!(
        added_to(text, "tokio", &[]),
        "+\"dependencies.tokio = '1'\\n\"\n"
    );
    for text in ["dependencies = {}\n", "dependencies = { }\n"] {
        let (new, _) = edited(text, Table::Normal, &dependency("redis", &[]), false);
        assert_eq!(new, "dependencies = { redis = \"1\" }\n");
    }
}

#[test]
fn indented_tables_and_quoted_keys_are_followed() {
    let text = "  [dependencies]\n  serde = \"1\"\n  tokio = \"1\"\n";
    assert_eq!(added_to(text, "sqlx", &[]), "+\"  sqlx = '1'\\n\"\n");
    let text = "[dependencies]\n\"serde\" = \"1\"\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "-\"'serde' = '1'\\n\"\n+\"'serde' = { version = '1', features = ['rc'] }\\n\"\n"
    );
}

#[test]
fn a_name_that_stands_for_another_crate_is_a_conflict() {
    let text = "[dependencies]\nredis = { package = \"fred\", version = \"9\" }\n";
    assert_eq!(
        refused(text, "redis"),
        "line 2: `dependencies/redis` is another name for the crate `fred`, wanted the crate `redis`"
    );
}

#[test]
fn a_dev_dependency_does_not_count_as_a_normal_one() {
    let text = "[dependencies]\nx = \"1\"\n\n[dev-dependencies]\nserde = \"1\"\n";
    assert_eq!(added_to(text, "serde", &[]), "+\"serde = '1'\\n\"\n");
}

#[test]
fn a_new_dev_dependency_follows_the_normal_one() {
    let text = "[dependencies]\ntower = \"0.4\"\n";
    let wanted = dependency("tower", &["util"]);
    let (new, _) = edited(text, Table::Dev, &wanted, false);
    assert!(
        new.ends_with(
            "\n[dev-dependencies]\ntower = { version = \"0.4\", features = [\"util\"] }\n"
        )
    );
    let enough = ensure(text, Table::Dev, &dependency("tower", &[]), false);
    assert_eq!(enough, Ok(Outcome::AlreadyPresent));
    let git = "[dependencies]\ntower = { git = \"https://example.org/tower\" }\n";
    assert!(ensure(git, Table::Dev, &wanted, false).is_err());
}

#[test]
fn the_workspace_gets_its_table_after_its_own_sections() {
    let text = "[workspace]\nmembers = [\"a\"]\n\n[package]\nname = \"a\"\n";
    let (new, _) = edited(text, Table::Workspace, &dependency("redis", &[]), false);
    assert!(new.contains("[\"a\"]\n\n[workspace.dependencies]\nredis = \"1\"\n\n[package]"));
    let virtual_root = "[workspace]\nmembers = [\"a\"]\n[profile.dev]\nopt-level = 1\n\n[workspace.package]\nedition = \"2024\"\n";
    let (new, _) = edited(
        virtual_root,
        Table::Workspace,
        &dependency("redis", &[]),
        false,
    );
    assert!(new.ends_with("2024\"\n\n[workspace.dependencies]\nredis = \"1\"\n"));
    let member = ensure(PACKAGE, Table::Workspace, &dependency("redis", &[]), false);
    assert!(
        member
            .unwrap_err()
            .to_string()
            .contains("not the root of a workspace")
    );
}

#[test]
fn what_is_not_toml_is_unreadable_with_its_line() {
    let text = "[package]\nname = \"{{project-name}}\"\n{% if x %}\n";
    assert!(matches!(
        ensure(text, Table::Normal, &dependency("redis", &[]), false),
        Err(EditError::Unreadable { line: Some(3), .. })
    ));
    assert!(refused("dependencies = 3\n", "redis").contains("it is not a table"));
    assert!(refused("[dependencies]\nx = 1\nserde = 3\n", "serde").contains("form"));
    assert!(refused("[dependencies]\nserde = { features = 3 }\n", "serde").contains("form"));
}
