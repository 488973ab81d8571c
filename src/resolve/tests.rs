use super::*;

const LOG: &str = "summary = 's'\ncategory = 'c'\nversion = '0.1.0'\n";
const APP: &str = "summary = 's'\ncategory = 'c'\nversion = '0.1.0'\n
[options.remote]
type = 'bool'
default = false
doc = 'sends the log elsewhere'
renamed-from = ['send']

[options.mode]
type = 'choice'
values = ['plain', 'fancy']
default = 'plain'
doc = 'how'

[[when]]
if = 'options.remote'
requires = ['log']
";

fn catalog() -> Catalog {
    let folder = |id: &str, manifest: &str| {
        let files = [("component.toml".to_owned(), manifest.to_owned())];
        (id.to_owned(), files.into_iter().collect())
    };
    Catalog::of("templates", [folder("app", APP), folder("log", LOG)])
}

fn choice(option: &str, value: &str) -> Choice {
    Choice {
        component: "app".to_owned(),
        option: option.to_owned(),
        value: value.to_owned(),
    }
}

fn installed(options: &str) -> Installed {
    let options: toml::Table = toml::from_str(options).unwrap();
    Installed::from([("app".to_owned(), options.into_iter().collect())])
}

fn ids(installed: &Installed, choices: &[Choice]) -> Vec<(String, bool)> {
    let catalog = catalog();
    let selection = resolve(&catalog, installed, &["app".to_owned()], choices).unwrap();
    let selection = selection.into_iter();
    selection
        .map(|selected| (selected.component.id.clone(), selected.explicit))
        .collect()
}

#[test]
fn an_option_brings_the_component_that_it_needs() {
    let app = || ("app".to_owned(), true);
    let log = || ("log".to_owned(), false);
    assert_eq!(ids(&Installed::new(), &[]), [app()]);
    assert_eq!(
        ids(&Installed::new(), &[choice("remote", "true")]),
        [app(), log()]
    );
    assert_eq!(ids(&installed("remote = true"), &[]), [app(), log()]);
    assert_eq!(
        ids(&installed("remote = true"), &[choice("remote", "false")]),
        [app()]
    );
}

#[test]
fn a_recorded_option_is_found_under_its_earlier_name_and_dropped_where_it_is_gone() {
    let recorded = installed("send = true\ngone = 3");
    let catalog = catalog();
    let selection = resolve(&catalog, &recorded, &["app".to_owned()], &[]).unwrap();
    let expected: toml::Table = toml::from_str("mode = 'plain'\nremote = true").unwrap();
    let expected: Options = expected.into_iter().collect();
    assert_eq!(selection[0].options, expected);
}

#[test]
fn a_recorded_value_that_is_not_allowed_is_an_error_with_a_way_out() {
    let recorded = installed("mode = 'ring'");
    let catalog = catalog();
    let error = resolve(&catalog, &recorded, &["app".to_owned()], &[]).unwrap_err();
    assert_eq!(
        error.message,
        "`.infra/` records `ring` for the option `app.mode`, which must be `plain` or `fancy`"
    );
    assert_eq!(error.hints, ["infra add app --set app.mode=plain"]);
    let fancy = [choice("mode", "fancy")];
    assert!(resolve(&catalog, &recorded, &["app".to_owned()], &fancy).is_ok());
    let wrong_type = installed("remote = 'yes'");
    let error = resolve(&catalog, &wrong_type, &["app".to_owned()], &[]).unwrap_err();
    assert!(error.message.contains("`yes`"), "{error}");
}

#[test]
fn a_choice_by_an_earlier_name_is_told_the_new_one() {
    let catalog = catalog();
    let choices = [choice("send", "true")];
    let error = resolve(&catalog, &Installed::new(), &["app".to_owned()], &choices).unwrap_err();
    assert_eq!(error.hints, ["it is called `app.remote` now"]);
}
