//! Options, seeds, faults and everything else that controls the emulator.
use atlas_serverless::emulator::{Options, State};
use serde_json::{Value, json};

use super::{Reached, support};

/// Options as JSON in the first line; then `METHOD path` and a body, a line each.
pub fn run(data: &[u8]) -> Reached {
    let (options, mut rest) = support::line(data);
    let mut options: Value = serde_json::from_slice(options).unwrap_or_else(|_| json!({}));
    if let Some(options) = options.as_object_mut() {
        // No folder of the machine is read, and a million instances take the memory that they take.
        options.remove("state_dir");
    }
    if is_large(&options) {
        return Reached::Nothing;
    }
    let Ok(options) = Options::from_json(&options) else { return Reached::Refused };
    let Ok(state) = State::new(options) else { return Reached::Refused };
    let mut reached = Reached::Refused;
    for _ in 0..8 {
        if rest.is_empty() {
            break;
        }
        let (line, after) = support::line(rest);
        let (body, after) = support::line(after);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let (method, path) = line.split_once(' ').unwrap_or(("GET", &line));
        let body = serde_json::from_slice::<Value>(body).ok();
        // The listener belongs to a server, and there is none.
        if path.contains("listener") || body.as_ref().is_some_and(is_large) {
            continue;
        }
        match state.control(method, path, body) {
            Ok(_) => reached = Reached::Accepted,
            Err(error) => {
                assert!(error.status < 500, "{} {}", error.status, error.message);
                assert!(!error.message.is_empty());
            }
        }
    }
    for what in ["state", "description", "counters", "requests", "faults"] {
        assert!(state.control("GET", what, None).is_ok(), "{what}");
    }
    // What is saved can be loaded again.
    let saved = state.control("GET", "snapshot", None).expect("a snapshot");
    let again = Options::from_json(&json!({"seed": saved})).expect("a seed");
    assert!(State::new(again).is_ok(), "{saved}");
    state.reset();
    reached
}

/// Whether it asks for many instances by their number.
fn is_large(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_large),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name == "count" && value.as_f64().is_some_and(|n| n > 20.0) || is_large(value)),
        _ => false,
    }
}
