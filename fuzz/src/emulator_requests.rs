//! Requests to the emulator's API: each gets an answer, and none of them is a mistake of the emulator's own.
use atlas_serverless::emulator::{Options, State, app};
use axum::body::Body;
use axum::http::{Method, Request, Uri};
use serde_json::{Value, json};
use tower_service::Service;

use super::support;

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
}

/// Requests, each `METHOD path`, headers, an empty line, the length of the body in a line, and the body. `{group}` in a
/// path is the project; `Authorization: emulator` a valid token.
pub fn run(data: &[u8]) {
    let options = Options::from_json(&json!({"clock": "manual", "provisioning": {"reads": 1}, "random_seed": 1}));
    let state = State::new(options.unwrap()).unwrap();
    let description = state.description();
    let (group, token) = (text(&description, "group_id"), text(&description, "access_token"));
    let mut router = app(state.clone());
    let mut rest = data;
    for _ in 0..8 {
        if rest.is_empty() {
            break;
        }
        let (line, after) = support::line(rest);
        let line = String::from_utf8_lossy(line);
        let (method, path) = line.split_once(' ').unwrap_or(("GET", &line));
        let (headers, after) = support::headers(after);
        let (length, after) = support::number(after);
        let (body, after) = after.split_at(after.len().min(usize::from(length)));
        rest = after.strip_prefix(b"\n").unwrap_or(after);
        let path = path.replace("{group}", &group);
        // What controls the emulator has a target of its own.
        let (Ok(method), Ok(uri)) = (Method::from_bytes(method.as_bytes()), path.parse::<Uri>()) else { continue };
        if uri.path().starts_with("/_emulator") {
            continue;
        }
        let mut request = Request::builder().method(method).uri(uri).body(Body::from(body.to_vec())).unwrap();
        *request.headers_mut() = headers;
        if request.headers().get("authorization").is_some_and(|value| value == "emulator") {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let reply = router.call(request).await.unwrap();
                let status = reply.status();
                let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
                assert!(status != 500, "{}", String::from_utf8_lossy(&body));
            });
        });
    }
    // The log of requests can be read, and shows no token.
    let log = serde_json::to_string(&state.requests()).unwrap();
    assert!(!support::has_secret(log.as_bytes(), &token));
    state.reset();
}

fn text(description: &Value, name: &str) -> String {
    description[name].as_str().unwrap().to_owned()
}
