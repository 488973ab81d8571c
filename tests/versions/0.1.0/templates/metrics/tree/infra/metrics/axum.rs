//% if framework == "axum"
//! Where the metrics meet axum: the route, the listener of its own, and the layer.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Instant,
};

use ::axum::extract::{MatchedPath, Request};
use ::axum::http::header;
use ::axum::response::Response;
use ::axum::routing;
//% if options.otel
use opentelemetry_http::HeaderExtractor;
//% endif
use pin_project_lite::pin_project;
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;
//% if options.otel
use tracing::instrument::{Instrument, Instrumented};
//% endif

use super::recorder::Scrape;
use super::requests::{Observed, Route, Routes, UNMATCHED};
//% if options.otel
use super::span::{self, Asked, Unfinished};
//% endif

impl super::Metrics {
    /// The route that Prometheus reads, unless it is elsewhere or nothing is counted here.
    pub fn routes<S>(&self) -> ::axum::Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        match (&self.path, &self.scrape) {
            (Some(path), Some(scrape)) => route(path, scrape.clone()),
            _ => ::axum::Router::new(),
        }
    }

    /// The layer that counts and times requests. It has to lie on the routes themselves, as
    /// `Infra::wire` puts it: further out nobody knows yet which route a request will take.
    #[must_use]
    pub fn layer(&self) -> RequestLayer {
        RequestLayer(Arc::new(Shared {
            counted: self.enabled,
            routes: Routes::default(),
            //% if options.otel
            traced: self.traces.is_some(),
            own: self.path.clone(),
            //% endif
        }))
    }
}

fn route<S>(path: &str, scrape: Scrape) -> ::axum::Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let text = move || async move {
        let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
        (kind, scrape.text())
    };
    ::axum::Router::new().route(path, routing::get(text))
}

/// Shows the metrics on a listener of their own, for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, path: String, scrape: Scrape) {
    if let Err(error) = ::axum::serve(listener, route::<()>(&path, scrape)).await {
        tracing::error!(%error, "nobody can read the metrics any more");
    }
}

/// Makes a service [`Requests`].
#[derive(Clone, Debug)]
pub struct RequestLayer(Arc<Shared>);

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

impl<S> Layer<S> for RequestLayer {
    type Service = Requests<S>;

    fn layer(&self, inner: S) -> Requests<S> {
        let endpoint = Endpoint {
            shared: Arc::clone(&self.0),
            route: OnceLock::new(),
        };
        Requests {
            inner,
            endpoint: Arc::new(endpoint),
        }
    }
}

/// A service whose requests are counted and timed.
#[derive(Clone, Debug)]
pub struct Requests<S> {
    inner: S,
    /// One for all clones: a request that counts references twice pays for it.
    endpoint: Arc<Endpoint>,
}

/// What a router wraps: each of its routes on its own, and again for each connection.
#[derive(Debug)]
struct Endpoint {
    shared: Arc<Shared>,
    route: OnceLock<&'static Route>,
}

impl Endpoint {
    fn observe(&self, path: &str, request: &Request) -> Option<Observed> {
        if !self.shared.counted {
            return None;
        }
        let method = request.method().as_str();
        let mut route = *self.route.get_or_init(|| self.shared.routes.find(path));
        if route.path != path {
            route = self.shared.routes.find(path);
        }
        Some(route.observe(method, Instant::now()))
    }
    //% if options.otel

    fn trace(&self, route: Option<&str>, request: &Request) -> Option<tracing::Span> {
        let own = route.is_some() && route == self.shared.own.as_deref();
        if !self.shared.traced || own {
            return None;
        }
        let asked = Asked {
            method: request.method().as_str(),
            route,
            path: request.uri().path(),
            scheme: request.uri().scheme_str(),
            version: version(request.version()),
            headers: &HeaderExtractor(request.headers()),
        };
        Some(span::of_request(&asked))
    }
    //% endif
}

impl<S> Service<Request> for Requests<S>
where
    S: Service<Request, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Tracked<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Tracked<S::Future> {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map(MatchedPath::as_str);
        let observed = self.endpoint.observe(route.unwrap_or(UNMATCHED), &request);
        //% if options.otel
        let traced = self.endpoint.trace(route, &request);
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

impl<F, E> Future for Tracked<F>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(result) = this.inner.poll(context) else {
            if let Some(observed) = this.observed {
                observed.wait();
            }
            return Poll::Pending;
        };
        if let Ok(response) = &result {
            let status = response.status().as_u16();
            if let Some(mut observed) = this.observed.take() {
                observed.status = Some(status);
            }
            //% if options.otel
            if let Some(unfinished) = this.unfinished.take() {
                unfinished.finish(status);
            }
            //% endif
        }
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
//% endif
//% endif
