//! `Cargo.toml`, judged by `basic-toml`.

use std::collections::BTreeSet;

use infra_edit::cargo_toml::{Dependency, Section, Table, ensure, read, undo};
use serde_json::{Value, json};

use super::{hostile, real, round_trip};

fn dependency(name: &str, feature: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        requirement: "0.27".to_owned(),
        features: BTreeSet::from([feature.to_owned()]),
        default_features: true,
    }
}

/// The data as the judge reads it. Inline tables over several lines are TOML 1.1, which it does
/// not know; then the data is what the newer parser says.
fn data(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    basic_toml::from_str(text)
        .or_else(|_| toml::from_str(text))
        .map_err(|error| error.to_string())
}

/// Whether the only difference is that `[dependencies]` has the entry with the feature.
fn judge(old: &str, new: &str, key: &str, feature: &str) -> Result<(), String> {
    let mut expected = data(old)?;
    let root = expected.as_object_mut().ok_or("not a table")?;
    let entry = root
        .entry("dependencies")
        .or_insert_with(|| json!({}))
        .as_object_mut()
        .ok_or("`dependencies` is not a table")?
        .entry(key)
        .or_insert_with(|| json!("0.27"));
    if entry.is_string() {
        *entry = json!({ "version": entry });
    }
    let features = entry
        .as_object_mut()
        .ok_or("the entry is odd")?
        .entry("features")
        .or_insert_with(|| json!([]))
        .as_array_mut()
        .ok_or("the features are odd")?;
    features.push(json!(feature));
    let mut actual = data(new)?;
    for data in [&mut expected, &mut actual] {
        if let Some(list) = data["dependencies"][key]["features"].as_array_mut() {
            list.sort_by_key(Value::to_string);
        }
    }
    if expected == actual {
        Ok(())
    } else {
        Err(format!(
            "the data differs: wanted {expected}, found {actual}"
        ))
    }
}

fn add(text: &str, name: &str, key: &str, feature: &str) -> String {
    let wanted = dependency(name, feature);
    round_trip(
        text,
        |text| ensure(text, Table::Normal, &wanted, false),
        undo,
        |new| judge(text, new, key, feature),
    )
}

#[test]
fn hostile_manifests_are_edited_and_restored_or_refused() {
    for (file, text) in hostile("cargo") {
        assert_eq!(add(&text, "redis", "redis", "aio"), "edited", "{file}, new");
        let expected = match &*file {
            "17_target_only.toml" => {
                "refused: line 7: `target.'cfg(unix)'.dependencies/serde` cannot be edited: it \
                 is there for some targets only, and the code needs it on all"
            }
            "09_dotted_noncontig.toml" => {
                "refused: line 7: `dependencies/serde` cannot be edited: it is optional and no \
                 default feature turns it on, so the code could not rely on it"
            }
            _ => "edited",
        };
        let verdict = add(&text, "serde", "serde", "zzz");
        assert_eq!(verdict, expected, "{file}, feature");
    }
}

#[test]
#[ignore = "needs a folder of real files in INFRA_CORPUS"]
fn real_files_manifests() {
    let (mut unreadable, mut fresh, mut features, mut refused) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for (file, text) in real("cargo") {
        let Ok(manifest) = read(&text) else {
            assert!(data(&text).is_err(), "{file} is TOML");
            unreadable += 1;
            continue;
        };
        match add(&text, "zz-redis", "zz-redis", "aio") {
            verdict if verdict == "edited" => fresh += 1,
            verdict => wrong.push(format!("{file}: {verdict}")),
        }
        let normal = || {
            let all = manifest.dependencies.iter();
            all.filter(|declared| declared.section == Section::Normal)
        };
        for declared in normal() {
            // Of two entries of one crate, the one under its own name is edited.
            let package = &declared.package;
            let edited = normal()
                .find(|other| other.key == *package && other.package == *package)
                .unwrap_or(declared);
            let verdict = add(&text, package, &edited.key, "zzz");
            match &*verdict {
                "edited" => features += 1,
                _ if !edited.on_by_default && verdict.contains("it is optional") => refused += 1,
                _ => wrong.push(format!("{file}, {}: {verdict}", declared.key)),
            }
        }
    }
    println!(
        "manifests: {fresh} new dependencies and {features} features edited and restored, \
         {refused} optional ones refused, {unreadable} files are not TOML, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
