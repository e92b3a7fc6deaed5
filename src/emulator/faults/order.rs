//! A fault as it is ordered: which requests it hits, and what happens to those.

use serde_json::{Map, Value, json};
use wildmatch::WildMatch;

use crate::emulator::options::settings::{boolean, count, seconds};

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A status with an error body of the API (or of OAuth, on the token endpoint).
    Status,
    /// A page of HTML, as a proxy sends it; 502 unless another status is given.
    Html,
    /// 429 in the recorded form.
    RateLimited,
    /// 401 in the recorded form, with a good credential.
    Unauthorized,
    /// 404 in the form of the endpoint.
    NotFound,
    /// The true reply, but nothing is stored.
    Ignore,
    /// The true reply, later.
    Delay,
    /// No reply, ever; the connection stays open.
    Stall,
    /// The connection is closed without a reply.
    Close,
    /// The connection is reset without a reply.
    Reset,
    /// The head of the true reply and half of its body, then the connection is closed (or reset).
    HalfBody,
    /// The true status and headers, and no body.
    EmptyBody,
    /// The true reply under a content type that is not JSON.
    WrongType,
    /// The nonce of the request is stale.
    StaleNonce,
    /// Every token expires just before the request.
    ExpireTokens,
    /// The true reply, and then the connection is closed.
    LastReply,
    /// The next connections are closed before a byte is read.
    CloseOnAccept,
    /// The next connections are reset before a byte is read.
    ResetOnAccept,
}

const KINDS: [(&str, FaultKind); 18] = [
    ("status", FaultKind::Status),
    ("html", FaultKind::Html),
    ("rate_limited", FaultKind::RateLimited),
    ("unauthorized", FaultKind::Unauthorized),
    ("not_found", FaultKind::NotFound),
    ("ignore", FaultKind::Ignore),
    ("delay", FaultKind::Delay),
    ("stall", FaultKind::Stall),
    ("close", FaultKind::Close),
    ("reset", FaultKind::Reset),
    ("half_body", FaultKind::HalfBody),
    ("empty_body", FaultKind::EmptyBody),
    ("wrong_type", FaultKind::WrongType),
    ("stale_nonce", FaultKind::StaleNonce),
    ("expire_tokens", FaultKind::ExpireTokens),
    ("last_reply", FaultKind::LastReply),
    ("close_on_accept", FaultKind::CloseOnAccept),
    ("reset_on_accept", FaultKind::ResetOnAccept),
];

impl FaultKind {
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    pub(super) fn on_accept(self) -> bool {
        matches!(self, FaultKind::CloseOnAccept | FaultKind::ResetOnAccept)
    }

    /// Whether the request is carried out before the fault, unless the order says otherwise.
    fn usually_after_store(self) -> bool {
        use FaultKind as F;
        matches!(self, F::HalfBody | F::EmptyBody | F::WrongType | F::LastReply)
    }
}

/// An order, as it is carried out.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) kind: FaultKind,
    pub(crate) after_store: bool,
    /// Milliseconds on the emulator's clock.
    pub(crate) delay: i64,
    pub(crate) status: Option<u16>,
    /// `Some(None)`: an error body without a code.
    pub(crate) error_code: Option<Option<String>>,
    pub(crate) detail: Option<String>,
    /// `Some(None)`: no `Retry-After`.
    pub(crate) retry_after: Option<Option<String>>,
    /// Header names and values to set; `None` takes a header out.
    pub(crate) headers: Vec<(String, Option<String>)>,
    pub(crate) body: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) reset: bool,
    method: Option<String>,
    path: Option<String>,
    name: Option<String>,
    endpoint: Option<String>,
    authorization: Option<String>,
    /// How often it still applies; `None`: always.
    pub(super) times: Option<u32>,
    pub(super) skip: u32,
    pub(super) applied: u32,
    pub(super) then: Vec<Fault>,
}

/// What of a request a fault can match.
#[derive(Debug)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) endpoint: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) scheme: &'a str,
}

impl Fault {
    /// Reads an order. Unknown keys are refused, so that a misspelt one does not match everything.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let object = value.as_object().ok_or("A fault is a JSON object.")?;
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or("status");
        let Some(kind) = KINDS.iter().find(|(name, _)| *name == kind).map(|(_, kind)| *kind) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            return Err(format!("There is no fault of kind {kind:?}. Kinds: {}.", names.join(", ")));
        };
        let mut fault = Fault {
            id: 0,
            kind,
            after_store: kind.usually_after_store(),
            delay: 0,
            status: None,
            error_code: None,
            detail: None,
            retry_after: None,
            headers: Vec::new(),
            body: None,
            content_type: None,
            reset: false,
            method: None,
            path: None,
            name: None,
            endpoint: None,
            authorization: None,
            times: Some(1),
            skip: 0,
            applied: 0,
            then: Vec::new(),
        };
        for (key, value) in object {
            fault.set(key, value)?;
        }
        if fault.kind == FaultKind::Delay && fault.delay == 0 {
            return Err("A delay takes seconds.".to_owned());
        }
        Ok(fault)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{key} takes text."));
        match key {
            "kind" => {}
            "method" => self.method = Some(text()?.to_ascii_uppercase()),
            "path" => self.path = Some(text()?),
            "name" => self.name = Some(text()?),
            "endpoint" | "operation" => self.endpoint = Some(text()?),
            "authorization" => self.authorization = Some(text()?.to_ascii_lowercase()),
            "times" => self.times = count(key, value)?,
            "skip" => self.skip = count(key, value)?.unwrap_or(0),
            "after_store" => self.after_store = boolean(key, value)?,
            "reset" => self.reset = boolean(key, value)?,
            "seconds" | "delay_seconds" => {
                self.delay = i64::try_from(seconds(key, value)?.as_millis()).unwrap_or(i64::MAX);
            }
            "status" => {
                let status = value.as_u64().and_then(|s| u16::try_from(s).ok()).filter(|s| (200..600).contains(s));
                self.status = Some(status.ok_or("status takes a whole number from 200 to 599.")?);
            }
            "error_code" => self.error_code = Some(if value.is_null() { None } else { Some(text()?) }),
            "detail" => self.detail = Some(text()?),
            "retry_after" => {
                self.retry_after = Some(match value {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    other => Some(other.as_u64().ok_or("retry_after takes seconds or an HTTP date.")?.to_string()),
                });
            }
            "headers" => {
                let headers = value.as_object().ok_or("headers takes an object; null takes a header out.")?;
                self.headers = headers
                    .iter()
                    .map(|(name, value)| match value {
                        Value::Null => Ok((name.clone(), None)),
                        Value::String(text) => Ok((name.clone(), Some(text.clone()))),
                        Value::Number(number) => Ok((name.clone(), Some(number.to_string()))),
                        _ => Err(format!("The header {name} takes text or null.")),
                    })
                    .collect::<Result<_, _>>()?;
            }
            "body" => self.body = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            "content_type" => self.content_type = Some(text()?),
            "then" => {
                let list = value.as_array().ok_or("then takes a list of faults.")?;
                self.then = list.iter().map(Fault::from_json).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("A fault has no key {key:?}.")),
        }
        Ok(())
    }

    pub(super) fn matches(&self, facts: &RequestFacts<'_>) -> bool {
        let token_endpoint = matches!(facts.endpoint, "token" | "revoke");
        self.method.as_deref().is_none_or(|method| method == facts.method)
            && self.path.as_deref().is_none_or(|pattern| WildMatch::new(pattern).matches(facts.path))
            && self
                .name
                .as_deref()
                .is_none_or(|pattern| facts.name.is_some_and(|name| WildMatch::new(pattern).matches(name)))
            && self.endpoint.as_deref().is_none_or(|wanted| {
                wanted == facts.endpoint || wanted == facts.operation || (wanted == "api" && !token_endpoint)
            })
            && match self.authorization.as_deref() {
                // The first leg of a digest exchange carries nothing: a fault waits for the second.
                None => token_endpoint || facts.scheme != "none",
                Some("any") => true,
                Some(wanted) => wanted == facts.scheme,
            }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("kind", json!(self.kind.name()));
        for (key, value) in [
            ("method", &self.method),
            ("path", &self.path),
            ("name", &self.name),
            ("endpoint", &self.endpoint),
            ("authorization", &self.authorization),
            ("detail", &self.detail),
            ("content_type", &self.content_type),
        ] {
            if let Some(value) = value {
                put(key, json!(value));
            }
        }
        if let Some(status) = self.status {
            put("status", json!(status));
        }
        if self.delay > 0 {
            put("seconds", json!(self.delay as f64 / 1000.0));
        }
        put("after_store", json!(self.after_store));
        put("times", json!(self.times));
        put("skip", json!(self.skip));
        put("applied", json!(self.applied));
        if !self.then.is_empty() {
            put("then", self.then.iter().map(Fault::to_json).collect());
        }
        Value::Object(out)
    }
}
