//% if components|selectattr("wire.traces")
//! Carries a trace over the border of this process, in headers: the caller [`inject`]s, whoever
//! answers or takes the job makes its span a part of the same trace by [`continue_in`].
//!
//! Nothing happens until a [`Propagator`] is set, so that who sends need not know who traces.

use std::{collections::BTreeMap, sync::OnceLock};

use tracing::Span;

/// Header names in lower case with their values, `traceparent` among them.
pub type Headers = BTreeMap<String, String>;

static PROPAGATOR: OnceLock<Box<dyn Propagator>> = OnceLock::new();

/// Knows how a trace is written into headers.
pub trait Propagator: Send + Sync + 'static {
    /// Writes where the current span is in its trace.
    fn inject(&self, headers: &mut Headers);

    /// Makes a span, not yet entered, the child of the one that the headers name.
    fn continue_in(&self, span: &Span, headers: &Headers);
}

/// Sets the propagator of this process; the first stays.
pub fn set_propagator(propagator: impl Propagator) {
    PROPAGATOR.get_or_init(|| Box::new(propagator));
}

/// The headers that continue the current span elsewhere; empty if nobody traces.
#[must_use]
pub fn inject() -> Headers {
    let mut headers = Headers::new();
    if let Some(propagator) = PROPAGATOR.get() {
        propagator.inject(&mut headers);
    }
    headers
}

/// Makes a span, not yet entered, the child of the one that the headers name, if they name any.
pub fn continue_in(span: &Span, headers: &Headers) {
    if let Some(propagator) = PROPAGATOR.get() {
        propagator.continue_in(span, headers);
    }
}
//% endif
