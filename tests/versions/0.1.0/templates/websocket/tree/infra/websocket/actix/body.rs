//% if framework == "actix-web"
//! The body of the answer: what the client receives.

use std::{
    cell::Cell,
    convert::Infallible,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use actix_http::ws::{OpCode, Parser};
use actix_web::web::{Bytes, BytesMut};
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::sink::Sink;
use futures_util::stream::Stream;

use super::super::outbox::{Close, Outgoing};
use super::super::rooms::Place;

/// The first byte of the last frame.
const FAREWELL: u8 = 0x88;

/// Frames on their way to the body of the answer.
#[derive(Clone, Default)]
pub(super) struct Socket(Rc<Line>);

#[derive(Default)]
struct Line {
    /// What the writer sends next.
    frame: Cell<Option<Bytes>>,
    /// What the reader answers, ahead of that.
    answer: Cell<Option<Bytes>>,
    /// Who takes both.
    body: Cell<Option<Waker>>,
}

impl Socket {
    /// Nobody has to be woken: who takes the frame asks the writer for the next.
    fn poll_empty(&self) -> Poll<Result<(), Infallible>> {
        let frame = self.0.frame.take();
        let poll = match frame {
            Some(_) => Poll::Pending,
            None => Poll::Ready(Ok(())),
        };
        self.0.frame.set(frame);
        poll
    }

    /// Answers what the protocol itself asks. Pings that come together get one answer, to the last.
    pub(super) fn answer(&self, kind: OpCode, payload: &[u8]) {
        self.0.answer.set(Some(frame(kind, payload)));
        if let Some(body) = self.0.body.take() {
            body.wake();
        }
    }

    fn poll_answer(&self, context: &Context<'_>) -> Poll<Bytes> {
        let answer = self.0.answer.take();
        let known = self.0.body.take();
        let known = known.filter(|body| body.will_wake(context.waker()));
        let body = known.unwrap_or_else(|| context.waker().clone());
        self.0.body.set(Some(body));
        answer.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Sink<Outgoing> for Socket {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_empty()
    }

    fn start_send(self: Pin<&mut Self>, outgoing: Outgoing) -> Result<(), Infallible> {
        self.0.frame.set(Some(written(outgoing)));
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_empty()
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_empty()
    }
}

/// What the client receives: nothing more after a farewell, though the line stays open for its answer.
///
/// The writer is no task of its own: a broadcast then wakes each connection once.
pub(super) struct Written {
    /// Until it has ended.
    writer: Option<LocalBoxFuture<'static, ()>>,
    socket: Socket,
    over: bool,
    /// Taken as long as actix-web holds the line, which it does until the client has read what was
    /// written.
    _place: Arc<Place>,
}

impl Written {
    pub(super) fn new(
        place: Arc<Place>,
        writer: impl Future<Output = ()> + 'static,
        socket: Socket,
    ) -> Self {
        Self {
            writer: Some(writer.boxed_local()),
            socket,
            over: false,
            _place: place,
        }
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Poll::Ready(answer) = self.socket.poll_answer(context) {
            return Poll::Ready(Some(answer));
        }
        let writer = self.writer.as_mut();
        if writer.is_some_and(|writer| writer.as_mut().poll(context).is_ready()) {
            self.writer = None;
        }
        match (self.socket.0.frame.take(), &self.writer) {
            (None, Some(_)) => Poll::Pending,
            (frame, _) => Poll::Ready(frame),
        }
    }
}

impl Stream for Written {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.poll_frame(context) {
                Poll::Ready(Some(_)) if self.over => {}
                Poll::Ready(Some(frame)) => {
                    self.over = frame.first() == Some(&FAREWELL);
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn written(outgoing: Outgoing) -> Bytes {
    match outgoing {
        Outgoing::Text(text) => frame(OpCode::Text, text.as_bytes()),
        Outgoing::Ping => frame(OpCode::Ping, &[]),
        Outgoing::Close(Close { code, reason }) => {
            let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
            frame(OpCode::Close, &payload)
        }
    }
}

fn frame(kind: OpCode, payload: &[u8]) -> Bytes {
    // As much as a head can have.
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    Parser::write_message(&mut frame, payload, kind, true, false);
    frame.freeze()
}
//% endif
