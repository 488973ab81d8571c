//! New dependencies, and the tables they need.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

#[test]
fn a_sorted_table_stays_sorted_and_comments_stay_with_their_keys() {
    let text = indoc! {r#"
        [dependencies]
        # a
        anyhow = "1"
        # s
        serde = "1" # why
        # t
        tokio = "1"
    "#};
    assert_snapshot!(added_to(text, "redis", &[]), @r#"
    @@ -1,6 +1,7 @@
     [dependencies]
     # a
     anyhow = "1"
    +redis = "1"
     # s
     serde = "1" # why
     # t
    "#);
    let (new, _) = edited(text, Table::Normal, &dependency("sqlx", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -3,5 +3,6 @@
     anyhow = "1"
     # s
     serde = "1" # why
    +sqlx = "1"
     # t
     tokio = "1"
    "#);
    let (new, _) = edited(text, Table::Normal, &dependency("aaa", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,4 +1,5 @@
     [dependencies]
    +aaa = "1"
     # a
     anyhow = "1"
     # s
    "#);
}

#[test]
fn an_unsorted_table_is_appended_to() {
    let text = indoc! {r#"
        [dependencies]
        tokio = "1"
        axum = "0.8"

        [features]
        x = []
    "#};
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &["aio"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,6 +1,7 @@
     [dependencies]
     tokio = "1"
     axum = "0.8"
    +redis = { version = "1", features = ["aio"] }

     [features]
     x = []
    "#);
}

#[test]
fn a_windows_file_gets_windows_lines() {
    let text = "[dependencies]\r\nserde = { version = \"1\", features = [\"derive\"] }\r\n\r\n[features]\r\n";
    assert_snapshot!(added_to(text, "redis", &[]), @r#"
    @@ -1,4 +1,5 @@
     [dependencies]␍
    +redis = "1"␍
     serde = { version = "1", features = ["derive"] }␍
     ␍
     [features]␍
    "#);
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,4 +1,4 @@
     [dependencies]␍
    -serde = { version = "1", features = ["derive"] }␍
    +serde = { version = "1", features = ["derive", "rc"] }␍
     ␍
     [features]␍
    "#);
}

#[test]
fn a_file_without_a_final_newline_gets_none() {
    let text = "[dependencies]\nserde = \"1\"";
    let (new, _) = edited(text, Table::Normal, &dependency("tokio", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,3 @@
     [dependencies]
    -serde = "1"
    \ No newline at end of file
    +serde = "1"
    +tokio = "1"
    \ No newline at end of file
    "#);
    let text = "[dependencies]\nserde.workspace = true";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,3 @@
     [dependencies]
    -serde.workspace = true
    \ No newline at end of file
    +serde.workspace = true
    +serde.features = ["rc"]
    \ No newline at end of file
    "#);
    let text = "[package]\nname = \"a\"";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,5 @@
     [package]
    -name = "a"
    \ No newline at end of file
    +name = "a"
    +
    +[dependencies]
    +serde = "1"
    \ No newline at end of file
    "#);
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
    let dotted = indoc! {"
        [dependencies]
        a.workspace = true
        b.workspace = true
        c = { workspace = true }
    "};
    let (new, _) = edited(dotted, Table::Normal, &dependency("redis", &[]), true);
    assert_snapshot!(diff(dotted, &new), @r"
    @@ -2,3 +2,4 @@
     a.workspace = true
     b.workspace = true
     c = { workspace = true }
    +redis.workspace = true
    ");
    let inline = indoc! {"
        [dependencies]
        a = { workspace = true }
    "};
    let (new, _) = edited(inline, Table::Normal, &dependency("redis", &[]), true);
    assert_snapshot!(diff(inline, &new), @r"
    @@ -1,2 +1,3 @@
     [dependencies]
     a = { workspace = true }
    +redis = { workspace = true }
    ");
    let (new, _) = edited(dotted, Table::Normal, &dependency("redis", &["aio"]), true);
    assert_snapshot!(diff(dotted, &new), @r#"
    @@ -2,3 +2,4 @@
     a.workspace = true
     b.workspace = true
     c = { workspace = true }
    +redis = { workspace = true, features = ["aio"] }
    "#);
}

#[test]
fn tables_of_single_dependencies_are_extended_and_a_table_for_new_ones_goes_before_them() {
    let text = indoc! {r#"
        [package]
        name = "a"

        # about serde
        [dependencies.serde]
        version = "1" # pinned

        [dependencies.log]
        version = "0.4"
    "#};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -4,6 +4,7 @@
     # about serde
     [dependencies.serde]
     version = "1" # pinned
    +features = ["rc"]

     [dependencies.log]
     version = "0.4"
    "#);
    let (new, edits) = edited(text, Table::Normal, &dependency("redis", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,6 +1,9 @@
     [package]
     name = "a"

    +[dependencies]
    +redis = "1"
    +
     # about serde
     [dependencies.serde]
     version = "1" # pinned
    "#);
    assert!(edits[0].container && edits[0].address == "dependencies");
    assert!(!edits[1].container && edits[1].address == "dependencies/redis");
}

#[test]
fn a_table_that_holds_only_a_comment_is_used() {
    let text = indoc! {r#"
        [dependencies]
        # nothing yet

        [dev-dependencies]
        serde = "1"
    "#};
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &[]), false);
    assert!(new.starts_with(indoc! {r#"
        [dependencies]
        serde = "1"
        # nothing yet
    "#}));
}

#[test]
fn a_new_table_goes_before_the_dev_dependencies_and_their_comment() {
    let text = format!(
        "{PACKAGE}[features]\ndefault = []\n\n# dev stuff\n[dev-dependencies]\nx = \"1\"\n"
    );
    let (new, _) = edited(&text, Table::Normal, &dependency("redis", &[]), false);
    assert_snapshot!(diff(&text, &new), @r#"
    @@ -5,6 +5,9 @@
     [features]
     default = []

    +[dependencies]
    +redis = "1"
    +
     # dev stuff
     [dev-dependencies]
     x = "1"
    "#);
}

#[test]
fn a_dependency_of_some_targets_only_is_refused() {
    let text = indoc! {r#"
        [target.'cfg(unix)'.dependencies]
        serde = "1"
    "#};
    assert_eq!(
        refused(text, "serde"),
        "line 2: `target.'cfg(unix)'.dependencies/serde` cannot be edited: it is there for some \
         targets only, and the code needs it on all"
    );
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,4 @@
    +[dependencies]
    +redis = "1"
     [target.'cfg(unix)'.dependencies]
     serde = "1"
    "#);
}

#[test]
fn dependencies_at_the_root_are_edited_in_their_form() {
    let text = indoc! {r#"
        dependencies = { serde = "1" }
        [package]
        name = "a"
    "#};
    let (new, _) = edited(text, Table::Normal, &dependency("redis", &["aio"]), false);
    assert!(new.starts_with(
        "dependencies = { serde = \"1\", redis = { version = \"1\", features = [\"aio\"] } }\n"
    ));
    let text = indoc! {r#"
        dependencies.serde = "1"
        [package]
        name = "a"
    "#};
    assert_snapshot!(added_to(text, "tokio", &[]), @r#"
    @@ -1,3 +1,4 @@
     dependencies.serde = "1"
    +dependencies.tokio = "1"
     [package]
     name = "a"
    "#);
    for text in ["dependencies = {}\n", "dependencies = { }\n"] {
        let (new, _) = edited(text, Table::Normal, &dependency("redis", &[]), false);
        assert_str_eq!(new, "dependencies = { redis = \"1\" }\n");
    }
}

#[test]
fn indented_tables_and_quoted_keys_are_followed() {
    let text = "  [dependencies]\n  serde = \"1\"\n  tokio = \"1\"\n";
    assert_snapshot!(added_to(text, "sqlx", &[]), @r#"
    @@ -1,3 +1,4 @@
       [dependencies]
       serde = "1"
    +  sqlx = "1"
       tokio = "1"
    "#);
    let text = indoc! {r#"
        [dependencies]
        "serde" = "1"
    "#};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,2 +1,2 @@
     [dependencies]
    -"serde" = "1"
    +"serde" = { version = "1", features = ["rc"] }
    "#);
}

#[test]
fn a_name_that_stands_for_another_crate_is_a_conflict() {
    let text = indoc! {r#"
        [dependencies]
        redis = { package = "fred", version = "9" }
    "#};
    assert_eq!(
        refused(text, "redis"),
        "line 2: `dependencies/redis` is another name for the crate `fred`, wanted the crate `redis`"
    );
}

#[test]
fn a_dev_dependency_does_not_count_as_a_normal_one() {
    let text = indoc! {r#"
        [dependencies]
        x = "1"

        [dev-dependencies]
        serde = "1"
    "#};
    assert_snapshot!(added_to(text, "serde", &[]), @r#"
    @@ -1,4 +1,5 @@
     [dependencies]
    +serde = "1"
     x = "1"

     [dev-dependencies]
    "#);
}

#[test]
fn a_new_dev_dependency_follows_the_normal_one() {
    let text = indoc! {r#"
        [dependencies]
        tower = "0.4"
    "#};
    let wanted = dependency("tower", &["util"]);
    let (new, _) = edited(text, Table::Dev, &wanted, false);
    assert!(
        new.ends_with(
            "\n[dev-dependencies]\ntower = { version = \"0.4\", features = [\"util\"] }\n"
        )
    );
    let enough = ensure(text, Table::Dev, &dependency("tower", &[]), false);
    assert_eq!(enough, Ok(Outcome::AlreadyPresent));
    let git = indoc! {r#"
        [dependencies]
        tower = { git = "https://example.org/tower" }
    "#};
    assert!(ensure(git, Table::Dev, &wanted, false).is_err());
}

#[test]
fn the_workspace_gets_its_table_after_its_own_sections() {
    let text = indoc! {r#"
        [workspace]
        members = ["a"]

        [package]
        name = "a"
    "#};
    let (new, _) = edited(text, Table::Workspace, &dependency("redis", &[]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,5 +1,8 @@
     [workspace]
     members = ["a"]

    +[workspace.dependencies]
    +redis = "1"
    +
     [package]
     name = "a"
    "#);
    let virtual_root = indoc! {r#"
        [workspace]
        members = ["a"]
        [profile.dev]
        opt-level = 1

        [workspace.package]
        edition = "2024"
    "#};
    let (new, _) = edited(
        virtual_root,
        Table::Workspace,
        &dependency("redis", &[]),
        false,
    );
    assert_snapshot!(diff(virtual_root, &new), @r#"
    @@ -5,3 +5,6 @@

     [workspace.package]
     edition = "2024"
    +
    +[workspace.dependencies]
    +redis = "1"
    "#);
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
    let text = indoc! {r#"
        [package]
        name = "{{project-name}}"
        {% if x %}
    "#};
    assert!(matches!(
        ensure(text, Table::Normal, &dependency("redis", &[]), false),
        Err(EditError::Unreadable { line: Some(3), .. })
    ));
    assert!(refused("dependencies = 3\n", "redis").contains("it is not a table"));
    assert!(
        refused(
            indoc! {"
                [dependencies]
                x = 1
                serde = 3
            "},
            "serde"
        )
        .contains("form")
    );
    assert!(
        refused(
            indoc! {"
                [dependencies]
                serde = { features = 3 }
            "},
            "serde"
        )
        .contains("form")
    );
}
