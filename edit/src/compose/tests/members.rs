//! What goes into a service that is there: dependencies and variables, in lines and in braces.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

const REDIS: Add = Service("redis", "image: redis:8");
const DATA: Add = Volume("redis-data");
const WAIT: Add = Dependency("web", "redis");
const URL: Add = Environment("web", "REDIS_URL", "redis://redis:6379");

#[test]
fn a_list_of_dependencies_gets_the_bare_name_as_its_neighbours_are_written() {
    for (before, after) in [
        ("\n      - db\n", "\n      - db\n      - redis\n"),
        ("\n    - db\n", "\n    - db\n    - redis\n"),
        ("\n     - db\n", "\n     - db\n     - redis\n"),
        ("\n      -   db\n", "\n      -   db\n      -   redis\n"),
        (
            "\n      - \"db\"\n",
            "\n      - \"db\"\n      - \"redis\"\n",
        ),
        (
            "\n      - 'db' # why\n",
            "\n      - 'db' # why\n      - 'redis'\n",
        ),
        (
            "\n      - db\n      # - mq\n",
            "\n      - db\n      - redis\n      # - mq\n",
        ),
        (" [ db ]   # keep\n", " [ db, redis ]   # keep\n"),
        (" [\"db\"]\n", " [\"db\", \"redis\"]\n"),
        (" ['db', mq]\n", " ['db', mq, redis]\n"),
        (" []\n", " [redis]\n"),
        (
            " [\n      db,\n      mq\n    ]\n",
            " [\n      db,\n      mq,\n      redis\n    ]\n",
        ),
        (
            " [\n      db, # the db\n      mq, # the mq\n    ]\n",
            " [\n      db, # the db\n      mq, # the mq\n      redis,\n    ]\n",
        ),
        (
            " [\n      db # last\n    ]\n",
            " [\n      redis,\n      db # last\n    ]\n",
        ),
    ] {
        let head = indoc! {"
            services:
              web:
                image: a
                depends_on:"};
        let tail = "    restart: always\n";
        assert_str_eq!(
            with(&format!("{head}{before}{tail}"), &[WAIT]),
            format!("{head}{after}{tail}")
        );
    }
}

#[test]
fn a_mapping_of_dependencies_or_none_gets_a_condition() {
    for (before, after) in [
        (
            "    depends_on:\n      db:\n        condition: service_started\n",
            "    depends_on:\n      db:\n        condition: service_started\n      redis:\n        condition: service_healthy\n",
        ),
        (
            "    depends_on: {db: {condition: service_started}}\n",
            "    depends_on: {db: {condition: service_started}, redis: {condition: service_healthy}}\n",
        ),
        (
            "    depends_on:\n",
            "    depends_on:\n      redis:\n        condition: service_healthy\n",
        ),
        (
            "    depends_on: {}\n",
            "    depends_on:\n      redis:\n        condition: service_healthy\n",
        ),
        (
            "",
            "    depends_on:\n      redis:\n        condition: service_healthy\n",
        ),
        (
            "    depends_on: !override\n      db:\n        condition: service_started\n",
            "    depends_on: !override\n      db:\n        condition: service_started\n      redis:\n        condition: service_healthy\n",
        ),
    ] {
        let head = indoc! {"
            services:
              web:
                image: a
                networks: [n]
                extends: base
        "};
        assert_str_eq!(
            with(&format!("{head}{before}"), &[WAIT]),
            format!("{head}{after}")
        );
    }
}

#[test]
fn a_service_without_a_healthcheck_is_only_waited_for_to_start() {
    let text = indoc! {"
        services:
          web:
            image: a
          redis:
            image: redis
            healthcheck:
              disable: true
    "};
    assert_snapshot!(diff(text, &with(text, &[WAIT])), @r"
    @@ -1,6 +1,9 @@
     services:
       web:
         image: a
    +    depends_on:
    +      redis:
    +        condition: service_started
       redis:
         image: redis
         healthcheck:
    ");
}

#[test]
fn an_environment_gets_the_variable_in_its_own_form() {
    for (before, after) in [
        (
            "\n      A: 1\n",
            "\n      A: 1\n      REDIS_URL: redis://redis:6379\n",
        ),
        (
            "\n      A: \"1\"\n",
            "\n      A: \"1\"\n      REDIS_URL: \"redis://redis:6379\"\n",
        ),
        (
            "\n      A: '1'\n",
            "\n      A: '1'\n      REDIS_URL: 'redis://redis:6379'\n",
        ),
        (
            "\n      A:\n      B: # c\n",
            "\n      A:\n      B: # c\n      REDIS_URL: redis://redis:6379\n",
        ),
        (
            "\n      - A=1\n",
            "\n      - A=1\n      - REDIS_URL=redis://redis:6379\n",
        ),
        (
            "\n    - A=1 # why\n",
            "\n    - A=1 # why\n    - REDIS_URL=redis://redis:6379\n",
        ),
        (
            "\n      - 'A=1'\n",
            "\n      - 'A=1'\n      - 'REDIS_URL=redis://redis:6379'\n",
        ),
        ("\n", "\n      REDIS_URL: redis://redis:6379\n"),
        (
            " {A: '1', B: \"x, y\"}   # c\n",
            " {A: '1', B: \"x, y\", REDIS_URL: \"redis://redis:6379\"}   # c\n",
        ),
        (
            " {\n      A: 1,\n      B: 2\n    }\n",
            " {\n      A: 1,\n      B: 2,\n      REDIS_URL: redis://redis:6379\n    }\n",
        ),
    ] {
        let head = "services:\n  web:\n    environment:";
        let tail = "    restart: always\n";
        assert_str_eq!(
            with(&format!("{head}{before}{tail}"), &[URL]),
            format!("{head}{after}{tail}")
        );
    }
}

#[test]
fn whole_files_in_braces_get_everything_in_braces() {
    let text = "services: {web: {image: a}}\n";
    assert_snapshot!(diff(text, &with(text, &[REDIS, WAIT, URL])), @r"
    @@ -1 +1 @@
    -services: {web: {image: a}}
    +services: {web: {image: a, depends_on: {redis: {condition: service_started}}, environment: {REDIS_URL: redis://redis:6379}}, redis: {image: redis:8}}
    ");
    let text = indoc! {r#"
        {
          "services": {
            "web": {
              "image": "a"
            }
          }
        }
    "#};
    assert_snapshot!(diff(text, &with(text, &[REDIS, DATA, URL])), @r#"
    @@ -1,7 +1,10 @@
     {
       "services": {
         "web": {
    -      "image": "a"
    -    }
    -  }
    +      "image": "a",
    +      "environment": {"REDIS_URL": "redis://redis:6379"}
    +    },
    +    "redis": {"image": "redis:8"}
    +  },
    +  "volumes": {"redis-data": null}
     }
    "#);
}

#[test]
fn a_missing_chain_in_braces_is_made_level_by_level() {
    let (text, edits) = add("{\"x\": 1}", &REDIS).unwrap();
    assert_eq!(
        text,
        "{\"x\": 1, \"services\": {\"redis\": {\"image\": \"redis:8\"}}}"
    );
    let after: Vec<&str> = edits.iter().map(|edit| edit.after.as_str()).collect();
    assert_eq!(
        after,
        [", \"services\": {}", "\"redis\": {\"image\": \"redis:8\"}"]
    );
}
