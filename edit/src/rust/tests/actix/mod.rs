//! actix-web's servers.

mod finding;
mod wiring;

use super::*;

const USES: &str = "use actix_web::{App, HttpServer};\n\n";
const UNIT: &str = "#[actix_web::main]\nasync fn main()";
const FITS: &str = "#[actix_web::main]\nasync fn main() -> std::io::Result<()>";

fn file(head: &str, body: &str) -> String {
    format!("{USES}{head} {{\n{body}}}\n")
}

fn find(text: &str) -> Vec<ServeCall> {
    ServerKind::ActixWeb.find(text).unwrap()
}
