//% if framework == "actix-web"
//! Where the metrics meet actix-web: the route and the middleware.

use std::{
    cell::{Cell, OnceCell},
    future::{self, Future, Ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::dev::{ResourceMap, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse};
//% if options.otel
use opentelemetry::propagation::Extractor;
//% endif
use pin_project_lite::pin_project;
//% if options.otel
use tracing::instrument::{Instrument, Instrumented};
//% endif

use super::requests::{self, Observed, Route, Routes, UNMATCHED};
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
            last: Cell::new(None),
            patterns: OnceCell::new(),
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
    /// The route of the last request, which the next often takes too.
    last: Cell<Option<&'static Route>>,
    /// Those of the app, once a request has shown them.
    patterns: OnceCell<ResourceMap>,
    //% if options.otel
    traced: bool,
    /// The path of the metrics: that somebody reads them is not worth a trace.
    own: Option<String>,
    //% endif
}

impl Shared {
    fn route(&self, path: &str) -> &'static Route {
        if let Some(last) = self.last.get().filter(|last| last.path == path) {
            return last;
        }
        let route = self.routes.find(path);
        self.last.set(Some(route));
        route
    }
    //% if options.otel

    fn trace(&self, request: &ServiceRequest) -> Option<tracing::Span> {
        if !self.traced || Some(request.path()) == self.own.as_deref() {
            return None;
        }
        let route = request.match_pattern();
        let asked = Asked {
            method: request.method().as_str(),
            route: route.as_deref(),
            path: request.uri().path(),
            scheme: request.uri().scheme_str(),
            version: version(request.version()),
            headers: &Carrier(request.headers()),
        };
        Some(span::of_request(&asked))
    }
    //% endif
}

/// A request that is counted when it has a response, or dropped without one.
///
/// To search for its route takes longer than all the rest. The router has done so when there is a
/// response, so only who has to wait for that is searched for before.
#[derive(Debug)]
struct Counted {
    shared: Rc<Shared>,
    method: &'static str,
    /// Cheaper to share than its path is to copy.
    uri: http::Uri,
    begun: Instant,
    observed: Option<Observed>,
}

impl Counted {
    fn begin(shared: &Rc<Shared>, request: &ServiceRequest) -> Self {
        let patterns = || request.resource_map().clone();
        shared.patterns.get_or_init(patterns);
        Self {
            shared: Rc::clone(shared),
            method: requests::label(request.method().as_str()),
            uri: request.uri().clone(),
            begun: Instant::now(),
            observed: None,
        }
    }

    /// Searches for the route, unless it is known.
    fn search(&mut self) {
        if self.observed.is_none() {
            let patterns = self.shared.patterns.get();
            let route = patterns.and_then(|patterns| patterns.match_pattern(self.uri.path()));
            self.observed = Some(self.observe(route.as_deref()));
        }
    }

    fn wait(&mut self) {
        self.search();
        if let Some(observed) = &mut self.observed {
            observed.wait();
        }
    }

    fn finish<B>(mut self, result: &Result<ServiceResponse<B>, Error>) {
        if let (None, Ok(response)) = (&self.observed, result) {
            let route = response.request().match_pattern();
            self.observed = Some(self.observe(route.as_deref()));
        }
        self.search();
        if let Some(observed) = &mut self.observed {
            observed.status = Some(status(result));
        }
    }

    fn observe(&self, route: Option<&str>) -> Observed {
        let route = self.shared.route(route.unwrap_or(UNMATCHED));
        route.observe(self.method, self.begun)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.search();
    }
}

fn status<B>(result: &Result<ServiceResponse<B>, Error>) -> u16 {
    let status = match result {
        Ok(response) => response.status(),
        // The server will make a response of it.
        Err(error) => error.as_response_error().status_code(),
    };
    status.as_u16()
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
        let counted = self.shared.counted;
        let counted = counted.then(|| Counted::begin(&self.shared, &request));
        //% if options.otel
        let traced = self.shared.trace(&request);
        let span = traced.clone().unwrap_or_else(tracing::Span::none);
        let inner = span.in_scope(|| self.inner.call(request));
        Tracked {
            inner: inner.instrument(span),
            counted,
            unfinished: traced.map(Unfinished),
        }
        //% else
        let inner = self.inner.call(request);
        Tracked { inner, counted }
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
        counted: Option<Counted>,
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
        counted: Option<Counted>,
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
        let Poll::Ready(result) = this.inner.poll(context) else {
            if let Some(counted) = this.counted {
                counted.wait();
            }
            return Poll::Pending;
        };
        if let Some(counted) = this.counted.take() {
            counted.finish(&result);
        }
        //% if options.otel
        if let Some(unfinished) = this.unfinished.take() {
            unfinished.finish(status(&result));
        }
        //% endif
        Poll::Ready(result)
    }
}
//% if options.otel

fn version(version: http::Version) -> Option<&'static str> {
    match version {
        http::Version::HTTP_10 => Some("1.0"),
        http::Version::HTTP_11 => Some("1.1"),
        http::Version::HTTP_2 => Some("2"),
        http::Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

/// Headers as OpenTelemetry reads them: its own reader knows newer types than actix-web has.
struct Carrier<'a>(&'a http::header::HeaderMap);

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
