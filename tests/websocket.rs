//! Rooms with whole processes: thousands of clients, two instances over a Redis that is killed, and two
//! windows of a browser that chat.
//!
//! Every test drives programs (`tests/generated/websocket_probe.rs`) of the package that the tool generates.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test makes its own world, and stops where that fails"
)]

#[path = "websocket/browser.rs"]
mod browser;
mod common;
#[path = "websocket/probe.rs"]
mod probe;

use std::{env, fs, path::Path, thread, time::Duration};

use browser::Browser;
use common::redis::Server;
use probe::{Probe, eventually};

/// As many as one instance is to bear.
const CLIENTS: u64 = 10_000;
/// KiB that each of them may cost.
const MEMORY: u64 = 20;

#[test]
#[ignore = "needs 10,000 open files twice"]
fn ten_thousand_clients_hear_everything_beside_one_that_never_reads() {
    let mut server = Probe::server(&[("WS_SLOW_CLIENT", "drop-oldest")]);
    let mut clients = Probe::clients();
    let port = server.port;
    // The first ones pay for what all share.
    clients.expect(&format!("connect {port} early 100"), "ok");
    let before = server.number("rss");
    clients.expect(&format!("connect {port} crowd {}", CLIENTS - 100), "ok");
    server.wait_for("count", &CLIENTS.to_string());
    let idle = server.number("rss") - before;

    server.expect("send all 10 1024", "ok");
    let alone = slowest(&mut clients, 10 * CLIENTS);
    let used = server.number("rss") - before;

    clients.expect(&format!("mute {port} stuck"), "ok");
    server.wait_for("members stuck", "stuck");
    // Far more than its queue and all buffers on the way to it hold.
    server.expect("send stuck 800 65536", "ok");
    server.expect("send all 10 1024", "ok");
    let beside = slowest(&mut clients, 10 * CLIENTS);
    server.expect("count", &(CLIENTS + 1).to_string());

    let (idle, used) = (idle / (CLIENTS - 100), used / (CLIENTS - 100));
    println!("{idle} KiB a client, {used} KiB after messages of 1 KiB");
    println!("slowest of 10 broadcasts {alone} ms, beside one that never reads {beside} ms");
    assert!(idle < MEMORY && used < MEMORY, "{idle} KiB, {used} KiB");
    assert!(beside <= 3 * alone + 1_000, "{beside} ms, alone {alone} ms");
}

/// Waits until the clients have heard so many messages, and gives the longest way of one, in milliseconds.
fn slowest(clients: &mut Probe, messages: u64) -> u64 {
    let answer = clients.ask(&format!("heard {messages}"));
    let millis = answer.strip_prefix("slowest ").unwrap();
    millis.parse().unwrap()
}

#[test]
#[ignore = "needs redis-server"]
fn instances_find_together_when_redis_returns() {
    let mut redis = Server::start(&[]);
    let url = redis.url();
    let mut servers = [(), ()].map(|()| Probe::server(&[("WS_REDIS_URL", &url)]));
    let mut clients = servers.each_ref().map(|server| {
        let mut clients = Probe::clients();
        clients.expect(&format!("connect {} tea 1", server.port), "ok");
        clients
    });
    for server in &mut servers {
        server.wait_for("members tea", "tea,tea");
    }
    say(&mut clients, "hello");

    redis.kill();
    for server in &mut servers {
        eventually(|| {
            server
                .ask("health")
                .starts_with("Degraded(\"redis has been away")
        });
        // Each goes on with those it has; the other's are forgotten after a while.
        server.wait_for("members tea", "tea");
    }
    servers[0].expect("text tea alone", "ok");
    clients[0].wait_for("last", "alone");

    redis.restart();
    for server in &mut servers {
        server.wait_for("health", "Healthy");
        server.wait_for("members tea", "tea,tea");
    }
    clients[1].expect("last", "hello");
    say(&mut clients, "again");
    // An instance that dies takes its members along.
    let [survivor, dead] = &mut servers;
    dead.kill();
    survivor.wait_for("members tea", "tea");
}

/// The first says something, and the other hears it.
fn say(clients: &mut [Probe; 2], text: &str) {
    clients[0].expect(&format!("say {text}"), "ok");
    clients[1].wait_for("last", text);
}

#[test]
#[ignore = "needs a build of the generated package"]
fn wrong_settings_are_all_named_at_once() {
    let output = probe::run(&[
        ("WS_REDIS_URL", "redis://root:hunter2@localhost:port"),
        ("WS_HEARTBEAT_INTERVAL", "soon"),
        ("WS_MAX_MESSAGE_SIZE", "1"),
        ("WS_SEND_QUEUE", "0"),
        ("WS_SLOW_CLIENT", "wait"),
        ("WS_ORIGINS", "example.com"),
    ]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    for name in [
        "WS_REDIS_URL",
        "WS_HEARTBEAT_INTERVAL",
        "WS_MAX_MESSAGE_SIZE",
        "WS_SEND_QUEUE",
        "WS_SLOW_CLIENT",
        "WS_ORIGINS",
    ] {
        assert!(text.contains(name), "{name} is not named in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
#[ignore = "needs TEST_CHROMEDRIVER_URL"]
fn two_windows_chat_and_a_page_from_elsewhere_does_not() {
    let server = Probe::server(&[]);
    let origin = format!("http://127.0.0.1:{}", server.port);
    let mut browser = Browser::start();
    let windows = [browser.window(), browser.new_window()];
    for (window, name) in windows.iter().zip(["Ann", "Bob"]) {
        browser.switch(window);
        browser.open(&format!("{origin}/ws/demo"));
        browser.write("#name", &format!("{name}\n"));
        browser.wait_for("#state", &format!("connected as {name}"));
    }
    let [ann, bob] = &windows;
    let lines = [
        (ann, "Hello <b>Bob</b>, is the tea ready?"),
        (bob, "<img src=x onerror=alert(1)> Almost."),
        (ann, "Then I bring the cake."),
    ];
    for (window, text) in lines {
        browser.switch(window);
        browser.write("#text", &format!("{text}\n"));
        // What is written is shown as it is written, in both windows.
        for window in &windows {
            browser.switch(window);
            browser.wait_for("li:last-child", text);
        }
    }
    for window in &windows {
        browser.switch(window);
        browser.wait_for("#present", "Ann, Bob");
        let strange = "return document.querySelectorAll('li img, li b + b').length";
        assert_eq!(browser.run(strange), 0);
        let loaded = "return performance.getEntriesByType('resource').map(entry => entry.name)";
        let loaded: Vec<String> = serde_json::from_value(browser.run(loaded)).unwrap();
        assert!(!loaded.is_empty(), "the script and the style");
        assert!(
            loaded.iter().all(|name| name.starts_with(&origin)),
            "{loaded:?}"
        );
    }
    keep_screenshot(&mut browser, &windows);

    // The same from a page that is not the app's.
    browser.open("data:text/html,elsewhere");
    let connect = format!(
        "const done = arguments[0];
         const socket = new WebSocket('{}/ws/demo/socket/Eve');
         socket.onopen = () => done('open');
         socket.onclose = () => done('refused');",
        origin.replace("http:", "ws:")
    );
    assert_eq!(browser.run_and_wait(&connect), "refused");
    // Its window has left, and the other sees it.
    browser.switch(ann);
    browser.wait_for("#present", "Ann");
}

/// Both windows side by side. With `UPDATE_SCREENSHOT` set it becomes that of the documentation.
fn keep_screenshot(browser: &mut Browser, windows: &[String; 2]) {
    let mut images = String::new();
    for window in windows {
        browser.switch(window);
        let image = browser.screenshot();
        images += &format!("<img src=\"data:image/png;base64,{image}\" width=420>");
    }
    let window = browser.new_window();
    browser.switch(&window);
    browser.open("data:text/html,<body style='margin:0;display:flex;gap:8px;background:gray'>");
    let show = format!("document.body.innerHTML = '{images}'");
    browser.run(&show);
    browser.resize(848, 560);
    thread::sleep(Duration::from_millis(300));
    let image = browser::decode(&browser.screenshot());
    assert!(image.starts_with(b"\x89PNG"), "{image:x?}");
    if env::var_os("UPDATE_SCREENSHOT").is_some() {
        assert!(image.len() < 60_000, "{} bytes", image.len());
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        fs::create_dir_all(&docs).unwrap();
        fs::write(docs.join("websocket.png"), image).unwrap();
    }
    browser.close();
    browser.switch(&windows[1]);
}
