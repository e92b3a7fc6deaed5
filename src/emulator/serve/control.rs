//! The control API and the page at `/` over HTTP, for loopback callers only.

use std::net::IpAddr;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Request as HttpRequest, State as Extract};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::connection::Handle;
use super::state::State;
use crate::emulator::control::error::ControlError;
use crate::emulator::http::replies::to_bytes;
use crate::emulator::http::request::Request;
use crate::emulator::json::parse;

/// `/_emulator/…` over HTTP.
pub(crate) async fn control(Extract(state): Extract<State>, request: HttpRequest) -> Response<HttpBody> {
    let caller = request.extensions().get::<Handle>().cloned();
    let refused = refusal(request.headers());
    let answer = match (Request::read(request).await, refused) {
        (Err(error), _) => Err(ControlError::new(error.status(), error.to_string())),
        (Ok(_), Some(message)) => Err(ControlError::new(403, message)),
        (Ok(request), None) => {
            let path = percent_decode_str(request.path.trim_start_matches("/_emulator")).decode_utf8_lossy();
            let target = request.query.as_ref().map_or(path.to_string(), |query| format!("{path}?{query}"));
            let body = if request.body.is_empty() { Ok(None) } else { parse(&request.body).map(Some) };
            match body {
                Ok(body) => state.execute(request.method.as_str(), &target, body, caller.as_ref()),
                Err(error) => Err(ControlError::new(400, format!("The body is not JSON: {error}."))),
            }
        }
    };
    match answer {
        Ok(value) => respond(200, "application/json", to_bytes(&value, false)),
        Err(error) => {
            let mut body = Map::new();
            body.insert("error".into(), json!(error.message));
            respond(error.status, "application/json", to_bytes(&Value::Object(body), false))
        }
    }
}

/// What a browser may load for the page: nothing from elsewhere, and nothing that stands in the page itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page at `/`.
pub(crate) async fn page(request: HttpRequest) -> Response<HttpBody> {
    let mut response = file(&request, "text/html;charset=utf-8", include_bytes!("page/index.html"));
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    response.headers_mut().insert("content-security-policy", policy);
    response
}

/// The page's script.
pub(crate) async fn script(request: HttpRequest) -> Response<HttpBody> {
    file(&request, "text/javascript;charset=utf-8", include_bytes!("page/page.js"))
}

/// The page's style sheet.
pub(crate) async fn style(request: HttpRequest) -> Response<HttpBody> {
    file(&request, "text/css;charset=utf-8", include_bytes!("page/page.css"))
}

fn file(request: &HttpRequest, content_type: &'static str, content: &'static [u8]) -> Response<HttpBody> {
    if let Some(message) = refusal(request.headers()) {
        return respond(403, "text/plain;charset=utf-8", Bytes::from_static(message.as_bytes()));
    }
    if request.method() != Method::GET {
        return respond(405, "text/plain;charset=utf-8", Bytes::from_static(b"GET only.\n"));
    }
    respond(200, content_type, Bytes::from_static(content))
}

/// A page of another site must not control the emulator: not through DNS rebinding to 127.0.0.1, and not if it is served
/// by this machine, as that of another port. A request without `Origin` comes from no page.
fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter().map(HeaderValue::to_str);
    if !hosts.all(|host| host.is_ok_and(is_loopback_host)) {
        return Some("The control API answers loopback callers only.");
    }
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = |origin: &str| {
        let host = origin.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http://"));
        host.zip(own).is_some_and(|((_, host), own)| host.eq_ignore_ascii_case(own))
    };
    let mut origins = headers.get_all(ORIGIN).iter().map(HeaderValue::to_str);
    let all_own = origins.all(|origin| origin.is_ok_and(is_own));
    (!all_own).then_some("The control API answers no page but the emulator's own.")
}

fn is_loopback_host(host: &str) -> bool {
    let parts = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']'),
        None => Some(host.split_at(host.find(':').unwrap_or(host.len()))),
    };
    let Some((name, rest)) = parts else { return false };
    // Anything else after the name would be a part of a longer one.
    let is_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_port
        && (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}

fn respond(status: u16, content_type: &'static str, body: Bytes) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
