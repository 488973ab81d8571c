//! Every command's `--json` against the published schema, `docs/json.schema.json`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test makes its own world, and stops where that fails"
)]

mod common;

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use common::copy;
use serde_json::Value;

/// Runs the tool with `--json`, and validates what it prints.
#[track_caller]
fn validated(schema: &Value, folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_infra"))
        .args(arguments)
        .arg("--json")
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder.join("no-home"))
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    if let Err(why) = validate(schema, schema, &document) {
        panic!("infra {}: {why}\n{document:#}", arguments.join(" "));
    }
    if let Some(code) = document["error"]["exit_code"].as_i64() {
        assert_eq!(output.status.code().map(i64::from), Some(code));
    }
    document
}

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_document_is_as_the_schema_says() {
    let schema = schema();
    let folder = copy("main_only");
    let path = folder.path();
    let validated = |arguments: &[&str]| validated(&schema, path, arguments);
    let ids: Vec<String> = validated(&["list"])["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["id"].as_str().unwrap().to_owned())
        .collect();
    for id in &ids {
        validated(&["info", id]);
        let view = validated(&["view", id]);
        validated(&["view", id, view["files"][0]["path"].as_str().unwrap()]);
    }
    validated(&["search", "cache"]);
    validated(&["status"]);
    validated(&["add", "redis", "--dry-run"]);
    validated(&["add", "redis", "storage", "postgres"]);
    validated(&["list"]);
    validated(&["status"]);
    validated(&["env"]);
    validated(&["update", "--check"]);
    validated(&["update", "--dry-run"]);
    validated(&["update"]);
    let generated = path.join("src/infra/mod.rs");
    let text = fs::read_to_string(&generated).unwrap();
    fs::write(&generated, format!("{text}// an edit\n")).unwrap();
    fs::write(path.join("compose.yaml"), "services: [\n").unwrap();
    validated(&["diff"]);
    let status = validated(&["status"]);
    assert_eq!(status["unreadable"][0]["path"], "compose.yaml");
    validated(&["remove", "storage", "--dry-run"]);
    validated(&["new", "shop", "--with", "redis"]);
    for (arguments, code) in [
        (&["add", "reids"][..], "unknown-component"),
        (&["add", "--bogus"], "usage"),
        (&["add", "redis", "--compose", "../x"], "usage"),
        (&["update", "--continue"], "no-unfinished-update"),
        (&["new", "shop"], "occupied"),
    ] {
        let document = validated(arguments);
        assert_eq!(document["error"]["code"], code, "{arguments:?}");
    }
}

#[test]
fn an_update_with_conflicts_is_as_the_schema_says() {
    let schema = schema();
    let folder = copy("main_only");
    let version = |number: &str| {
        let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/two_versions");
        versions.join(number).display().to_string()
    };
    let (old, new) = (version("1"), version("2"));
    let path = folder.path();
    let validated = |arguments: &[&str]| validated(&schema, path, arguments);
    let file = path.join("src/infra/delta/mod.rs");
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(from, to)).unwrap();
    };
    validated(&["--templates", &old, "add", "delta"]);
    edit("in its first version", "in our version");
    let check = validated(&["--templates", &new, "update", "--check"]);
    assert_eq!(check["outdated"][0]["id"], "delta");
    let update = validated(&["--templates", &new, "update"]);
    assert_eq!(update["exit_code"], 7);
    validated(&["--templates", &new, "status"]);
    let error = validated(&["--templates", &new, "add", "delta"]);
    assert_eq!(error["error"]["code"], "unfinished-update");
    let error = validated(&["--templates", &new, "update", "--continue"]);
    assert_eq!(error["error"]["code"], "markers-remain");
    let abort = validated(&["--templates", &new, "update", "--abort"]);
    assert!(!abort["restored"].as_array().unwrap().is_empty());
    validated(&["--templates", &new, "update"]);
    for mark in ["<<<<<<<", "|||||||", "=======", ">>>>>>>"] {
        edit(mark, "// resolved");
    }
    let finished = validated(&["--templates", &new, "update", "--continue"]);
    assert_eq!(finished["continued"], true);
}

#[test]
fn an_unknown_key_and_a_wrong_type_are_found() {
    let schema = schema();
    let valid = serde_json::json!({
        "schema_version": 1, "command": "search",
        "components": [{"id": "a", "summary": "b", "found_in": "id"}],
    });
    assert_eq!(validate(&schema, &schema, &valid), Ok(()));
    for (pointer, value) in [
        ("/schema_version", 2.into()),
        ("/command", "find".into()),
        ("/components/0/id", 1.into()),
        (
            "/components/0",
            serde_json::json!({"id": "a", "summary": "b"}),
        ),
        (
            "/components/0",
            serde_json::json!({"id": "a", "summary": "b", "found_in": "id", "other": 1}),
        ),
    ] {
        let mut wrong = valid.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(validate(&schema, &schema, &wrong).is_err(), "{pointer}");
    }
}

/// Validates a value, by the part of JSON Schema that the published schema uses. Stricter than the
/// standard: a key that no part of the schema names is an error.
fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let known = evaluate(root, schema, value)?;
    for key in value
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys())
    {
        if !known.contains(key) {
            return Err(format!("the schema has no key `{key}` here"));
        }
    }
    Ok(())
}

/// Validates a value without asking for unknown keys. Returns the keys that the schema names.
fn evaluate(root: &Value, schema: &Value, value: &Value) -> Result<BTreeSet<String>, String> {
    let mut known = BTreeSet::new();
    let Value::Object(schema) = schema else {
        assert_eq!(schema, &Value::Bool(true));
        return Ok(known);
    };
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => {}
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                known.extend(evaluate(root, root.pointer(pointer).unwrap(), value)?);
            }
            "const" => expect(wanted == value, wanted, value)?,
            "enum" => expect(wanted.as_array().unwrap().contains(value), wanted, value)?,
            "minimum" => expect(value.as_f64() >= wanted.as_f64(), wanted, value)?,
            "maximum" => expect(value.as_f64() <= wanted.as_f64(), wanted, value)?,
            "pattern" => expect(value.is_string(), wanted, value)?,
            "type" => {
                let mut types = wanted
                    .as_array()
                    .map_or(vec![wanted], |all| all.iter().collect());
                types.retain(|name| is_of(name.as_str().unwrap(), value));
                expect(!types.is_empty(), wanted, value)?;
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    expect(value.get(key.as_str().unwrap()).is_some(), key, value)?;
                }
            }
            "properties" => {
                for (key, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        validate(root, schema, value).map_err(|why| format!("{key}: {why}"))?;
                        known.insert(key.clone());
                    }
                }
            }
            "additionalProperties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    validate(root, wanted, value).map_err(|why| format!("{key}: {why}"))?;
                    known.insert(key.clone());
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    validate(root, wanted, value).map_err(|why| format!("{index}: {why}"))?;
                }
            }
            "oneOf" | "anyOf" => {
                let branches = wanted.as_array().unwrap().iter();
                let tried: Vec<_> = branches.map(|one| evaluate(root, one, value)).collect();
                let valid = tried.iter().filter(|one| one.is_ok()).count();
                if valid == 0 || (keyword == "oneOf" && valid > 1) {
                    let why: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
                    return Err(format!("{valid} of {keyword}: {}", why.join("; ")));
                }
                known.extend(tried.into_iter().flatten().flatten());
            }
            other => panic!("the schema uses `{other}`, which this test does not know"),
        }
    }
    Ok(known)
}

fn expect(holds: bool, wanted: &Value, value: &Value) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(format!("expected {wanted}, found {value}")),
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type `{other}`"),
    }
}
