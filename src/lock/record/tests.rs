use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let files = files.iter();
    files
        .map(|(path, text)| (path.parse().unwrap(), (*text).to_owned()))
        .collect()
}

const HUB_TOML: &str = r#"schema = 2
writer = "0.2.0"
version = "0.1.0"
module = "infra"
framework = "axum"
"#;

const REDIS_TOML: &str = r#"schema = 2
writer = "0.2.0"
version = "0.1.0"
explicit = true

[[added.fragment]]
file = "Cargo.toml"
pointer = "dependencies/serde"
order = 3
after = "serde = \"1\"\n"
"#;

const QUEUE_TOML: &str = r#"schema = 2
writer = "0.2.0"
version = "0.1.0"
explicit = false

[[added.uses]]
file = "Cargo.toml"
pointer = "dependencies/serde"
"#;

#[test]
fn a_fragment_belongs_to_all_who_use_it() {
    let lock = read(&tree(&[
        (".infra/hub.toml", HUB_TOML),
        (".infra/redis.toml", REDIS_TOML),
        (".infra/queue.toml", QUEUE_TOML),
    ]))
    .unwrap();
    let package = lock.package(".").unwrap();
    let ids: Vec<_> = package.components.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["queue", "redis"]);
    let [fragment] = lock.fragments.as_slice() else {
        panic!("{:?}", lock.fragments);
    };
    let owners: Vec<String> = fragment.owners.iter().map(Owner::to_string).collect();
    assert_eq!(owners, [".:queue", ".:redis"]);
    assert_eq!(fragment.home.component, "redis");
    assert_eq!(fragment.order, 3);
}

#[test]
fn what_is_read_is_written_again() {
    let mut files = tree(&[
        (".infra/hub.toml", HUB_TOML),
        (".infra/redis.toml", REDIS_TOML),
        (".infra/queue.toml", QUEUE_TOML),
        (".infra/.gitattributes", ATTRIBUTES_TEXT),
    ]);
    let before = files.clone();
    let lock = read(&files).unwrap();
    let pristine = super::super::Pristine::default();
    let state = (&lock, &pristine);
    write(&mut files, state, state).unwrap();
    assert_eq!(files, before, "what says the same keeps its text");
    let mut files = Tree::new();
    write(&mut files, state, state).unwrap();
    assert_eq!(read(&files).unwrap(), lock);
}

#[test]
fn two_branches_that_add_the_same_fragment_merge() {
    let other = REDIS_TOML.replace("order = 3", "order = 4");
    let lock = read(&tree(&[
        (".infra/hub.toml", HUB_TOML),
        (".infra/redis.toml", REDIS_TOML),
        (".infra/storage.toml", &other),
    ]))
    .unwrap();
    assert_eq!(lock.fragments.len(), 1);
    assert_eq!(lock.fragments[0].owners.len(), 2);
}

#[test]
fn a_record_from_the_future_is_exit_6() {
    for text in [
        "schema = 9\nwriter = \"9.0.0\"\nnew = true\n".to_owned(),
        HUB_TOML.replace("\"0.2.0\"", "\"99.0.0\""),
    ] {
        let error = read(&tree(&[(".infra/hub.toml", &text)])).unwrap_err();
        assert_eq!((error.code.as_str(), error.exit_code()), ("newer-lock", 6));
    }
}

#[test]
fn damage_is_told_with_its_file_and_line() {
    for (damage, line) in [
        ("explicit = 1\n", 4),
        ("explicit = true\nnew = 1\n", 5),
        ("explicit = true\n[[added.file]]\npath = \"../x\"\n", 6),
        (
            "explicit = true\n[[added.file]]\npath = \".git/config\"\n",
            6,
        ),
        ("explicit = true\n<<<<<<< ours\n", 5),
    ] {
        let text = format!("schema = 2\nwriter = \"0.2.0\"\nversion = \"0.1.0\"\n{damage}");
        let files = tree(&[(".infra/hub.toml", HUB_TOML), (".infra/redis.toml", &text)]);
        let error = read(&files).unwrap_err();
        let start = format!("`.infra/redis.toml` is damaged, line {line}: ");
        assert!(error.message.starts_with(&start), "{}", error.message);
        assert_eq!(
            (error.code.as_str(), error.exit_code()),
            ("damaged-lock", 1)
        );
    }
}

#[test]
fn a_component_without_its_package_is_damage() {
    let error = read(&tree(&[(".infra/redis.toml", REDIS_TOML)])).unwrap_err();
    assert!(error.message.contains("hub.toml"), "{}", error.message);
}
