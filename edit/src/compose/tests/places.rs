//! Where a fragment goes.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

const REDIS: Add = Service("redis", "image: redis:8");
const DATA: Add = Volume("redis-data");
const WAIT: Add = Dependency("web", "redis");
const URL: Add = Environment("web", "REDIS_URL", "redis://redis:6379");

#[test]
fn a_service_goes_behind_the_last_one_with_the_blank_line_that_parts_the_others() {
    let text = indoc! {"
        services:
          web:
            image: a

          db:
            image: p

        volumes:
          v:
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -5,5 +5,8 @@
       db:
         image: p

    +  redis:
    +    image: redis:8
    +
     volumes:
       v:
    ");
}

#[test]
fn services_without_blank_lines_between_them_stay_close() {
    let text = indoc! {"
        services:
          web:
            image: a
          db:
            image: p
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -3,3 +3,5 @@
         image: a
       db:
         image: p
    +  redis:
    +    image: redis:8
    ");
}

#[test]
fn sections_are_parted_as_services_are_where_only_those_tell() {
    let close = indoc! {"
        version: '3'
        services:
          web:
            image: a
          db:
            image: p
    "};
    assert_snapshot!(diff(close, &with(close, &[DATA])), @r"
    @@ -4,3 +4,5 @@
         image: a
       db:
         image: p
    +volumes:
    +  redis-data:
    ");
    let parted = indoc! {"
        version: '3'
        services:
          web:
            image: a

          db:
            image: p
    "};
    assert_snapshot!(diff(parted, &with(parted, &[DATA])), @r"
    @@ -5,3 +5,6 @@

       db:
         image: p
    +
    +volumes:
    +  redis-data:
    ");
    let single = indoc! {"
        services:
          web:
            image: a
        volumes:
          v:
        networks:
          n:
    "};
    assert_snapshot!(diff(single, &with(single, &[REDIS])), @r"
    @@ -1,6 +1,8 @@
     services:
       web:
         image: a
    +  redis:
    +    image: redis:8
     volumes:
       v:
     networks:
    ");
}

#[test]
fn a_bare_volumes_key_gets_its_first_entry() {
    for (tail, expected) in [
        ("volumes:", "volumes:\n  redis-data:"),
        ("volumes:\n", "volumes:\n  redis-data:\n"),
        ("volumes: # none\n", "volumes: # none\n  redis-data:\n"),
        ("volumes: {}\n", "volumes:\n  redis-data:\n"),
        ("volumes: {} # none\n", "volumes: # none\n  redis-data:\n"),
        ("volumes: ~\n", "volumes:\n  redis-data:\n"),
        ("volumes: null\n", "volumes:\n  redis-data:\n"),
        ("volumes: &v\n", "volumes: &v\n  redis-data:\n"),
        ("volumes :\n", "volumes :\n  redis-data:\n"),
        ("\"volumes\":\n", "\"volumes\":\n  redis-data:\n"),
        (
            "volumes:\n  # more\n",
            indoc! {"
                volumes:
                  # more
                  redis-data:
            "},
        ),
        (
            indoc! {"
                volumes:
                networks:
                  n:
            "},
            indoc! {"
                volumes:
                  redis-data:
                networks:
                  n:
            "},
        ),
        ("volumes:\n  {}\n", "volumes:\n  redis-data:\n"),
        ("volumes: {v: }\n", "volumes: {v: , redis-data: null}\n"),
    ] {
        let head = indoc! {"
            services:
              web:
                image: a
        "};
        assert_str_eq!(
            with(&format!("{head}{tail}"), &[DATA]),
            format!("{head}{expected}")
        );
    }
}

#[test]
fn missing_top_level_keys_are_made() {
    for (text, expected) in [
        (
            "",
            indoc! {"
                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:
            "},
        ),
        (
            "\n\n",
            indoc! {"
                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:

            "},
        ),
        (
            "# nothing here\n",
            indoc! {"
                # nothing here

                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:
            "},
        ),
        (
            "# c",
            indoc! {"
                # c

                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:"},
        ),
        (
            "---\n",
            indoc! {"
                ---
                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:
            "},
        ),
        (
            indoc! {"
                version: '3'

                # add services here
            "},
            indoc! {"
                version: '3'

                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:

                # add services here
            "},
        ),
        (
            "services:\n",
            indoc! {"
                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:
            "},
        ),
        (
            "services: {}\n",
            indoc! {"
                services:
                  redis:
                    image: redis:8

                volumes:
                  redis-data:
            "},
        ),
        (
            "\u{feff}",
            "\u{feff}services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
    ] {
        assert_str_eq!(with(text, &[REDIS, DATA]), expected, "{text:?}");
    }
}

#[test]
fn a_file_that_ends_in_a_bare_service_without_a_newline_goes_on_below_it() {
    let text = indoc! {"
        services:
          web:
            image: a
          postgres:"};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -1,4 +1,6 @@
     services:
       web:
         image: a
    -  postgres:
    \ No newline at end of file
    +  postgres:
    +  redis:
    +    image: redis:8
    \ No newline at end of file
    ");
}

#[test]
fn four_trailing_blank_lines_stay_at_the_end() {
    let text = indoc! {"
        services:
          web:
            image: a




    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -2,6 +2,9 @@
       web:
         image: a

    +  redis:
    +    image: redis:8
    +
    ");
}

#[test]
fn a_commented_out_tail_stays_with_its_service_and_a_glued_header_with_its_section() {
    let text = indoc! {"
        services:
          web:
            image: a
            # healthcheck:
            #   test: x

        # Volumes below
        volumes:
          v:
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -4,6 +4,9 @@
         # healthcheck:
         #   test: x

    +  redis:
    +    image: redis:8
    +
     # Volumes below
     volumes:
       v:
    ");
    let text = indoc! {"
        services:
          web:
            image: a
            depends_on:
              - db
        # glued
        networks:
          n:
    "};
    assert_snapshot!(diff(text, &with(text, &[WAIT, DATA])), @r"
    @@ -3,6 +3,9 @@
         image: a
         depends_on:
           - db
    +      - redis
     # glued
     networks:
       n:
    +volumes:
    +  redis-data:
    ");
}

#[test]
fn a_hundred_and_twenty_comment_lines_are_no_limit() {
    let comments = "    # c\n".repeat(120);
    let text = format!("services:\n  web:\n    image: a\n{comments}");
    assert_snapshot!(diff(&text, &with(&text, &[REDIS])), @r"
    @@ -121,3 +121,6 @@
         # c
         # c
         # c
    +
    +  redis:
    +    image: redis:8
    ");
}

#[test]
fn block_scalars_keep_their_text_to_the_last_blank_line() {
    for tail in [
        indoc! {"
            |+
                  run


        "},
        indoc! {"
            |
                  run
                  # not a comment
        "},
        indoc! {"
            |2
                    a
                   b
        "},
        indoc! {"
            >-
                  a
                  b
        "},
    ] {
        let text = format!("services:\n  web:\n    command: {tail}volumes:\n  v:\n");
        let after = with(&text, &[REDIS]);
        assert!(
            after.starts_with(text[..text.len() - "volumes:\n  v:\n".len()].trim_end()),
            "{after}"
        );
        assert!(
            after.ends_with(indoc! {"
                  redis:
                    image: redis:8
                volumes:
                  v:
            "}),
            "{after}"
        );
    }
}

#[test]
fn quoted_and_plain_texts_over_several_lines_are_not_taken_for_keys() {
    let text = indoc! {r#"
        services:
          web:
            command: "x
              services:
              volumes:
              y"
            entrypoint: foo
              bar
    "#};
    assert_snapshot!(diff(text, &with(text, &[REDIS, DATA])), @r#"
    @@ -6,3 +6,9 @@
           y"
         entrypoint: foo
           bar
    +
    +  redis:
    +    image: redis:8
    +
    +volumes:
    +  redis-data:
    "#);
}

#[test]
fn a_commented_out_service_or_a_command_of_its_name_is_not_the_service() {
    let text = indoc! {"
        services:
          # redis:
          #   image: redis
          web:
            command: 'redis:'
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS])), @r"
    @@ -3,3 +3,6 @@
       #   image: redis
       web:
         command: 'redis:'
    +
    +  redis:
    +    image: redis:8
    ");
}

#[test]
fn quoted_dotted_and_spaced_keys_are_found() {
    let text = indoc! {r#"
        "services" :
          'web':
            "image" : a
    "#};
    assert_snapshot!(diff(text, &with(text, &[URL])), @r#"
    @@ -1,3 +1,5 @@
     "services" :
       'web':
         "image" : a
    +    environment:
    +      REDIS_URL: redis://redis:6379
    "#);
    let text = indoc! {"
        services:
          my.app:
            image: a
    "};
    assert_snapshot!(diff(text, &with(text, &[Dependency("my.app", "redis")])), @r"
    @@ -1,3 +1,6 @@
     services:
       my.app:
         image: a
    +    depends_on:
    +      redis:
    +        condition: service_healthy
    ");
}

#[test]
fn document_marks_directives_and_extensions_stay_around() {
    let text = indoc! {"
        %YAML 1.2
        ---
        services:
          web:
            image: a
        ...
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS, DATA])), @r"
    @@ -3,4 +3,10 @@
     services:
       web:
         image: a
    +
    +  redis:
    +    image: redis:8
    +
    +volumes:
    +  redis-data:
     ...
    ");
    let text = indoc! {"
        volumes:
          v:
          # more

        services:
          web:
            image: a

        x-foo:
          bar: 1
    "};
    assert_snapshot!(diff(text, &with(text, &[REDIS, DATA])), @r"
    @@ -1,10 +1,14 @@
     volumes:
       v:
    +  redis-data:
       # more

     services:
       web:
         image: a

    +  redis:
    +    image: redis:8
    +
     x-foo:
       bar: 1
    ");
}

#[test]
fn a_comment_behind_the_last_volume_stays_there() {
    let text = "volumes:\n  cargo_cache: # kept between builds\n";
    assert_snapshot!(diff(text, &with(text, &[DATA])), @r"
    @@ -1,2 +1,3 @@
     volumes:
       cargo_cache: # kept between builds
    +  redis-data:
    ");
}

#[test]
fn an_anchor_with_many_aliases_is_no_limit() {
    let mut text = indoc! {"
        x-base: &base
          restart: always
        services:
    "}
    .to_owned();
    for index in 0..60 {
        text.push_str(&format!("  s{index}:\n    <<: *base\n    image: a\n"));
    }
    assert_snapshot!(diff(&text, &with(&text, &[REDIS])), @r"
    @@ -181,3 +181,5 @@
       s59:
         <<: *base
         image: a
    +  redis:
    +    image: redis:8
    ");
}
