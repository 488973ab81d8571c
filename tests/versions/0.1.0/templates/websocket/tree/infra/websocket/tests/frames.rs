//% if framework != "none"
//! What holds when a client sends what it should not.

use tokio::io::AsyncWriteExt;

use super::*;

/// What comes of some bytes: the close code, and that the line ends after it.
async fn fate(app: &App, bytes: &[u8]) -> u16 {
    let mut client = app.connect("mallory").await;
    client.write(bytes).await;
    let Frame::Close(code) = client.next().await else {
        panic!("{bytes:?} is accepted");
    };
    client.frame(0x88, &code.to_be_bytes()).await;
    assert_eq!(client.next().await, Frame::End);
    code
}

fn two(mut first: Vec<u8>, second: Vec<u8>) -> Vec<u8> {
    first.extend(second);
    first
}

#[tokio::test]
async fn hostile_frames_end_their_connection_and_no_other() {
    let app = App::start().await;
    let mut ann = app.connect("ann").await;
    let begin = client::masked(0x01, b"hi");
    for (bytes, code) in [
        // Not masked.
        (b"\x81\x02hi".to_vec(), 1002),
        // A reserved kind, reserved bits, a continuation of nothing.
        (client::masked(0x83, b"hi"), 1002),
        (client::masked(0xf1, b"hi"), 1002),
        (client::masked(0x80, b"hi"), 1002),
        // A ping in parts, and one that is too long.
        (client::masked(0x09, b"hi"), 1002),
        (client::masked(0x89, &[0; 126]), 1002),
        // A text in the middle of another.
        (two(begin.clone(), client::masked(0x81, b"hi")), 1002),
        (client::masked(0x81, b"\xff\xfe"), 1007),
        (client::masked(0x82, b"binary"), 1003),
        // As long as a length can be, and nothing behind it.
        (two(vec![0x81, 0xff, 0x7f], vec![0xff; 11]), 1009),
    ] {
        assert_eq!(fate(&app, &bytes).await, code, "{bytes:x?}");
    }
    assert_eq!(ann.ask("join tea").await, "joined");
    app.wait_for(|rooms| rooms.count() == 1).await;
}

#[tokio::test]
async fn a_message_is_as_large_as_allowed_in_one_frame_or_many() {
    let app = App::with(|settings| settings.max_message_size = 1_000).await;
    let mut ann = app.connect("ann").await;
    let text = "x".repeat(1_000 - "all ".len());
    ann.say(&format!("all {text}")).await;
    ann.hears(&[&text]).await;
    // In parts, with a ping between them.
    ann.frame(0x01, b"all ").await;
    ann.frame(0x89, b"there?").await;
    assert_eq!(ann.next().await, Frame::Pong(b"there?".to_vec()));
    ann.frame(0x80, text.as_bytes()).await;
    ann.hears(&[&text]).await;

    let whole = client::masked(0x81, &[b'x'; 1_001]);
    assert_eq!(fate(&app, &whole).await, 1009);
    let (first, last) = ([b'x'; 600], [b'x'; 600]);
    let parts = two(client::masked(0x01, &first), client::masked(0x80, &last));
    assert_eq!(fate(&app, &parts).await, 1009);
}

#[tokio::test]
async fn of_many_pings_the_last_is_answered() {
    let app = App::start().await;
    let mut ann = app.connect("ann").await;
    for n in 0..1_000_u32 {
        ann.frame(0x89, &n.to_be_bytes()).await;
    }
    while ann.next().await != Frame::Pong(999_u32.to_be_bytes().to_vec()) {}
    assert_eq!(ann.ask("join tea").await, "joined");
}

#[tokio::test]
async fn a_flood_is_answered_and_hurts_nobody_who_reads() {
    const MESSAGES: usize = 20_000;
    let app = App::start().await;
    let mut ann = app.connect("ann").await;
    let mut bob = app.connect("bob").await;
    for browser in [&mut ann, &mut bob] {
        assert_eq!(browser.ask("join tea").await, "joined");
    }
    let flood: Vec<u8> = (0..MESSAGES)
        .flat_map(|n| client::masked(0x81, format!("room tea {n}").as_bytes()))
        .collect();
    let reader = tokio::spawn(async move {
        for n in 0..MESSAGES {
            assert_eq!(bob.hear().await, n.to_string());
        }
    });
    let Browser { ear, voice, .. } = &mut ann;
    let write = async { voice.write_all(&flood).await.unwrap() };
    let read = async {
        for n in 0..MESSAGES {
            assert_eq!(ear.hear().await, n.to_string());
        }
    };
    tokio::join!(write, read);
    reader.await.unwrap();
}
//% endif
