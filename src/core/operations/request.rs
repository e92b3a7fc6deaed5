//! Any other operation of the API, with the same authentication, retries and errors.
use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::{Error, Violation};
use crate::core::http::call::{Call, ExpectedBody, OTHER, segment};
use crate::core::http::reply::Reply;
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::policy::retry::RequestKind;
use crate::core::spec::validate;

impl Client {
    pub async fn request(&self, request: Request, context: &mut Context) -> Result<Reply, Error> {
        let call = request.call()?;
        self.run(&call, context).await
    }
}

/// What a path cannot hold. What is percent-encoded already stays as it is.
const UNSAFE_IN_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// An operation that this client has no method for.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Begins with `/api/`; no host, no query.
    pub path: String,
    /// Query parameters.
    pub params: Vec<(String, String)>,
    pub json: Option<Value>,
    /// `None`: the client's.
    pub api_version: Option<String>,
}

impl Request {
    fn call(self) -> Result<Call, Error> {
        let violation = |path: &str, message: &str, value: &str| {
            Error::Validation(vec![Violation {
                path: path.to_owned(),
                message: message.to_owned(),
                value: value.into(),
                rule: "pattern".to_owned(),
            }])
        };
        let name = self.method.to_ascii_uppercase();
        let method = match name.as_str() {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => reqwest::Method::from_bytes(name.as_bytes()).ok(),
            _ => None,
        };
        let Some(method) = method else {
            return Err(violation("method", "must be GET, HEAD, POST, PUT, PATCH or DELETE", &self.method));
        };
        if !self.path.starts_with("/api/")
            || self.path.contains(['?', '#', '\\'])
            || self.path.contains(char::is_control)
            || self.path.split('/').any(is_dot_segment)
        {
            return Err(violation(
                "path",
                "must be a path that begins with /api/, without host, without \"..\", and without a query: give that as params",
                &self.path,
            ));
        }
        if self.path.split('/').any(is_placeholder) {
            return Err(violation(
                "path",
                "has a name in braces: put the id itself there, such as the project's",
                &self.path,
            ));
        }
        let empty = validate::not_empty(&[("api_version", self.api_version.as_deref())]);
        if !empty.is_empty() {
            return Err(Error::Validation(empty));
        }
        let query: Vec<String> = self.params.iter().map(|(k, v)| format!("{}={}", segment(k), segment(v))).collect();
        let mut target = utf8_percent_encode(&self.path, UNSAFE_IN_PATH).to_string();
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        let request_kind = match name.as_str() {
            "GET" | "HEAD" => RequestKind::Read,
            "PUT" | "DELETE" => RequestKind::IdempotentChange,
            _ => RequestKind::OtherChange,
        };
        let group_id = self.path.split("/groups/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let body = match self.json {
            None => None,
            Some(json) => Some(Bytes::from(
                serde_json::to_vec(&json).map_err(|e| Error::Configuration(format!("json cannot be encoded ({e})")))?,
            )),
        };
        Ok(Call {
            operation: OTHER,
            method,
            target,
            body,
            request_kind,
            expected: ExpectedBody::AnyJson,
            endpoint_set: EndpointSet::Other,
            group_id: group_id.to_owned(),
            subject: None,
            envelope: self.params.iter().any(|(k, v)| k == "envelope" && v == "true"),
            serverless: self.path.contains("/serverless"),
            api_version: self.api_version,
            secret: None,
        })
    }
}

/// A segment of the API's documentation, such as `{groupId}`, that was not replaced.
fn is_placeholder(segment: &str) -> bool {
    let name = segment.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether URL parsing would remove a segment: `.` or `..`, also percent-encoded.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}
