//! Features for entries of the user's.

use indoc::indoc;
use insta::assert_snapshot;
use pretty_assertions::assert_str_eq;

use super::*;

#[test]
fn a_list_over_several_lines_gets_a_line_in_its_own_style() {
    let text = indoc! {r#"
        [dependencies]
        serde = { version = "1", features = [
            "derive", # needed
            "rc" # last, no comma
        ] }
    "#};
    assert_snapshot!(added_to(text, "serde", &["std", "zz"]), @r#"
    @@ -1,5 +1,7 @@
     [dependencies]
     serde = { version = "1", features = [
         "derive", # needed
    -    "rc" # last, no comma
    +    "rc", # last, no comma
    +    "std",
    +    "zz"
     ] }
    "#);
    let text = indoc! {r#"
        [dependencies]
        serde = { version = "1", features = [
            "derive",
            # "alloc",
        ] }
    "#};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,5 +1,6 @@
     [dependencies]
     serde = { version = "1", features = [
         "derive",
    +    "rc",
         # "alloc",
     ] }
    "#);
    let text = "[dependencies.serde]\nversion = \"1\"\nfeatures = [\n\t'b', # bee\n\t'd',\n]\n";
    assert_snapshot!(added_to(text, "serde", &["a", "c", "e"]), @r#"
    @@ -1,6 +1,9 @@
     [dependencies.serde]
     version = "1"
     features = [
    +	'a',
     	'b', # bee
    +	'c',
     	'd',
    +	'e',
     ]
    "#);
}

#[test]
fn a_list_that_closes_on_the_line_of_its_last_item_is_extended_there() {
    let text = indoc! {r#"
        [dependencies]
        serde = { version = "1", features = [
          "derive",
          "alloc"] }
    "#};
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,4 +1,5 @@
     [dependencies]
     serde = { version = "1", features = [
       "derive",
    -  "alloc"] }
    +  "alloc",
    +  "rc"] }
    "#);
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
        assert_str_eq!(new, text.replace(before, after));
        assert!(!edits[0].before.is_empty());
    }
}

#[test]
fn a_requirement_alone_becomes_an_inline_table_and_keeps_its_quotes() {
    let text = indoc! {"
        [dependencies]
        serde  = '1' # why
    "};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,2 +1,2 @@
     [dependencies]
    -serde  = '1' # why
    +serde  = { version = '1', features = ["rc"] } # why
    "#);
}

#[test]
fn inherited_entries_get_their_features_in_both_styles() {
    let text = indoc! {"
        [dependencies]
        log.workspace = true
        serde.workspace = true # ws
        tokio.workspace = true
    "};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,4 +1,5 @@
     [dependencies]
     log.workspace = true
     serde.workspace = true # ws
    +serde.features = ["rc"]
     tokio.workspace = true
    "#);
    let text = indoc! {"
        [dependencies]
        serde = { workspace = true }   # c
    "};
    let (new, _) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,2 @@
     [dependencies]
    -serde = { workspace = true }   # c
    +serde = { workspace = true, features = ["rc"] }   # c
    "#);
    let text = indoc! {r#"
        [dependencies]
        serde.workspace = true
        log = "0.4"
        serde.optional = false
    "#};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -2,3 +2,4 @@
     serde.workspace = true
     log = "0.4"
     serde.optional = false
    +serde.features = ["rc"]
    "#);
}

#[test]
fn a_renamed_dependency_counts_as_present() {
    let text = indoc! {r#"
        [dependencies]
        my_serde = { package = "serde", version = "1" }
    "#};
    let (new, edits) = edited(text, Table::Normal, &dependency("serde", &["rc"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,2 @@
     [dependencies]
    -my_serde = { package = "serde", version = "1" }
    +my_serde = { package = "serde", version = "1", features = ["rc"] }
    "#);
    assert_eq!(edits[0].address, "dependencies/my_serde");
}

#[test]
fn an_optional_dependency_is_refused_unless_a_default_feature_turns_it_on() {
    let text = indoc! {r#"
        [dependencies]
        redis = { version = "1", optional = true }
    "#};
    assert!(refused(text, "redis").contains("it is optional"));
    let on = format!("{text}[features]\ndefault = [\"cache\"]\ncache = [\"dep:redis\"]\n");
    let (new, _) = edited(&on, Table::Normal, &dependency("redis", &["aio"]), false);
    assert_snapshot!(diff(&on, &new), @r#"
    @@ -1,5 +1,5 @@
     [dependencies]
    -redis = { version = "1", optional = true }
    +redis = { version = "1", optional = true, features = ["aio"] }
     [features]
     default = ["cache"]
     cache = ["dep:redis"]
    "#);
    let weak = format!("{text}[features]\ndefault = [\"redis?/aio\"]\n");
    assert!(refused(&weak, "redis").contains("it is optional"));
}

#[test]
fn default_features_that_are_off_stay_off() {
    let text = indoc! {r#"
        [dependencies]
        axum = { version = "0.8", default-features = false }
    "#};
    let (new, _) = edited(text, Table::Normal, &dependency("axum", &["json"]), false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,2 @@
     [dependencies]
    -axum = { version = "0.8", default-features = false }
    +axum = { version = "0.8", default-features = false, features = ["json"] }
    "#);
    let off = Dependency {
        default_features: false,
        ..dependency("redis", &[])
    };
    let (new, _) = edited(text, Table::Normal, &off, false);
    assert_snapshot!(diff(text, &new), @r#"
    @@ -1,2 +1,3 @@
     [dependencies]
     axum = { version = "0.8", default-features = false }
    +redis = { version = "1", default-features = false }
    "#);
}

#[test]
fn an_inline_table_over_several_lines_is_extended() {
    let text = indoc! {r#"
        [dependencies]
        serde = {
          version = "1",
          features = ["derive"],
        }
    "#};
    assert_snapshot!(added_to(text, "serde", &["rc"]), @r#"
    @@ -1,5 +1,5 @@
     [dependencies]
     serde = {
       version = "1",
    -  features = ["derive"],
    +  features = ["derive", "rc"],
     }
    "#);
}
