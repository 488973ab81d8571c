//! What the editor reads from a file.

use indoc::indoc;
use pretty_assertions::assert_eq;

use super::super::{File, Port, Service, read};

#[test]
fn a_file_is_read_with_aliases_merge_keys_and_both_forms_of_everything() {
    let file = read(indoc! {r#"
        include:
          - base.yml
          - path: [a.yml, b.yml]
        x-base: &base
          image: ${IMAGE:-app}
          profiles: [dev]
        services:
          web:
            <<: *base
            build: .
            network_mode: host
            ports:
              - "80:80"
              - 22:22
              - "${PORT:-9000}:9000"
              - target: 53
                published: "5353"
                host_ip: 127.0.0.1
                protocol: udp
            networks: {front: {aliases: [w]}}
            environment:
              A: 1
          # db
          db:
            image: "postgres:16"
            networks: [back]
            environment: [A=1]
            healthcheck:
              test: [CMD, x]
            depends_on: [web]
            volumes:
              - data:/var/lib
              - ./here:/there
              - {type: volume, source: more, target: /more}
        volumes:
          data:
          more: {driver: local}
        networks:
          front:
          back:
    "#});
    let ports = [
        "80:80",
        "22:22",
        "${PORT:-9000}:9000",
        "127.0.0.1:5353:53/udp",
    ];
    let web = Service {
        name: "web".to_owned(),
        line: Some(8),
        image: Some("${IMAGE:-app}".to_owned()),
        build: true,
        ports: ports.map(str::to_owned).to_vec(),
        port_mappings: ports.map(Port::parse).to_vec(),
        networks: vec!["front".to_owned()],
        host_network: true,
        profiles: vec!["dev".to_owned()],
        environment: vec![("A".to_owned(), "1".to_owned())],
        healthcheck: false,
        depends_on: Vec::new(),
        volumes: Vec::new(),
    };
    let db = Service {
        name: "db".to_owned(),
        line: Some(24),
        image: Some("postgres:16".to_owned()),
        build: false,
        ports: Vec::new(),
        port_mappings: Vec::new(),
        networks: vec!["back".to_owned()],
        host_network: false,
        profiles: Vec::new(),
        environment: vec![("A".to_owned(), "1".to_owned())],
        healthcheck: true,
        depends_on: vec!["web".to_owned()],
        volumes: vec!["data".to_owned(), "more".to_owned()],
    };
    let expected = File {
        services: vec![web, db],
        volumes: vec!["data".to_owned(), "more".to_owned()],
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
    assert!(!file.services[0].build);
}
