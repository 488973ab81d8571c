//! Services of the user that a component uses as they are.

use super::life::{Life, Project};

fn added(component: &str, file: &str) -> Life {
    Project::plain(&[("docker-compose.yml", file)]).lives(&format!("add {component}"), 0)
}

#[test]
fn a_server_that_the_code_never_used_is_used_from_now_on() {
    let file = "services:\n  redis:\n    image: redis:7-alpine\n  app:\n    build: .\n    environment:\n      REDIS_URL: redis://redis:6379/3\n";
    let life = added("redis", file);
    life.tells("publishes no port to this machine");
    life.tells("`docker compose up -d redis`");
    life.holds("docker-compose.yml", "REDIS_URL: redis://redis:6379/3");
}

#[test]
fn a_database_of_the_user_is_reached_with_its_own_names() {
    let file = "services:\n  app:\n    build: .\n  database:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: shop\n      POSTGRES_PASSWORD: ${DB_PASSWORD}\n      POSTGRES_DB: orders\n    ports:\n      - 5433:5432\n";
    let life = added("postgres", file);
    life.tells("uses the service `database`");
    // Not the name that a service of its own would have.
    life.tells("`docker compose up -d database`");
    life.holds(
        "docker-compose.yml",
        "DATABASE_URL: postgres://shop:${DB_PASSWORD}@database:5432/orders",
    );
    life.holds(
        ".env.example",
        "DATABASE_URL=postgres://shop:PASSWORD@127.0.0.1:5433/orders\n",
    );
}

#[test]
fn a_password_that_stands_in_the_file_is_copied_nowhere() {
    let file = "services:\n  app:\n    build: .\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_USER=shop\n      - POSTGRES_PASSWORD=hush\n    ports:\n      - 5432:5432\n";
    let life = added("postgres", file);
    life.tells("set `DATABASE_URL` of `app` in docker-compose.yml");
    life.holds(
        ".env.example",
        "DATABASE_URL=postgres://shop:PASSWORD@127.0.0.1:5432/shop\n",
    );
    life.lacks(".infra/postgres.toml", "hush");
    assert!(!life.said.contains("hush"), "{}", life.said);
    life.lacks("docker-compose.yml", "DATABASE_URL");
    let known = file.replace(
        "build: .\n",
        "build: .\n    environment:\n      DATABASE_URL: mine\n",
    );
    let life = added("postgres", &known);
    assert!(
        !life.said.contains("set `DATABASE_URL` of"),
        "{}",
        life.said
    );
    let usual = file
        .replace("hush", "postgres")
        .replace("=shop", "=postgres");
    let life = added("postgres", &usual);
    life.holds(
        "docker-compose.yml",
        "DATABASE_URL: postgres://postgres:postgres@db:5432/postgres",
    );
}

#[test]
fn a_service_in_no_network_of_the_app_is_told_of() {
    let file = "services:\n  app:\n    build: .\n    networks: [front]\n  cache:\n    image: redis:7\n    networks: [back]\nnetworks:\n  front:\n  back:\n";
    let life = added("redis", file);
    life.tells("`app` and `cache` are in no network together");
}
