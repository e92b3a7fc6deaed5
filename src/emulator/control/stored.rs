//! Stored instances, identities, organizations and tokens, past the API's checks.

use serde_json::{Value, json};

use super::error::{ControlError, ControlResult, not_there};
use crate::emulator::json::{Field, check_keys, seconds};
use crate::emulator::options::Provisioning;
use crate::emulator::store::Store;
use crate::emulator::store::load;
use crate::emulator::store::seed::InstanceSeed;
use crate::emulator::store::transition::TransitionEnd;

const READS: &str = "a whole number up to 4294967295";

const STATE: [Field; 3] = [("state", "a state of the API, or GONE"), ("reads", READS), ("seconds", seconds::TAKES)];

const ORGANIZATION: [Field; 1] = [("requires_access_list", "true or false")];

const TOKEN: [Field; 2] = [("client_id", "text"), ("lifetime_seconds", seconds::TAKES)];

pub(crate) fn instances(
    store: &mut Store,
    method: &str,
    parts: &[&str],
    query: &[(String, String)],
    body: &Value,
) -> ControlResult {
    let first = store.projects.values().next().map(|project| project.id.clone()).unwrap_or_default();
    match (method, parts) {
        ("GET", []) => {
            let group_id = query.iter().find(|(key, _)| key == "group_id").map_or(first.as_str(), |(_, id)| id);
            let project = store.project(group_id).ok_or_else(|| not_there(group_id))?;
            Ok(project.instances.values().map(|instance| json!(instance)).collect())
        }
        ("POST", []) => {
            let seed: InstanceSeed = load::read("The instance", body.clone())?;
            let group_id = seed.group_id.clone().unwrap_or(first);
            load::add_instance(store, &group_id, seed)?;
            Ok(json!({}))
        }
        (_, [group_id, name]) => {
            let group_id = if *group_id == "default" { first.as_str() } else { group_id };
            let found = store.project(group_id).and_then(|project| project.find(name));
            let (_, instance) = found.ok_or_else(|| not_there(name))?;
            match method {
                "GET" => return Ok(json!(instance)),
                "DELETE" => {
                    store.remove_instance(group_id, name);
                    return Ok(json!({}));
                }
                "PATCH" | "POST" => {}
                _ => return Err(ControlError::new(405, "An instance takes GET, PATCH and DELETE.")),
            }
            check_keys("A state", "key", &STATE, body)?;
            let state = body.get("state").and_then(Value::as_str).unwrap_or_default();
            if state == "GONE" {
                store.remove_instance(group_id, name);
                return Ok(json!({}));
            }
            let state = serde_json::from_value(json!(state))
                .map_err(|_| ControlError::new(400, "state takes a state of the API, or GONE."))?;
            let due = match (body.get("reads"), body.get("seconds")) {
                (Some(reads), _) => {
                    let reads = reads.as_u64().and_then(|reads| u32::try_from(reads).ok());
                    let reads = reads.ok_or_else(|| ControlError::new(400, format!("reads takes {READS}.")))?;
                    Some(TransitionEnd::Reads(reads))
                }
                (None, Some(after)) => {
                    TransitionEnd::new(Provisioning::After(seconds::read("seconds", after)?), store.now())
                }
                (None, None) => None,
            };
            store.set_state(group_id, name, state, due);
            let found = store.project(group_id).and_then(|project| project.find(name));
            Ok(found.map_or(json!({}), |(_, instance)| json!(instance)))
        }
        _ => Err(ControlError::new(404, "Instances are at /_emulator/instances/{group_id}/{name}.")),
    }
}

pub(crate) fn identities(store: &mut Store, method: &str, id: Option<&str>, body: &Value) -> ControlResult {
    match (method, id) {
        ("GET", None) => Ok(store.identities.values().map(|i| json!(i)).collect()),
        ("POST", None) => {
            let id = load::add_identity(store, load::read("The identity", body.clone())?)?;
            Ok(store.identities.get(&id).map_or(Value::Null, |i| json!(i)))
        }
        (_, Some(id)) => {
            let mut identity = store.identities.get(id).cloned().ok_or_else(|| not_there(id))?;
            match method {
                "GET" => {}
                "PATCH" => {
                    load::change_identity(store, &mut identity, load::read("The identity", body.clone())?);
                    store.identities.insert(id.to_owned(), identity.clone());
                }
                "DELETE" => {
                    store.identities.remove(id);
                    return Ok(json!({}));
                }
                _ => return Err(ControlError::new(405, "An identity takes GET, PATCH and DELETE.")),
            }
            Ok(json!(identity))
        }
        _ => Err(ControlError::new(405, "Identities take GET and POST.")),
    }
}

pub(crate) fn organizations(store: &mut Store, method: &str, id: Option<&str>, body: &Value) -> ControlResult {
    match (method, id) {
        ("GET", None) => Ok(store.orgs.iter().map(|org| json!(org)).collect()),
        ("POST", None) => Ok(json!({"id": load::add_org(store, load::read("The organization", body.clone())?)?})),
        ("PATCH", Some(id)) => {
            let first = store.orgs.first().map(|org| org.id.clone()).unwrap_or_default();
            let id = if id == "default" { first.as_str() } else { id };
            let org = store.orgs.iter_mut().find(|org| org.id == id).ok_or_else(|| not_there(id))?;
            check_keys("An organization", "key", &ORGANIZATION, body)?;
            if let Some(requires) = body.get("requires_access_list") {
                let refused = || ControlError::new(400, "requires_access_list takes true or false.");
                org.requires_access_list = requires.as_bool().ok_or_else(refused)?;
            }
            Ok(json!({}))
        }
        _ => Err(ControlError::new(405, "Organizations take GET, POST and PATCH.")),
    }
}

pub(crate) fn issue_token(store: &mut Store, body: &Value) -> ControlResult {
    if !body.is_null() {
        check_keys("A token", "key", &TOKEN, body)?;
    }
    let client_id = match body.get("client_id") {
        Some(id) => id.as_str().ok_or_else(|| ControlError::new(400, "client_id takes text."))?,
        None => &store.default_ids.0,
    };
    let client_id = client_id.to_owned();
    if !store.identities.contains_key(&client_id) {
        return Err(not_there(&client_id));
    }
    let lifetime = match body.get("lifetime_seconds") {
        Some(value) => i64::try_from(seconds::read("lifetime_seconds", value)?.as_millis()).unwrap_or(i64::MAX),
        None => store.token_lifetime(),
    };
    let now = store.now();
    let token = store.tokens.issue(&mut store.ids, &client_id, now, lifetime, false);
    Ok(json!({"access_token": token}))
}
