//! The control API: what `/_emulator/…` does, and the same from Rust and Python.

pub(crate) mod error;
pub(crate) mod overview;
pub(crate) mod scenario;
pub(crate) mod stored;

use serde_json::{Value, json};

use self::error::{ControlError, ControlResult};
use self::overview::{counters, description, operations, overview};
use self::scenario::{change_clock, change_faults, change_settings, scenario};
use self::stored::{identities, instances, issue_token, organizations};
use crate::emulator::faults::standing::Faults;
use crate::emulator::http::lists::pairs;
use crate::emulator::store::Store;
use crate::emulator::store::request_log::Record;
use crate::emulator::store::{load, snapshot};

/// The segments of a control path, with or without `/_emulator/` before them.
pub(crate) fn parts(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split('?').next().unwrap_or_default().trim_matches('/');
    path.strip_prefix("_emulator/").unwrap_or(path).split('/')
}

/// What `method /_emulator/{path}` does; `path` may carry a query.
pub(crate) fn execute(store: &mut Store, faults: &mut Faults, method: &str, path: &str, body: &Value) -> ControlResult {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = pairs(query);
    let parts: Vec<&str> = parts(path).collect();
    let parts = parts.as_slice();
    match (method, parts) {
        ("GET", ["" | "state"]) => Ok(overview(store, faults)),
        ("GET", ["description"]) => Ok(description(store)),
        ("GET", ["snapshot"]) => Ok(snapshot::of(store)),
        ("GET", ["counters"]) => Ok(counters(store)),
        ("POST", ["reset"]) => {
            store.reset();
            *faults = Faults::default();
            Ok(json!({}))
        }
        ("GET", ["requests"]) => {
            let since = number(&query, "since")?.unwrap_or(0);
            let limit = number(&query, "limit")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
            Ok(store.request_log.since(since).take(limit).map(Record::to_json).collect())
        }
        ("DELETE", ["requests"]) => {
            store.request_log.clear();
            Ok(json!({}))
        }
        ("GET", ["operations"]) => Ok(operations()),
        ("GET", ["settings"]) => Ok(store.options.settings()),
        ("PATCH" | "POST", ["settings"]) => {
            change_settings(store, body)?;
            Ok(store.options.settings())
        }
        ("GET", ["calendar"]) => Ok(json!({"calendar": store.options.calendar})),
        ("PUT" | "POST", ["calendar"]) => {
            let changes = if body.is_object() { body } else { &json!({"calendar": body}) };
            change_settings(store, changes)?;
            Ok(json!({"calendar": store.options.calendar}))
        }
        (_, ["clock"]) => change_clock(store, method, body),
        (_, ["faults", ..]) => change_faults(faults, method, parts.get(1).copied(), body),
        ("POST", ["scenario"]) => {
            scenario(store, faults, body)?;
            Ok(json!({"faults": faults.to_json()}))
        }
        (_, ["instances", ..]) => instances(store, method, parts.get(1..).unwrap_or_default(), &query, body),
        (_, ["identities", ..]) => identities(store, method, parts.get(1).copied(), body),
        (_, ["organizations", ..]) => organizations(store, method, parts.get(1).copied(), body),
        ("POST", ["projects"]) => {
            Ok(json!({"id": load::add_project(store, load::read("The project", body.clone())?)?}))
        }
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

fn number(query: &[(String, String)], name: &str) -> Result<Option<u64>, ControlError> {
    let Some((_, value)) = query.iter().find(|(key, _)| key == name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| ControlError::new(400, format!("{name} takes a whole number.")))
}
