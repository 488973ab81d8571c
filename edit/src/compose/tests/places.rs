//! Where a fragment goes.

use super::*;

const REDIS: Add = Service("redis", "image: redis:8");
const DATA: Add = Volume("redis-data");
const WAIT: Add = Dependency("web", "redis");
const URL: Add = Environment("web", "REDIS_URL", "redis://redis:6379");

#[test]
fn a_service_goes_behind_the_last_one_with_the_blank_line_that_parts_the_others() {
    let text = "services:\n  web:\n    image: a\n\n  db:\n    image: p\n\nvolumes:\n  v:\n";
    assert_eq!(
        with(text, &[REDIS]),
        "services:\n  web:\n    image: a\n\n  db:\n    image: p\n\n  redis:\n    image: redis:8\n\nvolumes:\n  v:\n"
    );
}

#[test]
fn services_without_blank_lines_between_them_stay_close() {
    let text = "services:\n  web:\n    image: a\n  db:\n    image: p\n";
    assert_eq!(
        with(text, &[REDIS]),
        "services:\n  web:\n    image: a\n  db:\n    image: p\n  redis:\n    image: redis:8\n"
    );
}

#[test]
fn sections_are_parted_as_services_are_where_only_those_tell() {
    let close = "version: '3'\nservices:\n  web:\n    image: a\n  db:\n    image: p\n";
    assert_eq!(
        with(close, &[DATA]),
        format!("{close}volumes:\n  redis-data:\n")
    );
    let parted = "version: '3'\nservices:\n  web:\n    image: a\n\n  db:\n    image: p\n";
    assert_eq!(
        with(parted, &[DATA]),
        format!("{parted}\nvolumes:\n  redis-data:\n")
    );
    let single = "services:\n  web:\n    image: a\nvolumes:\n  v:\nnetworks:\n  n:\n";
    assert_eq!(
        with(single, &[REDIS]),
        "services:\n  web:\n    image: a\n  redis:\n    image: redis:8\nvolumes:\n  v:\nnetworks:\n  n:\n"
    );
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
            "volumes:\n  # more\n  redis-data:\n",
        ),
        (
            "volumes:\nnetworks:\n  n:\n",
            "volumes:\n  redis-data:\nnetworks:\n  n:\n",
        ),
        ("volumes:\n  {}\n", "volumes:\n  redis-data:\n"),
        ("volumes: {v: }\n", "volumes: {v: , redis-data: null}\n"),
    ] {
        let head = "services:\n  web:\n    image: a\n";
        assert_eq!(
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
            "services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
        (
            "\n\n",
            "services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n\n",
        ),
        (
            "# nothing here\n",
            "# nothing here\n\nservices:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
        (
            "# c",
            "# c\n\nservices:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:",
        ),
        (
            "---\n",
            "---\nservices:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
        (
            "version: '3'\n\n# add services here\n",
            "version: '3'\n\nservices:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n\n# add services here\n",
        ),
        (
            "services:\n",
            "services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
        (
            "services: {}\n",
            "services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
        (
            "\u{feff}",
            "\u{feff}services:\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n",
        ),
    ] {
        assert_eq!(with(text, &[REDIS, DATA]), expected, "{text:?}");
    }
}

#[test]
fn a_file_that_ends_in_a_bare_service_without_a_newline_goes_on_below_it() {
    let text = "services:\n  web:\n    image: a\n  postgres:";
    assert_eq!(
        with(text, &[REDIS]),
        "services:\n  web:\n    image: a\n  postgres:\n  redis:\n    image: redis:8"
    );
}

#[test]
fn four_trailing_blank_lines_stay_at_the_end() {
    let text = "services:\n  web:\n    image: a\n\n\n\n\n";
    assert_eq!(
        with(text, &[REDIS]),
        "services:\n  web:\n    image: a\n\n  redis:\n    image: redis:8\n\n\n\n\n"
    );
}

#[test]
fn a_commented_out_tail_stays_with_its_service_and_a_glued_header_with_its_section() {
    let text = "services:\n  web:\n    image: a\n    # healthcheck:\n    #   test: x\n\n# Volumes below\nvolumes:\n  v:\n";
    assert_eq!(
        with(text, &[REDIS]),
        "services:\n  web:\n    image: a\n    # healthcheck:\n    #   test: x\n\n  redis:\n    image: redis:8\n\n# Volumes below\nvolumes:\n  v:\n"
    );
    let text =
        "services:\n  web:\n    image: a\n    depends_on:\n      - db\n# glued\nnetworks:\n  n:\n";
    assert_eq!(
        with(text, &[WAIT, DATA]),
        "services:\n  web:\n    image: a\n    depends_on:\n      - db\n      - redis\n# glued\nnetworks:\n  n:\nvolumes:\n  redis-data:\n"
    );
}

#[test]
fn a_hundred_and_twenty_comment_lines_are_no_limit() {
    let comments = "    # c\n".repeat(120);
    let text = format!("services:\n  web:\n    image: a\n{comments}");
    assert_eq!(
        with(&text, &[REDIS]),
        format!("services:\n  web:\n    image: a\n{comments}\n  redis:\n    image: redis:8\n")
    );
}

#[test]
fn block_scalars_keep_their_text_to_the_last_blank_line() {
    for tail in [
        "|+\n      run\n\n\n",
        "|\n      run\n      # not a comment\n",
        "|2\n        a\n       b\n",
        ">-\n      a\n      b\n",
    ] {
        let text = format!("services:\n  web:\n    command: {tail}volumes:\n  v:\n");
        let after = with(&text, &[REDIS]);
        assert!(
            after.starts_with(text[..text.len() - "volumes:\n  v:\n".len()].trim_end()),
            "{after}"
        );
        assert!(
            after.ends_with("  redis:\n    image: redis:8\nvolumes:\n  v:\n"),
            "{after}"
        );
    }
}

#[test]
fn quoted_and_plain_texts_over_several_lines_are_not_taken_for_keys() {
    let text = "services:\n  web:\n    command: \"x\n      services:\n      volumes:\n      y\"\n    entrypoint: foo\n      bar\n";
    assert_eq!(
        with(text, &[REDIS, DATA]),
        format!("{text}\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n")
    );
}

#[test]
fn a_commented_out_service_or_a_command_of_its_name_is_not_the_service() {
    let text = "services:\n  # redis:\n  #   image: redis\n  web:\n    command: 'redis:'\n";
    assert_eq!(
        with(text, &[REDIS]),
        format!("{text}\n  redis:\n    image: redis:8\n")
    );
}

#[test]
fn quoted_dotted_and_spaced_keys_are_found() {
    assert_eq!(
        with("\"services\" :\n  'web':\n    \"image\" : a\n", &[URL]),
        "\"services\" :\n  'web':\n    \"image\" : a\n    environment:\n      REDIS_URL: 'redis://redis:6379'\n".replace('\'', "").replace("web", "'web'")
    );
    assert_eq!(
        with(
            "services:\n  my.app:\n    image: a\n",
            &[Dependency("my.app", "redis")]
        ),
        "services:\n  my.app:\n    image: a\n    depends_on:\n      redis:\n        condition: service_healthy\n"
    );
}

#[test]
fn document_marks_directives_and_extensions_stay_around() {
    assert_eq!(
        with(
            "%YAML 1.2\n---\nservices:\n  web:\n    image: a\n...\n",
            &[REDIS, DATA]
        ),
        "%YAML 1.2\n---\nservices:\n  web:\n    image: a\n\n  redis:\n    image: redis:8\n\nvolumes:\n  redis-data:\n...\n"
    );
    assert_eq!(
        with(
            "volumes:\n  v:\n  # more\n\nservices:\n  web:\n    image: a\n\nx-foo:\n  bar: 1\n",
            &[REDIS, DATA]
        ),
        "volumes:\n  v:\n  redis-data:\n  # more\n\nservices:\n  web:\n    image: a\n\n  redis:\n    image: redis:8\n\nx-foo:\n  bar: 1\n"
    );
}

#[test]
fn a_comment_behind_the_last_volume_stays_there() {
    let text = "volumes:\n  cargo_cache: # kept between builds\n";
    assert_eq!(with(text, &[DATA]), format!("{text}  redis-data:\n"));
}

#[test]
fn an_anchor_with_many_aliases_is_no_limit() {
    let mut text = "x-base: &base\n  restart: always\nservices:\n".to_owned();
    for index in 0..60 {
        text.push_str(&format!("  s{index}:\n    <<: *base\n    image: a\n"));
    }
    assert_eq!(
        with(&text, &[REDIS]),
        format!("{text}  redis:\n    image: redis:8\n")
    );
}
