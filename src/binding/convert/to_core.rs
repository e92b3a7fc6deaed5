//! Python objects to the core's [`Node`].
use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};

use super::call::without_unwinding;
use super::plain::plain_repr;
use crate::core::spec::model::node::TOO_DEEP;
use crate::core::spec::model::{Key, MAX_DEPTH, Node, fields};

/// More values than any request has. The rest is not read.
const MAX_VALUES: usize = 200_000;

/// What stands in the place of a container that encloses itself.
pub(super) const CYCLES: [&str; 4] = [DICT_CYCLE, LIST_CYCLE, TUPLE_CYCLE, MAPPING_CYCLE];
const DICT_CYCLE: &str = "a dict that contains itself";
const LIST_CYCLE: &str = "a list that contains itself";
const TUPLE_CYCLE: &str = "a tuple that contains itself";
const MAPPING_CYCLE: &str = "a mapping that contains itself";
pub(super) const SURROGATE: &str = "text with a lone surrogate, which cannot be sent";
pub(super) const ENORMOUS: &str = "an enormous number";
pub(super) const TOO_MANY: &str = "more values than any request has";

/// The keys and values of a mapping, in its order.
pub(crate) type Entries<'py> = Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

/// A caller's object, as the core looks at it. Never fails: what JSON can't say is described.
pub(crate) fn to_node(object: &Bound<'_, PyAny>) -> Node<'static> {
    to_node_within(object, MAX_VALUES)
}

/// The same with another limit of values.
pub(super) fn to_node_within(object: &Bound<'_, PyAny>, max_values: usize) -> Node<'static> {
    Walk { ancestors: Vec::new(), values: 0, max_values }.node(object)
}

/// Keyword arguments as one mapping.
pub(crate) fn kwargs_to_node(kwargs: Option<&Bound<'_, PyDict>>) -> Node<'static> {
    kwargs.map_or_else(|| Node::Map(Vec::new()), |kwargs| to_node(kwargs.as_any()))
}

/// Fields that were taken out of a mapping, as one mapping.
pub(crate) fn to_fields(fields: Entries<'_>) -> Node<'static> {
    // The mapping that they make is a level too; no object has this identity.
    Walk { ancestors: vec![0], values: 0, max_values: MAX_VALUES }.entries(fields.into_iter())
}

struct Walk {
    /// The containers that enclose the current value, by identity.
    ancestors: Vec<usize>,
    values: usize,
    max_values: usize,
}

impl Walk {
    fn node(&mut self, object: &Bound<'_, PyAny>) -> Node<'static> {
        self.values += 1;
        // A list can grow while it is walked.
        if self.values > self.max_values {
            return Node::Other(TOO_MANY.into());
        }
        if let Ok(text) = object.cast::<PyString>() {
            return match text.to_cow() {
                Ok(text) => Node::Str(Cow::Owned(text.into_owned())),
                Err(_) => Node::Other(SURROGATE.into()),
            };
        }
        if let Ok(flag) = object.cast::<PyBool>() {
            return Node::Bool(flag.is_true());
        }
        if object.is_none() {
            return Node::Null;
        }
        if object.is_instance_of::<PyDict>() {
            return self.mapping(object, DICT_CYCLE);
        }
        if let Ok(list) = object.cast::<PyList>() {
            return self
                .container(object, LIST_CYCLE, |walk| Node::List(list.iter().map(|item| walk.node(&item)).collect()));
        }
        if let Ok(tuple) = object.cast::<PyTuple>() {
            return self.container(object, TUPLE_CYCLE, |walk| {
                Node::List(tuple.iter().map(|item| walk.node(&item)).collect())
            });
        }
        if object.is_instance_of::<PyInt>() {
            return match object.extract::<i64>() {
                Ok(number) => Node::Int(number),
                Err(_) => plain_repr::<PyInt>(object)
                    .map_or_else(|_| Node::Other(ENORMOUS.into()), |digits| Node::BigInt(digits.into())),
            };
        }
        if let Ok(number) = object.cast::<PyFloat>() {
            return Node::Float(number.value());
        }
        match object.cast::<PyMapping>() {
            Ok(_) => self.mapping(object, MAPPING_CYCLE),
            Err(_) => Node::Other(described(object)),
        }
    }

    fn mapping(&mut self, object: &Bound<'_, PyAny>, cycle: &'static str) -> Node<'static> {
        self.container(object, cycle, |walk| match mapping_entries(object) {
            Some(Ok(entries)) => walk.entries(entries.into_iter()),
            _ => Node::Other(format!("{} whose entries cannot be read", described(object)).into()),
        })
    }

    fn entries<'py>(&mut self, entries: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>) -> Node<'static> {
        let entries = entries.map(|(key, value)| {
            let key = match key.cast::<PyString>().map(|text| text.to_cow()) {
                Ok(Ok(text)) => {
                    Key::Str(fields::static_name(&text).map_or_else(|| text.into_owned().into(), Cow::Borrowed))
                }
                Ok(Err(_)) => Key::Other(SURROGATE.into()),
                Err(_) => Key::Other(described(&key)),
            };
            (key, self.node(&value))
        });
        Node::Map(entries.collect())
    }

    fn container(
        &mut self,
        object: &Bound<'_, PyAny>,
        cycle: &'static str,
        walk: impl FnOnce(&mut Self) -> Node<'static>,
    ) -> Node<'static> {
        let identity = object.as_ptr() as usize;
        if self.ancestors.contains(&identity) {
            return Node::Other(cycle.into());
        }
        if self.ancestors.len() >= MAX_DEPTH {
            return Node::Other(TOO_DEEP.into());
        }
        self.ancestors.push(identity);
        let node = walk(self);
        self.ancestors.pop();
        node
    }
}

/// The entries of a mapping, in its order: a subclass of dict may have an order and `items` of its own. None for what is no
/// mapping.
pub(crate) fn mapping_entries<'py>(object: &Bound<'py, PyAny>) -> Option<PyResult<Entries<'py>>> {
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        // All at once: a value may have code of the caller's, which changes the dict.
        return Some(Ok(dict.iter().collect()));
    }
    let mapping = object.cast::<PyMapping>().ok()?;
    let items = without_unwinding(|| mapping.items());
    Some(items.and_then(|items| items.iter().map(|item| item.extract()).collect()))
}

/// What an object is, in words.
fn described(object: &Bound<'_, PyAny>) -> Cow<'static, str> {
    let Ok(name) = object.get_type().name().and_then(|name| Ok(name.to_cow()?.into_owned())) else {
        return "an object".into();
    };
    if object.is_exact_instance_of::<PyInt>() || object.is_exact_instance_of::<PyFloat>() {
        return match object.str().and_then(|text| Ok(text.to_cow()?.into_owned())) {
            Ok(text) => format!("the number {text}").into(),
            Err(_) => "a number".into(),
        };
    }
    match name.as_str() {
        "bytes" | "bytearray" => name.into(),
        "NoneType" => "None".into(),
        "bool" => "a flag".into(),
        _ => {
            let article = if name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
            format!("{article} {name}").into()
        }
    }
}
