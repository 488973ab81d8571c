//! Taking fragments back after others have edited the file.

use indoc::indoc;
use pretty_assertions::assert_str_eq;

use super::*;

const WEB: &str = indoc! {"
    services:
      web:
        image: a
"};
const REDIS: Add = Service("redis", "image: redis:8");

/// Adds to a text, lets somebody change the result, and takes the first edit back.
fn after(text: &str, fragment: &Add, change: impl Fn(&str) -> String) -> Result<String, UndoError> {
    let (text, edits) = add(text, fragment).unwrap();
    let last = edits.last().unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "nothing was changed");
    let result = super::super::undo(&changed, last);
    assert_eq!(
        super::super::state(&changed, last),
        result.as_ref().map(|_| ()).map_err(|kept| *kept)
    );
    result
}

#[test]
fn what_somebody_changed_is_kept() {
    for (from, to) in [
        ("redis:8", "redis:9"),
        ("image: redis:8", "image: redis:8\n    restart: always"),
        ("image: redis:8", "image: redis:8 # mine"),
        ("  redis:\n", "  redis: # mine\n"),
        ("    image: redis:8\n", "    # mine\n    image: redis:8\n"),
        (
            "    image: redis:8\n",
            "    image: redis:8\n    # command: mine\n",
        ),
        ("  redis:\n", "  redis: &r\n"),
        ("image: redis:8", "image: !t redis:8"),
        ("  redis:\n    image: redis:8\n", "  redis:\n"),
    ] {
        assert_eq!(
            after(WEB, &REDIS, |text| text.replace(from, to)),
            Err(UndoError::Modified),
            "{to}"
        );
    }
}

#[test]
fn what_is_no_longer_there_is_gone() {
    let gone = after(WEB, &REDIS, |text| text.replace("redis:", "other:"));
    assert_eq!(gone, Err(UndoError::Missing));
    let gone = after(WEB, &Volume("data"), |_| WEB.replace("web", "app"));
    assert_eq!(gone, Err(UndoError::Missing));
    assert_eq!(
        after(WEB, &REDIS, |_| "services: [".to_owned()),
        Err(UndoError::Modified)
    );
}

#[test]
fn what_was_only_written_otherwise_is_taken_out_by_its_lines() {
    for (from, to) in [
        ("image: redis:8", "image: \"redis:8\""),
        ("    image: redis:8", "      image:   redis:8   "),
        (
            "  redis:\n    image: redis:8\n",
            "  redis: {image: redis:8}\n",
        ),
        ("  redis:\n", "  \"redis\" :\n\n"),
    ] {
        assert_eq!(
            after(WEB, &REDIS, |text| text.replace(from, to)).as_deref(),
            Ok(WEB),
            "{to}"
        );
    }
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(after(WEB, &REDIS, crlf), Ok(crlf(WEB)));
}

#[test]
fn a_fragment_that_was_moved_is_taken_out_where_it_is_now() {
    let moved = |_: &str| {
        indoc! {"
            services:
              redis:
                image: redis:8

              web:
                image: a
        "}
        .to_owned()
    };
    assert_eq!(after(WEB, &REDIS, moved).as_deref(), Ok(WEB));
    let behind = |text: &str| format!("{text}\n  mq:\n    image: m\n");
    assert_eq!(
        after(WEB, &REDIS, behind),
        Ok(format!("{WEB}\n  mq:\n    image: m\n"))
    );
}

#[test]
fn notes_of_others_around_a_fragment_stay() {
    let noted = |text: &str| text.replace("\n  redis:", "\n  # mine\n  redis:") + "  # yours\n";
    assert_eq!(
        after(WEB, &REDIS, noted).as_deref(),
        Ok(indoc! {"
            services:
              web:
                image: a

              # mine
              # yours
        "})
    );
}

#[test]
fn an_item_in_brackets_that_got_a_neighbour_leaves_it_alone() {
    let text = indoc! {"
        services:
          web:
            depends_on: []
    "};
    let wait = Dependency("web", "redis");
    for (now, left) in [
        ("[redis, db]", "[db]"),
        ("[db, redis]", "[db]"),
        ("[redis,]", "[]"),
        ("[ redis ]", "[  ]"),
        ("['redis', db]", "[db]"),
    ] {
        let result = after(text, &wait, |text| text.replace("[redis]", now));
        assert_eq!(result, Ok(text.replace("[]", left)), "{now}");
    }
    let commented = |text: &str| text.replace("[redis]", "[redis # why\n    ]");
    assert_eq!(after(text, &wait, commented), Err(UndoError::Modified));
}

#[test]
fn an_entry_in_braces_that_got_a_neighbour_leaves_it_alone() {
    let text = indoc! {"
        services:
          web:
            environment: {A: 1}
    "};
    let url = Environment("web", "B", "x");
    for (now, left) in [
        ("{A: 1, B: x, C: 2}", "{A: 1, C: 2}"),
        ("{B: x, A: 1}", "{A: 1}"),
        ("{B: x}", "{}"),
    ] {
        let result = after(text, &url, |text| text.replace("{A: 1, B: x}", now));
        assert_eq!(result, Ok(text.replace("{A: 1}", left)), "{now}");
    }
}

#[test]
fn a_variable_in_a_list_is_known_by_its_name() {
    let text = indoc! {"
        services:
          web:
            environment:
              - A=1
    "};
    let url = Environment("web", "B", "x");
    assert_eq!(
        after(text, &url, |text| text.replace("B=x", "B=y")),
        Err(UndoError::Modified)
    );
    assert_eq!(
        after(text, &url, |text| text.replace("B=x", "\"B=x\"")).as_deref(),
        Ok(text)
    );
    let sorted = |_: &str| text.replace("- A=1", "- B=x\n      - A=1");
    assert_eq!(after(text, &url, sorted).as_deref(), Ok(text));
    assert_eq!(
        after(text, &url, |text| text.replace("- B=x", "- B=x # why")),
        Err(UndoError::Modified)
    );
}

#[test]
fn a_container_is_taken_back_only_when_nothing_is_left_in_it() {
    let (first, a) = add(WEB, &Environment("web", "A", "1")).unwrap();
    let (both, b) = add(&first, &Environment("web", "B", "2")).unwrap();
    assert_eq!(
        a.iter().map(|edit| edit.container).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(a[0].after, "\n    environment:");
    assert_eq!(b.len(), 1);
    let mut compose = Compose::parse(both).unwrap();
    compose.undo(&a[1]).unwrap();
    assert_eq!(compose.undo(&a[0]), Err(UndoError::NotEmpty));
    compose.undo(&b[0]).unwrap();
    compose.undo(&a[0]).unwrap();
    assert_str_eq!(compose.text(), WEB);
    assert_eq!(compose.undo(&a[0]), Err(UndoError::Missing));
}

#[test]
fn two_components_that_share_containers_come_out_in_any_order() {
    let texts = [
        WEB,
        "",
        "services:\n",
        "services: {web: {image: a}}\n",
        "# c",
        indoc! {"
            services:
              web:
                image: a
            volumes: {}  # c
        "},
        "services:\r\n  web:\r\n    image: a",
        "{\"services\": {\"web\": {\"image\": \"a\"}}}",
    ];
    for text in texts {
        let mut compose = Compose::parse(text).unwrap();
        let mut edits = Vec::new();
        let web = text.contains("web");
        let adds = [
            REDIS,
            Volume("a"),
            Service("mq", "image: m"),
            Volume("b"),
            Dependency("web", "redis"),
            Dependency("web", "mq"),
            Environment("web", "A", "1"),
            Environment("web", "B", "2"),
        ];
        for fragment in adds
            .iter()
            .filter(|add| web || matches!(add, Service(..) | Volume(_)))
        {
            let Ok(Outcome::Added { edits: more, .. }) = fragment.to(&mut compose) else {
                panic!("{fragment:?} in {text:?}");
            };
            edits.extend(more);
        }
        let all = compose.text().to_owned();
        for turn in 0..edits.len() {
            let mut order = edits.clone();
            order.rotate_left(turn);
            assert_str_eq!(undo_all(&all, &order), text, "turned by {turn} in\n{all}");
            order.reverse();
            assert_str_eq!(
                undo_all(&all, &order),
                text,
                "turned back by {turn} in\n{all}"
            );
        }
    }
}

#[test]
fn an_empty_value_comes_back_as_it_was_written() {
    let (text, edits) = add(
        indoc! {"
            services:
              web:
                image: a
            volumes: {} # none
        "},
        &Volume("data"),
    )
    .unwrap();
    assert_eq!(edits[0].before, " {}");
    assert_eq!(edits[0].after, "");
    assert!(edits[0].container);
    let mine = text.replace("data:", "mine:");
    assert_eq!(
        super::super::undo(&mine, &edits[0]),
        Err(UndoError::NotEmpty)
    );
    let null = text.replace("volumes: # none\n  data:", "volumes: ~");
    assert_eq!(
        super::super::undo(&null, &edits[0]),
        Err(UndoError::Missing)
    );
}

#[test]
fn a_slash_or_tilde_in_a_name_is_escaped_in_its_address() {
    let (text, edits) = add(WEB, &Service("a/b~c", "image: x")).unwrap();
    assert_eq!(edits[0].address, "/services/a~1b~0c");
    assert_eq!(super::super::undo(&text, &edits[0]).as_deref(), Ok(WEB));
}

#[test]
fn a_record_that_was_damaged_takes_nothing_out() {
    let (text, edits) = add(WEB, &REDIS).unwrap();
    for after in ["", "\n", "[", "\n  web:\n    image: a"] {
        let damaged = Edit {
            after: after.to_owned(),
            ..edits[0].clone()
        };
        assert_eq!(
            super::super::undo(&text, &damaged),
            Err(UndoError::Modified),
            "{after:?}"
        );
    }
}
