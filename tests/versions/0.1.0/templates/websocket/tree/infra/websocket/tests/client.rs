//% if framework != "none"
//! A client that also sends what no browser would.

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{self, OwnedWriteHalf};

use super::*;

/// One end of a line, byte by byte.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) ear: Ear,
    pub(super) voice: OwnedWriteHalf,
    /// What the server said to the request.
    pub(super) head: String,
    pub(super) id: Option<ClientId>,
}

/// What comes from the server.
#[derive(Debug)]
pub(super) struct Ear(BufReader<tcp::OwnedReadHalf>);

/// What the server sends.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    Text(String),
    Ping,
    Pong(Vec<u8>),
    /// A close code.
    Close(u16),
    /// The line is closed.
    End,
}

impl Browser {
    /// Connects under a name. The error is the status of an answer that is no upgrade.
    pub(super) async fn open(
        address: SocketAddr,
        name: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        Self::path(address, &format!("/chat/{name}"), headers).await
    }

    pub(super) async fn path(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
        let version = [("Sec-WebSocket-Version", "13")];
        let version = version.iter().filter(|(name, _)| {
            let mut names = headers.iter().map(|(name, _)| name);
            names.all(|known| known != name)
        });
        for (name, value) in headers.iter().chain(version) {
            request += &format!("{name}: {value}\r\n");
        }
        request += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
        request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (reader, mut voice) = stream.into_split();
        voice.write_all(request.as_bytes()).await.unwrap();
        let mut ear = Ear(BufReader::new(reader));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let byte = time::timeout(PATIENCE, ear.0.read_u8()).await.unwrap();
            head.push(byte.unwrap().into());
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status != 101 {
            return Err(status);
        }
        let head = head.to_lowercase();
        Ok(Self {
            ear,
            voice,
            head,
            id: None,
        })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.voice.write_all(bytes).await.unwrap();
    }

    /// Sends a frame with this first byte, masked as it must be.
    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.write(&masked(first, payload)).await;
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes()).await;
    }

    pub(super) async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.hear().await
    }

    pub(super) async fn hear(&mut self) -> String {
        self.ear.hear().await
    }

    pub(super) async fn hears(&mut self, texts: &[&str]) {
        for text in texts {
            assert_eq!(self.hear().await, *text);
        }
    }

    pub(super) async fn next(&mut self) -> Frame {
        self.ear.next().await
    }
}

impl Ear {
    /// The next text.
    pub(super) async fn hear(&mut self) -> String {
        match self.next().await {
            Frame::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    async fn next(&mut self) -> Frame {
        let frame = time::timeout(PATIENCE, self.read()).await;
        frame.expect("a frame in time").unwrap_or(Frame::End)
    }

    async fn read(&mut self) -> std::io::Result<Frame> {
        let first = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? {
            126 => self.0.read_u16().await?.into(),
            127 => self.0.read_u64().await?,
            length => length.into(),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Frame::Text(String::from_utf8(payload).unwrap()),
            0x88 => Frame::Close(u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => Frame::Ping,
            0x8a => Frame::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        })
    }
}

/// The bytes of a frame; the mask is all zeros, which leaves the payload as it is.
pub(super) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
//% endif
