//! Looking in and taking the wheel: `/_emulator/…`, and the same from Rust and Python.
pub(crate) mod http;
pub(crate) mod stored;

use serde_json::{Value, json};

use self::stored::{identities, instances, issue_token, organizations};
use crate::emulator::clock::{iso_ms, parse};
use crate::emulator::faults::Fault;
use crate::emulator::http::lists::pairs;
use crate::emulator::options::settings::{calendar, calendar_name, seconds};
use crate::emulator::serve::app::State;
use crate::emulator::serve::connection::{Cut, Handle};
use crate::emulator::store::Store;
use crate::emulator::store::{seed, snapshot};

/// Why a control request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    /// 400 for a wrong order, 404 for what is not there.
    pub status: u16,
    /// One useful sentence.
    pub message: String,
}

impl ControlError {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl From<String> for ControlError {
    fn from(message: String) -> Self {
        Self::new(400, message)
    }
}

pub(crate) type Answer = Result<Value, ControlError>;

impl State {
    /// What `method /_emulator/{path}` does; `path` may carry a query.
    ///
    /// # Errors
    /// When the path is unknown or the order makes no sense; the text says why.
    pub fn control(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, ControlError> {
        let answer = self.carry_out(method, path, body, None);
        self.listening().settle();
        answer
    }

    /// The same for the server's own thread, which must not wait for itself.
    pub(crate) fn carry_out(&self, method: &str, path: &str, body: Option<Value>, caller: Option<&Handle>) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = pairs(query);
        let path = path.trim_matches('/');
        let path = path.strip_prefix("_emulator/").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let body = body.unwrap_or(Value::Null);
        match (method, parts.as_slice()) {
            ("POST", ["listener"]) => return self.listener(&body),
            ("POST", ["connections", "close"]) => {
                let closed = self.lock().connections.cut_all(Cut::Close, caller);
                return Ok(json!({"closed": closed}));
            }
            ("POST", ["reset"]) => self.listening().want(true, None),
            _ => {}
        }
        let mut store = self.lock();
        store.settle();
        let answer = control(&mut store, method, &parts, &query, &body);
        store.settle();
        drop(store);
        // Any of them may have moved the clock.
        if method != "GET" {
            self.clock_moved();
        }
        answer
    }

    /// Closes the listening socket, so that connections are refused, or opens it again. Open connections stay.
    fn listener(&self, body: &Value) -> Answer {
        let open = body.get("listening").and_then(Value::as_bool);
        let open = open.ok_or_else(|| ControlError::new(400, "listening takes true or false."))?;
        let time = body.get("for_seconds").map(|value| seconds("for_seconds", value)).transpose()?;
        self.listening().want(open, time);
        Ok(json!({"listening": open}))
    }

    /// Where the emulator is and how to get in: `url`, `group_id`, `org_id`, and the default credentials.
    pub fn description(&self) -> Value {
        description(&mut self.lock())
    }

    /// What was received and answered, oldest first.
    pub fn requests(&self) -> Vec<Value> {
        let store = self.lock();
        store.request_log.since(0).map(crate::emulator::store::request_log::Record::to_json).collect()
    }

    /// Stored things, faults, counters and requests back to the start; credentials stay.
    pub fn reset(&self) {
        self.listening().want(true, None);
        self.lock().reset();
        self.clock_moved();
        self.listening().settle();
    }
}

fn control(store: &mut Store, method: &str, parts: &[&str], query: &[(String, String)], body: &Value) -> Answer {
    match (method, parts) {
        ("GET", ["" | "state"]) => Ok(overview(store)),
        ("GET", ["description"]) => Ok(description(store)),
        ("GET", ["snapshot"]) => Ok(snapshot::of(store)),
        ("GET", ["counters"]) => Ok(counters(store)),
        ("POST", ["reset"]) => {
            store.reset();
            Ok(json!({}))
        }
        ("GET", ["requests"]) => {
            let since = number(query, "since")?.unwrap_or(0);
            let limit = number(query, "limit")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
            Ok(store
                .request_log
                .since(since)
                .take(limit)
                .map(crate::emulator::store::request_log::Record::to_json)
                .collect())
        }
        ("DELETE", ["requests"]) => {
            store.request_log.clear();
            Ok(json!({}))
        }
        ("GET", ["settings"]) => Ok(store.options.settings()),
        ("PATCH" | "POST", ["settings"]) => {
            settings(store, body)?;
            Ok(store.options.settings())
        }
        ("GET", ["calendar"]) => Ok(json!({"calendar": calendar_name(store.options.calendar)})),
        ("PUT" | "POST", ["calendar"]) => {
            store.options.calendar = calendar(body.get("calendar").unwrap_or(body))?;
            if let Some(reply) = body.get("retired_reply") {
                store.options.set("retired_reply", reply)?;
            }
            Ok(json!({"calendar": calendar_name(store.options.calendar)}))
        }
        (_, ["clock"]) => clock(store, method, body),
        (_, ["faults", ..]) => faults(store, method, parts.get(1).copied(), body),
        ("POST", ["scenario"]) => {
            scenario(store, body)?;
            Ok(json!({"faults": store.faults.to_json()}))
        }
        (_, ["instances", ..]) => instances(store, method, parts.get(1..).unwrap_or_default(), query, body),
        (_, ["identities", ..]) => identities(store, method, parts.get(1).copied(), body),
        (_, ["organizations", ..]) => organizations(store, method, parts.get(1).copied(), body),
        ("POST", ["projects"]) => Ok(json!({"id": seed::add_project(store, body, None)?})),
        ("POST", ["tokens"]) => issue_token(store, body),
        ("POST", ["tokens", "expire"]) => Ok(json!({"expired": store.tokens.revoke_all()})),
        ("POST", ["nonces", "expire"]) => Ok(json!({"expired": store.nonces.expire_all()})),
        ("GET", ["limits"]) => Ok(store.buckets.to_json()),
        ("POST", ["limits", "reset"]) => {
            store.buckets = Default::default();
            Ok(json!({}))
        }
        _ => Err(ControlError::new(404, format!("There is nothing at {method} /_emulator/{}.", parts.join("/")))),
    }
}

fn description(store: &mut Store) -> Value {
    let (now, lifetime) = (store.now(), store.token_lifetime());
    let (client_id, public_key) = store.default_ids.clone();
    let secret = |id: &str| store.identities.get(id).map(|identity| identity.secret.clone());
    let (client_secret, private_key) = (secret(&client_id), secret(&public_key));
    let project = store.projects.values().next();
    let group_id = project.map(|project| project.id.clone());
    let org_id = project.map(|project| project.org_id.clone());
    let access_token = store.tokens.ready(&mut store.ids, &client_id, now, lifetime);
    json!({
        "url": store.url,
        "group_id": group_id,
        "org_id": org_id,
        "client_id": client_id,
        "client_secret": client_secret,
        "public_key": public_key,
        "private_key": private_key,
        "access_token": access_token,
    })
}

/// For the page at `/`: projects with at most 500 instances each, the last requests, counters.
fn overview(store: &Store) -> Value {
    let projects: Vec<Value> = store
        .projects
        .values()
        .map(|project| {
            json!({
                "id": project.id,
                "name": project.name,
                "org_id": project.org_id,
                "instance_count": project.instances.len(),
                "instances": project.instances.values().rev().take(500).map(snapshot::instance_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    let requests: Vec<Value> =
        store.request_log.since(0).rev().take(50).map(crate::emulator::store::request_log::Record::to_json).collect();
    json!({
        "url": store.url,
        "now": iso_ms(store.now()),
        "clock": if store.clock.is_manual() { "manual" } else { "real" },
        "calendar": calendar_name(store.options.calendar),
        "projects": projects,
        "faults": store.faults.to_json(),
        "counters": counters(store),
        "requests": requests,
    })
}

fn counters(store: &Store) -> Value {
    let mut counters = store.request_log.counters.to_json();
    if let Some(object) = counters.as_object_mut() {
        let stored: usize = store.projects.values().map(|project| project.instances.len()).sum();
        object.insert("stored".into(), json!(stored));
        object.insert("live_tokens".into(), json!(store.tokens.len(store.now())));
    }
    counters
}

fn settings(store: &mut Store, body: &Value) -> Result<(), ControlError> {
    let object = body.as_object().ok_or_else(|| ControlError::new(400, "Settings are a JSON object."))?;
    // All or none.
    let mut changed = store.options.clone();
    for (key, value) in object {
        changed.set(key, value)?;
    }
    store.options = changed;
    Ok(())
}

fn clock(store: &mut Store, method: &str, body: &Value) -> Answer {
    if method != "GET" {
        if let Some(manual) = body.get("manual") {
            let manual = manual.as_bool().ok_or_else(|| ControlError::new(400, "manual takes true or false."))?;
            store.clock.set_manual(manual);
        }
        if let Some(to) = body.get("set") {
            let to = to.as_str().and_then(parse).or_else(|| to.as_f64().map(|s| (s * 1000.0) as i64));
            store.clock.set(to.ok_or_else(|| ControlError::new(400, "set takes an ISO time or Unix seconds."))?);
        }
        if let Some(by) = body.get("advance_seconds") {
            let by = seconds("advance_seconds", by)?;
            store.clock.advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        }
    }
    let now = store.now();
    Ok(json!({"now": iso_ms(now), "unix_seconds": now as f64 / 1000.0, "manual": store.clock.is_manual()}))
}

fn faults(store: &mut Store, method: &str, id: Option<&str>, body: &Value) -> Answer {
    match (method, id) {
        ("GET", None) => Ok(store.faults.to_json()),
        ("POST", None) => {
            let orders: Vec<Fault> = match body {
                Value::Array(list) => list.iter().map(Fault::from_json).collect::<Result<_, _>>()?,
                one => vec![Fault::from_json(one)?],
            };
            let ids: Vec<u64> = orders.into_iter().map(|fault| store.faults.order(fault)).collect();
            Ok(if body.is_array() { json!({"ids": ids}) } else { json!({"id": ids.first()}) })
        }
        ("DELETE", None) => {
            store.faults.clear();
            Ok(json!({}))
        }
        ("DELETE", Some(id)) if id.parse().is_ok_and(|id| store.faults.cancel(id)) => Ok(json!({})),
        _ => Err(ControlError::new(404, "There is no such fault.")),
    }
}

/// Settings, a clock and faults in one: a scenario file, or a bare list of faults.
pub(crate) fn scenario(store: &mut Store, value: &Value) -> Result<(), String> {
    let faults = match value {
        Value::Array(_) => value,
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "settings" => settings(store, value).map_err(|error| error.message)?,
                    "clock" => {
                        clock(store, "POST", value).map_err(|error| error.message)?;
                    }
                    "faults" | "name" | "description" => {}
                    _ => return Err(format!("A scenario has no key {key:?}.")),
                }
            }
            object.get("faults").unwrap_or(&Value::Null)
        }
        _ => return Err("A scenario is a JSON object, or a list of faults.".to_owned()),
    };
    for order in faults.as_array().into_iter().flatten() {
        let fault = Fault::from_json(order)?;
        store.faults.order(fault);
    }
    Ok(())
}

pub(crate) fn not_there(what: &str) -> ControlError {
    ControlError::new(404, format!("There is no {what}."))
}

fn number(query: &[(String, String)], name: &str) -> Result<Option<u64>, ControlError> {
    let Some((_, value)) = query.iter().find(|(key, _)| key == name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| ControlError::new(400, format!("{name} takes a whole number.")))
}
