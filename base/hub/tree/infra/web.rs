//% if framework == "axum"
//% set here = components|selectattr("wire.axum")
//! Where the infrastructure meets the web framework: [`Infra::wire`], and what handlers can take.

use std::sync::Arc;

use axum::{Extension, Router};

use super::Infra;

impl Infra {
    /// Adds the routes and layers of the components, and lets handlers extract them.
    ///
    /// Routes that are added to the router afterwards have no part in it, so this comes last.
    pub fn wire<S>(self: &Arc<Self>, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        //% for c in here|selectattr("wire.axum.routes")
        let router = router.merge(/*= c.wire.axum.routes =*/);
        //% endfor
        //% if layers
        // One layer of all: a router boxes every route for each that it gets by itself.
        let layer = Extension(Arc::clone(self));
        //% for c in layers
        let inner = /*= c.wire.axum.layer =*/;
        let layer = (layer, inner);
        //% endfor
        router.layer(layer)
        //% else
        router.layer(Extension(Arc::clone(self)))
        //% endif
    }
}

//% if extracts
/// A handler asks for a component, but [`Infra::wire`] was not called on its router.
#[derive(Debug)]
pub struct NotWired;

impl axum::response::IntoResponse for NotWired {
    fn into_response(self) -> axum::response::Response {
        tracing::error!("a handler asks for a component, but its router is not wired");
        axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Lets handlers take a part of [`Infra`] as an argument, whatever state their router has.
macro_rules! extract {
    ($($part:ty = $($field:ident).+;)+) => {$(
        //% if not version_at_least(versions.axum, "0.8")
        #[axum::async_trait]
        //% endif
        impl<S: Send + Sync> axum::extract::FromRequestParts<S> for $part {
            type Rejection = NotWired;

            async fn from_request_parts(
                parts: &mut axum::http::request::Parts,
                _: &S,
            ) -> Result<Self, NotWired> {
                let infra = parts.extensions.get::<Arc<Infra>>().ok_or(NotWired)?;
                Ok(infra.$($field).+.clone())
            }
        }
    )+};
}

extract! {
    //% for part in extracts
    super::/*= part.type =*/ = /*= part.field =*/;
    //% endfor
}

//% endif
#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn status<S>(router: Router<S>, state: S) -> StatusCode
    where
        S: Clone + Send + Sync + 'static,
    {
        let request = axum::extract::Request::new(axum::body::Body::empty());
        let response = router.with_state(state).oneshot(request).await;
        response.unwrap().status()
    }

    /// Whether handlers can take a `T`, in routers with and without a state.
    async fn is_extracted<T>()
    where
        T: FromRequestParts<()> + FromRequestParts<&'static str> + Send + 'static,
    {
        let infra = Infra::for_tests().await.unwrap();
        let plain = Router::new().route("/", get(|_: T| async {}));
        let stateful = Router::new().route("/", get(|_: T| async {}));
        assert_eq!(status(infra.wire(plain.clone()), ()).await, StatusCode::OK);
        assert_eq!(status(infra.wire(stateful), "state").await, StatusCode::OK);
        let unwired = status(plain, ()).await;
        assert_eq!(unwired, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn every_part_is_extracted_whatever_the_state() {
        is_extracted::<Extension<Arc<Infra>>>().await;
        //% for part in extracts
        is_extracted::<crate::/*= module =*/::/*= part.type =*/>().await;
        //% endfor
    }
}
//% elif framework == "actix-web"
//% set here = components|selectattr("wire.actix-web")
//! Where the infrastructure meets the web framework: [`Infra::wire`], and what handlers can take.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error};

use super::Infra;

impl Infra {
    /// Adds the routes and layers of the components, and lets handlers extract them.
    ///
    /// The last step in the closure of `HttpServer::new`, which runs once a worker: nothing is made
    /// here, so that all workers share what there is.
    // The styles of 2021 and 2024 indent what is behind the first `impl` differently.
    #[rustfmt::skip]
    pub fn wire<T, B>(
        self: &Arc<Self>,
        app: App<T>,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            //% if edition < 2024
            Response = ServiceResponse<impl MessageBody>,
            //% else
            Response = ServiceResponse<impl MessageBody + use<T, B>>,
            //% endif
            Error = Error,
            InitError = (),
        //% if edition < 2024
        >,
        //% else
        > + use<T, B>,
        //% endif
    >
    where
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        B: MessageBody + 'static,
    {
        //% for c in here
        //% set web = c.wire["actix-web"]
        //% if web.routes
        let app = app.configure(/*= web.routes =*/);
        //% endif
        //% endfor
        //% for c in layers|reverse
        let app = app.wrap(/*= c.wire["actix-web"].layer =*/);
        //% endfor
        app.app_data(Arc::clone(self))
    }
}

//% if extracts
/// A handler asks for a component, but [`Infra::wire`] was not called on its app.
#[derive(Debug)]
pub struct NotWired;

impl std::fmt::Display for NotWired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a handler asks for a component, but its app is not wired")
    }
}

impl actix_web::ResponseError for NotWired {
    fn error_response(&self) -> actix_web::HttpResponse {
        tracing::error!("{self}");
        actix_web::HttpResponse::InternalServerError().finish()
    }
}

/// Lets handlers take a part of [`Infra`] as an argument.
macro_rules! extract {
    ($($part:ty = $($field:ident).+;)+) => {$(
        impl actix_web::FromRequest for $part {
            type Error = NotWired;
            type Future = std::future::Ready<Result<Self, NotWired>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let infra = request.app_data::<Arc<Infra>>().ok_or(NotWired);
                std::future::ready(infra.map(|infra| infra.$($field).+.clone()))
            }
        }
    )+};
}

extract! {
    //% for part in extracts
    super::/*= part.type =*/ = /*= part.field =*/;
    //% endfor
}

//% endif
#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{self, TestRequest};
    use actix_web::web;

    use super::*;

    //% if extracts
    /// Whether handlers can take a `T`.
    async fn is_extracted<T: actix_web::FromRequest + 'static>() {
        let infra = Infra::for_tests().await.unwrap();
        let app = || App::new().route("/", web::get().to(|_: T| async { "" }));
        let request = || TestRequest::get().to_request();
        let wired = test::init_service(infra.wire(app())).await;
        let response = test::call_service(&wired, request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let unwired = test::init_service(app()).await;
        let response = test::call_service(&unwired, request()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[actix_web::test]
    async fn every_part_is_extracted() {
        //% for part in extracts
        is_extracted::<crate::/*= module =*/::/*= part.type =*/>().await;
        //% endfor
    }
    //% else
    #[actix_web::test]
    async fn a_wired_app_serves() {
        let infra = Infra::for_tests().await.unwrap();
        let app = App::new().route("/", web::get().to(|| async { "" }));
        let wired = test::init_service(infra.wire(app)).await;
        let response = test::call_service(&wired, TestRequest::get().to_request()).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    //% endif
}
//% endif
