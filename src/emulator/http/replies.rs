//! Replies in the form of the API: error bodies, envelopes, `pretty`, and the headers around them.

use std::io;

use axum::body::Bytes;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Map, Value, json};

/// What a handler answers, before the wire form is decided.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// `None`: the operation's own version, or plain JSON for an error.
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// For the request log and `X-Error-Code`.
    pub(crate) error_code: Option<String>,
}

/// The body of a reply.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Entity(Value),
    /// A page of a list: an envelope adds `status` instead of wrapping.
    List(Value),
    /// Written as it is.
    Raw(Bytes),
}

/// An error of the API.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) parameters: Vec<Value>,
    /// `badRequestDetail.fields`: field and description.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(crate) fn entity(status: u16, value: Value) -> Self {
        Self { status, body: Body::Entity(value), content_type: None, headers: Vec::new(), error_code: None }
    }

    pub(crate) fn list(value: Value) -> Self {
        Self { body: Body::List(value), ..Self::entity(200, Value::Null) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { body: Body::Empty, ..Self::entity(status, Value::Null) }
    }

    /// Plain JSON, as the token endpoint sends it.
    pub(crate) fn plain(status: u16, value: Value) -> Self {
        Self { content_type: Some("application/json".to_owned()), ..Self::entity(status, value) }
    }

    pub(crate) fn raw(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            body: Body::Raw(body.into()),
            content_type: Some(content_type.to_owned()),
            ..Self::entity(status, Value::Null)
        }
    }

    /// The body as bytes; 204 has none, even with an envelope.
    pub(crate) fn bytes(&self, envelope: bool, pretty: bool) -> Bytes {
        let value = match &self.body {
            Body::Empty => return Bytes::new(),
            Body::Raw(bytes) => return bytes.clone(),
            Body::Entity(value) if envelope => json!({"status": self.status, "content": value}),
            Body::Entity(value) => return to_bytes(value, pretty),
            Body::List(value) if envelope => with_status(value, self.status),
            Body::List(value) => return to_bytes(value, pretty),
        };
        to_bytes(&value, pretty)
    }
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            parameters: Vec::new(),
            fields: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The refusal of a path that the API does not know.
    pub(crate) fn no_such_path(path: &str) -> Self {
        Self::new(404, "RESOURCE_NOT_FOUND", format!("Cannot find resource {path}.")).with([path.into()])
    }

    /// The refusal of a method that a path does not know.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this resource.")
    }

    pub(crate) fn group_not_found(group_id: &str) -> Self {
        let detail = format!("No group with ID {group_id} exists.");
        Self::new(404, "GROUP_NOT_FOUND", detail).with([json!(group_id)])
    }

    pub(crate) fn with(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters = parameters.into_iter().collect();
        self
    }

    pub(crate) fn value(&self) -> Value {
        let mut body = Map::new();
        if !self.fields.is_empty() {
            let fields: Vec<Value> = self
                .fields
                .iter()
                .map(|(field, description)| json!({"description": description, "field": field}))
                .collect();
            body.insert("badRequestDetail".into(), json!({"fields": fields}));
        }
        body.insert("detail".into(), json!(self.detail));
        body.insert("error".into(), json!(self.status));
        body.insert("errorCode".into(), json!(self.code));
        body.insert("parameters".into(), json!(self.parameters));
        body.insert("reason".into(), json!(reason(self.status)));
        Value::Object(body)
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        let value = error.value();
        Reply { headers: error.headers, error_code: Some(error.code), ..Reply::plain(error.status, value) }
    }
}

/// The reason phrase of a status.
pub(crate) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Unknown")
}

/// A 401 in the recorded form: nothing is said of the caller, who is not known. The digest challenge of 2025 had no code.
pub(crate) fn unauthorized(challenges: &[String], with_code: bool) -> Reply {
    let mut value = Map::new();
    value.insert("error".into(), json!(401));
    value.insert("reason".into(), json!("Unauthorized"));
    value.insert("detail".into(), json!("You are not authorized for this resource."));
    if with_code {
        value.insert("errorCode".into(), json!(UNAUTHORIZED));
    }
    let value = Value::Object(value);
    Reply {
        status: 401,
        body: Body::Raw(to_bytes(&value, true)),
        content_type: Some("application/json".to_owned()),
        headers: challenges.iter().map(|c| ("www-authenticate", c.clone())).collect(),
        error_code: with_code.then(|| UNAUTHORIZED.to_owned()),
    }
}

/// The code of a 401, which is that of a 500 too.
const UNAUTHORIZED: &str = "UNEXPECTED_ERROR";

fn with_status(list: &Value, status: u16) -> Value {
    let mut out = Map::new();
    for (key, value) in list.as_object().into_iter().flatten() {
        if key == "totalCount" {
            out.insert("status".into(), json!(status));
        }
        out.insert(key.clone(), value.clone());
    }
    out.entry("status").or_insert(json!(status));
    Value::Object(out)
}

pub(crate) fn to_bytes(value: &Value, pretty: bool) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    let written = if pretty {
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Jackson::default()))
    } else {
        serde_json::to_writer(&mut out, value)
    };
    if written.is_err() {
        out.clear();
    }
    Bytes::from(out)
}

/// The layout of Jackson, which is what the API pretty-prints with: `"key" : value`, arrays on the same line.
#[derive(Debug, Default)]
struct Jackson {
    depth: usize,
    has_value: bool,
}

impl Jackson {
    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Jackson {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"[ ")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.has_value { b" ]" } else { b"]" })?;
        self.has_value = true;
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.has_value = false;
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            self.line(writer)?;
        } else {
            writer.write_all(b" ")?;
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.has_value = false;
        writer.write_all(b" : ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_is_jacksons_layout() {
        let value = json!({"a": [], "b": [1, 2], "c": {}, "d": [{"e": "f"}, {"g": null}]});
        let expected = "{\n  \"a\" : [ ],\n  \"b\" : [ 1, 2 ],\n  \"c\" : { },\n  \"d\" : [ {\n    \"e\" : \"f\"\n  }, {\n    \"g\" : null\n  } ]\n}";
        assert_eq!(String::from_utf8(to_bytes(&value, true).to_vec()).unwrap(), expected);
    }

    #[test]
    fn envelopes_wrap_an_entity_and_mark_a_list() {
        let entity = Reply::entity(201, json!({"a": 1}));
        assert_eq!(entity.bytes(true, false), r#"{"status":201,"content":{"a":1}}"#);
        let list = Reply::list(json!({"links": [], "results": [], "totalCount": 0}));
        assert_eq!(list.bytes(true, false), r#"{"links":[],"results":[],"status":200,"totalCount":0}"#);
    }
}
