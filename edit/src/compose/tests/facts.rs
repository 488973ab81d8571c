//! What the editor reads from a file.

use super::super::{File, Service, YamlForm, read};

#[test]
fn a_file_is_read_with_aliases_merge_keys_and_both_forms_of_everything() {
    let file = read(
        "include:\n  - base.yml\n  - path: [a.yml, b.yml]\nx-base: &base\n  image: ${IMAGE:-app}\n  profiles: [dev]\n\
         services:\n  web:\n    <<: *base\n    build: .\n    network_mode: host\n    ports:\n      - \"80:80\"\n      - 22:22\n      - target: 53\n        \
         published: \"5353\"\n        host_ip: 127.0.0.1\n        protocol: udp\n    networks: {front: {aliases: [w]}}\n    \
         depends_on: [db]\n    environment:\n      A: 1\n  # db\n  db:\n    image: \"postgres:16\"\n    networks: [back]\n    \
         depends_on:\n      web:\n        condition: service_started\n    environment: [A=1]\n    healthcheck:\n      test: [CMD, x]\n\
         volumes:\n  data:\n  more: {driver: local}\nnetworks:\n  front:\n  back:\n",
    );
    let web = Service {
        name: "web".to_owned(),
        line: Some(8),
        image: Some("${IMAGE:-app}".to_owned()),
        build: true,
        ports: ["80:80", "22:22", "127.0.0.1:5353:53/udp"]
            .map(str::to_owned)
            .to_vec(),
        networks: vec!["front".to_owned()],
        host_network: true,
        profiles: vec!["dev".to_owned()],
        depends_on: vec!["db".to_owned()],
        depends_on_form: YamlForm::List,
        environment: vec![("A".to_owned(), "1".to_owned())],
        environment_form: YamlForm::Map,
        healthcheck: false,
    };
    let db = Service {
        name: "db".to_owned(),
        line: Some(24),
        image: Some("postgres:16".to_owned()),
        build: false,
        ports: Vec::new(),
        networks: vec!["back".to_owned()],
        host_network: false,
        profiles: Vec::new(),
        depends_on: vec!["web".to_owned()],
        depends_on_form: YamlForm::Map,
        environment: vec![("A".to_owned(), "1".to_owned())],
        environment_form: YamlForm::List,
        healthcheck: true,
    };
    let expected = File {
        services: vec![web, db],
        volumes: vec!["data".to_owned(), "more".to_owned()],
        networks: vec!["front".to_owned(), "back".to_owned()],
        includes: ["base.yml", "a.yml", "b.yml"].map(str::to_owned).to_vec(),
    };
    assert_eq!(file, Ok(expected));
}

#[test]
fn an_empty_text_or_comments_only_are_a_file_without_services() {
    for text in [
        "",
        "\n",
        "# nothing here\n",
        "---\n",
        "\u{feff}",
        "services:\n",
        "version: '3'\n",
    ] {
        assert_eq!(read(text), Ok(File::default()), "{text:?}");
    }
}

#[test]
fn an_override_whose_services_have_no_image_and_services_of_an_alias_are_read() {
    let file = read("x-s: &s\n  web:\n    ports: ['1:1']\nservices: *s\n").unwrap();
    assert_eq!(file.services[0].name, "web");
    assert_eq!(file.services[0].line, None);
    assert_eq!(file.services[0].image, None);
    assert_eq!(file.services[0].depends_on_form, YamlForm::Missing);
    assert!(!file.services[0].build);
}
