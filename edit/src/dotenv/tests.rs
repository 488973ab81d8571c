//! One test a habit of real env files, then the laws.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;
use proptest::prelude::*;

use super::*;
use crate::testing::diff;
use crate::{Edit, Outcome, UndoError};

fn line(key: &str, value: &str) -> Line {
    Line {
        key: key.to_owned(),
        value: value.to_owned(),
        commented: false,
        comment: None,
        gap: false,
    }
}

/// Appends, and checks that a second run finds it and that both ways of undoing restore it.
fn appended(text: &str, line: &Line) -> (String, Edit) {
    let Outcome::Added { text: new, edits } = append(text, line).unwrap() else {
        panic!("found in\n{text}");
    };
    assert_eq!(append(&new, line), Ok(Outcome::AlreadyPresent));
    let edit = edits.into_iter().next().unwrap();
    assert_eq!(state(&new, &edit), Ok(()));
    assert_eq!(undo(&new, &edit).as_deref(), Ok(text));
    let is_ours = |block: &str| block == edit.after;
    let blind = undo_where(&new, &edit.address, edit.after.len(), is_ours);
    assert_eq!(blind.as_deref(), Ok(text));
    assert_eq!(
        undo_where(&new, &line.key, edit.after.len(), |_| false),
        Err(UndoError::Modified)
    );
    (new, edit)
}

fn redis(text: &str) -> String {
    appended(text, &line("REDIS_URL", "redis://localhost:6379")).0
}

fn keys(text: &str) -> Vec<(String, Option<String>, usize)> {
    read(text)
        .into_iter()
        .map(|variable| (variable.key, variable.value, variable.line))
        .collect()
}

fn one(text: &str) -> (String, Option<String>) {
    let [(key, value, _)] = &keys(text)[..] else {
        panic!("not one variable in {text:?}: {:?}", keys(text));
    };
    (key.clone(), value.clone())
}

#[test]
fn a_line_goes_to_the_end_with_the_line_ending_of_the_file() {
    assert_str_eq!(redis("A=1\n"), "A=1\nREDIS_URL=redis://localhost:6379\n");
    assert_str_eq!(
        redis("A=1\r\n"),
        "A=1\r\nREDIS_URL=redis://localhost:6379\r\n"
    );
    assert_str_eq!(redis(""), "REDIS_URL=redis://localhost:6379\n");
    assert_str_eq!(
        redis("\u{feff}"),
        "\u{feff}REDIS_URL=redis://localhost:6379\n"
    );
}

#[test]
fn a_file_without_a_final_newline_gets_none() {
    assert_str_eq!(redis("A=1"), "A=1\nREDIS_URL=redis://localhost:6379");
    assert_str_eq!(
        redis("A=1\r\nB=2"),
        "A=1\r\nB=2\r\nREDIS_URL=redis://localhost:6379"
    );
}

#[test]
fn a_block_has_a_gap_a_comment_and_perhaps_a_mark() {
    let block = Line {
        commented: true,
        comment: Some("where redis listens".to_owned()),
        gap: true,
        ..line("REDIS_URL", "redis://h")
    };
    let (new, _) = appended("A=1\n", &block);
    assert_str_eq!(
        new,
        indoc! {"
            A=1

            # where redis listens
            # REDIS_URL=redis://h
        "}
    );
    let (new, _) = appended("A=1\n\n", &block);
    assert_str_eq!(
        new,
        indoc! {"
            A=1

            # where redis listens
            # REDIS_URL=redis://h
        "}
    );
    let (new, _) = appended("A=1", &block);
    assert_str_eq!(
        new,
        indoc! {"
            A=1

            # where redis listens
            # REDIS_URL=redis://h"}
    );
    let (new, _) = appended("", &block);
    assert_str_eq!(new, "# where redis listens\n# REDIS_URL=redis://h\n");
}

#[test]
fn a_line_inside_a_quoted_value_is_no_variable() {
    for text in [
        indoc! {r#"
            KEY="-----BEGIN
            REDIS_URL=fake
            -----END"
            B=1
        "#},
        indoc! {"
            A='x
            REDIS_URL=1
            '
        "},
        indoc! {r#"
            A="x\"
            REDIS_URL=1
            "
        "#},
        "A: \"x\nREDIS_URL=1\"\n",
    ] {
        assert!(redis(text).ends_with("\nREDIS_URL=redis://localhost:6379\n"));
    }
}

#[test]
fn an_unclosed_quote_is_refused_with_its_line() {
    let refusal = append("A=1\nB=\"open\n", &line("C", "1")).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "line 2: `B` cannot be edited: its quote is never closed, so everything after it belongs \
         to its value"
    );
}

#[test]
fn a_key_counts_as_present_in_every_spelling() {
    for text in [
        "# REDIS_URL=redis://x\n",
        "#REDIS_URL=\n",
        "## export REDIS_URL = x\n",
        "REDIS_URL=other\n",
        "export REDIS_URL=x\n",
        "export\tREDIS_URL=x",
        "REDIS_URL = x\n",
        "  REDIS_URL: x\n",
        "REDIS_URL\n",
        "REDIS_URL=a\nREDIS_URL=b\n",
        "\u{feff}REDIS_URL=a\n",
        "A=`x\nREDIS_URL=1`\n",
    ] {
        assert_eq!(
            append(text, &line("REDIS_URL", "v")),
            Ok(Outcome::AlreadyPresent),
            "{text:?}"
        );
    }
}

#[test]
fn a_name_that_only_resembles_the_key_does_not_count() {
    for text in [
        "MY_REDIS_URL=1\nREDIS_URL_X=2\n",
        "redis_url=1\n",
        "A=1 # REDIS_URL=x\n",
        "# set REDIS_URL=x for redis\n",
        "# REDIS_URL: where redis is\n",
        "# REDIS_URL\n",
    ] {
        redis(text);
    }
}

#[test]
fn values_are_read_without_quotes_and_comments() {
    for (text, value) in [
        ("A=it's\n", "it's"),
        ("A=a#b # c\n", "a#b"),
        ("A=#b\n", ""),
        ("A=hello world  \n", "hello world"),
        ("A='x # y' # z\n", "x # y"),
        ("A=\"x \\\" y\" z\n", "x \\\" y"),
        ("A=\n", ""),
        ("A\n", ""),
        ("A=C:\\dir\\\n", "C:\\dir\\"),
    ] {
        assert_eq!(one(text), ("A".to_owned(), Some(value.to_owned())));
    }
    assert_eq!(one("#A=1\n"), ("A".to_owned(), None));
    assert_eq!(
        keys("#!/bin/bash\n\nexport A=1\r\nB=\"2\n3\"\nC=4"),
        [
            ("A".to_owned(), Some("1".to_owned()), 3),
            ("B".to_owned(), Some("2\n3".to_owned()), 4),
            ("C".to_owned(), Some("4".to_owned()), 6),
        ]
    );
}

#[test]
fn a_range_covers_all_lines_of_a_value() {
    let text = "A=1\r\n  B=\"2\r\n3\" # c\r\nC=4";
    let ranges: Vec<_> = read(text).iter().map(|v| &text[v.range.clone()]).collect();
    assert_eq!(ranges, ["A=1", "  B=\"2\r\n3\" # c", "C=4"]);
}

#[test]
fn a_value_is_quoted_only_where_it_must_be_and_refused_where_quotes_do_not_help() {
    for (value, written) in [
        ("", "K="),
        ("redis://u:p@h:1/0?a", "K=\"redis://u:p@h:1/0?a\""),
        ("a=b,c%20+d-e_f.g/h:i@j", "K=a=b,c%20+d-e_f.g/h:i@j"),
        ("two words # no comment", "K=\"two words # no comment\""),
        ("it's", "K=\"it's\""),
        ("\u{fc}ber", "K=\"\u{fc}ber\""),
    ] {
        assert_eq!(appended("", &line("K", value)).0, format!("{written}\n"));
    }
    for value in ["$HOME", "a\\b", "say \"x\"", "`id`", "a\nb", "a\rb", "a\tb"] {
        assert!(append("", &line("K", value)).is_err(), "{value:?}");
    }
    for key in ["", "1A", "A B", "A=B", "A-B"] {
        assert!(append("", &line(key, "v")).is_err(), "{key:?}");
    }
}

#[test]
fn a_line_after_a_backslash_is_set_off_so_that_no_shell_joins_it() {
    assert_str_eq!(
        redis("A=C:\\\n"),
        indoc! {r"
            A=C:\

            REDIS_URL=redis://localhost:6379
        "}
    );
}

#[test]
fn what_the_user_changed_stays() {
    let marked = Line {
        commented: true,
        ..line("REDIS_URL", "redis://h")
    };
    let (new, edit) = appended("A=1\n", &marked);
    for theirs in [
        new.replace("# R", "R"),
        new.replace("://h", "://h2"),
        format!("B=1{new}").replace("://h\n", "://h # x\n"),
    ] {
        assert_eq!(undo(&theirs, &edit), Err(UndoError::Modified), "{theirs:?}");
        let is_ours = |block: &str| block == edit.after;
        let blind = undo_where(&theirs, "REDIS_URL", edit.after.len(), is_ours);
        assert_eq!(blind, Err(UndoError::Modified));
    }
    assert_eq!(undo("A=1\n", &edit), Err(UndoError::Missing));
}

#[test]
fn lines_are_found_among_new_neighbours_and_other_line_ends() {
    let block = Line {
        comment: Some("doc".to_owned()),
        gap: true,
        ..line("K", "v")
    };
    let (new, edit) = appended("A=1\n", &block);
    let later = format!("{new}B=2\n");
    assert_eq!(undo(&later, &edit).as_deref(), Ok("A=1\nB=2\n"));
    let windows = later.replace('\n', "\r\n");
    assert_eq!(undo(&windows, &edit).as_deref(), Ok("A=1\r\nB=2\r\n"));
    let trimmed = new.trim_end();
    assert_eq!(undo(trimmed, &edit).as_deref(), Ok("A=1\n"));
    let (open, edit) = appended("A=1", &line("K", "v"));
    let (more, second) = appended(&open, &line("L", "w"));
    let rest = undo(&more, &edit).unwrap();
    assert_eq!(rest, "A=1\nL=w");
    assert_eq!(undo(&rest, &second).as_deref(), Ok("A=1"));
}

/// Appends `old`, lets somebody change the text, revises to `new`, and checks that undoing both
/// gives the same bytes.
fn revised(
    text: &str,
    old: &Line,
    change: impl Fn(&str) -> String,
    new: &Line,
) -> (String, String) {
    let (appended, edit) = appended(text, old);
    let changed = change(&appended);
    let (text, revision) = revise(&changed, &edit, new).unwrap();
    assert_eq!(state(&text, &revision), Ok(()));
    let undone = undo(&changed, &edit).unwrap();
    assert_str_eq!(undo(&text, &revision).unwrap(), undone);
    // Revising to the same line again changes nothing.
    assert_eq!(revise(&text, &revision, new), Ok((text.clone(), revision)));
    (changed, text)
}

fn timeout(value: &str, comment: &str) -> Line {
    Line {
        commented: true,
        comment: Some(comment.to_owned()),
        gap: true,
        ..line("CACHE_TTL", value)
    }
}

#[test]
fn a_new_default_and_its_comment_stand_where_the_old_ones_stood() {
    let (old, new) = (
        timeout("300s", "how long entries live"),
        timeout("600s", "how long entries live\nwithout a unit: seconds"),
    );
    let behind = |text: &str| format!("{text}\n# theirs\nB=2\n");
    let (before, after) = revised("A=1\n", &old, behind, &new);
    assert_snapshot!(diff(&before, &after), @r"
    @@ -1,7 +1,8 @@
     A=1

     # how long entries live
    -# CACHE_TTL=300s
    +# without a unit: seconds
    +# CACHE_TTL=600s

     # theirs
     B=2
    ");
}

#[test]
fn a_revised_line_keeps_the_blank_line_and_the_line_ends_around_it() {
    let (old, new) = (timeout("300s", "old"), timeout("600s", "new\nlines"));
    let crlf = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
    for text in [
        "A=1\n",
        "A=1\r\n",
        "A=1",
        "A=1\r\nB=2",
        "",
        "\u{feff}",
        "A=1\n\n",
        "A=\\\n",
    ] {
        for change in [&str::to_owned as &dyn Fn(&str) -> String, &crlf, &|text| {
            format!("{}\n", text.trim_end())
        }] {
            let (before, after) = revised(text, &old, change, &new);
            let is_crlf = before.contains("\r\n");
            let lines = |lines: &str| {
                if is_crlf {
                    crlf(lines)
                } else {
                    lines.to_owned()
                }
            };
            let expected = before.replace(
                &lines("# old\n# CACHE_TTL=300s"),
                &lines("# new\n# lines\n# CACHE_TTL=600s"),
            );
            assert_str_eq!(after, expected);
        }
    }
}

#[test]
fn a_renamed_variable_is_renamed_in_its_place() {
    let new = Line {
        comment: None,
        gap: false,
        ..line("CACHE_LIFETIME", "300s")
    };
    let old = line("CACHE_TTL", "300s");
    let (_, after) = revised("A=1\n", &old, |text| format!("{text}B=2\n"), &new);
    assert_str_eq!(
        after,
        indoc! {"
            A=1
            CACHE_LIFETIME=300s
            B=2
        "}
    );
}

#[test]
fn a_variable_is_not_renamed_to_one_that_is_there() {
    let (text, edit) = appended("A=1\n", &line("K", "v"));
    for text in [format!("{text}L=2\n"), format!("# L=2\n{text}")] {
        assert_eq!(
            revise(&text, &edit, &line("L", "v")),
            Err(UndoError::Modified)
        );
    }
}

#[test]
fn lines_that_the_user_changed_are_not_revised() {
    let (text, edit) = appended("A=1\n", &timeout("300s", "doc"));
    let new = timeout("600s", "doc");
    for (from, to) in [
        ("300s", "10s"),
        ("# CACHE", "CACHE"),
        ("# doc", "# my doc"),
        ("300s", "300s # short"),
    ] {
        let changed = text.replace(from, to);
        assert_eq!(
            revise(&changed, &edit, &new),
            Err(UndoError::Modified),
            "{to}"
        );
    }
    assert_eq!(revise("A=1\n", &edit, &new), Err(UndoError::Missing));
}

#[test]
fn a_value_that_cannot_be_written_is_not_revised() {
    let (text, edit) = appended("A=1\n", &line("K", "v"));
    for value in ["$HOME", "a\nb", "say \"x\""] {
        assert_eq!(
            revise(&text, &edit, &line("K", value)),
            Err(UndoError::Modified)
        );
    }
}

#[test]
fn lines_of_which_only_a_hash_is_known_are_revised_too() {
    let (text, edit) = appended("A=1\r\n", &timeout("300s", "doc"));
    let text = format!("{text}B=2\r\n");
    let new = timeout("600s", "doc");
    let is_ours = |block: &str| block == edit.after;
    let blind = revise_where(&text, &edit.address, edit.after.len(), is_ours, &new);
    assert_eq!(blind, revise(&text, &edit, &new));
    let no = revise_where(&text, &edit.address, edit.after.len(), |_| false, &new);
    assert_eq!(no, Err(UndoError::Modified));
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "A=1", "\n", "\r\n", "'", "\"", "\\", "#", " ", "B", "=", "# K=", "export ", "it's", ":",
        "\u{feff}", "\u{e9}", "K=x", "`", "$", "\t",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_keeps_the_text_is_idempotent_and_is_undone_to_the_byte(
        pieces in prop::collection::vec(piece(), 0..20),
        value in "[ -~]{0,8}",
        commented in any::<bool>(),
        comment in prop::option::of("[a-z ]{0,6}"),
        gap in any::<bool>(),
    ) {
        let text = pieces.concat();
        let line = Line { commented, comment, gap, ..line("K", &value) };
        if let Ok(Outcome::Added { text: new, edits }) = append(&text, &line) {
            prop_assert!(new.starts_with(&text));
            prop_assert_eq!(append(&new, &line), Ok(Outcome::AlreadyPresent));
            prop_assert_eq!(undo(&new, &edits[0]), Ok(text.clone()));
            let after = &edits[0].after;
            let blind = undo_where(&new, "K", after.len(), |block| block == after);
            prop_assert_eq!(blind, Ok(text));
        }
    }

    #[test]
    fn a_revised_line_is_undone_to_the_bytes_that_the_old_one_was(
        pieces in prop::collection::vec(piece(), 0..12),
        behind in prop::collection::vec(piece(), 0..6),
        values in ("[ -~]{0,6}", "[ -~]{0,6}"),
        commented in any::<(bool, bool)>(),
        comments in prop::option::of("[a-z=\n]{0,6}"),
        gaps in any::<(bool, bool)>(),
        other_key in any::<bool>(),
    ) {
        let text = pieces.concat();
        let old = Line { commented: commented.0, comment: Some("doc".to_owned()), gap: gaps.0, ..line("K1", &values.0) };
        let key = if other_key { "K2" } else { "K1" };
        let new = Line { commented: commented.1, comment: comments, gap: gaps.1, ..line(key, &values.1) };
        let Ok(Outcome::Added { text: appended, edits }) = append(&text, &old) else {
            return Ok(());
        };
        let changed = format!("{appended}{}", behind.concat());
        let undone = undo(&changed, &edits[0]);
        match revise(&changed, &edits[0], &new) {
            Ok((revised, edit)) => prop_assert_eq!(undo(&revised, &edit), undone),
            // Nothing but the new line itself may be a reason.
            Err(_) if undone.is_ok() => {
                prop_assert!(matches!(append(&text, &new), Err(_) | Ok(Outcome::AlreadyPresent)) || !behind.is_empty());
            }
            Err(kept) => prop_assert_eq!(Err(kept), undone),
        }
    }

    #[test]
    fn two_lines_are_taken_back_in_either_order(
        pieces in prop::collection::vec(piece(), 0..20),
        gaps in any::<(bool, bool)>(),
        comment in prop::option::of("[a-z]{1,3}"),
    ) {
        let text = pieces.concat();
        let first = Line { gap: gaps.0, comment: comment.clone(), ..line("K1", "v") };
        let second = Line { gap: gaps.1, comment, ..line("K2", "w") };
        if let Ok(Outcome::Added { text: one, edits: first }) = append(&text, &first) {
            let Ok(Outcome::Added { text: both, edits: second }) = append(&one, &second) else {
                panic!("not appended to {one:?}");
            };
            for order in [[&first[0], &second[0]], [&second[0], &first[0]]] {
                let back = order.iter().try_fold(both.clone(), |text, edit| undo(&text, edit));
                prop_assert_eq!(back.as_deref(), Ok(&*text));
            }
        }
    }
}
