//! The requests that were received, how they were answered, and counters.

use std::collections::{BTreeMap, VecDeque};

use axum::body::Bytes;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::emulator::clock::iso_ms;
use crate::emulator::http::authorization::redacted;
use crate::emulator::http::lists;

/// Longer bodies are cut in the log.
const MAX_BODY: usize = 64 * 1024;

/// What the records hold at most, beside the number of them: enough for 10,000 requests of the API.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Of a record without its texts.
const RECORD_BYTES: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    records: VecDeque<Record>,
    /// Of all records.
    bytes: usize,
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
        record.body = copy(&record.body);
        record.headers = record.headers.iter().map(copy_header).collect();
        self.counters.requests += 1;
        if let Some(operation) = record.operation {
            *self.counters.by_operation.entry(operation).or_default() += 1;
        }
        while self.records.len() >= max.max(1) {
            self.drop_oldest();
        }
        self.bytes = self.bytes.saturating_add(record.size());
        self.records.push_back(record);
        self.limit_bytes();
        self.next
    }

    /// The newest record stays, however large it is: it is that of a request which is being answered.
    fn limit_bytes(&mut self) {
        while self.bytes > MAX_BYTES && self.records.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(record) = self.records.pop_front() {
            self.bytes = self.bytes.saturating_sub(record.size());
        }
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
        let reply = copy(reply);
        let added = reply.len();
        if let Some(record) = self.get_mut(id) {
            record.status = status;
            record.outcome = outcome;
            let before = std::mem::replace(&mut record.reply, reply).len();
            record.finished = Some(now);
            self.bytes = self.bytes.saturating_add(added).saturating_sub(before);
            self.limit_bytes();
        }
    }

    /// The records with a number above `since`, oldest first.
    pub(crate) fn since(&self, since: u64) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().filter(move |record| record.id > since)
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }

    /// Empties the log but goes on counting: a request that started before must not end up in the record of a later one.
    pub(crate) fn reset(&mut self) {
        *self = Self { next: self.next, ..Self::default() };
    }
}

/// What is kept of a body, in an allocation of its own: a slice would keep all of what it is cut from.
fn copy(body: &[u8]) -> Bytes {
    Bytes::copy_from_slice(body.get(..MAX_BODY).unwrap_or(body))
}

/// Names and values of a request are slices of the buffer that it was read into.
fn copy_header((name, value): (&HeaderName, &HeaderValue)) -> (HeaderName, HeaderValue) {
    let name = HeaderName::from_bytes(name.as_str().as_bytes()).unwrap_or(name.clone());
    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap_or(value.clone());
    (name, value)
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
    /// About how many bytes it holds.
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum::<usize>();
        let texts = [Some(&self.path), self.query.as_ref(), self.group_id.as_ref(), self.name.as_ref()];
        let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
        RECORD_BYTES + headers + texts + self.body.len() + self.reply.len()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: Bytes) -> Record {
        Record { body, path: "/".to_owned(), ..Record::default() }
    }

    #[test]
    fn what_is_kept_does_not_keep_the_buffers_that_it_is_cut_from() {
        let buffer = Bytes::from(vec![b'x'; 1 << 20]);
        let mut log = RequestLog::default();
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_maybe_shared(buffer.slice(..9)).unwrap());
        headers.append("x-a", HeaderValue::from_static("second"));
        let id = log.begin(Record { headers: headers.clone(), ..record(buffer.slice(..)) }, 10);
        log.finish(id, Some(200), "answered", &buffer, 1);
        let kept = log.get_mut(id).unwrap();
        assert_eq!((kept.body.len(), kept.reply.len()), (MAX_BODY, MAX_BODY));
        assert_eq!(kept.headers, headers);
        drop(headers);
        assert!(buffer.is_unique(), "nothing else holds the buffer");
    }

    #[test]
    fn the_log_is_bounded_in_bytes_too_and_forgets_the_oldest_first() {
        let body = Bytes::from(vec![b'x'; 1 << 20]);
        let mut log = RequestLog::default();
        for number in 1..=2_000 {
            assert_eq!(log.begin(record(body.clone()), 10_000), number);
            log.finish(number, Some(200), "answered", &body, 1);
            assert!(log.bytes <= MAX_BYTES, "{number}");
            assert!(log.get_mut(number).is_some(), "{number}: the newest is there");
        }
        let size = RECORD_BYTES + 1 + 2 * MAX_BODY;
        assert_eq!(log.records.len(), MAX_BYTES / size);
        assert_eq!(log.bytes, log.records.len() * size);
        assert_eq!(log.since(0).next().unwrap().id, 2_001 - (MAX_BYTES / size) as u64);
        for _ in 0..10_000 {
            log.begin(record(Bytes::new()), 10_000);
        }
        assert_eq!((log.records.len(), log.bytes), (10_000, 10_000 * (RECORD_BYTES + 1)));
        log.clear();
        assert_eq!(log.bytes, 0);
    }
}
