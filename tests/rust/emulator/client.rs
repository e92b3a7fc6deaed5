//! Just enough of HTTP/1.1 to see what the emulator puts on the wire.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use atlas_serverless::emulator::{ClockMode, Emulator, Options};
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// 9 September 2025, when most replies were recorded.
pub const START: f64 = 1_757_441_711.0;

/// A reply as it came, in the order in which it came.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection ended before the announced body was there.
    pub truncated: bool,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn code(&self) -> String {
        self.json()["errorCode"].as_str().unwrap_or_default().to_owned()
    }
}

/// Options of a test: time stands still on a known day.
pub fn options() -> Options {
    Options { clock: ClockMode::Manual { start: Some(START) }, ..Options::default() }
}

/// An emulator with the credentials of its default identities at hand.
pub struct Atlas {
    pub emulator: Emulator,
    pub group_id: String,
    pub token: String,
    pub description: Value,
}

impl Atlas {
    pub fn start(options: Options) -> Self {
        let emulator = Emulator::start(options).unwrap();
        let description = emulator.description();
        let text = |name: &str| description[name].as_str().unwrap().to_owned();
        Self { group_id: text("group_id"), token: text("access_token"), emulator, description: description.clone() }
    }

    pub fn get(&self, name: &str) -> &str {
        self.description[name].as_str().unwrap()
    }

    pub fn address(&self) -> String {
        self.emulator.url().trim_start_matches("http://").to_owned()
    }

    /// `/api/atlas/v2/groups/{default}/…`
    pub fn path(&self, rest: &str) -> String {
        format!("/api/atlas/v2/groups/{}/{rest}", self.group_id)
    }

    /// A request with the ready-made token and a present version.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        self.raw(method, path, &[("Authorization", &bearer), ("Accept", ACCEPT)], body.map(|b| b.to_string()))
            .expect("a reply")
    }

    /// A request with exactly these headers beside Host and the body's own. `Err` when no reply came.
    pub fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Reply, ErrorKind> {
        let mut stream = TcpStream::connect(self.address()).map_err(|e| e.kind())?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        send(&mut stream, &self.address(), method, path, headers, body.as_deref()).map_err(|e| e.kind())?;
        receive(&mut stream)
    }

    pub fn create_body(name: &str) -> Value {
        json!({"name": name, "providerSettings": {
            "providerName": "SERVERLESS", "backingProviderName": "AWS", "regionName": "US_EAST_1"}})
    }

    pub fn flex_body(name: &str) -> Value {
        json!({"name": name, "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}})
    }

    pub fn create(&self, name: &str) -> Reply {
        self.call("POST", &self.path("serverless"), Some(Self::create_body(name)))
    }

    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if body.is_null() { None } else { Some(body) };
        self.emulator.control(method, path, body).unwrap()
    }

    pub fn advance(&self, seconds: f64) {
        self.control("POST", "clock", json!({"advance_seconds": seconds}));
    }

    /// Basic credentials of the default service account.
    pub fn basic(&self) -> String {
        use base64::Engine;
        let pair = format!("{}:{}", self.get("client_id"), self.get("client_secret"));
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }

    pub fn ask_token(&self) -> Reply {
        let headers = [("Authorization", self.basic()), ("Content-Type", FORM.to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
        self.raw("POST", "/api/oauth/token", &headers, Some("grant_type=client_credentials".into())).unwrap()
    }

    /// An answer to a challenge (RFC 7616, MD5).
    pub fn digest(&self, challenge: &str, method: &str, path: &str, nc: u32) -> String {
        let nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        let (user, secret) = (self.get("public_key"), self.get("private_key"));
        let realm = "MMS Public API";
        let a1 = md5(&format!("{user}:{realm}:{secret}"));
        let a2 = md5(&format!("{method}:{path}"));
        let response = md5(&format!("{a1}:{nonce}:{nc:08x}:abcdef:auth:{a2}"));
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{path}\", cnonce=\"abcdef\", \
             nc={nc:08x}, qop=auth, response=\"{response}\", algorithm=MD5"
        )
    }
}

pub const ACCEPT: &str = "application/vnd.atlas.2025-03-12+json";
pub const FORM: &str = "application/x-www-form-urlencoded";

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a request. A body is JSON unless the headers say otherwise.
pub fn send(
    stream: &mut TcpStream,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> std::io::Result<()> {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text += &format!("Host: {host}\r\n");
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            text += "Content-Type: application/json\r\n";
        }
        text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    } else {
        text += "\r\n";
    }
    stream.write_all(text.as_bytes())
}

/// Reads one reply.
pub fn receive(stream: &mut TcpStream) -> Result<Reply, ErrorKind> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => return Err(error.kind()),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut reply = Reply { status, headers, body: bytes[head + 4..].to_vec(), truncated: false };
    let length: usize = reply.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    while reply.body.len() < length {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => {
                reply.truncated = true;
                break;
            }
            Ok(count) => reply.body.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(reply)
}
