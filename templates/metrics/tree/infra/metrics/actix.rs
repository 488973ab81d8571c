//% if framework == "actix-web"
//! Where the metrics meet actix-web: the route and the middleware.

use std::{
    future::{self, Future, Ready},
    pin::Pin,
    rc::Rc,
    task::{self, Context, Poll},
};

use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
//% if options.otel
use actix_web::http::header::HeaderMap;
//% endif
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse};
//% if options.otel
use opentelemetry::propagation::Extractor;
//% endif
use pin_project_lite::pin_project;
//% if options.otel
use tracing::instrument::{Instrument, Instrumented};
//% endif

use super::requests::{Observed, Routes, UNMATCHED};
//% if options.otel
use super::span::{self, Asked, Unfinished};
//% endif

impl super::Metrics {
    /// The route that Prometheus reads, unless it is elsewhere or nothing is counted here.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) {
        let shown = self.path.clone().zip(self.scrape.clone());
        |app| {
            let Some((path, scrape)) = shown else {
                return;
            };
            let text = move || {
                let mut response = HttpResponse::Ok();
                let response = response.content_type("text/plain; version=0.0.4");
                future::ready(response.body(scrape.text()))
            };
            app.route(&path, web::get().to(text));
        }
    }

    /// The middleware that counts and times the requests of one worker, in whose thread it is made.
    #[must_use]
    pub fn layer(&self) -> RequestLayer {
        if let Some(scrape) = &self.scrape {
            scrape.join_runtime();
        }
        RequestLayer(Rc::new(Shared {
            counted: self.enabled,
            routes: Routes::default(),
            //% if options.otel
            traced: self.traces.is_some(),
            own: self.path.clone(),
            //% endif
        }))
    }
}

/// Makes a service [`Requests`].
#[derive(Clone, Debug)]
pub struct RequestLayer(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    counted: bool,
    routes: Routes,
    //% if options.otel
    traced: bool,
    /// The path of the metrics: that somebody reads them is not worth a trace.
    own: Option<String>,
    //% endif
}

impl Shared {
    fn observe(&self, route: Option<&str>, request: &ServiceRequest) -> Option<Observed> {
        if !self.counted {
            return None;
        }
        let route = self.routes.find(route.unwrap_or(UNMATCHED));
        Some(route.begin(request.method().as_str()))
    }
    //% if options.otel

    fn trace(&self, route: Option<&str>, request: &ServiceRequest) -> Option<tracing::Span> {
        let own = route.is_some() && route == self.own.as_deref();
        if !self.traced || own {
            return None;
        }
        let asked = Asked {
            method: request.method().as_str(),
            route,
            path: request.uri().path(),
            scheme: request.uri().scheme_str(),
            version: version(request.version()),
            headers: &Carrier(request.headers()),
        };
        Some(span::of_request(&asked))
    }
    //% endif
}

impl<S, B> Transform<S, ServiceRequest> for RequestLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = Requests<S>;
    type InitError = ();
    type Future = Ready<Result<Requests<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let shared = Rc::clone(&self.0);
        future::ready(Ok(Requests { inner, shared }))
    }
}

/// A service whose requests are counted and timed.
#[derive(Debug)]
pub struct Requests<S> {
    inner: S,
    shared: Rc<Shared>,
}

impl<S, B> Service<ServiceRequest> for Requests<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Tracked<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Tracked<S::Future> {
        // Asked before the router has chosen: a request that never ends must have a route too.
        let route = request.match_pattern();
        let observed = self.shared.observe(route.as_deref(), &request);
        //% if options.otel
        let traced = self.shared.trace(route.as_deref(), &request);
        let span = traced.clone().unwrap_or_else(tracing::Span::none);
        let inner = span.in_scope(|| self.inner.call(request));
        Tracked {
            inner: inner.instrument(span),
            observed,
            unfinished: traced.map(Unfinished),
        }
        //% else
        let inner = self.inner.call(request);
        Tracked { inner, observed }
        //% endif
    }
}

//% if options.otel
pin_project! {
    /// The response to a request that is counted, timed and traced.
    #[derive(Debug)]
    pub struct Tracked<F> {
        #[pin]
        inner: Instrumented<F>,
        observed: Option<Observed>,
        unfinished: Option<Unfinished>,
    }
}
//% else
pin_project! {
    /// The response to a request that is counted and timed.
    #[derive(Debug)]
    pub struct Tracked<F> {
        #[pin]
        inner: F,
        observed: Option<Observed>,
    }
}
//% endif

impl<F, B> Future for Tracked<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<B>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = task::ready!(this.inner.poll(context));
        let status = match &result {
            Ok(response) => response.status(),
            // The server will make a response of it.
            Err(error) => error.as_response_error().status_code(),
        };
        if let Some(mut observed) = this.observed.take() {
            observed.status = Some(status.as_u16());
        }
        //% if options.otel
        if let Some(unfinished) = this.unfinished.take() {
            unfinished.finish(status.as_u16());
        }
        //% endif
        Poll::Ready(result)
    }
}
//% if options.otel

fn version(version: actix_web::http::Version) -> Option<&'static str> {
    use actix_web::http::Version;

    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

/// Headers as OpenTelemetry reads them: its own reader knows newer types than actix-web has.
struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
//% endif
//% endif
