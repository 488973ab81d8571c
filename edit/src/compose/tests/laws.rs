//! Laws over random files and fragments.

use proptest::prelude::*;

use super::*;

/// A random file: its services in several styles, with comments, blank lines and gaps.
fn file() -> impl Strategy<Value = String> {
    let style = (
        1..5_usize,
        0..3_usize,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        0..4_usize,
    );
    let service = (0..6_usize, 0..6_usize, 0..4_usize);
    (style, prop::collection::vec(service, 0..4)).prop_map(|(style, services)| {
        let (step, dash, crlf, blank, ends, sections) = style;
        let [one, two, three] = [1, 2, 3].map(|depth| " ".repeat(step * depth));
        let item = " ".repeat(step * 2 + dash);
        let mut text = String::new();
        if sections % 2 == 1 {
            text.push_str("# head\nvolumes:\n");
        }
        text.push_str("services:\n");
        for (index, (depends_on, environment, tail)) in services.iter().enumerate() {
            let depends_on = match depends_on {
                0 => String::new(),
                1 => format!("{two}depends_on:\n{item}- db # d\n{item}- 'mq'\n"),
                2 => format!("{two}depends_on: [ db,\n{three}\"mq\" ]\n"),
                3 => format!("{two}depends_on: {{}}\n"),
                4 => format!("{two}depends_on:\n{three}db:\n{three}{one}condition: x\n"),
                _ => format!("{two}depends_on: # none\n"),
            };
            let environment = match environment {
                0 => String::new(),
                1 => format!("{two}environment:\n{item}- A=1\n{item}# - B=2\n"),
                2 => format!("{two}environment: {{A: '1'}} # c\n"),
                3 => format!("{two}environment:\n{three}A: \"1\"\n{three}{one}# deep\n"),
                4 => format!("{two}environment: []\n"),
                _ => format!("{two}environment:\n"),
            };
            let tail = match tail {
                0 => String::new(),
                1 => format!("{two}# command: x\n"),
                2 => format!("{two}command: |\n{three}run\n\n{three}# text\n"),
                _ => format!("{one}# next\n"),
            };
            let gap = if blank { "\n" } else { "" };
            text.push_str(&format!(
                "{one}s{index}:\n{two}image: i\n{depends_on}{environment}{tail}{gap}"
            ));
        }
        if sections > 1 {
            text.push_str("# more\nnetworks: {n: {}}\nx-y: |-\n  z\n");
        }
        if !ends && !text.trim_end().ends_with("# text") {
            text.truncate(text.trim_end().len());
        }
        if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    })
}

fn fragments() -> impl Strategy<Value = Vec<(usize, String)>> {
    let value = prop_oneof!["[a-z]{1,6}", "[ -~]{0,12}", "(true|1|~|é #:|- x|a\n b)"];
    prop::collection::vec((0..6_usize, value), 1..7)
}

/// Adds a fragment of a kind; none if the file came without a service for it.
fn apply(
    compose: &mut Compose,
    app: Option<&str>,
    kind: usize,
    index: usize,
    value: &str,
) -> Option<Outcome> {
    let name = format!("new{index}");
    let text = Value::string(value);
    let outcome = match kind {
        0 | 1 => compose.add_service(&name, &Value::Map(vec![("image".to_owned(), text)])),
        2 => compose.add_volume(&name, &Value::Null),
        3 => compose.add_volume(
            &name,
            &Value::Map(vec![(
                "labels".to_owned(),
                Value::List {
                    items: vec![text],
                    flow: false,
                },
            )]),
        ),
        4 => compose.add_dependency(app?, &name),
        _ => compose.add_environment(app?, &name, value),
    };
    Some(outcome.unwrap_or_else(|refusal| panic!("{refusal} in\n{}", compose.text())))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_keeps_every_line_is_idempotent_and_is_undone_in_any_order(
        text in file(), fragments in fragments(), seed in any::<u64>(),
    ) {
        let mut compose = Compose::parse(text.as_str()).unwrap();
        let app = compose.file().services.first().map(|service| service.name.clone());
        let mut edits = Vec::new();
        for (index, (kind, value)) in fragments.iter().enumerate() {
            match apply(&mut compose, app.as_deref(), *kind, index, value) {
                Some(Outcome::Added { edits: more, .. }) => edits.extend(more),
                Some(Outcome::AlreadyPresent) => prop_assert!(false, "found {}", index),
                None => continue,
            }
            let once = compose.text().to_owned();
            prop_assert_eq!(apply(&mut compose, app.as_deref(), *kind, index, value), Some(Outcome::AlreadyPresent));
            prop_assert_eq!(compose.text(), once);
        }
        let after = compose.text().to_owned();
        prop_assert!(Compose::parse(after.as_str()).is_ok());
        // Only what was replaced or stands in brackets may alter a line of the file.
        let in_lines = |edit: &Edit| edit.before.is_empty() && edit.after.starts_with(['\r', '\n']);
        if edits.iter().all(in_lines) {
            let mut lines = after.lines();
            for line in text.lines() {
                prop_assert!(lines.any(|other| other == line), "lost {line:?} in\n{after}");
            }
        }
        let mut order = edits;
        let mut dice = seed;
        for index in (1..order.len()).rev() {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(index, usize::try_from(dice >> 33).unwrap() % (index + 1));
        }
        prop_assert_eq!(undo_all(&after, &order), text);
    }

    #[test]
    fn no_text_makes_the_editor_panic(text in "[a-z:\\-\\[\\]{}&*!|>'\"%#,~ \n\r\té]{0,60}") {
        let Ok(mut compose) = Compose::parse(text.as_str()) else { return Ok(()) };
        let before = compose.text().to_owned();
        match compose.add_volume("new", &Value::Null) {
            Ok(Outcome::Added { edits, .. }) if before != "\n" && before != "\r\n" => {
                let after = compose.text().to_owned();
                prop_assert_eq!(undo_all(&after, &edits), before);
            }
            Ok(_) => {}
            Err(_) => prop_assert_eq!(compose.text(), before),
        }
    }
}
