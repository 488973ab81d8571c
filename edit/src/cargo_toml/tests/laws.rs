//! What holds for every manifest.

use proptest::prelude::*;

use super::*;
use crate::line_end;

/// A dependency in one of the forms that people write.
fn entry() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,4}";
    let features = prop_oneof![
        Just("[]".to_owned()),
        Just("[\"b\", ]".to_owned()),
        Just("[ 'b', 'd' ]".to_owned()),
        Just("[\n  \"b\", # bee\n  \"d\" # dee\n]".to_owned()),
        Just("[\n\t\"z\",\n\t\"b\",\n\t# \"c\",\n]".to_owned()),
    ];
    (name, features, 0..6).prop_map(|(name, features, form)| match form {
        0 => format!("{name} = \"1\""),
        1 => format!("{name} = {{ version = '1', features = {features} }} # f"),
        2 => format!("{name}.workspace = true"),
        3 => format!("{name}.version = \"1\"\n{name}.features = {features}"),
        4 => format!("# about {name}\n\"{name}\" = {{ path = \"../{name}\" }}"),
        _ => format!("  {name}   = {{version=\"1\",default-features=false}}"),
    })
}

fn manifest() -> impl Strategy<Value = String> {
    let table = prop_oneof![
        Just("[dependencies]"),
        Just("\n# head\n[dev-dependencies]"),
        Just("[features]"),
        Just("[workspace.dependencies]"),
        Just("[dependencies.tokio]"),
    ];
    let section = (table, prop::collection::vec(entry(), 0..5))
        .prop_map(|(table, entries)| format!("{table}\n{}\n", entries.join("\n")));
    (prop::collection::vec(section, 0..4), 0..4).prop_map(|(sections, ending)| {
        let text = sections.join("\n");
        match ending {
            0 => text.replace('\n', "\r\n"),
            1 => text.trim_end().to_owned(),
            2 => format!("\u{feff}{text}"),
            _ => text,
        }
    })
}

/// Whether the lines of one text are lines of another, in their order.
fn keeps(old: &str, new: &str) -> bool {
    let mut lines = new.trim_start_matches('\u{feff}').lines();
    old.trim_start_matches('\u{feff}')
        .lines()
        .all(|line| lines.any(|other| other == line))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_edit_parses_is_idempotent_and_is_undone_to_the_byte(
        text in manifest(),
        name in "[a-z]{1,4}|tokio",
        features in prop::collection::btree_set("[a-e]", 0..3),
        inherit in any::<bool>(),
        table in prop_oneof![Just(Table::Normal), Just(Table::Dev), Just(Table::Workspace)],
    ) {
        let wanted = Dependency { features, ..dependency(&name, &[]) };
        if let Ok(Outcome::Added { text: new, edits }) = ensure(&text, table, &wanted, inherit) {
            prop_assert!(new.parse::<toml::Table>().is_ok());
            prop_assert_eq!(ensure(&new, table, &wanted, inherit), Ok(Outcome::AlreadyPresent));
            if line_end(&text) == "\r\n" {
                prop_assert!(!new.replace("\r\n", "").contains('\n'));
            }
            if edits.iter().all(|edit| edit.before.is_empty()) {
                prop_assert!(keeps(&text, &new), "{}", new);
            }
            let mut back = new;
            for edit in edits.iter().rev() {
                back = undo(&back, edit).unwrap();
            }
            prop_assert_eq!(back, text);
        }
    }

    #[test]
    fn revising_is_the_same_as_adding_the_other_features_at_once(
        text in manifest(),
        name in "[a-z]{1,4}|tokio",
        first in prop::collection::btree_set("[a-e]", 1..3),
        second in prop::collection::btree_set("[a-e]", 0..3),
    ) {
        let first = Dependency { features: first, ..dependency(&name, &[]) };
        let second = Dependency { features: second, ..dependency(&name, &[]) };
        if let Ok(Outcome::Added { text: new, edits }) = ensure(&text, Table::Normal, &first, false) {
            let (revised, edit) = revise(&new, edits.last().unwrap(), Table::Normal, &second).unwrap();
            let alone = match ensure(&text, Table::Normal, &second, false).unwrap() {
                Outcome::Added { text, .. } => text,
                Outcome::AlreadyPresent => text.clone(),
            };
            prop_assert_eq!(&revised, &alone);
            let mut back = undo(&revised, &edit).unwrap();
            for edit in edits[..edits.len() - 1].iter().rev() {
                back = undo(&back, edit).unwrap();
            }
            prop_assert_eq!(back, text);
        }
    }

    #[test]
    fn two_dependencies_are_taken_back_in_either_order(
        text in manifest(),
        names in prop::collection::btree_set("[a-z]{1,4}|tokio", 2),
        features in prop::collection::btree_set("[a-e]", 0..3),
        swap in any::<bool>(),
        table in prop_oneof![Just(Table::Normal), Just(Table::Workspace)],
    ) {
        let mut names: Vec<_> = names.into_iter().collect();
        if swap {
            names.reverse();
        }
        let mut new = text.clone();
        let mut all = Vec::new();
        for name in &names {
            let wanted = Dependency { features: features.clone(), ..dependency(name, &[]) };
            if let Ok(Outcome::Added { text, edits }) = ensure(&new, table, &wanted, false) {
                new = text;
                all.extend(edits);
            }
        }
        let (containers, entries): (Vec<_>, Vec<_>) = all.iter().partition(|edit| edit.container);
        for order in [entries.clone(), entries.into_iter().rev().collect()] {
            let mut back = new.clone();
            for edit in order.into_iter().chain(containers.iter().copied()) {
                back = undo(&back, edit).unwrap();
            }
            prop_assert_eq!(&back, &text);
        }
    }
}
