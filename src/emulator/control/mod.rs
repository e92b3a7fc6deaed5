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
use crate::emulator::store::World;
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
        let mut world = self.lock();
        world.settle();
        let answer = control(&mut world, method, &parts, &query, &body);
        world.settle();
        drop(world);
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
        let world = self.lock();
        world.journal.since(0).map(crate::emulator::store::request_log::Record::to_json).collect()
    }

    /// Stored things, faults, counters and requests back to the start; credentials stay.
    pub fn reset(&self) {
        self.listening().want(true, None);
        self.lock().reset();
        self.clock_moved();
        self.listening().settle();
    }
}

fn control(world: &mut World, method: &str, parts: &[&str], query: &[(String, String)], body: &Value) -> Answer {
    match (method, parts) {
        ("GET", ["" | "state"]) => Ok(overview(world)),
        ("GET", ["description"]) => Ok(description(world)),
        ("GET", ["snapshot"]) => Ok(snapshot::of(world)),
        ("GET", ["counters"]) => Ok(counters(world)),
        ("POST", ["reset"]) => {
            world.reset();
            Ok(json!({}))
        }
        ("GET", ["requests"]) => {
            let since = number(query, "since")?.unwrap_or(0);
            let limit = number(query, "limit")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
            Ok(world
                .journal
                .since(since)
                .take(limit)
                .map(crate::emulator::store::request_log::Record::to_json)
                .collect())
        }
        ("DELETE", ["requests"]) => {
            world.journal.clear();
            Ok(json!({}))
        }
        ("GET", ["settings"]) => Ok(world.options.settings()),
        ("PATCH" | "POST", ["settings"]) => {
            settings(world, body)?;
            Ok(world.options.settings())
        }
        ("GET", ["calendar"]) => Ok(json!({"calendar": calendar_name(world.options.calendar)})),
        ("PUT" | "POST", ["calendar"]) => {
            world.options.calendar = calendar(body.get("calendar").unwrap_or(body))?;
            if let Some(reply) = body.get("retired_reply") {
                world.options.set("retired_reply", reply)?;
            }
            Ok(json!({"calendar": calendar_name(world.options.calendar)}))
        }
        (_, ["clock"]) => clock(world, method, body),
        (_, ["faults", ..]) => faults(world, method, parts.get(1).copied(), body),
        ("POST", ["scenario"]) => {
            scenario(world, body)?;
            Ok(json!({"faults": world.faults.to_json()}))
        }
        (_, ["instances", ..]) => instances(world, method, parts.get(1..).unwrap_or_default(), query, body),
        (_, ["identities", ..]) => identities(world, method, parts.get(1).copied(), body),
        (_, ["organizations", ..]) => organizations(world, method, parts.get(1).copied(), body),
        ("POST", ["projects"]) => Ok(json!({"id": seed::add_project(world, body, None)?})),
        ("POST", ["tokens"]) => issue_token(world, body),
        ("POST", ["tokens", "expire"]) => Ok(json!({"expired": world.tokens.revoke_all()})),
        ("POST", ["nonces", "expire"]) => Ok(json!({"expired": world.nonces.expire_all()})),
        ("GET", ["limits"]) => Ok(world.buckets.to_json()),
        ("POST", ["limits", "reset"]) => {
            world.buckets = Default::default();
            Ok(json!({}))
        }
        _ => Err(ControlError::new(404, format!("There is nothing at {method} /_emulator/{}.", parts.join("/")))),
    }
}

fn description(world: &mut World) -> Value {
    let (now, lifetime) = (world.now(), world.token_lifetime());
    let (client_id, public_key) = world.default_ids.clone();
    let secret = |id: &str| world.identities.get(id).map(|identity| identity.secret.clone());
    let (client_secret, private_key) = (secret(&client_id), secret(&public_key));
    let project = world.projects.values().next();
    let group_id = project.map(|project| project.id.clone());
    let org_id = project.map(|project| project.org_id.clone());
    let access_token = world.tokens.ready(&mut world.ids, &client_id, now, lifetime);
    json!({
        "url": world.url,
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
fn overview(world: &World) -> Value {
    let projects: Vec<Value> = world
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
        world.journal.since(0).rev().take(50).map(crate::emulator::store::request_log::Record::to_json).collect();
    json!({
        "url": world.url,
        "now": iso_ms(world.now()),
        "clock": if world.clock.is_manual() { "manual" } else { "real" },
        "calendar": calendar_name(world.options.calendar),
        "projects": projects,
        "faults": world.faults.to_json(),
        "counters": counters(world),
        "requests": requests,
    })
}

fn counters(world: &World) -> Value {
    let mut counters = world.journal.counters.to_json();
    if let Some(object) = counters.as_object_mut() {
        let stored: usize = world.projects.values().map(|project| project.instances.len()).sum();
        object.insert("stored".into(), json!(stored));
        object.insert("live_tokens".into(), json!(world.tokens.len(world.now())));
    }
    counters
}

fn settings(world: &mut World, body: &Value) -> Result<(), ControlError> {
    let object = body.as_object().ok_or_else(|| ControlError::new(400, "Settings are a JSON object."))?;
    // All or none.
    let mut changed = world.options.clone();
    for (key, value) in object {
        changed.set(key, value)?;
    }
    world.options = changed;
    Ok(())
}

fn clock(world: &mut World, method: &str, body: &Value) -> Answer {
    if method != "GET" {
        if let Some(manual) = body.get("manual") {
            let manual = manual.as_bool().ok_or_else(|| ControlError::new(400, "manual takes true or false."))?;
            world.clock.set_manual(manual);
        }
        if let Some(to) = body.get("set") {
            let to = to.as_str().and_then(parse).or_else(|| to.as_f64().map(|s| (s * 1000.0) as i64));
            world.clock.set(to.ok_or_else(|| ControlError::new(400, "set takes an ISO time or Unix seconds."))?);
        }
        if let Some(by) = body.get("advance_seconds") {
            let by = seconds("advance_seconds", by)?;
            world.clock.advance(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        }
    }
    let now = world.now();
    Ok(json!({"now": iso_ms(now), "unix_seconds": now as f64 / 1000.0, "manual": world.clock.is_manual()}))
}

fn faults(world: &mut World, method: &str, id: Option<&str>, body: &Value) -> Answer {
    match (method, id) {
        ("GET", None) => Ok(world.faults.to_json()),
        ("POST", None) => {
            let orders: Vec<Fault> = match body {
                Value::Array(list) => list.iter().map(Fault::from_json).collect::<Result<_, _>>()?,
                one => vec![Fault::from_json(one)?],
            };
            let ids: Vec<u64> = orders.into_iter().map(|fault| world.faults.order(fault)).collect();
            Ok(if body.is_array() { json!({"ids": ids}) } else { json!({"id": ids.first()}) })
        }
        ("DELETE", None) => {
            world.faults.clear();
            Ok(json!({}))
        }
        ("DELETE", Some(id)) if id.parse().is_ok_and(|id| world.faults.cancel(id)) => Ok(json!({})),
        _ => Err(ControlError::new(404, "There is no such fault.")),
    }
}

/// Settings, a clock and faults in one: a scenario file, or a bare list of faults.
pub(crate) fn scenario(world: &mut World, value: &Value) -> Result<(), String> {
    let faults = match value {
        Value::Array(_) => value,
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "settings" => settings(world, value).map_err(|error| error.message)?,
                    "clock" => {
                        clock(world, "POST", value).map_err(|error| error.message)?;
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
        world.faults.order(fault);
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
