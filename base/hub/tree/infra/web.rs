//% if framework == "axum"
//% set here = components|selectattr("wire.axum")|list
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
        //% for c in here|reverse|selectattr("wire.axum.layer")
        let layer = /*= c.wire.axum.layer =*/;
        let router = router.layer(layer);
        //% endfor
        router.layer(Extension(Arc::clone(self)))
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
//% endif
