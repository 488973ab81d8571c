use super::*;

/// A component that uses most keys and has no fault.
const MANIFEST_TEXT: &str = r#"summary = "Sends mail"
category = "messaging"
version = "0.1.0"
requires = ["store"]
conflicts = []
frameworks = ["axum", "none"]
next = ["start /*= service('mail') =*/"]

[options.html]
type = "bool"
default = true
doc = "HTML."

[options.mode]
type = "choice"
values = ["plain", "fancy"]
default = "plain"
doc = "how."

[dependencies]
lettre = { version = "0.11.19", features = ["builder"] }

[settings]
type = "MailSettings"

[[env]]
name = "MAIL_URL"
field = "url"
kind = "secret"
optional = true
check = "mail::check_url"
example = "smtp://127.0.0.1:/*= port('mail') =*/"
doc = "the server."

[[env]]
name = "MAIL_LIMIT"
field = "limit"
kind = "u16"
default = "10"
min = "1"
max = "100"
doc = "messages."

[wire]
order = 60
field = "mail"
type = "mail::Mail"
doc = "Mail."
start = "mail::Mail::start(&settings.mail, &store)"
health = "self.mail.health()"
extract = [{ type = "mail::Mail", field = "mail" }]

[wire.axum]
routes = "super::mail::routes(&self.mail)"

[[routes]]
path = "/mail"
moved-by = ["MAIL_URL"]
option = "html"

[compose.images]
mail = ["axllent/mailpit"]

[[compose.switch]]
service = "db"
from = ["postgres"]
to = "pgvector/pgvector"
tags = { 18 = "pg18" }

[[probe]]
name = "mail"
env = "MAIL_URL"
default-port = 25

[[when]]
if = "options.html and framework != 'none'"
[when.dependencies]
lettre = { features = ["smtp-transport"] }
"#;

const MODULE: &str = "pub struct Mail;\nimpl Mail {\n    pub async fn start() {}\n    pub async fn health(&self) {}\n}\n//% if options.html\npub fn routes() {}\n//% endif\npub fn check_url(_: &str) {}\nfn hidden() {}\n";

fn files(texts: &[(&str, &str)]) -> TemplateFiles {
    let texts = texts.iter();
    texts
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

/// A catalogue of `store`, which has the service `db`, and `id` with this manifest and module.
fn catalog(id: &str, manifest: &str, module: &str) -> Catalog {
    let store = "summary = 's'\ncategory = 'c'\nversion = '0.1.0'\n[wire]\norder = 1\nfield = 'store'\ntype = 'store::Store'\ndoc = 'S.'\nstart = 'store::Store::start()'\n";
    let store = files(&[
        (MANIFEST, store),
        ("compose.yml", "services:\n  db:\n    image: postgres:18\n"),
        (
            "tree/infra/store.rs",
            "pub struct Store;\nimpl Store { pub fn start() {} }",
        ),
    ]);
    let own = files(&[
        (MANIFEST, manifest),
        (
            "compose.yml",
            "services:\n  mail:\n    image: axllent/mailpit:1\n",
        ),
        ("tree/infra/mail.rs", module),
    ]);
    Catalog::of(
        "templates",
        [("store".to_owned(), store), (id.to_owned(), own)],
    )
}

fn faults(id: &str, manifest: &str, module: &str) -> Vec<String> {
    let faults = catalog(id, manifest, module).faults_of(id);
    faults.iter().map(Fault::to_string).collect()
}

#[test]
fn the_components_of_this_tool_have_no_faults() {
    let faults = Catalog::embedded().faults();
    let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_component_without_faults_has_none() {
    assert_eq!(faults("mail", MANIFEST_TEXT, MODULE), Vec::<String>::new());
}

#[test]
fn every_fault_is_told_with_its_line() {
    let rows = r#"
summary = "Sends mail" =>  => 1: `summary` is missing
category = "messaging" =>  => 1: `category` is missing
0.1.0 => 0.1 => 3: unexpected end of input while parsing minor version number
conflicts = => conflict = => 5: unknown field `conflict`
["store"] => ["stor"] => 4: `requires`: there is no component `stor`; did you mean `store`?
conflicts = [] => conflicts = ["mail"] => 5: `conflicts` names the component itself
conflicts = [] => conflicts = ["store"] => 5: `store` is required and cannot conflict as well
"axum",  => "axon",  => 6: there is no framework `axon`; did you mean `axum`?
service('mail') => service('male') => 7: compose.yml has no service `male`; did you mean `mail`?
default = true => default = 1 => 11: the default of `html` must be `true` or `false`
default = true => default = true\nvalues = [] => 12: only an option of type `choice` has `values`
default = "plain" => default = "plane" => 17: the default of `mode` must be `plain` or `fancy`
0.11.19 => 0.11.x.1 => 21: `lettre`: `0.11.x.1` is no version requirement
name = "MAIL_URL"\nfield => name = "MAIL_LIMIT"\nfield => 36: another variable has the name `MAIL_LIMIT`
field = "limit" => field = "url" => 37: another variable has the field `url`
kind = "secret" => kind = "password" => 29: unknown variant `password`
optional = true\n =>  => 26: `MAIL_URL` needs `default`, `optional = true` or `required`
optional = true => optional = true\ndefault = "x" => 31: `MAIL_URL` may be unset, so its `default` is never used
mail::check_url => mail::check => 31: `check`: the module `mail` has no `pub fn check`
mail::check_url => mail::hidden => 31: `check`: the module `mail` has no `pub fn hidden`
mail::check_url => post::check_url => 31: `check`: there is no module `post` in `tree/infra/`
port('mail') => port('post') => 32: compose.yml has no service `post`
default = "10" => default = "ten" => 39: `default` must be a whole number up to 65535, got `ten`
default = "10" => default = "101" => 39: `default` is not between `min` and `max`
max = "100"\n =>  => 40: `min` needs `max` and `default` beside it
kind = "u16" => kind = "text" => 40: `min` makes no sense for a value of this kind
type = "mail::Mail"\ndoc => type = "post::Mail"\ndoc => 47: `type`: there is no module `post` in `tree/infra/`
type = "mail::Mail"\ndoc => type = "mail::Post"\ndoc => 47: `type`: the module `mail` has no type `Post`
mail::Mail::start( => mail::Mail::begin( => 49: `start`: the module `mail` has no `pub fn begin`
&store) => &shop) => 49: `start`: there is no `shop` here; does it belong to a component that is not in `requires`?
&settings.mail => &settings.post => 49: `start`: there are no settings `post`
self.mail.health() => self.mail.helth() => 50: `health`: the module `mail` has no function `helth`
self.mail.health() => self.post.health() => 50: `health`: the hub has no field `post`
self.mail.health() => self.mail.health( => 50: `health` is no expression of Rust
field = "mail" } => field = "post" } => 51: `extract` must begin with the field `mail`, got `post`
[wire.axum] => [wire.axon] => 53: `[wire.axon]`: there is no framework `axon`; did you mean `axum`?
super::mail::routes => super::mail::router => 54: `routes`: the module `mail` has no `pub fn router`
moved-by = ["MAIL_URL"] => moved-by = ["MAIL_PATH"] => 58: `moved-by`: there is no variable `MAIL_PATH`
option = "html" => option = "htm" => 59: there is no option `htm`; did you mean `html`?
mail = ["axllent => male = ["axllent => 62: `compose.images`: compose.yml has no service `male`; did you mean `mail`?
service = "db" => service = "base" => 65: `compose.switch`: no required component has a service `base`
env = "MAIL_URL" => env = "MAIL" => 72: `probe`: there is no variable `MAIL`
options.html and => options.htm and => 76: there is no option `htm`; did you mean `html`?
options.html and => options.html or or => 76: `if` is no expression
if = "options.html and framework != 'none'"\n =>  => 75: `[[when]]` has no `if`
[when.dependencies] => [when.dependancies] => 77: unknown field `dependancies`
[settings]\ntype = "MailSettings"\n => \n\n => 1: there are variables, but no `[settings] type` that holds them
"#;
    assert_faults(rows);
}

#[test]
fn every_fault_of_the_later_keys_is_told_with_its_line() {
    let rows = r#"
conflicts = [] => replaces = ["store"] => 5: `replaces`: there still is a component `store`
conflicts = [] => keywords = ["SMTP"] => 5: `SMTP` is no keyword: write it in lower case
conflicts = [] => keywords = ["a", "a"] => 5: the keyword `a` is there twice
conflicts = [] => gitignore = ["!data"] => 5: `gitignore`: `!data` is no pattern of one line
[settings] => [renamed-files]\n"infra/mail.rs" = "infra/post.rs"\n[settings] => 24: `renamed-files`: there still is a file `tree/infra/mail.rs`
[settings] => [renamed-files]\n"infra/m.rs" = "infra/post.rs"\n[settings] => 24: `renamed-files`: there is no file `tree/infra/post.rs`
doc = "HTML." => doc = ""\nrenamed-from = ["mode"] => 13: `renamed-from`: there still is an option `mode`
doc = "the server." => doc = ""\nrenamed-from = ["MAIL_LIMIT"] => 34: `renamed-from`: there still is a variable `MAIL_LIMIT`
[compose.images] => [compose.renamed-from]\npost = ["a"]\n[compose.images] => 62: `renamed-from`: compose.yml has no service `post`
[compose.images] => [compose.renamed-from]\nmail = ["mail"]\n[compose.images] => 62: `renamed-from`: there still is a service `mail`
order = 60 => order = 60\nerrors = ["mail::Error"] => 46: `errors`: the module `mail` has no type `Error`
order = 60 => order = 60\nclassifies = ["smtp"] => 46: `classifies`: `smtp` is not among the dependencies
order = 60 => order = 60\nsubscriber = "mail::layer()" => 46: `subscriber`: the module `mail` has no `pub fn layer`
order = 60 => order = 60\nadmin = "self.post.admin()" => 46: `admin`: the hub has no field `post`
order = 60 => order = 60\nparts = ["self.mail.part()"] => 46: `parts`: the module `mail` has no function `part`
order = 60 => order = 60\nhelth = "x" => 46: unknown field `helth`
[when.dependencies] => requires = ["stor"]\n[when.dependencies] => 77: `requires`: there is no component `stor`
[when.dependencies] => requires = ["store"]\n[when.dependencies] => 76: with `requires` the `if` may ask for `options` only, not for `framework`
"#;
    assert_faults(rows);
}

#[test]
fn the_later_keys_have_no_faults_where_they_are_right() {
    let manifest = MANIFEST_TEXT
        .replace("conflicts = []", "keywords = [\"smtp\"]\nreplaces = [\"post\"]\ngitignore = [\"/data/\"]")
        .replace("doc = \"HTML.\"", "doc = \"\"\nrenamed-from = [\"rich\"]")
        .replace("doc = \"the server.\"", "doc = \"\"\nrenamed-from = [\"SMTP_URL\"]")
        .replace("[settings]", "[renamed-files]\n\"infra/post.rs\" = \"infra/mail.rs\"\n[settings]")
        .replace("[compose.images]", "[compose.renamed-from]\nmail = [\"post\"]\n[compose.images]")
        .replace("order = 60", "order = 60\nerrors = [\"mail::Mail\"]\nclassifies = [\"lettre\"]\nsubscriber = \"mail::routes()\"\nadmin = \"self.mail.health()\"\nparts = [\"self.mail.health()\"]")
        .replace("[wire.axum]", "[wire.axum]\norder = 5");
    assert_eq!(faults("mail", &manifest, MODULE), Vec::<String>::new());
}

/// Each line is `TEXT => REPLACEMENT => FAULT`, with `\n` for a new line: the manifest with the
/// replacement has the fault, which begins with its line.
fn assert_faults(rows: &str) {
    let mut wrong = Vec::new();
    for row in rows.lines().filter(|row| !row.is_empty()) {
        let mut cells = row.split(" => ").map(|cell| cell.replace("\\n", "\n"));
        let [from, to, expected] = std::array::from_fn(|_| cells.next().unwrap());
        assert!(MANIFEST_TEXT.contains(&from), "{from}");
        let manifest = MANIFEST_TEXT.replacen(&from, &to, 1);
        let found = faults("mail", &manifest, MODULE);
        let expected = format!("templates/mail/component.toml:{expected}");
        if !found.iter().any(|fault| fault.starts_with(&expected)) {
            wrong.push(format!("{row}\n{found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_that_rust_reserves_are_refused() {
    for id in [
        "std", "core", "alloc", "crate", "self", "super", "type", "async",
    ] {
        let expected = format!("`{id}` is reserved in Rust and cannot be an id");
        let found = faults(id, MANIFEST_TEXT, MODULE);
        assert!(found[0].ends_with(&expected), "{found:#?}");
    }
    for id in ["context", "files", "docker", "http-client", "deploy"] {
        assert_eq!(faults(id, MANIFEST_TEXT, MODULE), Vec::<String>::new());
    }
    let found = faults("Mail box", MANIFEST_TEXT, MODULE);
    assert!(found[0].contains("`Mail box` is no id"), "{found:#?}");
}

#[test]
fn an_option_that_a_template_names_exists() {
    let module = MODULE.replace("options.html", "options.htlm");
    let found = faults("mail", MANIFEST_TEXT, &module);
    let expected = "templates/mail/tree/infra/mail.rs:6: there is no option `htlm`";
    assert_eq!(found, [expected]);
}
