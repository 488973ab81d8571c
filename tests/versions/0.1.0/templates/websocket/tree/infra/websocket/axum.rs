//% if framework == "axum"
//! Where a connection meets the web framework: [`Upgrade`].

use std::{future::Future, sync::Arc};

//% if version_at_least(versions.axum, "0.8")
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
//% else
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
//% endif
use axum::http::{self, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::BoxStream;
use futures_util::{SinkExt, StreamExt};

use super::client::{self, Client, Received};
use super::outbox::{Close, Outgoing};
use super::rooms::{Place, Refused, Rooms};
use crate::/*= module =*/::web::NotWired;

type Infra = crate::/*= module =*/::Infra;

/// A text that is shared by all queues that it waits in.
//% if version_at_least(versions.axum, "0.8")
pub(super) type Text = Utf8Bytes;
//% else
pub(super) type Text = Arc<str>;
//% endif

/// What comes from the socket, until it is closed.
pub(super) type Incoming = BoxStream<'static, Received>;

/// Bytes that the buffers of a connection begin with. Those of the default would cost 128 KiB.
const BUFFER: usize = 4_096;

/// A request for a connection, from a page that may connect.
///
/// As an argument of a handler it refuses pages of other origins with 403 and what is no such request
/// with 400 or 426. Nothing is connected before [`accept`](Self::accept), so a handler that answers with
//% if version_at_least(versions.axum, "0.8")
/// something else refuses too. Serve it by `axum::routing::any`, which also takes HTTP/2.
//% else
/// something else refuses too.
//% endif
#[derive(Debug)]
#[must_use = "the client is connected by `accept`"]
pub struct Upgrade {
    request: WebSocketUpgrade,
    rooms: Rooms,
}

//% if not version_at_least(versions.axum, "0.8")
#[axum::async_trait]
//% endif
impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> Result<Self, Self::Rejection> {
        let infra = parts.extensions.get::<Arc<Infra>>();
        let infra = infra.ok_or_else(|| NotWired.into_response())?;
        let rooms = infra.websocket.clone();
        if !is_allowed(&rooms, parts) {
            let answer = (http::StatusCode::FORBIDDEN, "this page may not connect\n");
            return Err(answer.into_response());
        }
        let request = WebSocketUpgrade::from_request_parts(parts, state).await;
        let request = request.map_err(IntoResponse::into_response)?;
        Ok(Self { request, rooms })
    }
}

impl Upgrade {
    /// Chooses the first of these subprotocols that the client offers.
    pub fn protocols(mut self, protocols: &[&'static str]) -> Self {
        self.request = self.request.protocols(protocols.iter().copied());
        self
    }

    /// Connects the client under a name, which others see in [`Rooms::members`], and hands it to `talk`.
    ///
    /// The name is for the app to check: two clients may have the same. The answer is 503 where too many
    /// are connected or the app is stopping, and 400 where the name has more than 256 bytes.
    pub fn accept<F, Fut>(self, name: impl Into<String>, talk: F) -> Response
    where
        F: FnOnce(Client) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let place = match self.rooms.admit(name.into()) {
            Ok(place) => Arc::new(place),
            Err(refused) => return refused.into_response(),
        };
        let limit = self.rooms.limits().message;
        self.request
            //% if version_at_least(versions.axum, "0.8")
            .read_buffer_size(BUFFER)
            //% endif
            .write_buffer_size(BUFFER)
            .max_message_size(limit)
            .max_frame_size(limit)
            .on_upgrade(|socket| run(place, socket, talk))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Full | Self::Stopping => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::NameTooLong => http::StatusCode::BAD_REQUEST,
        };
        (status, format!("{self}\n")).into_response()
    }
}

fn is_allowed(rooms: &Rooms, parts: &http::request::Parts) -> bool {
    let values = |name| {
        let values = parts.headers.get_all(name).iter();
        values.map(|value| value.to_str().ok())
    };
    // HTTP/2 has no `Host`.
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    rooms.allow(values(header::ORIGIN), values(header::HOST), authority)
}

async fn run<F, Fut>(place: Arc<Place>, socket: WebSocket, talk: F)
where
    F: FnOnce(Client) -> Fut,
    Fut: Future<Output = ()>,
{
    let (sink, stream) = socket.split();
    let incoming = stream.map(|message| match message {
        Ok(message) => received(message),
        Err(error) => Received::Invalid(invalid(&error)),
    });
    let socket = sink.with(|outgoing| std::future::ready(Ok::<_, axum::Error>(sent(outgoing))));
    let (client, writer) = client::connect(Arc::clone(&place), incoming.boxed(), socket);
    tokio::spawn(writer);
    talk(client).await;
    // Free again when both have ended.
    drop(place);
}

fn received(message: Message) -> Received {
    match message {
        //% if version_at_least(versions.axum, "0.8")
        Message::Text(text) => Received::Text(text),
        //% else
        Message::Text(text) => Received::Text(text.into()),
        //% endif
        Message::Binary(_) => Received::Binary,
        Message::Ping(_) | Message::Pong(_) => Received::Life,
        Message::Close(_) => Received::Close,
    }
}

fn sent(outgoing: Outgoing) -> Message {
    match outgoing {
        //% if version_at_least(versions.axum, "0.8")
        Outgoing::Text(text) => Message::Text(text),
        Outgoing::Ping => Message::Ping(axum::body::Bytes::new()),
        Outgoing::Close(Close { code, reason }) => Message::Close(Some(CloseFrame {
            code,
            reason: reason.into_owned().into(),
        })),
        //% else
        Outgoing::Text(text) => Message::Text(text.as_ref().to_owned()),
        Outgoing::Ping => Message::Ping(Vec::new()),
        Outgoing::Close(Close { code, reason }) => {
            Message::Close(Some(CloseFrame { code, reason }))
        }
        //% endif
    }
}

/// The close code for what the client has done wrong. The type of the error belongs to a crate behind
/// axum, so its text has to do; where that changes, the code is the general one.
fn invalid(error: &axum::Error) -> Close {
    let text = error.to_string();
    if text.starts_with("Space limit exceeded") {
        Close::TOO_LARGE
    } else if text.starts_with("UTF-8") {
        Close::NOT_UTF8
    } else {
        Close::PROTOCOL
    }
}
//% endif
