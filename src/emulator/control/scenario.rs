//! Settings, clock and faults, one by one or all in one scenario.

use serde_json::{Value, json};

use super::error::{Answer, ControlError};
use crate::emulator::clock::{iso_ms, parse};
use crate::emulator::faults::order::Fault;
use crate::emulator::faults::standing::Faults;
use crate::emulator::options::settings::seconds;
use crate::emulator::store::Store;

/// Changes all of the settings, or none.
pub(crate) fn change_settings(store: &mut Store, body: &Value) -> Result<(), ControlError> {
    let object = body.as_object().ok_or_else(|| ControlError::new(400, "Settings are a JSON object."))?;
    let mut changed = store.options.clone();
    for (key, value) in object {
        changed.set(key, value)?;
    }
    store.options = changed;
    Ok(())
}

pub(crate) fn change_clock(store: &mut Store, method: &str, body: &Value) -> Answer {
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

pub(crate) fn change_faults(faults: &mut Faults, method: &str, id: Option<&str>, body: &Value) -> Answer {
    match (method, id) {
        ("GET", None) => Ok(faults.to_json()),
        ("POST", None) => {
            let orders: Vec<Fault> = match body {
                Value::Array(list) => list.iter().map(Fault::from_json).collect::<Result<_, _>>()?,
                one => vec![Fault::from_json(one)?],
            };
            let ids: Vec<u64> = orders.into_iter().map(|fault| faults.order(fault)).collect();
            Ok(if body.is_array() { json!({"ids": ids}) } else { json!({"id": ids.first()}) })
        }
        ("DELETE", None) => {
            faults.clear();
            Ok(json!({}))
        }
        ("DELETE", Some(id)) if id.parse().is_ok_and(|id| faults.cancel(id)) => Ok(json!({})),
        _ => Err(ControlError::new(404, "There is no such fault.")),
    }
}

/// Settings, a clock and faults in one: a scenario file, or a bare list of faults.
pub(crate) fn scenario(store: &mut Store, faults: &mut Faults, value: &Value) -> Result<(), String> {
    let orders = match value {
        Value::Array(_) => value,
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "settings" => change_settings(store, value).map_err(|error| error.message)?,
                    "clock" => {
                        change_clock(store, "POST", value).map_err(|error| error.message)?;
                    }
                    "faults" | "name" | "description" => {}
                    _ => return Err(format!("A scenario has no key {key:?}.")),
                }
            }
            object.get("faults").unwrap_or(&Value::Null)
        }
        _ => return Err("A scenario is a JSON object, or a list of faults.".to_owned()),
    };
    for order in orders.as_array().into_iter().flatten() {
        faults.order(Fault::from_json(order)?);
    }
    Ok(())
}
