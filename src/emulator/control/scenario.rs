//! Settings, clock and faults, one by one or all in one scenario.

use serde_json::{Value, json};

use super::error::{ControlError, ControlResult};
use crate::emulator::clock::{TAKES as TIME, iso_ms, time};
use crate::emulator::faults::kind::FaultKind;
use crate::emulator::faults::order::Order;
use crate::emulator::faults::standing::Faults;
use crate::emulator::json::{Field, check_keys, seconds};
use crate::emulator::store::Store;

/// `name` and `description` are for people.
const FIELDS: [Field; 5] = [
    ("name", "text"),
    ("description", "text"),
    ("settings", "an object"),
    ("clock", "an object"),
    ("faults", "a list of faults"),
];

const CLOCK: [Field; 3] = [("manual", "true or false"), ("set", TIME), ("advance_seconds", seconds::TAKES)];

/// Changes all of the settings, or none.
pub(crate) fn change_settings(store: &mut Store, changes: &Value) -> Result<(), ControlError> {
    store.options = store.options.changed(changes)?;
    Ok(())
}

pub(crate) fn change_clock(store: &mut Store, method: &str, body: &Value) -> ControlResult {
    if method != "GET" && !body.is_null() {
        check_keys("The clock", "key", &CLOCK, body)?;
        // All of it holds, or nothing.
        let mut clock = store.clock.clone();
        if let Some(manual) = body.get("manual") {
            let manual = manual.as_bool().ok_or_else(|| ControlError::new(400, "manual takes true or false."))?;
            clock.set_manual(manual);
        }
        if let Some(to) = body.get("set") {
            let to = time(to).ok_or_else(|| ControlError::new(400, format!("set takes {TIME}.")))?;
            clock.set(to);
        }
        if let Some(by) = body.get("advance_seconds") {
            let by = seconds::read("advance_seconds", by)?;
            let to = i64::try_from(by.as_millis()).ok().and_then(|by| clock.after(by));
            clock.set(to.ok_or_else(|| ControlError::new(400, "advance_seconds goes beyond the year 9998."))?);
        }
        store.clock = clock;
    }
    let now = store.now();
    Ok(json!({
        "now": iso_ms(now),
        "unix_seconds": now as f64 / 1000.0,
        "manual": store.clock.is_manual(),
        "mode": store.clock.mode(),
    }))
}

pub(crate) fn change_faults(faults: &mut Faults, method: &str, id: Option<&str>, body: &Value) -> ControlResult {
    match (method, id) {
        ("GET", None) => Ok(faults.to_json()),
        ("GET", Some("kinds")) => Ok(json!(FaultKind::names())),
        ("POST", None) => {
            let orders: Vec<Order> = match body {
                Value::Array(list) => list.iter().map(Order::from_json).collect::<Result<_, _>>()?,
                one => vec![Order::from_json(one)?],
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

/// Settings, a clock and faults in one: a scenario file, or a bare list of faults. All of it holds, or nothing.
pub(crate) fn scenario(store: &mut Store, faults: &mut Faults, value: &Value) -> Result<(), ControlError> {
    let nothing = Value::Null;
    let (settings, clock, orders) = match value {
        Value::Array(_) => (&nothing, &nothing, value),
        _ => {
            check_keys("A scenario", "key", &FIELDS, value)?;
            let part = |name: &str| value.get(name).unwrap_or(&nothing);
            (part("settings"), part("clock"), part("faults"))
        }
    };
    let orders = match orders {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(Order::from_json).collect::<Result<Vec<_>, _>>()?,
        _ => return Err(ControlError::new(400, "faults takes a list of faults.")),
    };
    let before = store.options.clone();
    if !settings.is_null() {
        change_settings(store, settings)?;
    }
    if let Err(error) = change_clock(store, "POST", clock) {
        store.options = before;
        return Err(error);
    }
    for order in orders {
        faults.order(order);
    }
    Ok(())
}
