//! A response as it is sent: status, headers in the recorded form, bytes.

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::handled::{Handled, Stage};
use super::operations::{Endpoint, Operation};
use super::replies::Reply;
use super::request::Request;
use super::version;
use crate::emulator::clock::http_date;
use crate::emulator::options::Calendar;

#[derive(Debug)]
pub(crate) struct WireResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl WireResponse {
    /// A reply without the API's headers.
    pub(crate) fn from_reply(reply: &Reply) -> Self {
        let mut wire = Self { status: reply.status, headers: HeaderMap::new(), body: reply.bytes(false, false) };
        if let Some(content_type) = &reply.content_type {
            wire.set("content-type", content_type);
        }
        for (name, value) in &reply.headers {
            wire.set(name, value);
        }
        wire
    }

    /// A reply with the API's headers, in the envelope and layout that the request asks for.
    pub(crate) fn from_handled(
        handled: &Handled,
        operation: Option<&'static Operation>,
        request: &Request,
        calendar: Calendar,
        now: i64,
    ) -> Self {
        let reply = &handled.reply;
        let unauthenticated = handled.stage == Stage::Authentication;
        let asked = |name: &str| {
            !unauthenticated
                && request.parameters.iter().any(|(key, value)| key == name && value.eq_ignore_ascii_case("true"))
        };
        let mut wire = Self {
            status: reply.status,
            headers: HeaderMap::with_capacity(20),
            body: reply.bytes(asked("envelope"), asked("pretty")),
        };
        match &reply.content_type {
            Some(content_type) => wire.set("content-type", content_type),
            None if handled.version.is_empty() => wire.set("content-type", "application/json"),
            None => wire.set("content-type", &version::content_type(handled.version)),
        }
        wire.set("date", &http_date(now));
        wire.set("server", "mdbws");
        wire.set("x-envoy-upstream-service-time", "5");
        if reply.status == 401 || reply.status == 404 {
            wire.set("vary", "Accept-Encoding");
        }
        if unauthenticated {
            if operation.is_some_and(Operation::is_token_endpoint) {
                wire.set("cache-control", "no-store");
            }
        } else {
            wire.resource_headers(handled, operation, calendar);
        }
        if let Some(state) = handled.rate_limit {
            wire.set("ratelimit-limit", &state.limit.to_string());
            wire.set("ratelimit-remaining", &state.remaining.to_string());
        }
        for (name, value) in &reply.headers {
            wire.add(name, value);
        }
        wire
    }

    fn resource_headers(&mut self, handled: &Handled, operation: Option<&'static Operation>, calendar: Calendar) {
        self.set("referrer-policy", "strict-origin-when-cross-origin");
        self.set("strict-transport-security", "max-age=31536000; includeSubdomains;");
        self.set("x-content-type-options", "nosniff");
        self.set("x-frame-options", "DENY");
        self.set("x-permitted-cross-domain-policies", "none");
        let (java, service) = match calendar {
            Calendar::Serverless | Calendar::Flex => ("17.0.15+6", "2dd276f5858806ffd578852f539065f80160e49b"),
            Calendar::Deprecated => ("17.0.16+8", "c2e9c0719de22da49e72850b12d47650f118c37a"),
            _ => ("17.0.19+10-LTS", "203ac0360368239eed8f27b82e06b1be8429648c"),
        };
        self.set("x-java-version", java);
        if handled.stage == Stage::Entity {
            self.set("x-mongodb-service-version", &format!("gitHash={service}; versionString=master"));
        }
        if let Some(method) = operation.and_then(Operation::java_method) {
            self.set("x-java-method", &method);
        }
        if let Some(code) = &handled.reply.error_code {
            self.set("x-error-code", code);
        }
        if operation.is_some_and(|o| o.endpoint == Endpoint::Serverless) {
            match calendar {
                Calendar::Deprecated => self.deprecated("Thu, 15 Jan 2026 00:00:00 GMT"),
                // What is left, reading, ends a year later.
                Calendar::Retired if handled.reply.status != 410 => self.deprecated("Fri, 15 Jan 2027 00:00:00 GMT"),
                _ => {}
            }
        }
        // Recorded in 2026 of a get; create, update and list have the same newer version.
        if calendar >= Calendar::Retired && operation.is_some_and(|o| o.has_newer_than(handled.version)) {
            self.set("deprecation", "Mon, 5 Aug 2024 00:00:00 GMT");
            self.set("sunset", "Thu, 1 Jul 2027 00:00:00 GMT");
        }
    }

    fn deprecated(&mut self, sunset: &str) {
        self.set("deprecation", "Wed, 10 Dec 2025 00:00:00 GMT");
        self.set("sunset", sunset);
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
    }

    fn add(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::try_from(value) {
            let name = HeaderName::from_static(name);
            if name == "www-authenticate" {
                self.headers.append(name, value);
            } else {
                self.headers.insert(name, value);
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(name) = HeaderName::try_from(name.to_ascii_lowercase()) {
            self.headers.remove(name);
        }
    }

    pub(crate) fn respond(self) -> Response<HttpBody> {
        let mut response = Response::new(HttpBody::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}
