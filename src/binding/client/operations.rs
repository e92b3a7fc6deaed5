//! From Python arguments to jobs: checked before anything is sent.
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::binding::convert::errors::{to_exception, warn};
use crate::binding::convert::to_core::{kwargs_to_node, to_node};
use crate::binding::runtime::blocking::{Job, Output};
use crate::core::config::OnRetired;
use crate::core::error::Error;
use crate::core::http::call::ReplyFormat;
use crate::core::operations::create::request::{CreateRequest, IfExists};
use crate::core::operations::request::Request;
use crate::core::operations::resource::{ResourceRequest, check_path};
use crate::core::operations::wait::request::WaitRequest;
use crate::core::spec::model::{Kind, Node, Operation};
use crate::core::spec::validate;
use crate::core::spec::validate::Checked;

/// Bound of a wait that has no `timeout`.
const WAIT: Duration = Duration::from_secs(1800);

/// Options that the operations of one resource share.
pub(crate) struct Options<'py> {
    pub(crate) envelope: bool,
    pub(crate) pretty: bool,
    pub(crate) wait: bool,
    pub(crate) timeout: Option<f64>,
    pub(crate) interval: Option<f64>,
    pub(crate) progress: Option<Bound<'py, PyAny>>,
    pub(crate) validate: bool,
    pub(crate) extra_fields: Option<Bound<'py, PyAny>>,
    pub(crate) retired: OnRetired,
}

impl Options<'_> {
    fn reply_format(&self) -> ReplyFormat {
        ReplyFormat { envelope: self.envelope, pretty: self.pretty }
    }

    /// Bound of the call: the caller's, or that of a wait.
    fn timeout(&self) -> PyResult<Option<Duration>> {
        Ok(seconds("timeout", self.timeout)?.or_else(|| self.wait.then_some(WAIT)))
    }

    /// Whether to wait, and how often to look.
    fn wait(&self) -> PyResult<Option<Option<Duration>>> {
        let interval = seconds("interval", self.interval)?;
        Ok(self.wait.then_some(interval))
    }

    /// An operation on one resource.
    fn one(&self, kind: Kind, operation: Operation, group_id: &str, name: &str) -> PyResult<ResourceRequest> {
        let (reply_format, on_retired, wait) = (self.reply_format(), self.retired, self.wait()?);
        Ok(ResourceRequest {
            reply_format,
            on_retired,
            wait,
            ..ResourceRequest::new(kind, operation, group_id.to_owned(), name.to_owned())
        })
    }
}

/// A create of either kind.
pub(crate) fn create(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    options: &Options<'_>,
    if_exists: &str,
    spec: Option<&Bound<'_, PyDict>>,
) -> PyResult<Job> {
    let if_exists = on_exists(if_exists)?;
    let (create, timeout) = checked_create(py, kind, group_id, options, if_exists, &kwargs_to_node(spec))?;
    let job = Job::new(timeout, move |client, mut context| async move {
        client.create(create, &mut context).await.map(Output::Reply)
    });
    with_progress(py, job, options.progress.as_ref())
}

/// `"error"` or `"return"`.
pub(crate) fn on_exists(text: &str) -> PyResult<IfExists> {
    match text {
        "error" => Ok(IfExists::Error),
        "return" => Ok(IfExists::Return),
        other => Err(PyValueError::new_err(format!("if_exists must be \"error\" or \"return\", not {other:?}"))),
    }
}

/// A create that passed validation, and its bound.
pub(crate) fn checked_create(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    options: &Options<'_>,
    if_exists: IfExists,
    spec: &Node<'_>,
) -> PyResult<(CreateRequest, Option<Duration>)> {
    let extra = options.extra_fields.as_ref().map(to_node);
    let checked = if options.validate {
        validate::create(kind, group_id, spec, extra.as_ref())
    } else {
        validate::unchecked(spec, extra.as_ref())
    };
    let checked = accepted(py, checked)?;
    // Without validation the project's id still becomes part of a path.
    check_path(group_id, None).map_err(|error| to_exception(py, error))?;
    let create = CreateRequest {
        kind,
        group_id: group_id.to_owned(),
        name: checked.name.unwrap_or_default(),
        body: Bytes::from(checked.body),
        reply_format: options.reply_format(),
        if_exists,
        on_retired: options.retired,
        wait: options.wait()?,
    };
    Ok((create, options.timeout()?))
}

/// A change of either kind.
pub(crate) fn update(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    changes: Option<&Bound<'_, PyDict>>,
) -> PyResult<Job> {
    let node = kwargs_to_node(changes);
    let extra = options.extra_fields.as_ref().map(to_node);
    let checked = if options.validate {
        validate::update(kind, group_id, name, &node, extra.as_ref())
    } else {
        validate::unchecked(&node, extra.as_ref())
    };
    let body = Some(Bytes::from(accepted(py, checked)?.body));
    let one = ResourceRequest { body, ..options.one(kind, Operation::Update, group_id, name)? };
    with_progress(py, run(one, options.timeout()?), options.progress.as_ref())
}

/// A look-up.
pub(crate) fn get(kind: Kind, group_id: &str, name: &str, reply_format: ReplyFormat, on_retired: OnRetired) -> Job {
    let one = ResourceRequest::new(kind, Operation::Get, group_id.to_owned(), name.to_owned());
    run(ResourceRequest { reply_format, on_retired, ..one }, None)
}

/// A deletion.
pub(crate) fn delete(py: Python<'_>, kind: Kind, group_id: &str, name: &str, options: &Options<'_>) -> PyResult<Job> {
    let one = options.one(kind, Operation::Delete, group_id, name)?;
    with_progress(py, run(one, options.timeout()?), options.progress.as_ref())
}

fn run(one: ResourceRequest, timeout: Option<Duration>) -> Job {
    Job::new(
        timeout,
        move |client, mut context| async move { client.resource(one, &mut context).await.map(Output::Reply) },
    )
}

/// A wait for a state.
pub(crate) fn wait_for(
    py: Python<'_>,
    wait: WaitRequest,
    timeout: Option<f64>,
    interval: Option<f64>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Job> {
    check_path(&wait.group_id, Some(&wait.name)).map_err(|error| to_exception(py, error))?;
    let wait = WaitRequest { interval: seconds("interval", interval)?, ..wait };
    let timeout = seconds("timeout", timeout)?.unwrap_or(WAIT);
    let job = Job::new(Some(timeout), move |client, mut context| async move {
        client.wait_for(wait, &mut context).await.map(Output::Last)
    });
    with_progress(py, job, progress)
}

/// Which kind is it?
pub(crate) fn find(group_id: &str, name: &str, reply_format: ReplyFormat) -> Job {
    let (group_id, name) = (group_id.to_owned(), name.to_owned());
    Job::new(None, move |client, mut context| async move {
        let (kind, reply) = client.find(&group_id, &name, reply_format, &mut context).await?;
        Ok(Output::ResolvedCredentials(kind, reply))
    })
}

/// A project.
pub(crate) fn get_project(group_id: &str) -> Job {
    let group_id = group_id.to_owned();
    Job::new(None, move |client, mut context| async move {
        client.get_project(&group_id, &mut context).await.map(Output::Reply)
    })
}

/// Any other operation.
pub(crate) fn request(
    method: &str,
    path: &str,
    params: Option<&Bound<'_, PyAny>>,
    json: Option<&Bound<'_, PyAny>>,
    api_version: Option<String>,
    timeout: Option<f64>,
) -> PyResult<Job> {
    let json = match json {
        None => None,
        Some(json) => Some(pythonize::depythonize(json).map_err(|e| PyTypeError::new_err(format!("json: {e}")))?),
    };
    let params = params.map(query).transpose()?.unwrap_or_default();
    let request = Request { method: method.to_owned(), path: path.to_owned(), params, json, api_version };
    Ok(Job::new(seconds("timeout", timeout)?, move |client, mut context| async move {
        client.request(request, &mut context).await.map(Output::Reply)
    }))
}

/// Query parameters from a mapping: flags as `true` and `false`, lists as repeated parameters, None left out.
pub(crate) fn query(params: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let items = params.call_method0("items").map_err(|_| PyTypeError::new_err("params must be a mapping"))?;
    for item in items.try_iter()? {
        let (name, value) = item?.extract::<(String, Bound<'_, PyAny>)>()?;
        if value.is_none() {
            continue;
        }
        if let Ok(values) =
            value.extract::<Vec<Bound<'_, PyAny>>>().and_then(|v| v.iter().map(parameter).collect::<PyResult<Vec<_>>>())
        {
            pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
        } else {
            pairs.push((name, parameter(&value)?));
        }
    }
    Ok(pairs)
}

/// The query parameters that were given.
pub(crate) fn pairs(given: impl Iterator<Item = (&'static str, Option<String>)>) -> Vec<(String, String)> {
    given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn parameter(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(flag) = value.cast::<pyo3::types::PyBool>() {
        return Ok(if flag.is_true() { "true" } else { "false" }.to_owned());
    }
    Ok(value.str()?.to_cow()?.into_owned())
}

/// A number of seconds: positive and finite.
pub(crate) fn seconds(name: &str, value: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(value) = value else { return Ok(None) };
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        Err(_) if value == f64::INFINITY => Ok(None),
        _ => Err(PyValueError::new_err(format!("{name} must be more than 0 seconds, not {value}"))),
    }
}

fn accepted(py: Python<'_>, checked: Result<Checked, Vec<crate::core::error::Violation>>) -> PyResult<Checked> {
    let checked = checked.map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    warn(py, &checked.notices, None)?;
    Ok(checked)
}

/// `progress=True` is a bar or a line, a callable gets every poll.
fn with_progress(py: Python<'_>, job: Job, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Job> {
    let progress = match progress {
        None => None,
        Some(value) if value.is_none() => None,
        Some(value) if value.is_callable() => Some(value.clone().unbind()),
        Some(value) => match value.extract::<bool>() {
            Ok(false) => None,
            Ok(true) => Some(py.import("atlas_serverless._runtime.progress")?.getattr("display")?.call0()?.unbind()),
            Err(_) => return Err(PyTypeError::new_err("progress must be True, False, None or a callable")),
        },
    };
    Ok(Job { progress, ..job })
}
