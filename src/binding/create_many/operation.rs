//! From one operation of `create_many`, a mapping of options and fields, to a request.
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyMapping, PyString};

use crate::binding::client::operations::{Options, checked_create};
use crate::binding::client::run::Client;
use crate::binding::convert::arguments;
use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::named;
use crate::binding::convert::to_core::to_fields;
use crate::core::config::OnRetired;
use crate::core::operations::create::request::CreateRequest;
use crate::core::spec::model::{Kind, suggestions};

type Field<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

const NO_PROGRESS: &str = "create_many has no progress: its results come one by one, each as soon as its create ends";

/// Refuses what was given beside the operations, and says where it belongs.
pub(super) fn refuse_arguments(others: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let Some((key, _)) = others.and_then(|others| others.iter().next()) else { return Ok(()) };
    let name = key.extract::<String>()?;
    Err(PyTypeError::new_err(match name.as_str() {
        "progress" => NO_PROGRESS.to_owned(),
        name if suggestions::belongs_to_create(name) => {
            format!("{name} is given with each operation of create_many: {{…, \"{name}\": …}}")
        }
        name => format!("create_many() got an unexpected keyword argument '{name}'"),
    }))
}

pub(super) fn read(
    py: Python<'_>,
    client: &Client,
    operation: &Bound<'_, PyAny>,
    on_retired: OnRetired,
) -> PyResult<(CreateRequest, Option<Duration>)> {
    let mut kind = Kind::Flex;
    let mut group_id = None;
    let mut if_exists = None;
    let mut on_timeout = None;
    let mut retired = None;
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
    let mut fields = Vec::new();
    for (key, value) in entries(operation)? {
        let name = key.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
        match name {
            Some("group_id") => group_id = named::group_id(&value)?.map(str::to_owned),
            Some("kind") => kind = kind_of(&value)?,
            Some("envelope") => options.envelope = named::envelope(&value)?,
            Some("pretty") => options.pretty = named::pretty(&value)?,
            Some("wait") => options.wait = named::wait(&value)?,
            Some("validate") => options.validate = named::validate(&value)?,
            Some("timeout") => options.timeout = named::timeout(&value)?,
            Some("interval") => options.interval = named::interval(&value)?,
            Some("if_exists") => if_exists = Some(arguments::if_exists(named::if_exists(&value)?)?),
            Some("on_timeout") => on_timeout = Some(arguments::on_timeout(named::on_timeout(&value)?)?),
            Some("on_retired") => retired = named::on_retired(&value)?.map(arguments::on_retired).transpose()?,
            Some("extra_fields") => options.extra_fields = Some(value).filter(|value| !value.is_none()),
            Some("progress") if value.is_none() || value.is(PyBool::new(py, false)) => {}
            Some("progress") => return Err(PyTypeError::new_err(NO_PROGRESS)),
            _ => fields.push((key, value)),
        }
    }
    if kind == Kind::Flex && retired.is_some() {
        return Err(PyTypeError::new_err("on_retired is for serverless instances; a Flex cluster has no need of it"));
    }
    let group_id = client.project(py, group_id.as_deref())?;
    if kind == Kind::Serverless {
        options.retired = retired.unwrap_or(on_retired);
    }
    let cases = (if_exists.unwrap_or_default(), on_timeout.unwrap_or_default());
    checked_create(py, kind, group_id, &options, cases, &to_fields(fields))
}

fn entries<'py>(operation: &Bound<'py, PyAny>) -> PyResult<Vec<Field<'py>>> {
    if let Ok(dict) = operation.cast::<PyDict>() {
        return Ok(dict.iter().collect());
    }
    let mapping = operation.cast::<PyMapping>();
    let mapping = mapping.map_err(|_| named::wrong_type("an operation", "a mapping", operation))?;
    without_unwinding(|| mapping.items())?.iter().map(|item| item.extract()).collect()
}

fn kind_of(value: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let word = named::kind(value)?;
    Kind::ALL
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| PyValueError::new_err(format!("kind must be \"flex\" or \"serverless\", not {word:?}")))
}
