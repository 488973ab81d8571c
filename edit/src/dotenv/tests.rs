//! One test a habit of real env files, then the laws.

use proptest::prelude::*;

use super::super::UndoError;
use super::*;

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
    assert_eq!(redis("A=1\n"), "A=1\nREDIS_URL=redis://localhost:6379\n");
    assert_eq!(
        redis("A=1\r\n"),
        "A=1\r\nREDIS_URL=redis://localhost:6379\r\n"
    );
    assert_eq!(redis(""), "REDIS_URL=redis://localhost:6379\n");
    assert_eq!(
        redis("\u{feff}"),
        "\u{feff}REDIS_URL=redis://localhost:6379\n"
    );
}

#[test]
fn a_file_without_a_final_newline_gets_none() {
    assert_eq!(redis("A=1"), "A=1\nREDIS_URL=redis://localhost:6379");
    assert_eq!(
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
    assert_eq!(new, "A=1\n\n# where redis listens\n# REDIS_URL=redis://h\n");
    let (new, _) = appended("A=1\n\n", &block);
    assert_eq!(new, "A=1\n\n# where redis listens\n# REDIS_URL=redis://h\n");
    let (new, _) = appended("A=1", &block);
    assert_eq!(new, "A=1\n\n# where redis listens\n# REDIS_URL=redis://h");
    let (new, _) = appended("", &block);
    assert_eq!(new, "# where redis listens\n# REDIS_URL=redis://h\n");
}

#[test]
fn a_line_inside_a_quoted_value_is_no_variable() {
    for text in [
        "KEY=\"-----BEGIN\nREDIS_URL=fake\n-----END\"\nB=1\n",
        "A='x\nREDIS_URL=1\n'\n",
        "A=\"x\\\"\nREDIS_URL=1\n\"\n",
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
    assert_eq!(
        redis("A=C:\\\n"),
        "A=C:\\\n\nREDIS_URL=redis://localhost:6379\n"
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
