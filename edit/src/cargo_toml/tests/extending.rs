//! Features for entries of the user's.

use super::*;

#[test]
fn a_list_over_several_lines_gets_a_line_in_its_own_style() {
    let text = "[dependencies]\nserde = { version = \"1\", features = [\n    \"derive\", # needed\n    \"rc\" # last, no comma\n] }\n";
    assert_eq!(
        added_to(text, "serde", &["std", "zz"]),
        "-\"    'rc' # last, no comma\\n\"\n+\"    'rc', # last, no comma\\n\"\n\
         +\"    'std',\\n\"\n+\"    'zz'\\n\"\n"
    );
    let text = "[dependencies]\nserde = { version = \"1\", features = [\n    \"derive\",\n    # \"alloc\",\n] }\n";
    assert_eq!(added_to(text, "serde", &["rc"]), "+\"    'rc',\\n\"\n");
    let text = "[dependencies.serde]\nversion = \"1\"\nfeatures = [\n\t'b', # bee\n\t'd',\n]\n";
    assert_eq!(
        added_to(text, "serde", &["a", "c", "e"]),
        "+\"\\t'a',\\n\"\n+\"\\t'c',\\n\"\n+\"\\t'e',\\n\"\n"
    );
}

#[test]
fn a_list_that_closes_on_the_line_of_its_last_item_is_extended_there() {
    let text =
        "[dependencies]\nserde = { version = \"1\", features = [\n  \"derive\",\n  \"alloc\"] }\n";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert!(new.contains("  \"alloc\",\n  \"rc\"] }"), "{new}");
}

#[test]
fn odd_lists_keep_their_spaces_commas_and_quotes() {
    for (before, after) in [
        ("[\"derive\", ]", "[\"derive\", \"rc\", ]"),
        ("[]", "[\"rc\"]"),
        ("[ \"x\" ]", "[ \"x\", \"rc\" ]"),
        ("['derive']", "['derive', 'rc']"),
        ("[\"a\", \"z\"]", "[\"a\", \"rc\", \"z\"]"),
        ("[\"s\", \"z\"]", "[\"rc\", \"s\", \"z\"]"),
        ("[\"z\", \"a\"]", "[\"z\", \"a\", \"rc\"]"),
    ] {
        let text = format!("[dependencies]\nserde = {{ version = '1', features = {before} }}\n");
        let (new, edits) = edited(&text, Table::Normal, &dependency("serde", &["rc"]), false);
        assert_eq!(new, text.replace(before, after));
        assert!(!edits[0].before.is_empty());
    }
}

#[test]
fn a_requirement_alone_becomes_an_inline_table_and_keeps_its_quotes() {
    let text = "[dependencies]\nserde  = '1' # why\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "-\"serde  = '1' # why\\n\"\n+\"serde  = { version = '1', features = ['rc'] } # why\\n\"\n"
    );
}

#[test]
fn inherited_entries_get_their_features_in_both_styles() {
    let text = "[dependencies]\nlog.workspace = true\nserde.workspace = true # ws\ntokio.workspace = true\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "+\"serde.features = ['rc']\\n\"\n"
    );
    let text = "[dependencies]\nserde = { workspace = true }   # c\n";
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_eq!(
        new,
        "[dependencies]\nserde = { workspace = true, features = [\"rc\"] }   # c\n"
    );
    let text = "[dependencies]\nserde.workspace = true\nlog = \"0.4\"\nserde.optional = false\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "+\"serde.features = ['rc']\\n\"\n"
    );
}

#[test]
fn a_renamed_dependency_counts_as_present() {
    let text = "[dependencies]\nmy_serde = { package = \"serde\", version = \"1\" }\n";
    let (new, edits) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert!(new.contains("version = \"1\", features = [\"rc\"] }"));
    assert_eq!(edits[0].address, "dependencies/my_serde");
}

#[test]
fn an_optional_dependency_is_refused_unless_a_default_feature_turns_it_on() {
    let text = "[dependencies]\nredis = { version = \"1\", optional = true }\n";
    assert!(refused(text, "redis").contains("it is optional"));
    let on = format!("{text}[features]\ndefault = [\"cache\"]\ncache = [\"dep:redis\"]\n");
    let (new, _) = edited(&on, Table::Normal, &dependency("redis", &["aio"]), false);
    assert!(new.contains("optional = true, features = [\"aio\"]"));
    let weak = format!("{text}[features]\ndefault = [\"redis?/aio\"]\n");
    assert!(refused(&weak, "redis").contains("it is optional"));
}

#[test]
fn default_features_that_are_off_stay_off() {
    let text = "[dependencies]\naxum = { version = \"0.8\", default-features = false }\n";
    let (new, _) = edited(text, Table::Normal, &dependency("axum", &["json"]), false);
    assert!(new.contains("default-features = false, features = [\"json\"] }"));
    let off = Dependency {
        default_features: false,
        ..dependency("redis", &[])
    };
    let (new, _) = edited(text, Table::Normal, &off, false);
    assert!(new.ends_with("redis = { version = \"1\", default-features = false }\n"));
}

#[test]
fn an_inline_table_over_several_lines_is_extended() {
    let text = "[dependencies]\nserde = {\n  version = \"1\",\n  features = [\"derive\"],\n}\n";
    assert_eq!(
        added_to(text, "serde", &["rc"]),
        "-\"  features = ['derive'],\\n\"\n+\"  features = ['derive', 'rc'],\\n\"\n"
    );
}
