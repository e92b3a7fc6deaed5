//! `to_flex_spec` of a spec or a description: what comes out can be created.
use serde_json::Value;

use super::commands::check;
use super::support;

/// JSON.
pub fn run(data: &[u8]) {
    let Ok(spec) = serde_json::from_slice::<Value>(data) else { return };
    check(&support::node(&spec, 0));
}
