//! Compose files under all their names, and what services stand in them.

use super::life::{Life, Project};

const DB: &str = "services:\n  db:\n    image: postgres:16\n";
const APP: &str = "services:\n  app:\n    build: .\n    ports:\n      - \"3000:3000\"\n";

fn with(path: &str, text: &str) -> Project {
    Project::plain(&[(path, text)])
}

fn added(files: &[(&str, &str)]) -> Life {
    Project::plain(files).lives("add redis", 0)
}

#[test]
fn a_compose_file_is_found_under_each_of_its_names_in_the_order_of_compose() {
    let names = [
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "docker-compose.yaml",
    ];
    for (at, first) in names.iter().enumerate() {
        let files: Vec<(&str, &str)> = names[at..].iter().map(|name| (*name, DB)).collect();
        let life = added(&files);
        life.holds(first, "\n  redis:\n");
        for other in &names[at + 1..] {
            life.lacks(other, "redis");
        }
    }
}

#[test]
fn a_variant_for_development_is_used_where_it_is_all_there_is() {
    for name in [
        "docker-compose.dev.yml",
        "docker-compose.local.yml",
        "compose.dev.yaml",
        "docker-compose-dev.yml",
        "docker-compose.development.yml",
    ] {
        let life = added(&[(name, DB)]);
        life.holds(name, "\n  redis:\n");
        assert!(!life.has("compose.yaml"), "{name}");
    }
}

#[test]
fn of_a_local_and_a_production_variant_the_local_one_is_used() {
    let life = added(&[
        ("docker-compose.local.yml", DB),
        ("docker-compose.prod.yml", DB),
        ("docker-compose.staging.yml", &DB.replace('\n', "\r\n")),
    ]);
    life.holds("docker-compose.local.yml", "\n  redis:\n");
    life.lacks("docker-compose.prod.yml", "redis");
    life.lacks("docker-compose.staging.yml", "redis");
}

#[test]
fn a_production_variant_alone_is_left_alone_and_the_option_is_named() {
    let life = added(&[("docker-compose.prod.yml", DB)]);
    life.holds("compose.yaml", "redis:");
    life.tells("docker-compose.prod.yml is left alone");
    life.tells("--compose docker-compose.prod.yml");
}

#[test]
fn the_file_that_is_named_is_used() {
    let project = with("docker-compose.prod.yml", DB);
    let life = project.lives("add redis --compose docker-compose.prod.yml", 0);
    life.holds("docker-compose.prod.yml", "\n  redis:\n");
    assert!(!life.has("compose.yaml"));
}

#[test]
fn compose_files_in_subfolders_are_left_alone_and_named() {
    let life = added(&[
        ("deploy/docker-compose.yml", DB),
        ("docs/docker-compose.yml", DB),
        ("tests/docker-compose.yml", DB),
    ]);
    life.holds("compose.yaml", "redis:");
    life.tells("deploy/docker-compose.yml is left alone");
    assert!(!life.said.contains("docs/") && !life.said.contains("tests/docker"));
    for path in ["deploy", "docs", "tests"] {
        life.lacks(&format!("{path}/docker-compose.yml"), "redis");
    }
}

#[test]
fn an_override_whose_services_have_no_image_builds_the_app() {
    let main = "services:\n  app:\n    image: example/app:latest\n    environment:\n      PORT: \"3000\"\n  db:\n    image: postgres:16\n";
    let life = added(&[
        ("docker-compose.yml", main),
        (
            "docker-compose.override.yml",
            "services:\n  app:\n    build: .\n    volumes:\n      - .:/app\n",
        ),
    ]);
    life.holds("docker-compose.yml", "REDIS_URL: \"redis://redis:6379\"");
    life.holds(
        "docker-compose.yml",
        "    depends_on:\n      redis:\n        condition: service_healthy\n",
    );
    life.lacks("docker-compose.override.yml", "redis");
}

#[test]
fn a_service_of_an_overlay_that_only_works_together_is_used() {
    let life = added(&[
        ("docker-compose.yml", APP),
        (
            "docker-compose.dev.yml",
            "services:\n  app:\n    environment:\n      - A=1\n  redis:\n    image: redis:7\n    ports:\n      - \"6390:6379\"\n",
        ),
    ]);
    life.tells("uses the service `redis` (redis:7) of docker-compose.dev.yml, on port 6390");
    life.lacks("docker-compose.yml", "redis:8");
}

#[test]
fn a_service_of_production_is_none_for_development() {
    let life = added(&[
        ("docker-compose.yml", DB),
        (
            "docker-compose.prod.yml",
            "services:\n  cache:\n    image: redis:7\n",
        ),
    ]);
    life.holds("docker-compose.yml", "\n  redis:\n");
}

#[test]
fn the_main_file_comes_before_the_others_when_two_have_a_server() {
    let life = added(&[
        (
            "docker-compose.yml",
            "services:\n  cache:\n    image: valkey/valkey:8\n    ports: [\"6400:6379\"]\n",
        ),
        (
            "docker-compose.dev.yml",
            "services:\n  redis:\n    image: redis:7\n",
        ),
    ]);
    life.tells("uses the service `cache` (valkey/valkey:8) of docker-compose.yml, on port 6400");
    life.holds(".env.example", "REDIS_URL=redis://127.0.0.1:6400\n");
}

#[test]
fn a_service_of_an_included_file_is_used() {
    for include in [
        "include:\n  - infra/redis.yml\n",
        "include:\n  - path: ./infra/redis.yml\n",
        "include:\n  - path: [infra/redis.yml]\n",
    ] {
        let life = added(&[
            ("compose.yaml", &format!("{include}{APP}")),
            (
                "infra/redis.yml",
                "services:\n  store:\n    image: redis/redis-stack:7.4.0-v0\n    ports:\n      - 6379:6379\n",
            ),
        ]);
        life.tells("uses the service `store`");
        life.holds("compose.yaml", "REDIS_URL: redis://store:6379");
        life.lacks("infra/redis.yml", "redis:8");
    }
}

#[test]
fn a_service_is_known_by_its_image_under_any_name() {
    for image in [
        "redis",
        "redis:7-alpine",
        "docker.io/redis:6",
        "docker.io/library/redis:8",
        "redis/redis-stack-server:latest",
        "valkey/valkey:8",
        "bitnami/redis:7.2",
        "registry.example.com:5000/redis:7",
        "redis@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "\"redis:${REDIS_VERSION:-7}\"",
        "${REDIS_IMAGE:-redis:7}",
    ] {
        let file = format!(
            "services:\n  redis-session:\n    image: {image}\n    ports:\n      - '6379:6379'\n"
        );
        let life = added(&[("docker-compose.yml", &file)]);
        life.tells("uses the service `redis-session`");
        assert_eq!(life.text("docker-compose.yml"), file);
    }
}

#[test]
fn a_port_through_a_variable_of_the_env_file_is_the_port_that_is_used() {
    let file = "services:\n  redis-db:\n    image: redis:7\n    ports:\n      - 0.0.0.0:${REDIS_PORT}:6379\n";
    let life = added(&[
        ("docker-compose.yml", file),
        (".env", "REDIS_PORT=8000\n"),
        (".env.example", "REDIS_PORT=\n"),
    ]);
    life.tells("on port 8000");
    life.holds(".env.example", "REDIS_URL=redis://127.0.0.1:8000\n");
    life.lacks("docker-compose.yml", "REDIS_URL");
}

#[test]
fn a_port_is_free_only_when_no_variable_leads_to_it() {
    for (ports, env, wanted) in [
        ("- \"6379:80\"", "", 6380),
        ("- '${CACHE_PORT:-6379}:80'", "", 6380),
        ("- ${CACHE_PORT}:80", "CACHE_PORT=6379\n", 6380),
        ("- ${CACHE_PORT:-6379}:80", "CACHE_PORT=7000\n", 6379),
        ("- ${CACHE_PORT:-${OTHER:-6379}}:80", "", 6380),
        ("- ${CACHE_PORT:?is needed}:80", "CACHE_PORT=6379\n", 6380),
        ("- 6370-6380:6370-6380", "", 6381),
        ("- target: 80\n        published: \"6379\"", "", 6380),
        ("- \"[::1]:6379:80\"", "", 6380),
        ("- 6379", "", 6379),
    ] {
        let file = format!("services:\n  web:\n    image: nginx\n    ports:\n      {ports}\n");
        let mut files = vec![("compose.yaml", file.as_str())];
        if !env.is_empty() {
            files.push((".env", env));
        }
        let life = added(&files);
        life.holds(
            "compose.yaml",
            &format!("127.0.0.1:${{REDIS_PORT:-{wanted}}}:6379"),
        );
        life.holds(
            ".env.example",
            &format!("REDIS_URL=redis://127.0.0.1:{wanted}\n"),
        );
    }
}

#[test]
fn the_variables_of_compose_are_those_beside_its_file() {
    let manifest = super::life::MANIFEST;
    let project = Project::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"api\"]\n"),
        ("api/Cargo.toml", manifest),
        ("api/src/main.rs", super::life::MAIN),
        ("api/.env", "CACHE_PORT=7000\n"),
        (".env", "CACHE_PORT=6379\n"),
        (
            "compose.yaml",
            "services:\n  web:\n    image: nginx\n    ports:\n      - ${CACHE_PORT}:80\n",
        ),
    ]);
    let life = project.lives("add redis", 0);
    life.holds("compose.yaml", ":-6380}:6379");
}

#[test]
fn the_app_gets_the_service_in_the_form_that_it_is_written_in() {
    let list = "services:\n  app:\n    build: .\n    environment:\n    - PORT=3000\n    depends_on:\n    - db\n  db:\n    image: postgres:16\n";
    let life = added(&[("docker-compose.yml", list)]);
    life.holds(
        "docker-compose.yml",
        "    - PORT=3000\n    - REDIS_URL=redis://redis:6379\n",
    );
    life.holds("docker-compose.yml", "    - db\n    - redis\n");
    let map = "services:\n  app:\n    build: .\n    environment:\n      PORT: '3000'\n    depends_on:\n      db:\n        condition: service_started\n  db:\n    image: postgres:16\n";
    let life = added(&[("docker-compose.yml", map)]);
    life.holds(
        "docker-compose.yml",
        "      PORT: '3000'\n      REDIS_URL: 'redis://redis:6379'\n",
    );
    life.holds(
        "docker-compose.yml",
        "      redis:\n        condition: service_healthy\n",
    );
}

#[test]
fn an_app_that_is_not_certain_is_told_nothing() {
    let file = "services:\n  worker:\n    build: ./worker\n  web:\n    build: ./web\n";
    let life = added(&[("docker-compose.yml", file)]);
    life.lacks("docker-compose.yml", "depends_on");
    life.lacks("docker-compose.yml", "REDIS_URL");
    let named = file.replace("web:", "kiosk:");
    let life = added(&[("docker-compose.yml", &named)]);
    life.holds(
        "docker-compose.yml",
        "  kiosk:\n    build: ./web\n    depends_on:\n",
    );
}

#[test]
fn the_service_joins_the_network_that_the_app_or_all_others_use() {
    let app = "services:\n  app:\n    build: .\n    networks:\n      - inner\n      - outer\n  db:\n    image: postgres:16\n    networks: [inner]\nnetworks:\n  inner:\n  outer:\n";
    let life = added(&[("docker-compose.yml", app)]);
    life.holds(
        "docker-compose.yml",
        "      retries: 10\n    networks:\n      - inner\nnetworks:",
    );
    let siblings = "services:\n  proxy:\n    image: nginx\n    networks:\n      outer:\n      inner:\n  db:\n    image: postgres:16\n    networks:\n      - inner\nnetworks:\n  inner:\n  outer:\n";
    let life = added(&[("docker-compose.yml", siblings)]);
    let text = life.text("docker-compose.yml");
    let ours = &text[text.find("  redis:").unwrap()..];
    assert!(ours.contains("    networks:\n      - inner\n"), "{text}");
    let apart = "services:\n  proxy:\n    image: nginx\n    networks: [outer]\n  db:\n    image: postgres:16\n    networks: [inner]\nnetworks:\n  inner:\n  outer:\n";
    let life = added(&[("docker-compose.yml", apart)]);
    let text = life.text("docker-compose.yml");
    let ours = &text[text.find("  redis:").unwrap()..text.find("\nnetworks:").unwrap()];
    assert!(!ours.contains("networks"), "{text}");
}

#[test]
fn a_service_behind_a_profile_is_used_but_not_waited_for() {
    let file = format!(
        "{APP}  redis:\n    image: redis:7\n    profiles: [cache]\n    ports: [\"6379:6379\"]\n"
    );
    let life = added(&[("docker-compose.yml", &file)]);
    life.tells("only starts with `--profile cache`");
    life.lacks("docker-compose.yml", "depends_on");
    life.holds("docker-compose.yml", "REDIS_URL: redis://redis:6379");
    let both = file.replace("    build: .\n", "    build: .\n    profiles: [cache]\n");
    let life = added(&[("docker-compose.yml", &both)]);
    life.holds(
        "docker-compose.yml",
        "    depends_on:\n      redis:\n        condition: service_started\n",
    );
}

#[test]
fn an_app_on_the_network_of_its_host_gets_the_address_of_the_host() {
    let file = "services:\n  app:\n    build: .\n    network_mode: host\n  web:\n    image: nginx\n    ports: [\"6379:80\"]\n";
    let life = added(&[("docker-compose.yml", file)]);
    life.holds("docker-compose.yml", "REDIS_URL: redis://127.0.0.1:6380");
}

#[test]
fn a_volume_of_the_same_name_that_another_service_has_is_not_shared() {
    let file = "services:\n  keeper:\n    image: example/keeper:1\n    volumes:\n      - redis-data:/keep\n\nvolumes:\n  redis-data:\n";
    let life = added(&[("docker-compose.yml", file)]);
    life.holds("docker-compose.yml", "      - redis-data-2:/data\n");
    life.holds(
        "docker-compose.yml",
        "volumes:\n  redis-data:\n  redis-data-2:\n",
    );
    life.tells("the volume `redis-data` is taken");
}

#[test]
fn a_service_of_the_same_name_with_an_image_of_its_own_names_the_way_around() {
    let file = "services:\n  redis:\n    build: ./redis\n";
    let said = with("docker-compose.yml", file).refuses("add redis", 4);
    assert!(
        said.contains("--no-compose") && said.contains("docker-compose.yml:"),
        "{said}"
    );
}

#[test]
fn odd_but_right_layouts_are_added_to() {
    for file in [
        "version: '3.8'\nservices:\n  web:\n    image: nginx\nvolumes:\n  postgres:",
        "services:\n  web:\n    image: nginx\n    volumes:\n     - a:/a\n    ports:\n    - \"80:80\"\n    expose:\n    -   \"90\"\nvolumes:\n  a:\n",
        "services:\n  web:\n    image: nginx\nvolumes:\n  cargo_cache: # of the builds\n",
        "volumes:\n  a:\n\nservices:\n    web:\n        image: nginx\n        volumes:\n            - a:/a\n",
        "x-log: &log\n  logging:\n    driver: none\nservices:\n  web:\n    <<: *log\n    image: nginx\n  two:\n    <<: *log\n    image: nginx\n",
        "services:\n  web:\n    image: nginx\n\n\n\n",
        "\u{feff}services:\r\n  web:\r\n    image: nginx\r\n",
    ] {
        let life = added(&[("docker-compose.yml", file)]);
        life.holds("docker-compose.yml", "redis-data:/data");
        assert!(
            life.text("docker-compose.yml").starts_with(&file[..9]),
            "{file}"
        );
    }
}
