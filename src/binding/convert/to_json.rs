//! Python objects to JSON values, by way of the bounded walk of [`super::to_core`]: a cycle or a very deep list is an error
//! that names its path.
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Number, Value};

use super::to_core::{SURROGATE, to_node_within};
use crate::core::spec::model::node::TOO_DEEP;
use crate::core::spec::model::{Key, MAX_DEPTH, Node};
use crate::core::spec::validate::path::Path;

/// More values than a seed or a scenario has.
const MAX_VALUES: usize = 20_000_000;

/// An argument as JSON. What JSON cannot represent is a `TypeError` (a set, bytes) or a `ValueError` (NaN, a cycle) that
/// names the argument and the path in it.
pub(crate) fn to_json(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let node = to_node_within(object, MAX_VALUES);
    value(&node, &Path::Argument(argument))
}

fn value(node: &Node<'_>, path: &Path<'_>) -> PyResult<Value> {
    Ok(match node {
        Node::Null => Value::Null,
        Node::Bool(flag) => Value::Bool(*flag),
        Node::Int(number) => Value::from(*number),
        Node::BigInt(digits) => match digits.parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => return Err(PyValueError::new_err(format!("{path}: an integer of more than 64 bits"))),
        },
        Node::Float(number) => match Number::from_f64(*number) {
            Some(number) => Value::Number(number),
            None => return Err(PyValueError::new_err(format!("{path}: {number} is no number that JSON has"))),
        },
        Node::Str(text) => Value::String(text.clone().into_owned()),
        Node::List(items) => {
            let items = items.iter().enumerate();
            Value::Array(items.map(|(i, item)| value(item, &Path::Index(path, i))).collect::<PyResult<_>>()?)
        }
        Node::Map(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for (key, item) in entries {
                let key = match key {
                    Key::Str(key) => key,
                    Key::Other(what) if what == SURROGATE => {
                        return Err(PyValueError::new_err(format!("{path}: a key is {what}")));
                    }
                    Key::Other(what) => {
                        return Err(PyTypeError::new_err(format!("{path}: keys must be text, not {what}")));
                    }
                };
                map.insert(key.clone().into_owned(), value(item, &Path::Key(path, key))?);
            }
            Value::Object(map)
        }
        Node::Other(what) if what == TOO_DEEP => {
            return Err(PyValueError::new_err(format!("{path}: {what}; the limit is {MAX_DEPTH} levels")));
        }
        Node::Other(what) if is_value_error(what) => return Err(PyValueError::new_err(format!("{path}: {what}"))),
        Node::Other(what) => return Err(PyTypeError::new_err(format!("{path}: {what} cannot be sent as JSON"))),
    })
}

/// Whether the type would do, as `json.dumps` tells them apart.
fn is_value_error(what: &str) -> bool {
    use super::to_core::{CYCLES, ENORMOUS, TOO_MANY};
    CYCLES.contains(&what) || [ENORMOUS, SURROGATE, TOO_MANY].contains(&what)
}
