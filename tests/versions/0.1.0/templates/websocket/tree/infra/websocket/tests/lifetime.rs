//% if framework != "none"
//! What holds for slow clients, and at the end of connections and of the app.

use super::*;

/// Twenty times what the buffers of a line hold, one message a moment, so that who reads keeps up.
async fn flood(app: &App, quick: &mut Browser) {
    let text = "x".repeat(64 * 1_024);
    for n in 0..1_000 {
        app.rooms().send_to_room("tea", format!("{n} {text}"));
        assert!(quick.hear().await.starts_with(&format!("{n} ")));
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_delays_nobody_and_leaves() {
    let app = App::start().await;
    let mut slow = app.connect("slow").await;
    let mut quick = app.connect("quick").await;
    for browser in [&mut slow, &mut quick] {
        assert_eq!(browser.ask("join tea").await, "joined");
    }
    flood(&app, &mut quick).await;
    app.wait_for(|rooms| rooms.count() == 1).await;
    assert_eq!(names(app.rooms(), "tea"), ["quick"]);
    // It reads what was on the way, and then why it ended.
    let mut texts = 0;
    let end = loop {
        match slow.next().await {
            Frame::Text(_) => texts += 1,
            other => break other,
        }
    };
    assert_eq!(end, Frame::Close(1013));
    assert!(texts < 1_000 - 256, "{texts}");
}

#[tokio::test]
async fn a_client_that_reads_nothing_loses_the_oldest() {
    let app = App::with(|settings| settings.slow_client = "drop-oldest".to_owned()).await;
    let mut slow = app.connect("slow").await;
    let mut quick = app.connect("quick").await;
    for browser in [&mut slow, &mut quick] {
        assert_eq!(browser.ask("join tea").await, "joined");
    }
    flood(&app, &mut quick).await;
    let mut heard = Vec::new();
    while heard.last() != Some(&999) {
        let text = slow.hear().await;
        heard.push(text.split(' ').next().unwrap().parse::<u16>().unwrap());
    }
    assert!(heard.is_sorted());
    assert!(heard.len() < 1_000, "nothing was dropped");
    // The queue is whole, and nothing else came after what was under way.
    assert!(heard.ends_with(&(744..1_000).collect::<Vec<_>>()));
}

#[tokio::test]
async fn whoever_goes_is_no_longer_there() {
    let app = App::start().await;
    let farewell = 1000_u16.to_be_bytes();
    for (first, payload, code) in [
        (0x88, farewell.as_slice(), 1000),
        (0x81, b"bye".as_slice(), 1000),
        (0x81, b"panic".as_slice(), 1011),
    ] {
        let mut ann = app.connect("ann").await;
        assert_eq!(ann.ask("join tea").await, "joined");
        ann.frame(first, payload).await;
        assert_eq!(ann.next().await, Frame::Close(code));
        if first == 0x81 {
            ann.frame(0x88, &farewell).await;
        }
        assert_eq!(ann.next().await, Frame::End);
        app.wait_for(|rooms| rooms.count() == 0 && rooms.members("tea").is_empty())
            .await;
    }
    let ann = app.connect("ann").await;
    drop(ann);
    app.wait_for(|rooms| rooms.count() == 0).await;
}

#[tokio::test]
async fn the_app_can_end_a_connection() {
    let app = App::start().await;
    let mut ann = app.connect("ann").await;
    app.rooms().disconnect(ann.id.unwrap(), "spam");
    assert_eq!(ann.next().await, Frame::Close(1008));
    app.wait_for(|rooms| rooms.count() == 0).await;
}

#[tokio::test]
async fn a_shutdown_sends_what_waits_and_says_goodbye() {
    let app = App::start().await;
    let mut browsers = Vec::new();
    for n in 0..20 {
        browsers.push(app.connect(&n.to_string()).await);
    }
    app.rooms().broadcast("last words");
    let shutdown = tokio::spawn({
        let infra = Arc::clone(&app.infra);
        async move { infra.shutdown().await }
    });
    for browser in &mut browsers {
        browser.hears(&["last words"]).await;
        assert_eq!(browser.next().await, Frame::Close(1001));
        browser.frame(0x88, &1001_u16.to_be_bytes()).await;
        assert_eq!(browser.next().await, Frame::End);
    }
    time::timeout(PATIENCE, shutdown).await.unwrap().unwrap();
    assert_eq!(app.rooms().count(), 0);
    let late = Browser::open(app.address, "late", &[]).await;
    assert_eq!(late.err(), Some(503));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_who_does_not_answer() {
    let app = App::start().await;
    let _mute = app.connect("mute").await;
    let begun = time::Instant::now();
    app.infra.shutdown().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
}
//% endif
