//! Undoing and revising.

use indoc::indoc;
use pretty_assertions::assert_str_eq;

use super::*;

#[test]
fn a_bumped_version_makes_the_entry_theirs() {
    let text = indoc! {r#"
        [dependencies]
        serde = "1"
    "#};
    let (new, edits) = edited(text, Table::Normal, &dependency("redis", &[]), false);
    let bumped = new.replace("redis = \"1\"", "redis = \"2\"");
    assert_eq!(undo(&bumped, &edits[0]), Err(UndoError::Modified));
    assert_eq!(state(&bumped, &edits[0]), Err(UndoError::Modified));
    assert_eq!(undo(text, &edits[0]), Err(UndoError::Missing));
}

#[test]
fn an_entry_is_found_among_new_neighbours_and_after_a_change_of_line_ends() {
    let text = "[dependencies]\nserde = \"1\"";
    let (new, edits) = edited(
        text,
        Table::Normal,
        &dependency("tokio", &["rt", "net"]),
        false,
    );
    let moved = new.replace(
        "serde",
        indoc! {r#"
            # ours?
            anyhow = "1"
            serde"#},
    ) + "\nzzz = \"1\"\n";
    let back = undo(&moved, &edits[0]).unwrap();
    assert_str_eq!(
        back,
        indoc! {r#"
            [dependencies]
            # ours?
            anyhow = "1"
            serde = "1"
            zzz = "1"
        "#}
    );
    let windows = moved.replace('\n', "\r\n");
    assert_eq!(undo(&windows, &edits[0]), Ok(back.replace('\n', "\r\n")));
    let listed = indoc! {r#"
        [dependencies.tokio]
        version = "1"
        features = [
          "rt",
        ]
    "#};
    let (new, edits) = edited(listed, Table::Normal, &dependency("tokio", &["net"]), false);
    let windows = new.replace('\n', "\r\n").replace("\"1\"", "\"1.2\"");
    let back = listed.replace('\n', "\r\n").replace("\"1\"", "\"1.2\"");
    assert_eq!(undo(&windows, &edits[0]), Ok(back));
}

#[test]
fn a_table_that_somebody_uses_stays() {
    let (new, edits) = edited(PACKAGE, Table::Normal, &dependency("redis", &[]), false);
    let used = format!("{new}theirs = \"1\"\n");
    let rest = undo(&used, &edits[1]).unwrap();
    assert_eq!(undo(&rest, &edits[0]), Err(UndoError::NotEmpty));
    assert_eq!(state(&rest, &edits[0]), Ok(()));
    let commented = undo(&new, &edits[1]).unwrap() + "# keep\n";
    assert_eq!(undo(&commented, &edits[0]), Err(UndoError::NotEmpty));
}

#[test]
fn revising_an_entry_of_ours_gives_what_the_other_component_alone_would() {
    for (table, inherit) in [
        (Table::Normal, false),
        (Table::Normal, true),
        (Table::Dev, false),
    ] {
        for features in [&["net"][..], &[], &["zz", "aa"]] {
            let text = format!("{PACKAGE}[dependencies]\nserde.workspace = true");
            let (alone, _) = edited(&text, table, &dependency("tokio", features), inherit);
            let (both, edits) = edited(&text, table, &dependency("tokio", &["rt", "x"]), inherit);
            let ours = edits.last().unwrap();
            let (revised, edit) =
                revise(&both, ours, table, &dependency("tokio", features)).unwrap();
            assert_str_eq!(revised, alone);
            let back = undo(&revised, &edit).unwrap();
            assert_str_eq!(back, undo(&both, ours).unwrap());
        }
    }
}

#[test]
fn revising_an_entry_of_the_users_starts_from_what_it_was() {
    for entry in [
        "tokio = \"1\"",
        "tokio = { version = \"1\", features = [\"sync\"] }",
        indoc! {r#"
            tokio = { version = "1", features = [
              "sync", # s
              "time"
            ] }"#},
        "tokio.workspace = true",
        "[dependencies.tokio]\nversion = \"1\"",
    ] {
        let text = format!("[dependencies]\n{entry}\n");
        let (alone, _) = edited(&text, Table::Normal, &dependency("tokio", &["net"]), false);
        let (both, edits) = edited(
            &text,
            Table::Normal,
            &dependency("tokio", &["net", "rt"]),
            false,
        );
        let wanted = dependency("tokio", &["net"]);
        let (revised, edit) = revise(&both, &edits[0], Table::Normal, &wanted).unwrap();
        assert_str_eq!(revised, alone);
        assert_eq!(undo(&revised, &edit).as_deref(), Ok(&*text));
        let (none, edit) =
            revise(&both, &edits[0], Table::Normal, &dependency("tokio", &[])).unwrap();
        assert_str_eq!(none, text);
        assert_eq!(undo(&none, &edit).as_deref(), Ok(&*text));
    }
}

/// Adds a dependency to a text, changes the result, and revises it.
fn revised(
    text: &str,
    old: &Dependency,
    change: impl Fn(&str) -> String,
    new: &Dependency,
) -> String {
    let (added, edits) = edited(text, Table::Normal, old, false);
    let edit = edits.last().unwrap();
    let changed = change(&added);
    let (text, revision) = revise(&changed, edit, Table::Normal, new).unwrap();
    assert_eq!(state(&text, &revision), Ok(()));
    assert_eq!(undo(&text, &revision), undo(&changed, edit));
    // Revising to the same entry again changes nothing.
    let again = revise(&text, &revision, Table::Normal, new);
    assert_eq!(again, Ok((text.clone(), revision)));
    text
}

#[test]
fn an_entry_of_ours_gets_another_version_features_and_default_features() {
    let old = dependency("tokio", &["rt"]);
    let behind = |text: &str| format!("{text}zstd = \"0.13\" # theirs\n");
    let version = Dependency {
        requirement: "2".to_owned(),
        ..old.clone()
    };
    let bare = Dependency {
        default_features: false,
        ..dependency("tokio", &[])
    };
    let plain = dependency("tokio", &[]);
    for (new, line) in [
        (&version, r#"tokio = { version = "2", features = ["rt"] }"#),
        (
            &bare,
            r#"tokio = { version = "1", default-features = false }"#,
        ),
        (&plain, r#"tokio = "1""#),
    ] {
        let text = revised(
            indoc! {r#"
                [dependencies]
                serde = "1"
            "#},
            &old,
            behind,
            new,
        );
        let expected = format!("[dependencies]\nserde = \"1\"\n{line}\nzstd = \"0.13\" # theirs\n");
        assert_str_eq!(text, expected);
    }
}

#[test]
fn a_revised_entry_keeps_the_line_ends_and_the_form_of_its_table() {
    let old = dependency("tokio", &["rt"]);
    let new = Dependency {
        requirement: "2".to_owned(),
        ..dependency("tokio", &["net"])
    };
    let line = r#"tokio = { version = "2", features = ["net"] }"#;
    for (text, expected) in [
        (
            "[dependencies]\r\nserde = \"1\"\r\n",
            format!("[dependencies]\r\nserde = \"1\"\r\n{line}\r\n"),
        ),
        (
            "[dependencies]\nserde = \"1\"",
            format!("[dependencies]\nserde = \"1\"\n{line}"),
        ),
        (
            "dependencies = { serde = \"1\" }\n",
            format!("dependencies = {{ serde = \"1\", {line} }}\n"),
        ),
        (
            indoc! {r#"
                [package]
                name = "x"
            "#},
            format!("[package]\nname = \"x\"\n\n[dependencies]\n{line}\n"),
        ),
    ] {
        assert_str_eq!(revised(text, &old, str::to_owned, &new), expected);
    }
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let text = revised(
        indoc! {r#"
            [dependencies]
            serde = "1"
        "#},
        &old,
        crlf,
        &new,
    );
    assert_str_eq!(
        text,
        format!("[dependencies]\r\nserde = \"1\"\r\n{line}\r\n")
    );
}

#[test]
fn an_entry_that_the_user_changed_is_not_revised() {
    let text = "[dependencies]\n";
    let (added, edits) = edited(text, Table::Normal, &dependency("tokio", &["rt"]), false);
    let new = dependency("tokio", &["net"]);
    for (from, to) in [
        ("\"1\"", "\"1.2\""),
        ("\"rt\"", "\"rt\", \"fs\""),
        (" }", " } # mine"),
    ] {
        let changed = added.replace(from, to);
        assert_eq!(
            revise(&changed, edits.last().unwrap(), Table::Normal, &new),
            Err(UndoError::Modified),
            "{to}"
        );
    }
    let gone = revise(text, edits.last().unwrap(), Table::Normal, &new);
    assert_eq!(gone, Err(UndoError::Missing));
}
