//! A headless Chromium, driven over WebDriver.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::probe::eventually;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a profile of its own.
pub struct Browser {
    driver: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser that talks to nobody by itself.
    pub fn start() -> Self {
        let driver = env::var("TEST_CHROMEDRIVER_URL").expect("TEST_CHROMEDRIVER_URL is not set");
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=420,560",
        ];
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        let mut arguments = arguments.to_vec();
        arguments.push(&profile_argument);
        let options = json!({ "args": arguments });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let mut browser = Self {
            driver: driver.strip_prefix("http://").unwrap().to_owned(),
            session: String::new(),
            _profile: profile,
        };
        let request = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = browser.request("POST", "/session", Some(request));
        browser.session = text(&session["sessionId"]);
        browser
    }

    /// The window that commands are for.
    pub fn window(&mut self) -> String {
        text(&self.get("window"))
    }

    /// Opens a window, without going there.
    pub fn new_window(&mut self) -> String {
        let window = self.post("window/new", json!({ "type": "window" }));
        text(&window["handle"])
    }

    /// Goes to a window.
    pub fn switch(&mut self, window: &str) {
        self.post("window", json!({ "handle": window }));
    }

    /// Closes the window.
    pub fn close(&mut self) {
        let path = format!("/session/{}/window", self.session);
        self.request("DELETE", &path, None);
    }

    /// Gives the window a size.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height });
        self.post("window/rect", size);
    }

    /// Loads a page.
    pub fn open(&mut self, address: &str) {
        self.post("url", json!({ "url": address }));
    }

    /// Types into a field.
    pub fn write(&mut self, selector: &str, text: &str) {
        let query = json!({ "using": "css selector", "value": selector });
        let element = self.post("element", query);
        let element = element[ELEMENT].as_str().unwrap();
        // The key Enter of WebDriver.
        let text = text.replace('\n', "\u{e007}");
        let path = format!("element/{element}/value");
        self.post(&path, json!({ "text": text }));
    }

    /// Waits until an element shows a text, alone or behind a name.
    #[track_caller]
    pub fn wait_for(&mut self, selector: &str, expected: &str) {
        let script = format!("return document.querySelector('{selector}')?.textContent");
        eventually(|| {
            let shown = self.run(&script);
            let shown = shown.as_str().unwrap_or_default();
            shown == expected || shown.ends_with(&format!(" {expected}"))
        });
    }

    /// Runs a function body in the page.
    pub fn run(&mut self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Runs a function body in the page, which calls its last argument with the answer.
    pub fn run_and_wait(&mut self, script: &str) -> Value {
        self.post("execute/async", json!({ "script": script, "args": [] }))
    }

    /// What the window shows: a PNG in base64.
    pub fn screenshot(&mut self) -> String {
        text(&self.get("screenshot"))
    }

    fn get(&mut self, path: &str) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        self.request("GET", &path, None)
    }

    fn post(&mut self, path: &str, body: Value) -> Value {
        let path = format!("/session/{}/{path}", self.session);
        self.request("POST", &path, Some(body))
    }

    fn request(&mut self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = exchange(&self.driver, method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        exchange(&self.driver, "DELETE", &path, None);
    }
}

/// One request on a line of its own; gives the status and the document.
fn exchange(driver: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut stream = TcpStream::connect(driver).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut stream = BufReader::new(stream);
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        } else if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("content-length:") {
            length = rest.trim().parse().unwrap();
        }
    }
    let mut document = vec![0; length];
    stream.read_exact(&mut document).unwrap();
    (status, serde_json::from_slice(&document).unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The bytes behind a text in base64.
pub fn decode(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte| DIGITS.iter().position(|known| *known == byte);
    let digits: Vec<usize> = text.bytes().filter_map(digit).collect();
    let group = |group: &[usize]| {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        let bytes = [bits >> 16, bits >> 8, bits].map(|bits| (bits & 0xff) as u8);
        bytes.into_iter().take(group.len() * 3 / 4)
    };
    digits.chunks(4).flat_map(group).collect()
}
