//% if framework == "actix-web"
//! Where a connection meets the web framework: [`Upgrade`].
//!
//! The body of the request is what the client sends, and the body of the answer what it receives. A
//! frame that is announced as too large is refused before it comes: the parser alone would wait for it.

//% if edition < 2021
use std::convert::{TryFrom, TryInto};

//% endif
use std::{
    fmt,
    future::{self, Future},
    sync::Arc,
};

use actix_http::ws::{self, OpCode, Parser, ProtocolError};
use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{self, header};
use actix_web::web::BytesMut;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use futures_util::stream::{self, LocalBoxStream, StreamExt};

use super::client::{self, Client, Received};
use super::outbox::Close;
use super::rooms::{Refused, Rooms};
use crate::/*= module =*/::web::NotWired;

mod body;

use body::{Socket, Written};

type Infra = crate::/*= module =*/::Infra;

/// A text that is shared by all queues that it waits in.
pub(super) type Text = Arc<str>;

/// What comes from the socket, until it is closed. It stays with the worker that accepted it.
pub(super) type Incoming = LocalBoxStream<'static, Received>;

/// A request for a connection, from a page that may connect.
///
/// As an argument of a handler it refuses pages of other origins with 403 and what is no such request
/// with 400 or 426. Nothing is connected before [`accept`](Self::accept), so a handler that answers with
/// something else refuses too.
#[must_use = "the client is connected by `accept`"]
pub struct Upgrade {
    request: HttpRequest,
    payload: Payload,
    protocol: Option<&'static str>,
    rooms: Rooms,
}

impl FromRequest for Upgrade {
    type Error = Error;
    type Future = future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        future::ready(Self::new(request, payload))
    }
}

impl Upgrade {
    fn new(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Error> {
        let infra = request.app_data::<Arc<Infra>>().ok_or(NotWired)?;
        let rooms = infra.websocket.clone();
        if !is_allowed(&rooms, request) {
            let answer = "this page may not connect\n";
            return Err(InternalError::new(answer, http::StatusCode::FORBIDDEN).into());
        }
        ws::verify_handshake(request.head()).map_err(|error| {
            // actix-web makes an answer of it by itself only with its feature `ws`.
            let answer = actix_http::Response::from(&error);
            InternalError::from_response(error, answer.into())
        })?;
        Ok(Self {
            request: request.clone(),
            payload: payload.take(),
            protocol: None,
            rooms,
        })
    }

    /// Chooses the first of these subprotocols that the client offers.
    pub fn protocols(mut self, protocols: &[&'static str]) -> Self {
        let headers = self.request.headers();
        let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offers: Vec<&str> = offers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(',').map(str::trim))
            .collect();
        let mut protocols = protocols.iter().copied();
        self.protocol = protocols.find(|protocol| offers.contains(protocol));
        self
    }

    /// Connects the client under a name, which others see in [`Rooms::members`], and hands it to `talk`.
    ///
    /// The name is for the app to check: two clients may have the same. The answer is 503 where too many
    /// are connected or the app is stopping, and 400 where the name has more than 256 bytes.
    pub fn accept<F, Fut>(self, name: impl Into<String>, talk: F) -> HttpResponse
    where
        F: FnOnce(Client) -> Fut + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let place = match self.rooms.admit(name.into()) {
            Ok(place) => Arc::new(place),
            Err(refused) => return refused_with(refused),
        };
        let socket = Socket::default();
        let reader = Reader {
            payload: self.payload,
            bytes: BytesMut::new(),
            parts: None,
            limit: self.rooms.limits().message,
            socket: socket.clone(),
            over: false,
        };
        let incoming = stream::unfold(reader, |mut reader| async move {
            let received = reader.next().await?;
            Some((received, reader))
        });
        let incoming = incoming.fuse().boxed_local();
        let (client, writer) = client::connect(Arc::clone(&place), incoming, socket.clone());
        let written = Written::new(Arc::clone(&place), writer, socket);
        let body = BodyStream::new(written);
        let mut response = ws::handshake_response(self.request.head());
        if let Some(protocol) = self.protocol {
            response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, protocol));
        }
        match response.message_body(body.boxed()) {
            Ok(response) => {
                actix_web::rt::spawn(async move {
                    talk(client).await;
                    // Free again when all have ended.
                    drop(place);
                });
                response.into()
            }
            Err(error) => HttpResponse::from_error(error),
        }
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut upgrade = f.debug_struct("Upgrade");
        upgrade.field("request", &self.request);
        upgrade.finish_non_exhaustive()
    }
}

fn refused_with(refused: Refused) -> HttpResponse {
    let mut response = match refused {
        Refused::Full | Refused::Stopping => HttpResponse::ServiceUnavailable(),
        Refused::NameTooLong => HttpResponse::BadRequest(),
    };
    response.body(format!("{refused}\n"))
}

fn is_allowed(rooms: &Rooms, request: &HttpRequest) -> bool {
    let values = |name| {
        let values = request.headers().get_all(name);
        values.map(|value| value.to_str().ok())
    };
    rooms.allow(values(header::ORIGIN), values(header::HOST), None)
}

/// Makes messages of the body of the request, and answers what the protocol itself asks.
struct Reader {
    payload: Payload,
    /// What no frame has been made of yet.
    bytes: BytesMut,
    /// The beginning of a text that comes in many frames.
    parts: Option<BytesMut>,
    limit: usize,
    socket: Socket,
    over: bool,
}

impl Reader {
    /// What comes next; nothing after a farewell or an error.
    async fn next(&mut self) -> Option<Received> {
        if self.over {
            return None;
        }
        let received = loop {
            match self.parse() {
                Err(close) => break Received::Invalid(close),
                Ok(Some((whole, kind, payload))) => match self.receive(whole, kind, payload) {
                    Err(close) => break Received::Invalid(close),
                    Ok(Some(received)) => break received,
                    Ok(None) => {}
                },
                Ok(None) => {
                    let bytes = self.payload.next().await?.ok()?;
                    self.bytes.extend_from_slice(&bytes);
                }
            }
        };
        self.over = matches!(received, Received::Close | Received::Invalid(_));
        Some(received)
    }

    /// Whether a frame is whole, its kind, and what it holds. `None` where its end is still to come.
    fn parse(&mut self) -> Result<Option<(bool, OpCode, BytesMut)>, Close> {
        let Some(&first) = self.bytes.first() else {
            // Thousands of clients are idle at any time, and their last message should not cost them.
            self.bytes = BytesMut::new();
            return Ok(None);
        };
        let has_reserved_bits = first & 0x70 != 0;
        if has_reserved_bits {
            return Err(Close::PROTOCOL);
        }
        let goes_on = first & 0x0f == 0;
        let before = self.parts.as_ref().filter(|_| goes_on);
        let limit = self.limit - before.map_or(0, |parts| parts.len());
        if announced(&self.bytes).is_some_and(|length| length > limit) {
            return Err(Close::TOO_LARGE);
        }
        match Parser::parse(&mut self.bytes, true, limit) {
            Ok(None) => Ok(None),
            Ok(Some((whole, kind, payload))) => {
                Ok(Some((whole, kind, payload.unwrap_or_default())))
            }
            Err(ProtocolError::Overflow) => Err(Close::TOO_LARGE),
            Err(_) => Err(Close::PROTOCOL),
        }
    }

    /// What a frame means; nothing where it is the part of a message.
    fn receive(
        &mut self,
        whole: bool,
        kind: OpCode,
        payload: BytesMut,
    ) -> Result<Option<Received>, Close> {
        Ok(Some(match kind {
            OpCode::Text | OpCode::Continue => {
                let begins = kind == OpCode::Text;
                if begins == self.parts.is_some() {
                    return Err(Close::PROTOCOL);
                }
                let mut text = self.parts.take().unwrap_or_default();
                text.unsplit(payload);
                if !whole {
                    self.parts = Some(text);
                    return Ok(None);
                }
                let text = std::str::from_utf8(&text).map_err(|_| Close::NOT_UTF8)?;
                Received::Text(text.into())
            }
            OpCode::Binary => Received::Binary,
            OpCode::Ping if whole => {
                self.socket.answer(OpCode::Pong, &payload);
                Received::Life
            }
            OpCode::Pong if whole => Received::Life,
            OpCode::Close if whole => {
                let code = payload.get(..2).unwrap_or_default();
                self.socket.answer(OpCode::Close, code);
                Received::Close
            }
            _ => return Err(Close::PROTOCOL),
        }))
    }
}

/// The length that the next frame is to have, as soon as it is known.
fn announced(bytes: &[u8]) -> Option<usize> {
    let length = match bytes.get(1)? & 0x7f {
        126 => u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into(),
        127 => u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?),
        short => short.into(),
    };
    Some(usize::try_from(length).unwrap_or(usize::MAX))
}
//% endif
