//! Env files, judged by `dotenvy` where it can read the file.

use infra_edit::dotenv::{Line, append, undo};

use super::{hostile, real, round_trip};

fn variables(text: &str) -> Option<Vec<(String, String)>> {
    dotenvy::from_read_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .ok()
}

fn add(text: &str, key: &str) -> String {
    let line = Line {
        key: key.to_owned(),
        value: "redis://localhost:6379/0?a=1".to_owned(),
        commented: false,
        comment: Some("where redis listens".to_owned()),
        gap: true,
    };
    let judge = |new: &str| {
        if !new.starts_with(text) {
            return Err("the old text is not at the start".to_owned());
        }
        let Some(mut expected) = variables(text) else {
            return Ok(());
        };
        expected.push((line.key.clone(), line.value.clone()));
        match variables(new) {
            Some(found) if found == expected => Ok(()),
            found => Err(format!("wanted {expected:?}, found {found:?}")),
        }
    };
    round_trip(text, |text| append(text, &line), undo, judge)
}

#[test]
fn hostile_env_files_are_edited_and_restored_or_refused() {
    for (file, text) in hostile("env") {
        let expected = match &*file {
            ".env.07_ml_unclosed_tail" => {
                "refused: line 2: `B` cannot be edited: its quote is never closed, so everything \
                 after it belongs to its value"
            }
            ".env.08_commented"
            | ".env.09_existing"
            | ".env.10_export"
            | ".env.11_spaces"
            | ".env.12_dup"
            | ".env.20_backslash_nl"
            | ".env.27_backtick" => "found",
            _ => "edited",
        };
        assert_eq!(add(&text, "REDIS_URL"), expected, "{file}");
    }
}

#[test]
#[ignore = "needs a folder of real files in INFRA_CORPUS"]
fn real_files_env() {
    let (mut edited, mut judged) = (0, 0);
    let mut wrong = Vec::new();
    for (file, text) in real("env") {
        judged += usize::from(variables(&text).is_some());
        match &*add(&text, "ZZ_REDIS_URL") {
            "edited" => edited += 1,
            verdict => wrong.push(format!("{file}: {verdict}")),
        }
    }
    println!(
        "env files: {edited} edited and restored, {judged} of them judged by dotenvy, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
