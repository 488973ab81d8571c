//! How a fragment is written: indents, quotes, line endings.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

const FULL: &str = indoc! {r#"
    image: redis:8
    ports:
      - "127.0.0.1:${REDIS_PORT:-6379}:6379"
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      retries: 10
"#};
const REDIS: Add = Service("redis", "image: redis:8");

#[test]
fn indents_and_dashes_follow_the_file() {
    for (step, dash) in [
        (1, 0),
        (2, 0),
        (2, 1),
        (2, 2),
        (3, 3),
        (4, 0),
        (4, 2),
        (4, 4),
    ] {
        let [one, two] = [1, 2].map(|depth| " ".repeat(step * depth));
        let three = " ".repeat(step * 3);
        let dashes = " ".repeat(step * 2 + dash);
        let text = format!(
            "services:\n{one}web:\n{two}image: a\n{two}environment:\n{dashes}- A=1\n{one}db:\n{two}image: p\n"
        );
        assert_str_eq!(
            with(&text, &[Service("redis", FULL)]),
            format!(
                "{text}{one}redis:\n{two}image: redis:8\n{two}ports:\n{dashes}- \"127.0.0.1:${{REDIS_PORT:-6379}}:6379\"\n\
                 {two}healthcheck:\n{three}test: [\"CMD\", \"redis-cli\", \"ping\"]\n{three}retries: 10\n"
            )
        );
    }
}

#[test]
fn quotes_are_those_of_most_texts_and_a_tie_is_double() {
    let base = indoc! {"
        services:
          web:
            ports:
    "};
    for (ports, quote) in [
        (
            "      - '80:80'\n      - '81:81'\n      - \"82:82\"\n",
            '\'',
        ),
        ("      - '80:80'\n      - \"82:82\"\n", '"'),
        ("      - 80:80\n", '"'),
    ] {
        let text = format!("{base}{ports}");
        let after = with(&text, &[Service("redis", "ports: ['6379:6379']\n")]);
        assert_eq!(
            after,
            format!("{text}\n  redis:\n    ports: [{quote}6379:6379{quote}]\n")
        );
    }
}

#[test]
fn equal_votes_for_a_style_always_give_the_same_result() {
    let text = indoc! {"
        services:
          web:
              image: a
              ports:
                - a
              expose:
                  - b
    "};
    let expected = format!("{text}\n  redis:\n    ports:\n      - \"1:1\"\n");
    for _ in 0..20 {
        assert_str_eq!(
            with(text, &[Service("redis", "ports:\n  - \"1:1\"\n")]),
            expected
        );
    }
}

#[test]
fn crlf_files_get_crlf_and_a_missing_final_newline_stays_missing() {
    let text = "services:\r\n  web:\r\n    image: a\r\n\r\nvolumes:\r\n  v:";
    assert_snapshot!(diff(text, &with(text, &[REDIS, Volume("data")])), @r"
    @@ -2,5 +2,9 @@
       web:␍
         image: a␍
     ␍
    +  redis:␍
    +    image: redis:8␍
    +␍
     volumes:␍
    -  v:
    \ No newline at end of file
    +  v:␍
    +  data:
    \ No newline at end of file
    ");
}

#[test]
fn mixed_line_endings_stay_on_the_lines_they_were_on() {
    let text = "services:\n  web:\n    image: a\r\nvolumes:\n  v:\n";
    assert_snapshot!(diff(text, &with(text, &[REDIS, Volume("data")])), @r"
    @@ -1,5 +1,8 @@
     services:
       web:
         image: a␍
    +  redis:
    +    image: redis:8␍
     volumes:
       v:
    +  data:
    ");
}

#[test]
fn a_byte_order_mark_and_letters_of_several_bytes_do_not_shift_the_place() {
    let text = "\u{feff}# ключ 🚀\nservices:\n  web:\n    image: a # ✓ 中\n    environment:\n      - ИМЯ=значение 🎉\n# конец\nvolumes:\n  v: # 🚀\n";
    assert_snapshot!(diff(text, &with(text, &[Environment("web", "B", "2"), Volume("data")])), @r"
    @@ -4,6 +4,8 @@
         image: a # ✓ 中
         environment:
           - ИМЯ=значение 🎉
    +      - B=2
     # конец
     volumes:
       v: # 🚀
    +  data:
    ");
}

#[test]
fn tabs_before_comments_and_spaces_at_line_ends_stay() {
    let text =
        "services:   \n  web:\t# tab\n    image: a  \n    environment:\t\n      - A=1\t# x\n";
    assert_snapshot!(diff(text, &with(text, &[Environment("web", "B", "2")])), @r"
    @@ -3,3 +3,4 @@
         image: a
         environment:
           - A=1	# x
    +      - B=2
    ");
}

#[test]
fn values_that_yaml_would_take_for_something_else_are_quoted() {
    for (value, written) in [
        ("redis://redis:6379", "redis://redis:6379"),
        ("6379", "\"6379\""),
        ("true", "\"true\""),
        ("off", "\"off\""),
        ("", "\"\""),
        ("a: b", "\"a: b\""),
        ("a #b", "\"a #b\""),
        ("a#b", "a#b"),
        ("${A:-b}", "${A:-b}"),
        ("*", "\"*\""),
        ("say \"hi\"\\\n", "\"say \\\"hi\\\"\\\\\\n\""),
        ("a:", "\"a:\""),
        (" a", "\" a\""),
        ("0x1F", "\"0x1F\""),
        ("-1", "\"-1\""),
        ("{a}", "\"{a}\""),
    ] {
        let text = indoc! {"
            services:
              web:
                environment:
                  A:
        "};
        let mut compose = Compose::parse(text).unwrap();
        compose.add_environment("web", "B", value).unwrap();
        assert_str_eq!(compose.text(), format!("{text}      B: {written}\n"));
    }
}

#[test]
fn fragments_keep_their_order_quotes_and_types() {
    let value = parse_value(indoc! {r#"
        b: 1
        a: "1"
        c: [x, 'y']
        d:
          - e: f
            g: h
          - i
        j: {}
        k: []
        l:
    "#})
    .unwrap();
    let mut compose = Compose::parse(indoc! {r#"
        services:
          w:
            image: "x"
    "#})
    .unwrap();
    compose.add_service("r", &value).unwrap();
    assert_str_eq!(
        compose.text(),
        indoc! {r#"
            services:
              w:
                image: "x"

              r:
                b: 1
                a: "1"
                c: [x, "y"]
                d:
                  - e: f
                    g: h
                  - i
                j: {}
                k: []
                l:
        "#}
    );
}

#[test]
fn a_fragment_with_anchors_aliases_tags_or_double_keys_is_refused() {
    for text in ["a: &x 1", "a: !t 1", "a: 1\na: 2", "? [a]\n: 1", "a: [1"] {
        assert!(
            matches!(parse_value(text), Err(EditError::Unreadable { .. })),
            "{text}"
        );
    }
}
