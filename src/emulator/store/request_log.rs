//! The requests that were received, how they were answered, and counters.

use std::collections::{BTreeMap, VecDeque};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::{Map, Value, json};

use crate::emulator::clock::iso_ms;
use crate::emulator::http::authorization::redacted;
use crate::emulator::http::lists;

/// Longer bodies are cut in the log.
const MAX_BODY: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    records: VecDeque<Record>,
    next: u64,
    pub(crate) counters: Counters,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
    pub(crate) tokens_issued: u64,
    pub(crate) tokens_revoked: u64,
    pub(crate) challenges: u64,
    pub(crate) faults: u64,
    pub(crate) connections: u64,
    requests: u64,
    by_status: BTreeMap<u16, u64>,
    by_operation: BTreeMap<&'static str, u64>,
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) id: u64,
    /// Milliseconds since the epoch, on the emulator's clock.
    pub(crate) at: i64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) operation: Option<&'static str>,
    pub(crate) endpoint: Option<&'static str>,
    pub(crate) group_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) scheme: &'static str,
    pub(crate) identity: Option<String>,
    /// Why credentials were refused.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) fault: Option<(u64, &'static str)>,
    pub(crate) status: Option<u16>,
    pub(crate) error_code: Option<String>,
    /// `pending`, `answered`, `closed`, `reset` or `stalled`.
    pub(crate) outcome: &'static str,
    pub(crate) reply: Bytes,
    pub(crate) finished: Option<i64>,
}

impl RequestLog {
    /// Adds a request and returns its number.
    pub(crate) fn begin(&mut self, mut record: Record, max: usize) -> u64 {
        self.next += 1;
        record.id = self.next;
        record.body.truncate(MAX_BODY);
        self.counters.requests += 1;
        if let Some(operation) = record.operation {
            *self.counters.by_operation.entry(operation).or_default() += 1;
        }
        while self.records.len() >= max.max(1) {
            self.records.pop_front();
        }
        self.records.push_back(record);
        self.next
    }

    /// The record of that number, unless it has left the ring, or the log was reset.
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        let first = self.records.front()?.id;
        self.records.get_mut(usize::try_from(id.checked_sub(first)?).ok()?)
    }

    pub(crate) fn finish(&mut self, id: u64, status: Option<u16>, outcome: &'static str, reply: &Bytes, now: i64) {
        if let Some(status) = status {
            *self.counters.by_status.entry(status).or_default() += 1;
        }
        if let Some(record) = self.get_mut(id) {
            record.status = status;
            record.outcome = outcome;
            record.reply = reply.slice(..reply.len().min(MAX_BODY));
            record.finished = Some(now);
        }
    }

    /// The records with a number above `since`, oldest first.
    pub(crate) fn since(&self, since: u64) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().filter(move |record| record.id > since)
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
    }

    /// Empties the log but goes on counting: a request that started before must not end up in the record of a later one.
    pub(crate) fn reset(&mut self) {
        *self = Self { next: self.next, ..Self::default() };
    }
}

impl Counters {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "requests": self.requests,
            "connections": self.connections,
            "created": self.created,
            "updated": self.updated,
            "deleted": self.deleted,
            "tokens_issued": self.tokens_issued,
            "tokens_revoked": self.tokens_revoked,
            "challenges": self.challenges,
            "faults": self.faults,
            "by_status": self.by_status.iter().map(|(k, v)| (k.to_string(), json!(v))).collect::<Map<_, _>>(),
            "by_operation": self.by_operation,
        })
    }
}

impl Record {
    /// The record without credentials.
    pub(crate) fn to_json(&self) -> Value {
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = if name == AUTHORIZATION { redacted(&value) } else { value.into_owned() };
            headers.insert(name.as_str().to_owned(), Value::String(value));
        }
        json!({
            "id": self.id,
            "at": iso_ms(self.at),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": headers,
            "body": self.shown(&self.body),
            "operation": self.operation,
            "endpoint": self.endpoint,
            "group_id": self.group_id,
            "name": self.name,
            "authorization": self.scheme,
            "identity": self.identity,
            "refusal": self.refusal,
            "fault": self.fault.map(|(id, kind)| json!({"id": id, "kind": kind})),
            "status": self.status,
            "error_code": self.error_code,
            "outcome": self.outcome,
            "reply": self.shown(&self.reply),
            "elapsed_seconds": self.finished.map(|finished| (finished - self.at) as f64 / 1000.0),
        })
    }

    /// JSON as JSON, a form as an object, anything else as text.
    fn shown(&self, body: &Bytes) -> Value {
        if body.is_empty() {
            return Value::Null;
        }
        let token_endpoint = matches!(self.endpoint, Some("token" | "revoke"));
        let mut value = serde_json::from_slice::<Value>(body).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(body);
            if token_endpoint && !text.trim_start().starts_with(['{', '<']) {
                lists::pairs(&text).into_iter().map(|(k, v)| (k, Value::String(v))).collect::<Map<_, _>>().into()
            } else {
                Value::String(text.into_owned())
            }
        });
        let secrets: &[&str] = match self.endpoint {
            Some("token" | "revoke") => &["client_secret", "access_token", "token"],
            Some("databaseUsers") => &["password"],
            _ => &[],
        };
        if let Some(object) = value.as_object_mut() {
            for name in secrets {
                if let Some(secret) = object.get_mut(*name) {
                    *secret = json!("******");
                }
            }
        } else if !secrets.is_empty() && value.is_string() && !body_is_page(&value) {
            // What is not whole may still have a secret in it.
            value = json!("******");
        }
        value
    }
}

/// A page of HTML, which a fault sends.
fn body_is_page(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim_start().starts_with('<'))
}
