//! A fault as it is ordered: which requests it hits, and what happens to those.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::kind::FaultKind;
use crate::emulator::http::authorization::SCHEMES;
use crate::emulator::http::operations::{check_endpoint, check_id};
use crate::emulator::json;
use crate::emulator::json::{Field, did_you_mean, present, seconds};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Order {
    pub(crate) kind: FaultKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// An endpoint, `api` for all of the API, or the id of an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<String>,
    /// The id of an operation, in either generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorization: Option<String>,
    /// How often it still applies; `None`: always.
    pub(super) times: Option<u32>,
    /// How many matching requests it still lets pass.
    pub(super) skip: u32,
    /// Whether the request is carried out before the fault; unless given, as is usual for the kind.
    after_store: Option<bool>,
    /// On the emulator's clock.
    #[serde(rename = "seconds", alias = "delay_seconds", with = "seconds", skip_serializing_if = "Duration::is_zero")]
    pub(crate) delay: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// `Some(None)`: an error body without a code.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// Seconds or an HTTP date. `Some(None)`: no `Retry-After`.
    #[serde(deserialize_with = "retry_after", skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<Option<String>>,
    /// Names and values to set; `None` removes a header.
    #[serde(
        serialize_with = "write_headers",
        deserialize_with = "read_headers",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) headers: Vec<(String, Option<String>)>,
    #[serde(deserialize_with = "text_or_json", skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    /// Whether a half body ends with RST instead of FIN.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) reset: bool,
    /// Ordered when this one is used up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) then: Vec<Order>,
}

const FIELDS: [Field; 21] = [
    ("kind", "the name of a kind, such as \"status\", with status=503 beside it"),
    ("method", "an HTTP method"),
    ("path", "text, with * and ?"),
    ("name", "text, with * and ?"),
    ("endpoint", "the name of an endpoint"),
    ("operation", "the id of an operation"),
    ("authorization", "the name of a scheme"),
    ("times", "a whole number, or null for no limit"),
    ("skip", "a whole number"),
    ("after_store", "true or false"),
    ("seconds", seconds::TAKES),
    ("delay_seconds", seconds::TAKES),
    ("status", STATUS),
    ("error_code", "text, or null for an error without a code"),
    ("detail", "text"),
    ("retry_after", "seconds or an HTTP date, or null for none"),
    ("headers", "an object of texts and numbers; null removes a header"),
    ("body", "text or JSON"),
    ("content_type", "text"),
    ("reset", "true or false"),
    ("then", "a list of faults"),
];

const STATUS: &str = "a whole number from 200 to 599";

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

impl Default for Order {
    fn default() -> Self {
        Self {
            kind: FaultKind::Status,
            method: None,
            path: None,
            name: None,
            endpoint: None,
            operation: None,
            authorization: None,
            times: Some(1),
            skip: 0,
            after_store: None,
            delay: Duration::ZERO,
            status: None,
            error_code: None,
            detail: None,
            retry_after: None,
            headers: Vec::new(),
            body: None,
            content_type: None,
            reset: false,
            then: Vec::new(),
        }
    }
}

impl Order {
    /// Reads one fault. What is misspelt is refused: it would match nothing, or everything.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        json::check_keys("A fault", "key", &FIELDS, value)?;
        check_name(value, "kind", FaultKind::check)?;
        check_name(value, "method", check_method)?;
        check_name(value, "endpoint", check_endpoint)?;
        check_name(value, "operation", check_id)?;
        check_name(value, "authorization", check_authorization)?;
        let then = value.get("then").and_then(Value::as_array).into_iter().flatten();
        let then = then.map(Order::from_json).collect::<Result<_, _>>()?;
        let mut order: Order = json::read("A fault", "key", &FIELDS, value)?;
        if order.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err(format!("status takes {STATUS}."));
        }
        if order.kind == FaultKind::Delay && order.delay.is_zero() {
            return Err("A delay takes seconds.".to_owned());
        }
        order.then = then;
        order.method = order.method.map(|method| method.to_ascii_uppercase());
        order.authorization = order.authorization.map(|scheme| scheme.to_ascii_lowercase());
        order.after_store = Some(order.after_store());
        Ok(order)
    }

    pub(crate) fn after_store(&self) -> bool {
        self.after_store.unwrap_or(self.kind.usually_after_store())
    }
}

fn check_name(order: &Value, key: &str, check: fn(&str) -> Result<(), String>) -> Result<(), String> {
    order.get(key).and_then(Value::as_str).map_or(Ok(()), check)
}

fn check_method(method: &str) -> Result<(), String> {
    if METHODS.iter().any(|known| known.eq_ignore_ascii_case(method)) {
        return Ok(());
    }
    Err(format!("There is no method {method:?}.{}", did_you_mean(method, METHODS)))
}

fn check_authorization(scheme: &str) -> Result<(), String> {
    let known = || SCHEMES.into_iter().chain(["any"]);
    if known().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Ok(());
    }
    Err(format!("There is no authorization {scheme:?}.{}", did_you_mean(scheme, known())))
}

fn retry_after<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(Some(None)),
        Value::String(text) => Ok(Some(Some(text))),
        Value::Number(number) if number.is_u64() => Ok(Some(Some(number.to_string()))),
        _ => Err(D::Error::custom("neither seconds nor a date")),
    }
}

fn text_or_json<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Some(match Value::deserialize(from)? {
        Value::String(text) => text,
        other => other.to_string(),
    }))
}

fn read_headers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, Option<String>)>, D::Error> {
    let headers = Map::<String, Value>::deserialize(from)?;
    let read = |(name, value)| match value {
        Value::Null => Ok((name, None)),
        Value::String(text) => Ok((name, Some(text))),
        Value::Number(number) => Ok((name, Some(number.to_string()))),
        _ => Err(D::Error::custom("neither text nor null")),
    };
    headers.into_iter().map(read).collect()
}

fn write_headers<S: Serializer>(headers: &[(String, Option<String>)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_is_shown_as_it_was_ordered() {
        let every = json!({
            "kind": "half_body",
            "method": "POST",
            "path": "/api/*",
            "name": "a?",
            "endpoint": "flex",
            "operation": "createGroupFlexCluster",
            "authorization": "digest",
            "times": 3,
            "skip": 2,
            "after_store": false,
            "seconds": 1.5,
            "status": 503,
            "error_code": "NO_CAPACITY",
            "detail": "Full.",
            "retry_after": "7",
            "headers": {"x-one": "1", "x-two": null},
            "body": "half",
            "content_type": "text/plain",
            "reset": true,
            "then": [{"kind": "close", "times": null, "skip": 0, "after_store": false}],
        });
        let order = Order::from_json(&every).unwrap();
        assert_eq!(serde_json::to_value(&order).unwrap(), every);
        assert_eq!(Order::from_json(&every), Ok(order));
        let mut keys: Vec<&str> = every.as_object().unwrap().keys().map(String::as_str).collect();
        keys.insert(11, "delay_seconds");
        assert_eq!(FIELDS.map(|(name, _)| name).as_slice(), keys);
        for key in ["error_code", "retry_after"] {
            let order = Order::from_json(&json!({ key: null })).unwrap();
            assert_eq!(serde_json::to_value(&order).unwrap()[key], Value::Null);
            assert!(serde_json::to_value(&order).unwrap().get(key).is_some(), "{key}: null is not left out");
        }
    }

    #[test]
    fn an_order_takes_what_people_write() {
        let order = json!({"method": "post", "authorization": "Digest", "retry_after": 7, "body": {"a": 1}, "delay_seconds": 1});
        let order = Order::from_json(&order).unwrap();
        assert_eq!((order.method.as_deref(), order.authorization.as_deref()), (Some("POST"), Some("digest")));
        assert_eq!((order.retry_after, order.body.as_deref()), (Some(Some("7".to_owned())), Some("{\"a\":1}")));
        assert_eq!((order.delay, order.times), (Duration::from_secs(1), Some(1)));
    }

    #[test]
    fn a_misspelt_order_is_refused() {
        for (order, expected) in [
            (json!({"knd": "close"}), "A fault has no key \"knd\". Did you mean \"kind\"?"),
            (json!({"kind": "clsoe"}), "There is no fault of kind \"clsoe\". Did you mean \"close\"? Kinds: status, "),
            (json!({"kind": "explode"}), "There is no fault of kind \"explode\". Kinds: status, html, "),
            (json!({"kind": "delay"}), "A delay takes seconds."),
            (json!({"method": "PSOT"}), "There is no method \"PSOT\". Did you mean \"POST\"?"),
            (json!({"endpoint": "flx"}), "There is no endpoint \"flx\". Did you mean \"flex\"?"),
            (
                json!({"operation": "createFlexClustr"}),
                "There is no operation \"createFlexClustr\". Did you mean \"createFlexCluster\"?",
            ),
            (json!({"authorization": "bearr"}), "There is no authorization \"bearr\". Did you mean \"bearer\"?"),
            (
                json!({"then": [{"operation": "getGrp"}]}),
                "There is no operation \"getGrp\". Did you mean \"getGroup\"?",
            ),
            (json!({"times": -1}), "times takes a whole number, or null for no limit."),
            (json!({"status": 99}), "status takes a whole number from 200 to 599."),
            (json!({"status": "many"}), "status takes a whole number from 200 to 599."),
            (json!({"seconds": -1}), "seconds takes a number of seconds, from 0 to 10 billion."),
            (json!({"seconds": 1e12}), "seconds takes a number of seconds, from 0 to 10 billion."),
            (json!({"skip": 4_294_967_296_i64}), "skip takes a whole number."),
            (json!({"retry_after": -1}), "retry_after takes seconds or an HTTP date, or null for none."),
            (json!({"headers": {"a": []}}), "headers takes an object of texts and numbers; null removes a header."),
            (json!({"then": "x"}), "then takes a list of faults."),
            (json!("close"), "A fault takes a JSON object."),
        ] {
            let refused = Order::from_json(&order).unwrap_err();
            assert!(refused.starts_with(expected), "{order}: {refused}");
        }
    }
}
