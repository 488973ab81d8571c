use actix_web::{get, middleware, web, App, HttpResponse, HttpServer, Responder};

/// When the ferry leaves, by hour.
struct Timetable(Vec<u8>);

#[get("/departures")]
async fn departures(timetable: web::Data<Timetable>) -> impl Responder {
    web::Json(timetable.0.clone())
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    env_logger::init();
    let timetable = web::Data::new(Timetable(vec![6, 12, 18]));

    // Every worker has an app of its own.
    HttpServer::new(move || {
        App::new()
            .app_data(timetable.clone())
            .wrap(middleware::Condition::new(
                cfg!(debug_assertions),
                middleware::NormalizePath::trim(),
            ))
            .wrap(middleware::Compress::default())
            .wrap(middleware::Logger::default())
            .service(departures)
            .default_service(web::to(HttpResponse::NotFound))
    })
    .bind(("0.0.0.0", 8080))?
    .run()
    .await
}
