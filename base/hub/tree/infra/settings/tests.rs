//! What holds for reading variables.

use super::*;

fn reader<const N: usize>(variables: [(&str, &str); N]) -> Reader {
    Reader {
        variables: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Reader::default()
    }
}

#[test]
fn defaults_need_no_environment() {
    let mut env = reader([]);
    let settings = Settings::read(&mut env);
    assert!(env.finish(settings).is_ok());
}

#[test]
fn a_broken_line_of_the_file_is_named_without_its_text() {
    let mut env = reader([]);
    let file: &[u8] = b"# a comment\nPORT=1\nhunter2 is no assignment\nexport NAME='tea time'\n";
    env.read_dotenv(dotenvy::from_read_iter(file));
    assert_eq!(env.value("PORT", 0_u16), 1);
    assert_eq!(env.value("NAME", String::new()), "tea time");
    let message = env.finish(()).unwrap_err().to_string();
    assert_eq!(
        message,
        "settings are not valid\n  .env: entry 2 is not `NAME=value`"
    );
}

#[test]
fn only_development_forgives_what_is_missing() {
    let mut env = reader([]);
    assert_eq!(env.required::<String>("QUEUE_URL"), None);
    assert!(env.stage().is_development());
    assert!(env.finish(()).is_ok());

    let mut env = reader([(STAGE, "Production"), ("QUEUE_URL", " ")]);
    assert_eq!(env.required::<String>("QUEUE_URL"), None);
    assert_eq!(
        env.finish(()).unwrap_err().to_string(),
        "settings are not valid\n  QUEUE_URL: must be set in production"
    );
}

#[test]
fn the_file_neither_outdoes_the_environment_nor_names_the_stage() {
    let mut env = reader([("PORT", "1")]);
    env.read_dotenv(dotenvy::from_read_iter(
        &b"PORT=2\nENVIRONMENT=production\n"[..],
    ));
    assert_eq!(env.value("PORT", 0_u16), 1);
    assert_eq!(
        env.finish(()).unwrap_err().to_string(),
        "settings are not valid\n  ENVIRONMENT: must come from the environment, not from .env"
    );
}

#[test]
fn an_empty_variable_counts_as_unset() {
    assert_eq!(reader([("NAME", " ")]).optional::<u64>("NAME"), None);
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut env = reader([("TTL", "soon"), ("SIZE", "70000"), ("DEBUG", "maybe")]);
    env.within(
        "TTL",
        Duration::from_secs(1),
        Duration::ZERO..=Duration::from_secs(9),
    );
    env.within("SIZE", 64_u64, 1..=65_536);
    env.value("DEBUG", false);
    let message = env.finish(()).unwrap_err().to_string();
    assert_eq!(
        message,
        "settings are not valid\n  \
         TTL: must be a time such as `300` (seconds), `500ms`, `30s`, `5m`, `2h` or `7d`, got `soon`\n  \
         SIZE: must be from 1 to 65536, got 70000\n  \
         DEBUG: must be `true` or `false`, got `maybe`"
    );
}

#[test]
fn times_have_units() {
    let cases = [
        ("300", 300_000),
        ("500ms", 500),
        ("30s", 30_000),
        ("5m", 300_000),
        ("2 h", 7_200_000),
    ];
    for (text, millis) in cases {
        assert_eq!(
            Duration::parse(text),
            Some(Duration::from_millis(millis)),
            "{text}"
        );
    }
    for text in ["", "s", "-1s", "1.5s", "1w", "99999999999999999999d"] {
        assert_eq!(Duration::parse(text), None, "{text}");
    }
}

#[test]
fn a_secret_is_not_in_debug() {
    let secret: Option<SecretString> = reader([("TOKEN", "hunter2")]).optional("TOKEN");
    assert!(!format!("{secret:?}").contains("hunter2"));
}
