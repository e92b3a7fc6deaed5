//! Requests to the emulator's API: each gets an answer, none of them is a mistake of the emulator's own, and what was created
//! can be read until it is deleted.
use std::collections::BTreeSet;

use atlas_serverless::emulator::{Options, State, app};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_auth::{PasswordClient, PasswordParams};
use serde_json::{Value, json};
use tower_service::Service;

use super::{Reached, support};

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
}

/// Requests, each `METHOD path`, headers, an empty line, the length of the body in a line, and the body. `{group}` in a
/// path is the project. `Authorization` may be `emulator` (a valid token), `digest` (an API key), `client` (a service account,
/// for a new token) or `issued` (that token).
pub fn run(data: &[u8]) -> Reached {
    let mut emulator = Emulator::new();
    let (mut rest, mut reached) = (data, Reached::Nothing);
    for _ in 0..8 {
        if rest.is_empty() {
            break;
        }
        let (line, after) = support::line(rest);
        let line = String::from_utf8_lossy(line);
        let (method, path) = line.split_once(' ').unwrap_or(("GET", &line));
        let (mut headers, after) = support::headers(after);
        let (length, after) = support::number(after);
        let (body, after) = after.split_at(after.len().min(usize::from(length)));
        rest = after.strip_prefix(b"\n").unwrap_or(after);
        let path = path.replace("{group}", &emulator.text("group_id"));
        // What controls the emulator has a target of its own.
        let (Ok(method), Ok(uri)) = (Method::from_bytes(method.as_bytes()), path.parse::<Uri>()) else { continue };
        if uri.path().starts_with("/_emulator") {
            continue;
        }
        emulator.authorize(&method, &uri, &mut headers);
        let (status, reply) = emulator.send(&method, &uri, &headers, body);
        if status < 300 {
            emulator.note(&method, &uri, &headers, &reply);
            reached = Reached::Accepted;
        } else if reached == Reached::Nothing {
            reached = Reached::Refused;
        }
    }
    emulator.check_created();
    emulator.check_log();
    emulator.state.reset();
    reached
}

struct Emulator {
    state: State,
    router: Router,
    description: Value,
    /// The last token that was issued.
    issued: Option<String>,
    /// Clusters: their collection, their name, and the version that was asked for.
    created: BTreeSet<(String, String, String)>,
}

impl Emulator {
    fn new() -> Self {
        let options = Options::from_json(&json!({"clock": "manual", "provisioning": {"reads": 1}, "random_seed": 1}));
        let state = State::new(options.unwrap()).unwrap();
        let (router, description) = (app(state.clone()), state.description());
        Self { state, router, description, issued: None, created: BTreeSet::new() }
    }

    fn text(&self, name: &str) -> String {
        self.description[name].as_str().unwrap_or_else(|| panic!("{name}")).to_owned()
    }

    fn send(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> (u16, Bytes) {
        let body = Body::from(body.to_vec());
        let mut request = Request::builder().method(method.clone()).uri(uri.clone()).body(body).unwrap();
        *request.headers_mut() = headers.clone();
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let reply = self.router.call(request).await.unwrap();
                let status = reply.status().as_u16();
                let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
                assert!(status < 500, "{status} {}", String::from_utf8_lossy(&body));
                (status, body)
            })
        })
    }

    /// Puts valid credentials in the place of their name.
    fn authorize(&mut self, method: &Method, uri: &Uri, headers: &mut HeaderMap) {
        let value = match headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) {
            Some(b"emulator") => format!("Bearer {}", self.text("access_token")),
            Some(b"issued") => format!("Bearer {}", self.issued.as_deref().unwrap_or("none")),
            Some(b"client") => {
                let pair = format!("{}:{}", self.text("client_id"), self.text("client_secret"));
                format!("Basic {}", STANDARD.encode(pair))
            }
            Some(b"digest") => self.digest(method, uri),
            _ => return,
        };
        headers.insert(AUTHORIZATION, value.parse().unwrap());
    }

    /// The answer to a new challenge.
    fn digest(&mut self, method: &Method, uri: &Uri) -> String {
        let request = Request::get("/api/atlas/v2/groups").body(Body::empty()).unwrap();
        let reply = RUNTIME.with(|runtime| runtime.block_on(self.router.call(request)).unwrap());
        let challenge = reply.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        let mut client = PasswordClient::try_from(challenge).expect("a challenge");
        let (username, password) = (self.text("public_key"), self.text("private_key"));
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let params = PasswordParams {
            username: &username,
            password: &password,
            uri: target,
            method: method.as_str(),
            body: None,
        };
        client.respond(&params).unwrap_or_default()
    }

    /// Remembers what a request has brought.
    fn note(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, reply: &[u8]) {
        let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
        if let Some(token) = reply["access_token"].as_str() {
            self.issued = Some(token.to_owned());
        }
        let group = self.text("group_id");
        let collection = uri.path();
        let is_collection = ["flexClusters", "serverless"]
            .iter()
            .any(|kind| collection == format!("/api/atlas/v2/groups/{group}/{kind}"));
        let version = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        if let (&Method::POST, true, Some(name), Some(version)) =
            (method, is_collection, reply["name"].as_str(), version)
        {
            self.created.insert((collection.to_owned(), name.to_owned(), version.to_owned()));
        }
    }

    /// A cluster that is there is listed once, and one that was deleted is not there.
    fn check_created(&mut self) {
        for (collection, name, version) in self.created.clone() {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, format!("Bearer {}", self.text("access_token")).parse().unwrap());
            headers.insert(ACCEPT, version.parse().unwrap());
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let (one, all): (Uri, Uri) = (format!("{collection}/{name}").parse().unwrap(), collection.parse().unwrap());
            // A reading ends the state that it shows.
            let settled =
                |emulator: &mut Self| (0..3).map(|_| emulator.send(&Method::GET, &one, &headers, b"")).last().unwrap();
            let listed = |emulator: &mut Self| {
                let (status, page) = emulator.send(&Method::GET, &all, &headers, b"");
                let page: Value = serde_json::from_slice(&page).unwrap_or_default();
                let results = page["results"].as_array().cloned().unwrap_or_default();
                (status, results.iter().filter(|entry| entry["name"] == name).count())
            };
            let (status, entity) = settled(self);
            let entity: Value = serde_json::from_slice(&entity).unwrap_or_default();
            if status != 200 {
                // It was deleted or upgraded, or may not be read.
                continue;
            }
            assert_eq!(entity["name"], name);
            assert_eq!(listed(self), (200, 1), "{name}");
            let (status, _) = self.send(&Method::DELETE, &one, &headers, b"");
            if status < 300 {
                assert_eq!(settled(self).0, 404, "{name} is there after its deletion");
                assert_eq!(listed(self), (200, 0), "{name}");
            } else {
                assert_eq!(entity["terminationProtectionEnabled"], true, "{status}");
            }
        }
    }

    /// The log of requests can be read, and shows no secret.
    fn check_log(&self) {
        let log = serde_json::to_string(&self.state.requests()).unwrap();
        let names = ["access_token", "client_secret", "private_key"];
        for secret in names.iter().map(|name| self.text(name)).chain(self.issued.clone()) {
            assert!(!support::has_secret(log.as_bytes(), &secret));
        }
    }
}
