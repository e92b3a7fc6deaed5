//! What the control API shows of the emulator as a whole.

use serde_json::{Value, json};

use crate::emulator::clock::iso_ms;
use crate::emulator::faults::standing::Faults;
use crate::emulator::http::operations::OPERATIONS;
use crate::emulator::store::Store;
use crate::emulator::store::request_log::Record;

/// Where the emulator is, and the credentials of its default identities.
pub(crate) fn description(store: &mut Store) -> Value {
    let (now, lifetime) = (store.now(), store.token_lifetime());
    let (client_id, public_key) = store.default_ids.clone();
    let secret = |id: &str| store.identities.get(id).map(|identity| identity.secret.clone());
    let (client_secret, private_key) = (secret(&client_id), secret(&public_key));
    let project = store.projects.values().next();
    let group_id = project.map(|project| project.id.clone());
    let org_id = project.map(|project| project.org_id.clone());
    let access_token = store.tokens.default_token(&mut store.ids, &client_id, now, lifetime);
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
pub(crate) fn overview(store: &Store, faults: &Faults) -> Value {
    let projects: Vec<Value> = store
        .projects
        .values()
        .map(|project| {
            json!({
                "id": project.id,
                "name": project.name,
                "org_id": project.org_id,
                "instance_count": project.instances.len(),
                "instances": project.instances.values().rev().take(500).map(|instance| json!(instance)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let requests: Vec<Value> = store.request_log.since(0).rev().take(50).map(Record::to_json).collect();
    json!({
        "url": store.url,
        "now": iso_ms(store.now()),
        "clock": store.clock.mode(),
        "calendar": store.options.calendar,
        "projects": projects,
        "faults": faults.to_json(),
        "counters": counters(store),
        "requests": requests,
    })
}

pub(crate) fn counters(store: &Store) -> Value {
    let mut counters = store.request_log.counters.to_json();
    if let Some(object) = counters.as_object_mut() {
        let stored: usize = store.projects.values().map(|project| project.instances.len()).sum();
        object.insert("stored".into(), json!(stored));
        object.insert("live_tokens".into(), json!(store.tokens.len(store.now())));
    }
    counters
}

/// The operations that the emulator knows.
pub(crate) fn operations() -> Value {
    OPERATIONS
        .iter()
        .map(|operation| {
            json!({
                "ids": operation.ids,
                "method": operation.method,
                "path": operation.path,
                "endpoint": operation.endpoint.name(),
                "versions": operation.versions(),
            })
        })
        .collect()
}
