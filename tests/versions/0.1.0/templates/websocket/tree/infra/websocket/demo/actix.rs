//% if options.demo and framework == "actix-web"
use actix_web::http::header;
use actix_web::web::{self, Path, ServiceConfig};

use actix_web::HttpResponse;

use super::super::{Rooms, Upgrade};

/// The routes of the page; none outside development.
pub(in crate::/*= module =*/) fn routes(rooms: &Rooms) -> impl FnOnce(&mut ServiceConfig) {
    let has_demo = rooms.has_demo();
    move |config| {
        if !has_demo {
            return;
        }
        for (path, kind, text) in super::FILES {
            let file = move || async move { answer(kind, text) };
            config.route(path, web::get().to(file));
        }
        config.route("/ws/demo/socket/{name}", web::get().to(connect));
    }
}

fn answer(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_SECURITY_POLICY, super::POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}

async fn connect(name: Path<String>, upgrade: Upgrade) -> HttpResponse {
    match super::checked(&name) {
        Ok(name) => upgrade.accept(name, super::talk),
        Err(answer) => HttpResponse::BadRequest().body(answer),
    }
}
//% endif
