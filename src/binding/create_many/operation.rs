//! From one operation of `create_many` and its like, a mapping of options and fields, to a request.
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::binding::client::operations::{Options, checked_create, checked_delete, checked_update};
use crate::binding::client::run::Client;
use crate::binding::convert::arguments;
use crate::binding::convert::named;
use crate::binding::convert::to_core::{mapping_entries, to_fields};
use crate::core::config::OnRetired;
use crate::core::operations::create_many::OperationRequest;
use crate::core::spec::model::{Kind, Operation, suggestions};

/// What is asked of one resource, and the limit of its time.
pub(super) type Request = (OperationRequest, Option<Duration>);

/// Refuses what was given beside the operations, and says where it belongs.
pub(super) fn refuse_arguments(method: &str, others: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let Some((key, _)) = others.and_then(|others| others.iter().next()) else { return Ok(()) };
    let name = key.extract::<String>()?;
    Err(PyTypeError::new_err(match name.as_str() {
        name if suggestions::belongs_to_create(name) => {
            format!("{name} is given with each operation of {method}: {{…, \"{name}\": …}}")
        }
        name => format!("{method}() got an unexpected keyword argument '{name}'"),
    }))
}

pub(super) fn read(
    py: Python<'_>,
    client: &Client,
    action: Operation,
    operation: &Bound<'_, PyAny>,
    on_retired: OnRetired,
) -> PyResult<Request> {
    let mut kind = Kind::Flex;
    let (mut group_id, mut target) = (None, None);
    let (mut if_exists, mut on_timeout, mut retired, mut missing_ok) = (None, None, None, false);
    let (mut add_tags, mut remove_tags) = (None, None);
    let mut options = Options {
        envelope: false,
        pretty: false,
        wait: false,
        timeout: None,
        interval: None,
        progress: None,
        validate: true,
        extra_fields: None,
        retired: OnRetired::Raise,
    };
    let entries =
        mapping_entries(operation).ok_or_else(|| named::wrong_type("an operation", "a mapping", operation))??;
    let mut fields = Vec::with_capacity(entries.len());
    let (creates, updates) = (action == Operation::Create, action == Operation::Update);
    for (key, value) in entries {
        let name = key.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
        match name {
            Some("group_id") => group_id = named::group_id(&value)?.map(str::to_owned),
            Some("name") if !creates => target = named::name(&value)?.map(str::to_owned),
            Some("kind") => kind = kind_of(&value)?,
            Some("envelope") => options.envelope = named::envelope(&value)?,
            Some("pretty") => options.pretty = named::pretty(&value)?,
            Some("wait") => options.wait = named::wait(&value)?,
            Some("validate") if creates || updates => options.validate = named::validate(&value)?,
            Some("timeout") => options.timeout = named::timeout(&value)?,
            Some("interval") => options.interval = named::interval(&value)?,
            Some("if_exists") if creates => if_exists = Some(arguments::if_exists(named::if_exists(&value)?)?),
            Some("on_timeout") if creates => on_timeout = Some(arguments::on_timeout(named::on_timeout(&value)?)?),
            Some("on_retired") if creates => {
                retired = named::on_retired(&value)?.map(arguments::on_retired).transpose()?;
            }
            Some("missing_ok") if !creates && !updates => missing_ok = named::missing_ok(&value)?,
            Some("add_tags") if updates => add_tags = Some(value).filter(|value| !value.is_none()),
            Some("remove_tags") if updates => remove_tags = Some(value).filter(|value| !value.is_none()),
            Some("extra_fields") if creates || updates => {
                options.extra_fields = Some(value).filter(|value| !value.is_none());
            }
            Some("progress") if value.is_none() || value.is(PyBool::new(py, false)) => {}
            Some("progress") => {
                let message = "an operation among many has no progress of its own; progress= of all of them has";
                return Err(PyTypeError::new_err(message));
            }
            _ if creates || updates => fields.push((key, value)),
            _ => {
                let message = format!("an operation of delete_many has no {}", key.repr()?);
                return Err(PyTypeError::new_err(message));
            }
        }
    }
    if kind == Kind::Flex && retired.is_some() {
        return Err(PyTypeError::new_err("on_retired is for serverless instances; a Flex cluster has no need of it"));
    }
    if kind == Kind::Serverless {
        options.retired = retired.unwrap_or(on_retired);
    }
    let (group_id, fields) = (group_id.as_deref(), to_fields(fields));
    Ok(match action {
        Operation::Update => {
            let (group_id, name) = client.target(py, group_id, target.as_deref())?;
            let tags = (add_tags, remove_tags);
            let (request, timeout) = checked_update(py, kind, group_id, name, &options, tags, &fields)?;
            (OperationRequest::Resource(request), timeout)
        }
        Operation::Delete => {
            let (group_id, name) = client.target(py, group_id, target.as_deref())?;
            let (request, timeout) = checked_delete(kind, group_id, name, &options, missing_ok)?;
            (OperationRequest::Resource(request), timeout)
        }
        _ => {
            let group_id = client.project(py, group_id)?;
            let cases = (if_exists.unwrap_or_default(), on_timeout.unwrap_or_default());
            let (request, timeout) = checked_create(py, kind, group_id, &options, cases, &fields)?;
            (OperationRequest::Create(request), timeout)
        }
    })
}

fn kind_of(value: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let word = named::kind(value)?;
    Kind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| PyValueError::new_err(format!("kind must be \"flex\" or \"serverless\", not {word:?}")))
}
