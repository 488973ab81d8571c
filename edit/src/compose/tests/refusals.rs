//! What is not edited, and what is there already.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

const WAIT: Add = Dependency("web", "redis");
const URL: Add = Environment("web", "REDIS_URL", "redis://redis:6379");

#[test]
fn texts_that_are_no_single_mapping_are_unreadable_with_a_line() {
    for (text, expected) in [
        (
            "services:\n  web: [\n",
            "line 2: not valid YAML: unclosed bracket '['",
        ),
        (
            indoc! {"
                a: 1
                ---
                b: 2
            "},
            "line 2: more than one document",
        ),
        (
            indoc! {"
                services:
                  a:
                services:
                  b:
            "},
            "line 3: the key `services` is there twice",
        ),
        (
            indoc! {"
                services:
                  a:
                    x: 1
                    x: 1
            "},
            "line 4: the key `x` is there twice",
        ),
        ("- a\n", "line 1: the top level is not a mapping"),
        ("just text\n", "line 1: the top level is not a mapping"),
        (
            indoc! {"
                version: '3'
                services:
                  - a
            "},
            "line 2: `services` is not a mapping",
        ),
        ("? [a]\n: 1\n", "line 1: a key is not a scalar"),
        (
            "a: 1\nb: 2\rc: 3\n",
            "line 2: a carriage return ends a line without a line feed",
        ),
        ("a: &a [*a]\n", "line 1: an alias refers to itself"),
    ] {
        let error = Compose::parse(text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
        assert!(matches!(error, EditError::Unreadable { .. }));
    }
}

#[test]
fn nesting_and_aliases_without_end_are_refused_and_not_followed() {
    let deep = format!("a: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert!(Compose::parse(deep).is_err());
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let error = Compose::parse(laughs).unwrap_err();
    assert_eq!(error.to_string(), "line 6: aliases expand without end");
}

#[test]
fn an_inherited_part_is_not_replaced_by_one_of_our_own() {
    let text = indoc! {"
        x-b: &b
          environment:
            A: 1
          depends_on: [db]
        services:
          web:
            <<: *b
            image: n
    "};
    assert_eq!(
        refusal(text, &URL),
        "line 7: `/services/web` cannot be edited: `environment` comes from a merge key (`<<`), and an own one would replace it"
    );
    assert_eq!(
        refusal(text, &WAIT),
        "`/services/web/depends_on` cannot be edited: it comes from a merge key (`<<`) or an alias (`*`)"
    );
}

#[test]
fn an_anchor_that_would_carry_the_edit_elsewhere_is_refused() {
    let shared = indoc! {"
        services:
          web:
            depends_on: &deps
              - db
          w2:
            depends_on: *deps
    "};
    assert_eq!(
        refusal(shared, &WAIT),
        "line 3: `/services/web/depends_on` cannot be edited: an anchor (`&`) shares it with other places"
    );
    let aliased = indoc! {"
        services:
          web: &web
            image: a
          worker:
            <<: *web
    "};
    assert_eq!(
        refusal(aliased, &WAIT),
        "line 2: `/services/web/depends_on/redis` cannot be edited: an anchor (`&`) shares it with other places"
    );
    let null = indoc! {"
        services:
          web:
            image: a
        volumes: &v
        x: *v
    "};
    assert!(refusal(null, &Volume("data")).contains("an anchor"));
    let unused = indoc! {"
        services:
          web:
            environment: &e
              A: 1
    "};
    assert_snapshot!(diff(unused, &with(unused, &[URL])), @r"
    @@ -2,3 +2,4 @@
       web:
         environment: &e
           A: 1
    +      REDIS_URL: redis://redis:6379
    ");
}

#[test]
fn an_alias_cannot_be_inserted_into() {
    let text = indoc! {"
        x-env: &env
          A: 1
        services:
          web:
            environment: *env
    "};
    assert_eq!(
        refusal(text, &URL),
        "line 5: `/services/web/environment` cannot be edited: it is an alias (`*`), so the edit would not stay here"
    );
}

#[test]
fn a_merge_key_beside_the_entry_is_no_hindrance() {
    let text = indoc! {"
        x-env: &env
          A: 1
        services:
          web:
            environment:
              <<: *env
    "};
    assert_snapshot!(diff(text, &with(text, &[URL])), @r"
    @@ -4,3 +4,4 @@
       web:
         environment:
           <<: *env
    +      REDIS_URL: redis://redis:6379
    ");
}

#[test]
fn what_is_reset_would_be_dropped() {
    for value in ["!reset []", "!reset null", "!reset"] {
        let text = format!("services:\n  web:\n    depends_on: {value}\n");
        assert_eq!(
            refusal(&text, &WAIT),
            "line 3: `/services/web/depends_on` cannot be edited: it is tagged `!reset`, so that Compose drops what it holds"
        );
    }
}

#[test]
fn a_key_with_a_question_mark_is_left_alone() {
    let text = indoc! {"
        services:
          ? web
          : image: n
    "};
    assert_eq!(
        refusal(text, &Service("redis", "image: r")),
        "line 2: `/services` cannot be edited: its first key does not begin a line"
    );
}

#[test]
fn a_block_text_that_ends_without_a_newline_would_get_one() {
    let text = indoc! {"
        services:
          web:
            command: |
              run"};
    assert!(refusal(text, &Service("redis", "image: r")).contains("something else than meant"));
    let text = indoc! {"
        services:
          web:
            command: |-
              run"};
    assert_snapshot!(diff(text, &with(text, &[Volume("v")])), @r"
    @@ -1,4 +1,7 @@
     services:
       web:
         command: |-
    -      run
    \ No newline at end of file
    +      run
    +
    +volumes:
    +  v:
    \ No newline at end of file
    ");
}

#[test]
fn no_such_service_and_itself_are_no_dependencies() {
    let text = indoc! {"
        services:
          web:
            image: a
    "};
    assert_eq!(
        refusal(text, &Dependency("app", "redis")),
        "line 1: `/services/app` cannot be edited: there is no such service"
    );
    assert_eq!(
        refusal(text, &Dependency("web", "web")),
        "line 2: `/services/web/depends_on` cannot be edited: a service cannot depend on itself"
    );
    assert_eq!(
        refusal(
            indoc! {"
                services:
                  web:
                    depends_on: db
            "},
            &WAIT
        ),
        "line 3: `/services/web/depends_on` cannot be edited: it is not a mapping"
    );
}

#[test]
fn a_service_that_says_as_much_or_more_is_found_in_any_writing() {
    let wanted = Service("redis", "image: \"redis:8\"\nports: [\"6379:6379\"]\n");
    for text in [
        indoc! {"
            services:
              redis:
                image: redis:8
                ports:
                  - 6379:6379
        "},
        "services: {redis: {ports: ['1:1', '6379:6379'], restart: always, image: 'redis:8'}}\n",
        indoc! {"
            x-r: &r
              image: redis:8
            services:
              redis:
                <<: *r
                ports: ['6379:6379']
        "},
    ] {
        assert!(is_found(text, &wanted), "{text}");
    }
    assert!(is_found(
        indoc! {"
            volumes:
              data:
                driver: local
        "},
        &Volume("data")
    ));
}

#[test]
fn a_service_that_says_otherwise_is_a_conflict_with_its_line() {
    for (service, expected) in [
        (
            "image: redis:6\n",
            "line 3: `/services/redis/image` is redis:6, wanted redis:8",
        ),
        (
            "restart: always\n",
            "line 2: `/services/redis/image` is nothing, wanted redis:8",
        ),
        (
            "image: redis:8\n    ports: ['1:1']\n",
            "line 4: `/services/redis/ports` is [1:1], wanted [6379:6379]",
        ),
        (
            "image: {a: 1}\n",
            "line 3: `/services/redis/image` is {a: 1}, wanted redis:8",
        ),
    ] {
        let text = format!("services:\n  redis:\n    {service}");
        let wanted = Service("redis", "image: redis:8\nports: [\"6379:6379\"]\n");
        assert_eq!(refusal(&text, &wanted), expected);
    }
    assert_eq!(
        refusal("services:\n  redis:\n", &Service("redis", "image: redis:8")),
        "line 2: `/services/redis` is nothing, wanted {image: redis:8}"
    );
}

#[test]
fn a_dependency_is_found_in_every_form_even_if_no_service_has_the_name() {
    for depends_on in [
        "[redis]",
        "\n      - 'redis'",
        "{redis: {condition: service_started}}",
    ] {
        assert!(is_found(
            &format!("services:\n  web:\n    depends_on: {depends_on}\n"),
            &WAIT
        ));
    }
}

#[test]
fn a_variable_with_any_value_is_found_and_never_changed() {
    for environment in [
        "\n      REDIS_URL: other",
        "\n      REDIS_URL:",
        "\n      \"REDIS_URL\": ''",
        "\n      - REDIS_URL=other",
        "\n      - REDIS_URL",
        "\n      - \"REDIS_URL=a=b\"",
        " {REDIS_URL: x}",
        " *env",
        "\n      <<: *env",
        "\n      <<: [*none, *env]",
    ] {
        let text = format!(
            "x-env: &env {{REDIS_URL: other}}\nx-none: &none {{}}\nservices:\n  web:\n    environment:{environment}\n"
        );
        assert!(is_found(&text, &URL), "{text}");
    }
    let text = indoc! {"
        services:
          web:
            environment:
              - MY_REDIS_URL=x
              - REDIS_URL_2
    "};
    assert_snapshot!(diff(text, &with(text, &[URL])), @r"
    @@ -3,3 +3,4 @@
         environment:
           - MY_REDIS_URL=x
           - REDIS_URL_2
    +      - REDIS_URL=redis://redis:6379
    ");
}

#[test]
fn a_scalar_is_replaced_in_its_own_quotes_and_restored() {
    for (written, after) in [
        ("postgres:16", "new:1"),
        ("'postgres:16'", "'new:1'"),
        ("\"postgres:16\"", "\"new:1\""),
    ] {
        let text = format!("services:\n  db:\n    image: {written}   # pinned\n");
        let mut compose = Compose::parse(text.as_str()).unwrap();
        let outcome = compose
            .replace_scalar("/services/db/image", "new:1")
            .unwrap();
        let expected = format!("services:\n  db:\n    image: {after}   # pinned\n");
        let edit = Edit {
            address: "/services/db/image".to_owned(),
            before: written.to_owned(),
            after: after.to_owned(),
            container: false,
        };
        assert_eq!(
            outcome,
            Outcome::Added {
                text: expected,
                edits: vec![edit.clone()]
            }
        );
        assert_eq!(
            compose.replace_scalar("/services/db/image", "new:1"),
            Ok(Outcome::AlreadyPresent)
        );
        assert_eq!(compose.state(&edit), Ok(()));
        compose.undo(&edit).unwrap();
        assert_str_eq!(compose.text(), text);
        assert_eq!(compose.undo(&edit), Err(UndoError::Missing));
        let mut other = Compose::parse(text.replace("postgres:16", "other")).unwrap();
        assert_eq!(other.undo(&edit), Err(UndoError::Modified));
    }
}

#[test]
fn a_scalar_that_is_shared_or_not_there_is_not_replaced() {
    let text = indoc! {"
        x-i: &i postgres:16
        services:
          a: &a
            image: &j p
          b:
            image: *j
          c:
            image: *i
          d: {}
    "};
    let mut compose = Compose::parse(text).unwrap();
    for address in [
        "/services/a/image",
        "/services/c/image",
        "/services/d/image",
        "/services/a",
        "nonsense",
        "",
    ] {
        let refused = compose.replace_scalar(address, "new");
        assert!(
            matches!(refused, Err(EditError::Unsupported { .. })),
            "{address}"
        );
    }
    assert_str_eq!(compose.text(), text);
}

#[test]
fn a_text_of_spaces_is_no_file_to_add_to() {
    assert_eq!(
        refusal(" \n", &Volume("data")),
        "`/volumes/data` cannot be edited: the text is nothing but spaces"
    );
}
