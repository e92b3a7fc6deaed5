//! The control API and the page at `/` over HTTP, for loopback callers only.

use std::net::IpAddr;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Request as HttpRequest, State as Extract};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::connection::Handle;
use super::state::State;
use crate::emulator::control::error::ControlError;
use crate::emulator::http::replies::to_bytes;
use crate::emulator::http::request::Request;

/// `/_emulator/…` over HTTP.
pub(crate) async fn control(Extract(state): Extract<State>, request: HttpRequest) -> Response<HttpBody> {
    let caller = request.extensions().get::<Handle>().cloned();
    let answer = match Request::read(request).await {
        Err(_) => Err(ControlError::new(413, "The request body is too large.")),
        Ok(request) if !is_local(&request.headers) => {
            Err(ControlError::new(403, "The control API answers loopback callers only."))
        }
        Ok(request) => {
            let target = request.target.trim_start_matches("/_emulator").to_owned();
            let body = if request.body.is_empty() { Ok(None) } else { serde_json::from_slice(&request.body).map(Some) };
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

/// The page at `/`.
pub(crate) async fn page(request: HttpRequest) -> Response<HttpBody> {
    if !is_local(request.headers()) {
        return respond(403, "text/plain;charset=utf-8", Bytes::from_static(b"Loopback callers only.\n"));
    }
    if request.method() != Method::GET {
        return respond(405, "text/plain;charset=utf-8", Bytes::from_static(b"GET only.\n"));
    }
    respond(200, "text/html;charset=utf-8", Bytes::from_static(include_bytes!("page.html")))
}

/// A page of another site must not control the emulator, not even through DNS rebinding to 127.0.0.1.
fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).is_none_or(is_loopback_host);
    let origin = match text(ORIGIN) {
        None => true,
        Some(origin) => origin.split_once("://").is_some_and(|(_, host)| is_loopback_host(host)),
    };
    host && origin
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn respond(status: u16, content_type: &'static str, body: Bytes) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", axum::http::HeaderValue::from_static(content_type));
    headers.insert("cache-control", axum::http::HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", axum::http::HeaderValue::from_static("nosniff"));
    response
}
