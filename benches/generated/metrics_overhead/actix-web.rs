//! A route that says hello, on actix-web.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;

use actix_http::Request;
use actix_web::dev::Service;
use actix_web::{App as Web, HttpServer, test, web};
use shop::infra::metrics::Metrics;

use super::Failed;

/// Serves the route until the process ends.
pub fn serve(metrics: Option<Arc<Metrics>>) -> Result<SocketAddr, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    match metrics {
        None => {
            let bare = || Web::new().app_data(()).service(hello());
            tokio::spawn(HttpServer::new(bare).listen(listener)?.run());
        }
        Some(metrics) => {
            let counted = move || {
                let app = Web::new().app_data(()).service(hello());
                app.wrap(metrics.layer())
            };
            tokio::spawn(HttpServer::new(counted).listen(listener)?.run());
        }
    }
    Ok(address)
}

fn hello() -> actix_web::Resource {
    web::resource("/hello/{name}").route(web::get().to(|| async { "hello" }))
}

type Answer = Pin<Box<dyn Future<Output = Result<(), actix_web::Error>>>>;

/// The app without a network, as each worker has it.
pub struct App(Box<dyn Fn(Request) -> Answer>);

impl App {
    pub async fn new(metrics: Option<&Metrics>) -> Self {
        let app = Web::new().app_data(()).service(hello());
        match metrics {
            None => Self::of(test::init_service(app).await),
            Some(metrics) => Self::of(test::init_service(app.wrap(metrics.layer())).await),
        }
    }

    fn of<S, R>(service: S) -> Self
    where
        S: Service<Request, Response = R, Error = actix_web::Error> + 'static,
        S::Future: 'static,
    {
        Self(Box::new(move |request| {
            let answer = service.call(request);
            Box::pin(async { answer.await.map(drop) })
        }))
    }

    pub async fn ask(&self, path: &str) -> Result<(), Failed> {
        let request = test::TestRequest::with_uri(path).to_request();
        Ok((self.0)(request).await.map_err(|error| error.to_string())?)
    }
}
