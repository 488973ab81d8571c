//% if framework == "actix-web"
//! An app of actix-web, for the tests that hold with any framework.

use std::{
    future::{self, Future},
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};

use super::*;

/// Whoever answers requests; the type of the app has no name.
pub type Wired = Box<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// How a route writes its parameter.
pub const PARAMETER: &str = "{id}";

/// Routes that answer, fail, wait or panic; names keep the tests apart.
fn routes(name: &str) -> impl FnOnce(&mut ServiceConfig) + '_ {
    let path = move |rest: &str| format!("/{name}/{rest}");
    move |app| {
        let fail = || async { HttpResponse::new(StatusCode::BAD_GATEWAY) };
        app.route(&path("fail"), web::to(fail))
            .route(&path("wait"), web::to(future::pending::<&'static str>))
            .route(&path("panic"), web::to(panics))
            //% if options.otel
            .route(&path("onward"), web::to(onward))
            //% endif
            .route(&path(PARAMETER), web::to(|| async { "answer" }));
    }
}

async fn panics() -> &'static str {
    panic!("this handler panics")
}
//% if options.otel

async fn onward() -> HttpResponse {
    let carried = ("traceparent", super::traces::carry().await);
    HttpResponse::Ok().insert_header(carried).finish()
}
//% endif

/// A wired app with those routes.
pub async fn app(infra: &Arc<Infra>, name: &str) -> Wired {
    let app = infra.wire(App::new().configure(routes(name)));
    let service = Rc::new(test::init_service(app).await);
    Box::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response = test::call_service(&*service, request.to_request()).await;
            let headers = response.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
            let answer = Answer {
                status: response.status().as_u16(),
                headers: headers.collect(),
            };
            test::read_body(response).await;
            answer
        })
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What the app answers to a request.
pub async fn send(
    app: &Wired,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = TestRequest::with_uri(path).method(method);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.insert_header((*name, value.as_str()))
    });
    app(request).await
}

/// The app on a port, until [`stop`].
pub async fn serve(infra: &Arc<Infra>, name: &'static str) -> (SocketAddr, ServerHandle) {
    let infra = Arc::clone(infra);
    let server = HttpServer::new(move || infra.wire(App::new().configure(routes(name))))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    (address, handle)
}

pub async fn stop(server: ServerHandle) {
    server.stop(false).await;
}

#[tokio::test]
async fn the_runtime_of_every_worker_is_shown() {
    let infra = Infra::for_tests().await.unwrap();
    let (_, server) = serve(&infra, "workers").await;
    let shown = async {
        // Its own and that of the worker; another test may show its own in between.
        while Reading::of(&infra).number("tokio_workers", &[]) != Some(2.0) {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limit = Duration::from_secs(10);
    assert!(time::timeout(limit, shown).await.is_ok());
    stop(server).await;
}
//% endif
