//! Giving fragments another value in their place.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;
use proptest::prelude::*;

use super::*;

const WEB: &str = indoc! {"
    services:
      web:
        image: a
"};
const OLD: &str =
    "image: redis:8\nports:\n  - 6379:6379\nhealthcheck:\n  test: [CMD, redis-cli, ping]";
const NEW: &str = "image: redis:9\nports:\n  - 6379:6379\nvolumes:\n  - redis:/data";
const REDIS: Add = Service("redis", OLD);

/// Adds a fragment, lets somebody change the text, and revises the last edit of the fragment.
/// Checks that the new edit is undone to what the old one was undone to.
fn try_revised(
    text: &str,
    fragment: &Add,
    change: impl Fn(&str) -> String,
    value: &Value,
) -> Result<(String, String), UndoError> {
    let (added, edits) = add(text, fragment).unwrap();
    let edit = edits.last().unwrap();
    let changed = change(&added);
    let mut compose = Compose::parse(changed.as_str()).unwrap();
    let revised = match compose.revise(edit, value) {
        Ok(revised) => revised,
        Err(kept) => {
            assert_str_eq!(compose.text(), changed);
            return Err(kept);
        }
    };
    assert_eq!(compose.state(&revised), Ok(()));
    let undone = super::super::undo(&changed, edit).unwrap();
    assert_str_eq!(
        super::super::undo(compose.text(), &revised).unwrap(),
        undone
    );
    // Revising to the same value again changes nothing.
    let new = compose.text().to_owned();
    assert_eq!(compose.revise(&revised, value).as_ref(), Ok(&revised));
    assert_str_eq!(compose.text(), new);
    Ok((changed, new))
}

fn revised(text: &str, fragment: &Add, value: &str) -> String {
    let value = parse_value(value).unwrap();
    let (before, after) = try_revised(text, fragment, str::to_owned, &value).unwrap();
    diff(&before, &after)
}

#[test]
fn a_service_gets_its_new_value_in_its_place() {
    assert_snapshot!(revised(WEB, &REDIS, NEW), @r"
    @@ -3,8 +3,8 @@
         image: a

       redis:
    -    image: redis:8
    +    image: redis:9
         ports:
           - 6379:6379
    -    healthcheck:
    -      test: [CMD, redis-cli, ping]
    +    volumes:
    +      - redis:/data
    ");
}

#[test]
fn what_stands_around_a_service_stays() {
    let behind = |text: &str| {
        text.replace("  redis:", "  # above\n  redis:")
            + "\n  # below\n  mq: # mine\n    image: m\n\nvolumes:\n  v: # v\n"
    };
    let value = parse_value(NEW).unwrap();
    let (before, after) = try_revised(WEB, &REDIS, behind, &value).unwrap();
    assert_snapshot!(diff(&before, &after), @r"
    @@ -4,11 +4,11 @@

       # above
       redis:
    -    image: redis:8
    +    image: redis:9
         ports:
           - 6379:6379
    -    healthcheck:
    -      test: [CMD, redis-cli, ping]
    +    volumes:
    +      - redis:/data

       # below
       mq: # mine
    ");
}

#[test]
fn a_service_in_braces_stays_in_braces() {
    let text = "services: {web: {image: a}} # why\n";
    assert_snapshot!(revised(text, &REDIS, NEW), @r"
    @@ -1 +1 @@
    -services: {web: {image: a}, redis: {image: redis:8, ports: [6379:6379], healthcheck: {test: [CMD, redis-cli, ping]}}} # why
    +services: {web: {image: a}, redis: {image: redis:9, ports: [6379:6379], volumes: [redis:/data]}} # why
    ");
    let text = "{\"services\": {\"web\": {\"image\": \"a\"}}}";
    assert_snapshot!(revised(text, &REDIS, NEW), @r#"
    @@ -1 +1 @@
    -{"services": {"web": {"image": "a"}, "redis": {"image": "redis:8", "ports": [6379:6379], "healthcheck": {"test": ["CMD", "redis-cli", "ping"]}}}}
    \ No newline at end of file
    +{"services": {"web": {"image": "a"}, "redis": {"image": "redis:9", "ports": [6379:6379], "volumes": ["redis:/data"]}}}
    \ No newline at end of file
    "#);
    let text = indoc! {"
        services: {
          web: {image: a},
        }
    "};
    assert_snapshot!(revised(text, &REDIS, NEW), @r"
    @@ -1,4 +1,4 @@
     services: {
       web: {image: a},
    -  redis: {image: redis:8, ports: [6379:6379], healthcheck: {test: [CMD, redis-cli, ping]}},
    +  redis: {image: redis:9, ports: [6379:6379], volumes: [redis:/data]},
     }
    ");
}

#[test]
fn a_volume_gets_a_value_and_loses_it_again() {
    let text = "services:\n  web:\n    image: a\nvolumes:\n  a:\n";
    assert_snapshot!(revised(text, &Volume("data"), "driver: local"), @r"
    @@ -4,3 +4,4 @@
     volumes:
       a:
       data:
    +    driver: local
    ");
    let mut compose = Compose::parse(text).unwrap();
    let Ok(Outcome::Added { text: bare, edits }) = compose.add_volume("data", &Value::Null) else {
        panic!("not added");
    };
    let edit = compose
        .revise(&edits[0], &parse_value("driver: local").unwrap())
        .unwrap();
    assert_eq!(compose.revise(&edit, &Value::Null).as_ref(), Ok(&edits[0]));
    assert_str_eq!(compose.text(), bare);
}

#[test]
fn a_variable_keeps_the_form_and_the_quotes_that_it_has() {
    let url = Environment("web", "B", "x");
    for (text, before, after) in [
        ("environment:\n      A: 1", "B: x", "B: y z"),
        ("environment:\n      A: \"1\"", "B: \"x\"", "B: \"y z\""),
        ("environment:\n      A: '1'", "B: 'x'", "B: 'y z'"),
        ("environment:\n      - A=1", "- B=x", "- B=y z"),
        ("environment:\n      - 'A=1'", "- 'B=x'", "- 'B=y z'"),
        ("environment:\n    - A=1", "- B=x", "- B=y z"),
        ("environment: {A: 1}", "B: x", "B: y z"),
        ("environment: [A=1]", "B=x", "B=y z"),
        ("environment: [\"A=1\"]", "\"B=x\"", "\"B=y z\""),
        ("image: a", "B: x", "B: y z"),
    ] {
        let text = format!("services:\n  web:\n    {text}\n    init: true\n");
        let (old, new) = try_revised(&text, &url, str::to_owned, &Value::string("y z")).unwrap();
        assert!(old.contains(before), "{old}");
        assert_str_eq!(new, old.replace(before, after));
    }
}

#[test]
fn a_variable_that_needs_quotes_gets_those_of_the_file() {
    let text = "services:\n  web:\n    labels: ['a']\n    environment:\n      A: x\n";
    let (_, new) = try_revised(
        text,
        &Environment("web", "B", "x"),
        str::to_owned,
        &Value::string("5432"),
    )
    .unwrap();
    assert_str_eq!(new, format!("{text}      B: '5432'\n"));
}

#[test]
fn a_name_in_a_list_of_dependencies_stays() {
    let text = "services:\n  web:\n    depends_on:\n      - db\n";
    let value = parse_value("condition: service_started").unwrap();
    let wait = Dependency("web", "redis");
    let (old, new) = try_revised(text, &wait, str::to_owned, &value).unwrap();
    assert_str_eq!(old, new);
    let text = "services:\n  web:\n    depends_on:\n      db: {condition: x}\n";
    assert_snapshot!(revised(text, &wait, "condition: service_started"), @r"
    @@ -3,4 +3,4 @@
         depends_on:
           db: {condition: x}
           redis:
    -        condition: service_healthy
    +        condition: service_started
    ");
}

#[test]
fn line_ends_of_the_file_are_kept() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let value = parse_value(NEW).unwrap();
    let (_, unix) = try_revised(WEB, &REDIS, str::to_owned, &value).unwrap();
    let (_, windows) = try_revised(&crlf(WEB), &REDIS, str::to_owned, &value).unwrap();
    assert_str_eq!(windows, crlf(&unix));
    let (_, checked_out) = try_revised(WEB, &REDIS, crlf, &value).unwrap();
    assert_str_eq!(checked_out, crlf(&unix));
    let (_, open) = try_revised(WEB.trim_end(), &REDIS, str::to_owned, &value).unwrap();
    assert_str_eq!(open, unix.trim_end());
}

#[test]
fn a_service_keeps_its_quotes_though_most_of_the_file_has_others_now() {
    let text = "services:\n  web:\n    image: 'a'\n";
    let old = Service("redis", "image: redis:8\ncommand: [\"a b\"]");
    let new = parse_value("image: redis:9\ncommand: [\"a b\"]").unwrap();
    let change = |text: &str| format!("{text}volumes:\n  v:\n    name: \"v\"\n    driver: \"d\"\n");
    let (before, after) = try_revised(text, &old, change, &new).unwrap();
    assert!(before.contains("command: ['a b']"), "{before}");
    assert_str_eq!(after, before.replace("redis:8", "redis:9"));
}

#[test]
fn an_equal_value_changes_nothing() {
    for value in [
        OLD,
        "ports: [6379:6379]\nhealthcheck: {test: [CMD, 'redis-cli', ping]}\nimage: redis:8",
    ] {
        assert_eq!(revised(WEB, &REDIS, value), "");
    }
}

#[test]
fn what_somebody_changed_is_not_revised() {
    let value = parse_value(NEW).unwrap();
    for (from, to) in [
        ("redis:8", "redis:7"),
        ("image: redis:8", "image: redis:8 # mine"),
        ("  redis:\n", "  redis:\n    # mine\n"),
        ("  redis:\n", "  redis: &r\n"),
        ("image: redis:8", "image: redis:8\n    init: true"),
    ] {
        let changed = |text: &str| text.replace(from, to);
        assert_eq!(
            try_revised(WEB, &REDIS, changed, &value),
            Err(UndoError::Modified),
            "{to}"
        );
    }
    let gone = try_revised(WEB, &REDIS, |_| WEB.to_owned(), &value);
    assert_eq!(gone, Err(UndoError::Missing));
    let text = "services:\n  web:\n    environment:\n      - A=1\n";
    let url = Environment("web", "B", "x");
    let changed = |text: &str| text.replace("B=x", "B=mine");
    assert_eq!(
        try_revised(text, &url, changed, &Value::string("y")),
        Err(UndoError::Modified)
    );
}

#[test]
fn a_container_has_no_value_of_its_own() {
    let (text, edits) = add(WEB, &Volume("data")).unwrap();
    let mut compose = Compose::parse(text).unwrap();
    assert!(edits[0].container);
    assert_eq!(
        compose.revise(&edits[0], &Value::Null),
        Err(UndoError::NotEmpty)
    );
}

#[test]
fn an_image_that_was_replaced_is_replaced_again() {
    let text = "services:\n  db:\n    image: 'postgres:16' # theirs\n";
    let mut compose = Compose::parse(text).unwrap();
    let Ok(Outcome::Added { edits, .. }) =
        compose.replace_scalar("/services/db/image", "postgis/postgis:16-3.4")
    else {
        panic!("not replaced");
    };
    let newer = Value::string("postgis/postgis:16-3.5");
    let edit = compose.revise(&edits[0], &newer).unwrap();
    assert_str_eq!(
        compose.text(),
        text.replace("postgres:16", "postgis/postgis:16-3.5")
    );
    compose.undo(&edit).unwrap();
    assert_str_eq!(compose.text(), text);
}

/// The law over many layouts: revising and undoing equals undoing, and revising equals taking out
/// and adding where nothing was written behind it.
#[test]
fn revising_equals_undoing_and_adding_where_nothing_stands_behind() {
    let texts = [
        WEB,
        "",
        "# c\n",
        "services:\n",
        "services: {}\n",
        "services:\n  web:\n    image: a",
        "services:\r\n  web:\r\n    image: a\r\n",
        "services: {web: {image: a}}\n",
        "{\"services\": {\"web\": {\"image\": \"a\"}}}\n",
        "\u{feff}services:\n    web:\n        image: 'a'\n        command:\n        - b\n",
        "services:\n  web:\n    image: a\n\n  # tail\n",
        "services:\n  web:\n    image: a\n    # command: b\n",
        "services:\n  web:\n    image: a\nvolumes:\n  v:\n",
    ];
    let new = parse_value(NEW).unwrap();
    for text in texts {
        let (before, edits) = add(text, &REDIS).unwrap();
        let (_, after) = try_revised(text, &REDIS, str::to_owned, &new)
            .unwrap_or_else(|kept| panic!("{kept:?}\n{before}"));
        let (wanted, _) = add(text, &Service("redis", NEW)).unwrap();
        assert_str_eq!(after, wanted);
        let mut compose = Compose::parse(before).unwrap();
        let revised = compose.revise(edits.last().unwrap(), &new).unwrap();
        let mut edits = edits;
        *edits.last_mut().unwrap() = revised;
        assert_str_eq!(undo_all(compose.text(), &edits), text);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop::sample::select(vec![
        "a", "5432", "x: y", "it's", "true", "- b", "\u{e9}#", "", "a,",
    ])
    .prop_map(Value::string);
    let leaf = prop_oneof![Just(Value::Null), scalar];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = (prop::collection::vec(inner.clone(), 0..3), any::<bool>())
            .prop_map(|(items, flow)| Value::List { items, flow });
        let map = prop::collection::btree_map("[a-c]", inner, 0..3)
            .prop_map(|entries| Value::Map(entries.into_iter().collect()));
        prop_oneof![list, map]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_revised_entry_is_undone_to_the_same_bytes(
        layout in prop::sample::select(vec![
            "services:\n  web:\n    image: a\nvolumes:\n  v:\n",
            "volumes: {v: }\nservices: {web: {}}\n",
            "services:\n    web:\n        image: 'a'\nvolumes:\n    # c\n    v: # v\n",
            "volumes:\n  v: {}\nservices:\n  web: {}",
            "",
        ]),
        crlf in any::<bool>(),
        behind in any::<bool>(),
        values in (value(), value(), value()),
    ) {
        let text = if crlf { layout.replace('\n', "\r\n") } else { layout.to_owned() };
        let mut compose = Compose::parse(text.as_str()).unwrap();
        let Ok(Outcome::Added { edits, .. }) = compose.add_volume("ours", &values.0) else {
            return Ok(());
        };
        if behind && compose.add_volume("theirs", &values.2).is_err() {
            return Ok(());
        }
        let edit = edits.last().unwrap();
        let undone = super::super::undo(compose.text(), edit).unwrap();
        match compose.revise(edit, &values.1) {
            Ok(revised) => {
                prop_assert_eq!(super::super::undo(compose.text(), &revised), Ok(undone));
                prop_assert_eq!(compose.revise(&revised, &values.1), Ok(revised));
            }
            Err(kept) => panic!("{kept:?}: {:?} for\n{}", values.1, compose.text()),
        }
    }
}
